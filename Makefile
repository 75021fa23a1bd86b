# Two commands matter: `make run` and `make test`; both set everything up by themselves.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
# --no-compile: byte code is written when a module is first used, which halves the set-up time.
PIP    := $(BIN)/pip install --quiet --no-compile --disable-pip-version-check -c constraints.txt
PORT   ?= 8080

.PHONY: run test check bench docs docs-cli clean format

$(VENV)/.base: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(PIP) -e .
	touch $@

$(VENV)/.dev: $(VENV)/.base
	$(PIP) -e '.[assistant,bedrock,chroma,hub,llm,mcp,media,pgvector,postgres,qdrant,ray,redis,train,tune,dev]'
	touch $@

# Compiled kernels are cached, so this happens once and again only when a source has changed.
$(VENV)/.warm: $(VENV)/.base $(wildcard src/skywright/orbits/*.py src/skywright/neo/coorbital.py src/skywright/ssa/*/*.py)
	$(BIN)/skywright warm
	touch $@

run: $(VENV)/.warm  ## set up, compile the kernels, start the server
	$(BIN)/skywright serve --port $(PORT)

# Two tests run at once, so each may have one thread of the libraries that would take all cores.
test: export OMP_NUM_THREADS = 1
test: export OPENBLAS_NUM_THREADS = 1
test: $(VENV)/.dev $(VENV)/.warm  ## set up and pass the whole suite, style and types included
	$(MAKE) --no-print-directory check
	$(BIN)/pytest -n 2 --dist worksteal -m "not alone and not network and not gpu"
	$(BIN)/pytest -m "alone and not network and not gpu"

check: $(VENV)/.dev  ## style, types and floors
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.dev $(VENV)/.warm  ## figures beside their peers
	$(BIN)/python bench/neo.py
	$(BIN)/python bench/foundry.py
	$(BIN)/python bench/ssa.py

docs-cli: $(VENV)/.dev  ## the page of commands, from the program
	$(BIN)/python -m typer skywright.cli.main utils docs --name skywright --output docs/cli.md

docs: $(VENV)/.dev  ## the documentation site, in site/
	$(PIP) -e '.[docs]'
	$(BIN)/mkdocs build --strict

format: $(VENV)/.dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf $(VENV) build dist site .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find src tests bench -name __pycache__ -type d -prune -exec rm -rf {} +

"""Documentation is tested like code: what exists is written down."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from skywright.settings import Settings

_ROOT = Path(__file__).resolve().parents[1]
_DOCS = _ROOT / "docs"


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_documented(name):
    assert f"SKYWRIGHT_{name.upper()}" in (_DOCS / "settings.md").read_text(encoding="utf-8")


def test_every_shipped_model_has_a_card():
    shipped = {p.name for p in (_ROOT / "src/skywright/pretrained").iterdir() if p.is_dir()}
    shipped.discard("__pycache__")
    cards = {p.stem.replace("-", "_") for p in (_DOCS / "cards").glob("*.md")}
    assert {name.replace("-", "_") for name in shipped} <= cards
    assert shipped


def test_the_page_of_commands_is_that_of_the_program():
    command = [sys.executable, "-m", "typer", "skywright.cli.main", "utils", "docs"]
    made = subprocess.run([*command, "--name", "skywright"], capture_output=True, text=True,
                          check=True, cwd=_ROOT)  # fmt: skip
    page = (_DOCS / "cli.md").read_text(encoding="utf-8")
    assert page.strip() == made.stdout.strip(), "run `make docs-cli`"


def test_every_page_of_the_navigation_exists():
    nav = (_ROOT / "mkdocs.yml").read_text(encoding="utf-8").split("nav:")[1]
    for page in re.findall(r": (\S+\.md)", nav):
        assert (_DOCS / page).is_file(), page


def test_links_between_pages_lead_somewhere():
    for page in _DOCS.rglob("*.md"):
        for target in re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8")):
            if not target.startswith(("http", "mailto:")):
                assert (page.parent / target).exists(), f"{page}: {target}"

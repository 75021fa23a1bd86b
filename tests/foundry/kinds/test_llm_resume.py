"""A training that is killed in the middle ends in the very bytes of one that was not.

A process that has imported the libraries forks one child for each attempt, as the foundry does.
"""

import hashlib
import json
import subprocess
import sys

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform == "win32", reason="forks")]

PROGRAM = """
import json, os, signal, sys, traceback
from pathlib import Path

import peft, polars, transformers.trainer  # imported once, before the forks

from skywright.foundry.data.splits import Split
from skywright.foundry.kinds import llm, llm_training, tiny_base
from skywright.foundry.recipe import recipe_of
from skywright.foundry.run import Run

tiny_base._STEPS = 2
llm_training._STEPS_A_CHECKPOINT = 3
root = Path(sys.argv[1])
words = ["hot", "slow", "dead", "noisy"]
rows = [
    {"prompt": f"{one} {two}?", "completion": f"{two} then {one}"}
    for one in words for two in words
]
table = polars.DataFrame(rows * 2)


def attempt(name, method, kill_at=None):
    folder = root / name
    (folder / "model").mkdir(parents=True, exist_ok=True)

    def emit(line):
        if kill_at is not None and line.get("step", 0) >= kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    params = {"base": "tiny", "method": method, "batch_size": 4, "lora_dropout": 0.1}
    params |= {"epochs": 2, "learning_rate": 2e-3} if method == "full" else {"steps": 11}
    given = {"name": "ops", "kind": "llm", "target": "completion", "params": params}
    llm.fit(Run(
        recipe=recipe_of(given, "a test"), data=folder, out=folder / "model", seed=7,
        log_path=folder / "log.jsonl", split=Split(table[:20], table[20:24], table[24:]),
        checkpoints=folder / "checkpoints", emit=emit,
    ))


def forked(*given):
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            attempt(*given)
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


told = {}
for method, kill_at in (("full", 8), ("lora", 8)):
    told[method] = [
        forked(f"{method}-whole", method),
        forked(f"{method}-broken", method, kill_at),
        forked(f"{method}-broken", method),
    ]
print(json.dumps(told))
"""


@pytest.fixture(scope="module")
def attempts(tmp_path_factory):
    """Both methods, each uninterrupted, killed, and resumed; the exit codes and the folder."""
    root = tmp_path_factory.mktemp("attempts")
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(root)], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1]), root


def weights(folder):
    found = sorted((folder / "model").rglob("*.safetensors"))
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in found
    }


@pytest.mark.parametrize("method", ["full", "lora"])
def test_a_killed_training_ends_in_the_same_bytes(attempts, method):
    codes, root = attempts
    assert codes[method] == [0, -9, 0]
    assert weights(root / f"{method}-whole") == weights(root / f"{method}-broken")
    log = (root / f"{method}-broken/log.jsonl").read_text().splitlines()
    assert [json.loads(line)["resumed"] for line in log if "resumed" in line] == [
        "step-000000005" if method == "full" else "step-000000006"
    ]


@pytest.mark.parametrize("method", ["full", "lora"])
def test_a_run_leaves_nothing_but_its_log_its_base_and_complete_checkpoints(attempts, method):
    folder = attempts[1] / f"{method}-broken"
    assert {path.name for path in folder.iterdir()} == {
        "model", "log.jsonl", "bases", "checkpoints",
    }  # fmt: skip
    assert all(path.name.startswith("step-") for path in (folder / "checkpoints").iterdir())

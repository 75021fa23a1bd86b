"""Language models as jobs: a child killed with SIGKILL, its job taken up again, the same bytes."""

import hashlib
import os
import signal
import sys
from dataclasses import replace

import polars as pl
import pytest

from skywright.foundry.jobs.job import Slots
from skywright.foundry.jobs.workplace import Workplace
from skywright.foundry.kind import kind_named
from skywright.foundry.kinds import tiny_base
from skywright.foundry.recipe import recipe_of
from skywright.foundry.training import Ask, train
from skywright.settings import Settings

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform == "win32", reason="forks")]

WORDS = ("hot", "slow", "dead", "noisy", "cold", "loose")
ROWS = [
    {"prompt": f"{a} {b} {n}?", "completion": f"{b} then {a}"}
    for a in WORDS
    for b in WORDS
    for n in range(3)
]


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """A workplace with a warm process for all jobs, rows, a base, and a home that is empty."""
    root = tmp_path_factory.mktemp("shop")
    (root / "home").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(root / "home"))
        for name in ("HF_HOME", "HF_HUB_OFFLINE", "XDG_CACHE_HOME"):
            patch.delenv(name, raising=False)
        patch.setattr(tiny_base, "_STEPS", 2)
        pl.DataFrame(ROWS).write_ndjson(root / "rows.jsonl")
        place = Workplace.of(Settings(data_dir=root / "sky"))
        found = Shop(root, replace(place, offer=Slots(cpus=8)))
        yield found
        found.place.close()
        found.place.queue.database.close()


class Shop:
    def __init__(self, root, place):
        self.root, self.place = root, place
        self.base = tiny_base.tiny_base(
            root / "bases", [text for row in ROWS for text in row.values()]
        )
        self._trained = {}

    def whole_and_broken(self, method):
        """Train uninterrupted and killed once; both are done the first time one asks."""
        if method not in self._trained:
            self._trained[method] = (
                self.train(f"{method}-whole", method),
                self.train(f"{method}-broken", method, kill_at=45),
            )
        return self._trained[method]

    def train(self, name, method, kill_at=None):
        """Train as one does, and end the child with SIGKILL once it has told of a step."""
        pids, resumed = [], []

        def listen(_job, event):
            resumed.extend([event["resumed"]] if "resumed" in event else [])
            if event["event"] == "started":
                pids.append(event["pid"])
            if len(pids) == 1 and kill_at is not None and event.get("step", 0) >= kill_at:
                os.kill(pids[0], signal.SIGKILL)

        params = {"base": str(self.base), "method": method, "batch_size": 4, "epochs": 4}
        params |= {"learning_rate": 3e-3, "lora_dropout": 0.1}
        given = {"name": name, "kind": "llm", "target": "completion", "params": params}
        ask = Ask(recipe_of(given, "a test"), str(self.root / "rows.jsonl"), seed=3)
        outcome = train(self.place, ask, listen)
        return self.place.registry.folder(name, outcome.version), pids, resumed


def weights(folder):
    files = sorted(folder.rglob("*.safetensors"))
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
    }


@pytest.mark.parametrize("method", ["full", "lora"])
def test_a_job_whose_child_was_killed_registers_the_same_bytes(shop, method):
    (whole, whole_pids, _), (broken, broken_pids, resumed) = shop.whole_and_broken(method)
    assert (len(whole_pids), len(set(broken_pids))) == (1, 2)
    assert [name.rpartition("-")[0] for name in resumed] == ["step"]
    assert weights(whole) == weights(broken)
    assert len(weights(whole)) == (1 if method == "full" else 2)
    answer = kind_named("llm").load(broken)([{"prompt": "hot slow?"}])[0]
    assert set(answer) == {"text", "tokens"}


def test_nothing_is_written_outside_the_workplace(shop):
    shop.whole_and_broken("lora")
    assert list((shop.root / "home").iterdir()) == []

"""A kind of one straight line, and runs of it."""

import json
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest

from skywright.foundry.data.splits import Split
from skywright.foundry.evaluate import intervals
from skywright.foundry.recipe import recipe_of
from skywright.foundry.run import Run


class Line:
    """A logistic curve of fixed steepness, or a constant; it remembers what it was given."""

    def __init__(self, steepness=1.5):
        self.steepness = steepness
        self.fitted = []

    def fit(self, run):
        self.fitted.append(run)
        steepness = run.recipe.params.get("steepness", self.steepness)
        (run.out / "model.json").write_text(json.dumps(steepness))
        signature = {"task": "binary", "target": "fault", "classes": ["no", "yes"]}
        (run.out / "signature.json").write_text(json.dumps(signature))
        run.log(step=len(self.fitted), loss=1.0)

    def load(self, folder):
        return line(json.loads((folder / "model.json").read_text()))


def line(steepness):
    def predict(rows):
        assert all("fault" not in row for row in rows), "the target was shown"
        chances = [1 / (1 + np.exp(-steepness * row["heat"])) for row in rows]
        return [
            {"label": "yes" if one > 0.5 else "no", "probabilities": {"no": 1 - one, "yes": one}}
            for one in chances
        ]

    return predict


def table(rows, seed):
    random = np.random.default_rng(seed)
    heat = random.normal(size=rows)
    fault = random.random(rows) < 1 / (1 + np.exp(-1.5 * heat))
    return pl.DataFrame(
        {
            "heat": heat,
            "craft": random.choice(["a", "b", "c", "d"], rows),
            "day": np.arange(rows),
            "fault": np.where(fault, "yes", "no"),
        }
    )


def recipe_with(evaluate=None, **more):
    given = {"name": "toy", "kind": "toy", "target": "fault", "evaluate": evaluate or {}, **more}
    return recipe_of(given, "toy")


@pytest.fixture
def run_of(tmp_path, monkeypatch):
    """Return a maker of runs: recipe in, run with rows out; its judgement draws 200 times."""
    monkeypatch.setattr(intervals, "_MOST", 200)

    def make(recipe=None, rows=200):
        folder = tmp_path / "model"
        folder.mkdir()
        return Run(
            recipe=recipe or recipe_with(),
            data=tmp_path,
            out=folder,
            seed=1,
            log_path=tmp_path / "log.jsonl",
            split=Split(table(rows, 1), table(50, 2), table(rows, 3)),
        )

    return make


@pytest.fixture
def toy():
    """Return the pieces: the kind, its curve, a table of rows, and a maker of recipes."""
    return SimpleNamespace(Line=Line, line=line, table=table, recipe=recipe_with)

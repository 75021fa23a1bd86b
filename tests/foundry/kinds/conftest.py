"""A small world to learn from: a signal in numbers and a category, with gaps."""

import numpy as np
import polars as pl
import pytest

from skywright.foundry.data.splits import Split
from skywright.foundry.recipe import recipe_of
from skywright.foundry.run import Run


def world(n, seed=1):
    """A label, a number and a grade that all follow from one sum of the columns."""
    rng = np.random.default_rng(seed)
    speed, noise = rng.normal(size=n) * 100 + 5000, rng.normal(size=n)
    body = rng.choice(["panel", "rocket", "wheel", None], n)
    score = (speed - 5000) / 100 + noise + 2.0 * (body == "panel")
    return pl.DataFrame(
        {
            "speed": speed,
            "noise": np.where(np.arange(n) % 7 == 0, np.nan, noise),
            "body": body.tolist(),
            "sunlit": rng.random(n) > 0.5,
            "fault": np.where(score > 0.5, "yes", "no"),
            "grade": np.digitize(score, [0.0, 1.0]),
            "score": score,
        },
        nan_to_null=True,
    )


@pytest.fixture(scope="session")
def table():
    return world(600)


@pytest.fixture
def run_of(tmp_path, table):
    """Make the run of a recipe, its folders below the test's own."""

    def make(kind, target="fault", *, frame=None, name="model", checkpoints=False, **keys):
        rows = table if frame is None else frame
        keys.setdefault("drop", [c for c in ("fault", "grade", "score") if c != target])
        given = {"name": "wheel-fault", "kind": kind, "target": target, **keys}
        (tmp_path / name).mkdir()
        cut = len(rows) * 2 // 3, len(rows) * 5 // 6
        return Run(
            recipe=recipe_of(given, "a recipe of a test"),
            data=tmp_path,
            out=tmp_path / name,
            seed=given.get("seed", 1),
            log_path=tmp_path / f"{name}.jsonl",
            split=Split(rows[: cut[0]], rows[cut[0] : cut[1]], rows[cut[1] :]),
            checkpoints=tmp_path / f"{name}-checkpoints" if checkpoints else None,
        )

    return make


@pytest.fixture
def accuracy():
    def of(predict, run):
        rows = run.split.test.to_dicts()
        return np.mean(
            [
                answer["label"] == str(row[run.recipe.target])
                for answer, row in zip(predict(rows), rows, strict=True)
            ]
        )

    return of


@pytest.fixture
def fine():
    """Values a few steps of float32 apart, so that thresholds lie between neighbours."""
    rng = np.random.default_rng(2)
    x = 5000.0 + 0.02 * rng.normal(size=(1500, 3))
    y = x.sum(axis=1) + 0.02 * rng.normal(size=1500) > 15000.0
    return pl.DataFrame({"a": x[:, 0], "b": x[:, 1], "c": x[:, 2], "fault": y})

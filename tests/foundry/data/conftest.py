"""Small recipes and tables."""

import numpy as np
import polars as pl
import pytest

from skywright.foundry.recipe import recipe_of


@pytest.fixture(scope="session")
def recipe():
    """A recipe by its split and whatever else it needs."""

    def made(split="stratified", target="y", **more):
        given = {"name": "toy", "kind": "toy", "target": target, "evaluate": {"split": split}}
        return recipe_of(given | more, "toy")

    return made


@pytest.fixture(scope="session")
def table():
    """A table of numbers with a class, all rows different."""

    def made(rows, classes=3, seed=0):
        rng = np.random.default_rng(seed)
        return pl.DataFrame(
            {
                "id": np.arange(rows),
                "x": rng.normal(size=rows),
                "y": rng.integers(0, classes, rows),
            }
        )

    return made

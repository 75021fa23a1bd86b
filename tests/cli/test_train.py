"""Training from the command line: one recipe is one object, several are a list of them."""

import json

import polars as pl
import pytest
from typer.testing import CliRunner

from skywright.cli.main import app

RECIPE = """
name = "{name}"
kind = "sklearn"
target = "y"
data = "rows.csv"
[params]
estimator = "LogisticRegression"
"""


@pytest.fixture
def recipes(tmp_path):
    x = [k / 100 for k in range(100)]
    table = pl.DataFrame({"x": x, "y": ["low" if value < 0.5 else "high" for value in x]})
    table.write_csv(tmp_path / "rows.csv")
    paths = [tmp_path / f"{name}.toml" for name in ("one", "two")]
    for path in paths:
        path.write_text(RECIPE.format(name=path.stem))
    return [str(path) for path in paths]


@pytest.mark.slow
def test_several_recipes_are_trained_one_by_one(recipes):
    result = CliRunner().invoke(app, ["train", *recipes, "--json"])
    assert result.exit_code == 0, result.output
    outcomes = json.loads(result.stdout)["outcomes"]
    assert [one["model"] for one in outcomes] == ["one", "two"]
    assert all(one["champion"] == one["version"] for one in outcomes)


def test_nothing_is_submitted_when_one_recipe_is_wrong(recipes):
    result = CliRunner().invoke(app, ["train", recipes[0], "no-such-recipe"])
    assert "There is no recipe 'no-such-recipe'" in str(result.exception)
    listed = CliRunner().invoke(app, ["jobs", "ls", "--json"])
    assert json.loads(listed.stdout)["jobs"] == []

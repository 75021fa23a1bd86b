"""Models judged again: on other rows, with what they have seen told."""

import polars as pl
import pytest

from skywright.errors import InputError, NotFoundError
from skywright.foundry.judging import judge_again
from skywright.foundry.recipe import recipe_of
from skywright.foundry.training import Ask, train


def rows(first, count):
    x = [(k * 37 % 101) / 10 - 5 for k in range(first, first + count)]
    return pl.DataFrame({"x": x, "n": list(range(first, first + count))}).with_columns(
        y=pl.when(pl.col("x") > 0).then(pl.lit("up")).otherwise(pl.lit("down"))
    )


@pytest.mark.slow
def test_a_model_is_judged_on_rows_that_came_later(workplace, tmp_path):
    old, new = tmp_path / "old.csv", tmp_path / "new.csv"
    rows(0, 300).write_csv(old)
    rows(300, 60).write_csv(new)
    given = {"name": "updown", "kind": "sklearn", "target": "y", "drop": ["n"]}
    given["params"] = {"estimator": "logistic_regression"}
    recipe = recipe_of(given, "updown")
    made = train(workplace, Ask(recipe, str(old)))
    report = judge_again(workplace, "updown", str(new))
    assert report["model"] == f"updown@{made.version}"
    assert report["rows"]["test"] == 60
    assert report["metrics"]["auc"] > 0.95
    again = judge_again(workplace, f"updown@{made.version}", str(old))
    assert again["rows_it_learned_from"] > 0
    rows(0, 9).select("x", "n").write_csv(new)
    with pytest.raises(InputError, match="no column 'y'"):
        judge_again(workplace, "updown", str(new))


def test_a_model_that_is_not_there_or_judges_itself_is_told(workplace):
    with pytest.raises(NotFoundError, match="no model 'nothing'"):
        judge_again(workplace, "nothing", "x")
    with pytest.raises(InputError, match="judges itself"):
        judge_again(workplace, "neo-albedo", "x")

"""From rows as they came to rows that teach, choose and judge."""

from __future__ import annotations

from typing import Any

import polars as pl

from skywright.foundry.data.cleaning import clean, feature_names
from skywright.foundry.data.near_duplicates import drop_near_duplicates
from skywright.foundry.data.pii import pass_over
from skywright.foundry.data.splits import Split, folds, split_table
from skywright.foundry.recipe import Recipe


def split_for(recipe: Recipe, frame: pl.DataFrame, seed: int) -> tuple[Split, dict[str, Any]]:
    """Clean a table, look for personal data and near duplicates, and divide it.

    Parameters
    ----------
    recipe : Recipe
        Its ``prepare``, ``evaluate.split``, ``target``, ``features`` and ``drop`` say how.
    frame : polars.DataFrame
        Rows as they came.
    seed : int
        Of the division.

    Returns
    -------
    Split, dict
        The rows, and what was done to them.

    Raises
    ------
    InputError
        If the data do not fit the recipe, or hold personal data that it does not allow.
    """
    frame, told = _cleaned(recipe, frame)
    split = split_table(frame, recipe, seed)
    told["rows"] = {
        "train": split.train.height,
        "valid": split.valid.height,
        "test": split.test.height,
    }
    told["test_rows_seen_in_training"] = _overlap(split, recipe)
    return split, told


def folds_for(recipe: Recipe, frame: pl.DataFrame, seed: int) -> tuple[list[Split], dict[str, Any]]:
    """Do the same for k-fold cross-validation; see `split_for`."""
    frame, told = _cleaned(recipe, frame)
    return folds(frame, recipe, seed), told


def _cleaned(recipe: Recipe, frame: pl.DataFrame) -> tuple[pl.DataFrame, dict[str, Any]]:
    frame, report = clean(frame, recipe)
    told: dict[str, Any] = {"cleaning": report.told()}
    texts = [name for name in feature_names(frame, recipe) if frame.schema[name] == pl.String]
    frame, told["pii"] = pass_over(frame, texts, recipe.prepare.pii)
    if recipe.prepare.near_duplicates:
        threshold = recipe.prepare.near_duplicates
        frame, told["near_duplicates"] = drop_near_duplicates(frame, texts, threshold)
    return frame, told


def _overlap(split: Split, recipe: Recipe) -> int:
    """Count test rows whose features are those of a training row: what was learned by heart."""
    names = [
        name
        for name in feature_names(split.test, recipe)
        if not split.test.schema[name].is_nested() and split.test.schema[name] != pl.Object
    ]
    if not names:
        return 0
    taught = split.train.select(names).unique()
    return split.test.select(names).join(taught, on=names, how="semi", nulls_equal=True).height

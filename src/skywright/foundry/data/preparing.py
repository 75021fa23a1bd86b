"""From rows as they came to rows that teach, choose and judge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl

from skywright.foundry.data.cleaning import KEY, clean, feature_names
from skywright.foundry.data.leakage import (
    joined,
    nearly_seen_in_training,
    seen_in_training,
    suspects,
)
from skywright.foundry.data.near_duplicates import firsts
from skywright.foundry.data.pii import pass_over
from skywright.foundry.data.row_keys import Keys, row_keys
from skywright.foundry.data.splits import Split, folds, split_table
from skywright.foundry.recipe import Recipe

_WORDS_OF_A_TEXT = 4.0  # a column of fewer words a value on average holds names, not texts
_MOST_COMPARED = 50_000  # texts of training and test together: 3 s if they have 20 words


@dataclass(frozen=True, slots=True)
class _Rows:
    """Clean rows, with the keys by which they are divided, and what was done to them."""

    frame: pl.DataFrame
    keys: Keys
    told: dict[str, Any]


def prepare(
    recipe: Recipe, frame: pl.DataFrame, seed: int
) -> tuple[Split | list[Split], dict[str, Any]]:
    """Return the split of a recipe, or its folds if it names k-fold; see `split_for`."""
    if recipe.evaluate.split.startswith("kfold"):
        return folds_for(recipe, frame, seed)
    return split_for(recipe, frame, seed)


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
        The rows, and what was done to them: ``cleaning``, ``pii``, ``near_duplicates``, ``rows``,
        and under ``leakage`` what would flatter a model.

    Raises
    ------
    InputError
        If the data do not fit the recipe, or hold personal data that it does not allow.
    """
    rows = _cleaned(recipe, frame)
    split = split_table(rows.frame, recipe, seed, rows.keys)
    rows.told["rows"] = {
        "train": split.train.height,
        "valid": split.valid.height,
        "test": split.test.height,
    }
    rows.told["leakage"] |= _leakage(split, recipe)
    return split, rows.told


def folds_for(recipe: Recipe, frame: pl.DataFrame, seed: int) -> tuple[list[Split], dict[str, Any]]:
    """Do the same for k-fold cross-validation; see `split_for`."""
    rows = _cleaned(recipe, frame)
    return folds(rows.frame, recipe, seed, rows.keys), rows.told


def text_columns(frame: pl.DataFrame, recipe: Recipe) -> list[str]:
    """Return the features that hold texts of several words, rather than names or categories."""
    types, found = recipe.prepare.types, []
    for name in feature_names(frame, recipe):
        kind = frame.schema[name]
        if kind == pl.String:
            if types.get(name) == "text" or (name not in types and wordy(frame[name])):
                found.append(name)
        elif kind.is_nested() and holds_texts(kind):
            found.append(name)
    return found


def _cleaned(recipe: Recipe, frame: pl.DataFrame) -> _Rows:
    """Clean rows; their keys are of the rows as they came, so that recipes that use other columns
    of the same data are judged on the same rows.
    """
    cleaned, report = clean(frame.with_columns(pl.Series(KEY, row_keys(frame))), recipe)
    keys, cleaned = cleaned[KEY].to_numpy(), cleaned.drop(KEY)
    if recipe.prepare.duplicates == "keep":
        keys = row_keys(cleaned)  # rows that became equal by what was dropped stay together
    told: dict[str, Any] = {"cleaning": report.told()}
    told["leakage"] = {"suspects": suspects(cleaned, recipe)}
    texts = [name for name, kind in cleaned.schema.items() if holds_texts(kind)]
    cleaned, told["pii"] = pass_over(cleaned, texts, recipe.prepare.pii)
    compared = text_columns(cleaned, recipe)
    if recipe.prepare.near_duplicates and compared:
        kept, told["near_duplicates"] = firsts(
            joined(cleaned, compared), recipe.prepare.near_duplicates
        )
        cleaned, keys = cleaned.filter(pl.Series(kept)), keys[kept]
    return _Rows(cleaned, keys, told)


def _leakage(split: Split, recipe: Recipe) -> dict[str, Any]:
    told: dict[str, Any] = {"test_rows_seen_in_training": seen_in_training(split, recipe)}
    texts = text_columns(split.train, recipe)
    if texts and split.train.height + split.test.height <= _MOST_COMPARED:
        told["test_texts_nearly_seen_in_training"] = nearly_seen_in_training(split, texts)
    return told


def wordy(values: pl.Series) -> bool:
    """Tell whether values are texts of several words, rather than names or categories."""
    spaces = values.cast(pl.String).str.count_matches(r"\s+").mean()
    return isinstance(spaces, float) and spaces + 1.0 >= _WORDS_OF_A_TEXT


def holds_texts(kind: pl.DataType) -> bool:
    """Tell whether there are texts in a column of a type, be it within lists or structures."""
    if isinstance(kind, pl.List | pl.Array):
        return holds_texts(kind.inner)  # type: ignore[arg-type]
    if isinstance(kind, pl.Struct):
        return any(holds_texts(field.dtype) for field in kind.fields)  # type: ignore[arg-type]
    return kind in (pl.String, pl.Categorical, pl.Enum)

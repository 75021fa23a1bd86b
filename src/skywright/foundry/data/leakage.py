"""Leakage: what would let a model look good without having learned anything."""

from __future__ import annotations

import numpy as np
import polars as pl

from skywright.errors import InputError
from skywright.foundry.data.cleaning import feature_names
from skywright.foundry.data.near_duplicates import like_any
from skywright.foundry.data.row_keys import row_keys
from skywright.foundry.data.splits import Split
from skywright.foundry.recipe import Recipe

NEAR = 0.8
"""Least similarity at which a test text counts as seen in training [-]."""

_COPY = 1e-12  # a correlation this near to one is a copy in other units


def suspects(frame: pl.DataFrame, recipe: Recipe) -> dict[str, str]:
    """Return features that tell the target without learning, each with the reason.

    Raises
    ------
    InputError
        If a feature equals the target in every row.
    """
    if not recipe.target or frame[recipe.target].dtype.is_nested():
        return {}
    truth, found = frame[recipe.target], {}
    if truth.n_unique() < 2:
        return {}
    for name in feature_names(frame, recipe):
        values = frame[name]
        if values.dtype.is_nested() or values.dtype in (pl.Object, pl.Binary):
            continue
        if _equal(values, truth):
            message = f"The column {name!r} repeats the target {recipe.target!r} in every row."
            raise InputError(message, hint="List it in drop: it would give the answer away.")
        if _one_to_one(values, truth):
            found[name] = "has one value for each class, the same in all rows of the class"
        elif _linear(values, truth):
            found[name] = "is the target in other units"
    return found


def seen_in_training(split: Split, recipe: Recipe) -> int:
    """Count test rows whose features equal those of a training row: learned by heart."""
    names = feature_names(split.test, recipe)
    taught = row_keys(split.train.select(names))
    return int(np.isin(row_keys(split.test.select(names)), taught).sum())


def nearly_seen_in_training(split: Split, texts: list[str]) -> int:
    """Count test rows whose texts nearly repeat those of a training row."""
    taught, asked = (joined(part, texts) for part in (split.train, split.test))
    return int(like_any(asked, taught, NEAR).sum())


def joined(frame: pl.DataFrame, columns: list[str]) -> list[str]:
    """Return one text a row, of all named columns; lists and structures as JSON."""
    plain = [
        pl.col(name)
        if frame.schema[name] == pl.String
        else pl.struct(name).struct.json_encode().alias(name)
        for name in columns
    ]
    return (
        frame.select(pl.concat_str(plain, separator="\n", ignore_nulls=True)).to_series().to_list()
    )


def _equal(values: pl.Series, truth: pl.Series) -> bool:
    kind = pl.Float64 if values.dtype.is_numeric() and truth.dtype.is_numeric() else pl.String
    same = values.cast(kind).eq_missing(truth.cast(kind))
    return bool(same.all())


def _one_to_one(values: pl.Series, truth: pl.Series) -> bool:
    """Tell whether a column codes the classes, each of which has several rows."""
    classes = truth.n_unique()
    if values.n_unique() != classes or classes > len(truth) // 2:
        return False
    return pl.DataFrame({"value": values, "class": truth}).n_unique() == classes


def _linear(values: pl.Series, truth: pl.Series) -> bool:
    if not (values.dtype.is_numeric() and truth.dtype.is_numeric()) or truth.n_unique() < 3:
        return False
    x, y = (one.cast(pl.Float64).fill_null(float("nan")).to_numpy() for one in (values, truth))
    present = np.isfinite(x)
    x, y = x[present], y[present]
    with np.errstate(over="ignore", invalid="ignore"):
        if len(x) < 3 or not (np.ptp(x) > 0 and np.ptp(y) > 0):
            return False
        x, y = (x - x.mean()) / np.ptp(x), (y - y.mean()) / np.ptp(y)
        return bool((x @ y) ** 2 >= (1.0 - _COPY) * (x @ x) * (y @ y))

"""Columns of two tables as the tests of the watch see them: numbers or categories."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import polars as pl

F64 = npt.NDArray[np.float64]

MOST_CATEGORIES = 200
"""A text column with more different values than this is compared by its lengths."""


@dataclass(frozen=True, slots=True)
class Pair:
    """One column of the reference and of the present, without what is missing."""

    name: str
    """Name of the column."""
    type: Literal["number", "category", "text"]
    """How it is compared: numbers by value, categories by share, texts by length."""
    reference: pl.Series
    """Values of the reference: float64 or text."""
    current: pl.Series
    """Present values, of the same type."""
    missing_reference: int
    """Missing values of the reference."""
    missing_current: int
    """Present missing values."""


def pairs(reference: pl.DataFrame, current: pl.DataFrame) -> list[Pair]:
    """Return the columns that both tables have, in the order of the reference.

    A column is of numbers if it is so in the reference; a present value that is not a number then
    counts as missing, as it does for the model.
    """
    return [
        _pair(name, reference[name], current[name])
        for name in reference.columns
        if name in current.columns
    ]


def as_numbers(values: pl.Series) -> F64:
    """Return a column as numbers, NaN where there is none, shape (n,)."""
    numbers = values.cast(pl.Float64, strict=False).to_numpy()
    return np.where(np.isfinite(numbers), numbers, np.nan).astype(np.float64)


def _pair(name: str, reference: pl.Series, current: pl.Series) -> Pair:
    if reference.dtype.is_numeric() or reference.dtype.is_temporal():
        old, new = _numbers(reference), _numbers(current)
        return Pair(name, "number", old[0], new[0], old[1], new[1])
    old, new = _texts(reference), _texts(current)
    if old[0].n_unique() <= MOST_CATEGORIES:
        return Pair(name, "category", old[0], new[0], old[1], new[1])
    lengths = [values.str.len_chars().cast(pl.Float64) for values in (old[0], new[0])]
    return Pair(name, "text", lengths[0], lengths[1], old[1], new[1])


def _numbers(values: pl.Series) -> tuple[pl.Series, int]:
    plain = values.to_physical() if values.dtype.is_temporal() else values
    numbers = plain.cast(pl.Float64, strict=False)
    there = numbers.filter(numbers.is_finite().fill_null(value=False))
    return there, values.len() - there.len()


def _texts(values: pl.Series) -> tuple[pl.Series, int]:
    there = values.cast(pl.String, strict=False).drop_nulls()
    return there, values.len() - there.len()

"""Profiles: what a column looks like, kept with the data so that drift can be told later."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from skywright.foundry.data.pii import redact

_BINS = 20
_TOP = 20
_LONGEST_VALUE = 100
_CATEGORIES = 50
"""A text column of more values than this is told by its lengths if most of its rows differ."""
_QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)


def profile_of(frame: pl.DataFrame) -> dict[str, Any]:
    """Return rows, and per column its type, missing share, distinct values, and distribution.

    Numbers get mean, scatter, quantiles and a histogram; categories their most frequent values,
    personal data in them blacked out; free texts and lists their lengths; times their range.

    Returns
    -------
    dict
        Can be written as JSON: no infinities, no bytes.
    """
    return {
        "rows": frame.height,
        "columns": {name: _column(frame[name]) for name in frame.columns},
    }


def _column(values: pl.Series) -> dict[str, Any]:
    told: dict[str, Any] = {
        "type": str(values.dtype),
        "missing": _missing(values) / max(1, len(values)),
    }
    kind = values.dtype
    if kind.is_numeric():
        return told | _numbers(values)
    if kind == pl.Boolean or kind in (pl.Categorical, pl.Enum):
        return told | _categories(values)
    if kind == pl.String:
        return told | _texts(values)
    if kind.is_temporal():
        return told | {"distinct": values.n_unique(), **_range_of_times(values)}
    if isinstance(kind, pl.List):
        return told | {"length": _numbers(values.list.len().filter(values.is_not_null()))}
    return told


def _missing(values: pl.Series) -> int:
    nans = values.is_nan().sum() if values.dtype.is_float() else 0
    return values.null_count() + int(nans or 0)


def _numbers(values: pl.Series) -> dict[str, Any]:
    x = values.drop_nulls().cast(pl.Float64).to_numpy()
    x = x[np.isfinite(x)]
    if not x.size:
        return {"distinct": 0}
    with np.errstate(over="ignore", invalid="ignore"):
        mean, scatter = float(x.mean()), float(x.std())
    quantiles = np.quantile(x, _QUANTILES, method="lower")
    return {
        "distinct": int(np.unique(x).size),
        "mean": mean if math.isfinite(mean) else None,
        "scatter": scatter if math.isfinite(scatter) else None,
        "min": float(x.min()),
        "max": float(x.max()),
        "quantiles": {
            f"{share:g}": float(value) for share, value in zip(_QUANTILES, quantiles, strict=True)
        },
        "histogram": _histogram(x),
    }


def _histogram(x: npt.NDArray[np.float64]) -> dict[str, list[float]]:
    try:
        with np.errstate(over="ignore"):
            counts, edges = np.histogram(x, bins=_BINS)
    except ValueError:  # a range too wide or too narrow for twenty bins of floats
        counts, edges = np.array([x.size]), np.array([x.min(), x.max()])
    return {"edges": edges.tolist(), "counts": counts.tolist()}


def _texts(values: pl.Series) -> dict[str, Any]:
    distinct = values.drop_nulls().n_unique()
    if distinct <= max(_CATEGORIES, len(values) // 2):
        return _categories(values)
    return {"distinct": distinct, "length": _numbers(values.str.len_chars().drop_nulls())}


def _categories(values: pl.Series) -> dict[str, Any]:
    counts = values.drop_nulls().cast(pl.String).value_counts(sort=True)
    top: dict[str, int] = {}
    for value, count in counts.head(_TOP).rows():
        shown = redact(str(value))[:_LONGEST_VALUE]
        top[shown] = top.get(shown, 0) + int(count)
    return {"distinct": counts.height, "top": top}


def _range_of_times(values: pl.Series) -> dict[str, Any]:
    if values.null_count() == len(values):
        return {"min": None, "max": None}
    return {"min": str(values.min()), "max": str(values.max())}

"""Profiles: what a column looks like, kept with the data so that drift can be told later."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

_BINS = 20
_TOP = 20
_QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)


def profile_of(frame: pl.DataFrame) -> dict[str, Any]:
    """Return rows, and per column its type, missing share, distinct values, and distribution.

    Numbers get mean, scatter, quantiles and a histogram; texts and categories their most frequent
    values; lists, images and the like only their missing share.
    """
    return {
        "rows": frame.height,
        "columns": {name: _column(frame[name]) for name in frame.columns},
    }


def _column(values: pl.Series) -> dict[str, Any]:
    told: dict[str, Any] = {
        "type": str(values.dtype),
        "missing": values.null_count() / max(1, len(values)),
    }
    if values.dtype.is_numeric():
        return told | _numbers(values)
    if values.dtype in (pl.String, pl.Categorical, pl.Enum, pl.Boolean):
        return told | _categories(values)
    if values.dtype.is_temporal():
        return told | {"min": str(values.min()), "max": str(values.max())}
    return told


def _numbers(values: pl.Series) -> dict[str, Any]:
    x = values.drop_nulls().cast(pl.Float64).to_numpy()
    x = x[np.isfinite(x)]
    if not x.size:
        return {"distinct": 0}
    counts, edges = np.histogram(x, bins=_BINS)
    return {
        "distinct": int(np.unique(x).size),
        "mean": float(x.mean()),
        "scatter": float(x.std()),
        "min": float(x.min()),
        "max": float(x.max()),
        "quantiles": {
            f"{q:g}": float(v) for q, v in zip(_QUANTILES, np.quantile(x, _QUANTILES), strict=True)
        },
        "histogram": {"edges": edges.tolist(), "counts": counts.tolist()},
    }


def _categories(values: pl.Series) -> dict[str, Any]:
    text = values.drop_nulls().cast(pl.String)
    counts = text.value_counts(sort=True)
    top = counts.head(_TOP).rows()
    return {"distinct": counts.height, "top": {str(value): int(count) for value, count in top}}

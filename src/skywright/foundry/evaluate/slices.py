"""Metrics of parts of the rows: one satellite, one season, the faintest quarter."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from skywright.errors import InputError
from skywright.foundry.evaluate.answers import Answers
from skywright.foundry.evaluate.holdout import Yardstick, measured, replicates
from skywright.foundry.evaluate.intervals import Resampling, percentile_interval
from skywright.foundry.evaluate.metrics import metric_named

LEAST_ROWS = 30
"""Slices of fewer rows are told but cannot be the worst one."""

_MOST_VALUES = 20


def slices_of(
    answers: Answers, rows: pl.DataFrame, columns: Sequence[str], yardstick: Yardstick
) -> list[dict[str, Any]]:
    """Measure the metrics of each value of some columns.

    Parameters
    ----------
    answers : Answers
        Of n rows.
    rows : polars.DataFrame, n rows
        Numbers of many values are cut into quarters, texts of many values into the most frequent
        and ``other``.
    columns : sequence of str
        Columns of ``rows``.
    yardstick : Yardstick
        Metrics.

    Returns
    -------
    list of dict
        ``column``, ``value``, ``rows`` and ``metrics`` (None where one is not defined).

    Raises
    ------
    InputError
        If a column is not there.
    """
    told = []
    for column in columns:
        if column not in rows.columns:
            message = f"evaluate.slices names {column!r}; columns are {', '.join(rows.columns)}."
            raise InputError(message)
        for value, mask in _parts(rows[column]):
            part = answers.take(mask)
            values, _ = measured(part, yardstick.metrics)
            told.append({"column": column, "value": value, "rows": len(part), "metrics": values})
    return told


def worst_of(
    slices: Sequence[dict[str, Any]],
    answers: Answers,
    rows: pl.DataFrame,
    yardstick: Yardstick,
) -> dict[str, Any] | None:
    """Return the slice with the worst judging metric, with a 95 % interval.

    Slices of fewer than ``LEAST_ROWS`` rows, or where the metric is not defined, are left out. The
    worst of many is worse than its true value, by chance alone: the interval knows nothing of that.
    """
    name = yardstick.judge
    large = [
        one for one in slices if one["rows"] >= LEAST_ROWS and one["metrics"].get(name) is not None
    ]
    if not large:
        return None
    sign = 1.0 if metric_named(name, answers.task).higher_is_better else -1.0
    worst = min(large, key=lambda one: sign * float(one["metrics"][name]))
    mask = dict(_parts(rows[worst["column"]]))[worst["value"]]
    return {**worst, "metric": name, "interval": _interval(answers.take(mask), name)}


def _interval(part: Answers, name: str) -> list[float] | None:
    strata = part.truth if part.labels is not None else None
    drawn = replicates([part], [name], Resampling(len(part), strata=strata, count=500))
    try:
        return list(percentile_interval(drawn[0, 0]))
    except InputError:
        return None


def _parts(column: pl.Series) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """Yield the values of a column with the mask of their rows; missing ones are a part."""
    missing = column.is_null().to_numpy()
    if column.dtype.is_numeric() and column.n_unique() > _MOST_VALUES // 2:
        yield from _quarters(column.cast(pl.Float64).to_numpy(), missing)
    else:
        names = column.cast(pl.String)
        frequent = names.drop_nulls().value_counts(sort=True).head(_MOST_VALUES)
        known = frequent[column.name].to_list()
        array = names.fill_null("").to_numpy()
        for value in sorted(known):
            yield value, (array == value) & ~missing
        rest = ~np.isin(array, known) & ~missing
        if rest.any():
            yield "other", rest
    if missing.any():
        yield "missing", missing


def _quarters(
    values: NDArray[np.float64], missing: NDArray[np.bool_]
) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    known = ~missing & np.isfinite(values)
    if not known.any():
        return
    edges = np.unique(np.quantile(values[known], [0.0, 0.25, 0.5, 0.75, 1.0]))
    for place, (low, high) in enumerate(itertools.pairwise(edges)):
        above = values >= low if place == 0 else values > low
        yield f"{low:.4g} to {high:.4g}", known & above & (values <= high)

"""Burns that an operator planned, among those that were seen: known, and so no alarm."""

from __future__ import annotations

from datetime import timedelta

import polars as pl

NEAR_D = 1.0
"""A planned burn may lie so far outside the sets between which one was seen [d]."""


def with_planned(manoeuvres: pl.DataFrame, plan: pl.DataFrame) -> pl.DataFrame:
    """Return manoeuvres with a column ``planned``: whether their operator had told of a burn there.

    Parameters
    ----------
    manoeuvres : DataFrame
        ``norad_id``, ``start_utc`` and ``end_utc``: the sets between which each was.
    plan : DataFrame
        ``object_id`` and ``start_utc`` of planned burns.
    """
    told = zip(plan["object_id"], plan["start_utc"], strict=True)
    starts: dict[str, list[object]] = {}
    for name, start in told:
        starts.setdefault(name, []).append(start)
    near = timedelta(days=NEAR_D)
    planned = [
        any(row["start_utc"] - near <= start <= row["end_utc"] + near for start in starts[number])
        if (number := str(row["norad_id"])) in starts
        else False
        for row in manoeuvres.iter_rows(named=True)
    ]
    return manoeuvres.with_columns(pl.Series("planned", planned, dtype=pl.Boolean))

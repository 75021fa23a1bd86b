"""The history of encounters from the conjunction messages themselves."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

import polars as pl

from skywright.ssa.conjunction.conjunction import conjunction_of
from skywright.ssa.conjunction.pc_history import PC
from skywright.ssa.conjunction.probability import probability
from skywright.ssa.records.cdm import Cdm

SAME_TCA = timedelta(minutes=15)
"""Messages of one pair are of one encounter if their closest approaches follow within this: a pair
in low orbits may meet again half a revolution later, and forecasts move by seconds to minutes."""


def history_of_messages(messages: Sequence[Cdm], hbr_m: float | None = None) -> pl.DataFrame:
    """Return a history of the probability of each encounter, as ``events_of`` takes it.

    Parameters
    ----------
    messages : sequence of Cdm
        In any order.
    hbr_m : float, optional
        Hard-body radius instead of the messages' [m].

    Returns
    -------
    DataFrame
        ``event_id`` (both designators and the first closest approach told), ``created_utc``,
        ``tca_utc``, ``pc``.
    """
    ordered = sorted(messages, key=lambda one: (_pair(one), one.tca_utc))
    rows: list[dict[str, Any]] = []
    for pair, some in groupby(ordered, key=_pair):
        last: datetime | None = None
        name = ""
        for one in some:
            if last is None or one.tca_utc - last > SAME_TCA:
                name = f"{pair[0]} {pair[1]} {one.tca_utc:%Y-%m-%dT%H:%M}"
            last = one.tca_utc
            rows.append(
                {
                    "event_id": name,
                    "created_utc": one.created_utc,
                    "tca_utc": one.tca_utc,
                    PC: probability(conjunction_of(one, hbr_m)).pc,
                }
            )
    return pl.DataFrame(rows)


def _pair(one: Cdm) -> tuple[str, str]:
    first, second = sorted(obj.designator for obj in one.objects)
    return first, second

"""The quality gate: what is odd about an element set is marked, and nothing is dropped in silence.

A set of another object under a wrong number (cross-tagged) disagrees with the sets before and after
it while those agree with each other; a manoeuvre does not come back. Sets are compared by their
semi-major axis and their plane, carried to one epoch by the secular rates of J2.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

import numpy as np
import numpy.typing as npt
import polars as pl

from skywright.ssa.element_sets import checked_history, epochs_jd
from skywright.ssa.relative_elements import carried, mean_elements

F64 = npt.NDArray[np.float64]


class Mark(StrEnum):
    """What may be odd about a set."""

    STALE = "stale"
    """The newest set of its object, and older than `STALE_D`."""
    FUTURE = "future epoch"
    """Its epoch lies after now."""
    DUPLICATE = "duplicate"
    """The same elements at the same epoch as an earlier row."""
    SAME_EPOCH = "same epoch"
    """Other elements at the epoch of an earlier row."""
    EARLY = "received before its epoch"
    """Received more than a day before its epoch: a prediction, not an observation."""
    LATE = "out of order"
    """Received after a set with a later epoch."""
    CROSS_TAGGED = "cross-tagged"
    """Disagrees with both neighbours, which agree with each other."""
    UNCONFIRMED = "unconfirmed jump"
    """The newest set, and it disagrees with those before it."""


STALE_D = 14.0
"""Age from which the newest set is stale [d]."""

UNUSABLE = frozenset({Mark.FUTURE, Mark.DUPLICATE, Mark.SAME_EPOCH, Mark.CROSS_TAGGED})
"""Marks with which a set is left out of an analysis unless it is asked for."""

_EARLY_D = 1.0
_AXIS_KM, _AXIS_TIMES = 3.0, 30.0
_PLANE_DEG = 0.3


def mark(history: pl.DataFrame, now: datetime) -> pl.DataFrame:
    """Return a history with a column ``marks``, a list of texts of `Mark`.

    Parameters
    ----------
    history : DataFrame
        As in ``ssa.element_sets``; ``received_utc`` is used where it is there.
    now : datetime
        The moment of the judgement, UTC.

    Returns
    -------
    DataFrame
        Sorted by object and epoch; no row is left out.
    """
    table = checked_history(history)
    moment = now.replace(tzinfo=None)
    parts = [_of_one(part, moment) for part in table.partition_by("norad_id", maintain_order=True)]
    return pl.concat(parts)


def usable(marked: pl.DataFrame) -> pl.DataFrame:
    """Return the rows without a mark of `UNUSABLE`."""
    bad = pl.col("marks").list.set_intersection(sorted(str(one) for one in UNUSABLE))
    return marked.filter(bad.list.len() == 0)


def _of_one(part: pl.DataFrame, now: datetime) -> pl.DataFrame:
    flags = {
        Mark.FUTURE: (part["epoch_utc"] > now).to_numpy(),
        **_repeated(part),
        **_received(part),
        **_strange(part),
    }
    flags[Mark.STALE] = np.zeros(part.height, dtype=bool)
    flags[Mark.STALE][-1] = part["epoch_utc"][-1] < now - timedelta(days=STALE_D)
    marks = [[str(name) for name in Mark if bool(flags[name][row])] for row in range(part.height)]
    return part.with_columns(pl.Series("marks", marks, dtype=pl.List(pl.String)))


def _repeated(part: pl.DataFrame) -> dict[Mark, npt.NDArray[np.bool_]]:
    elements = ["mean_motion_rev_day", "eccentricity", "inclination_deg", "mean_anomaly_deg"]
    twin = (
        ~part.select(pl.struct("epoch_utc", *elements).is_first_distinct()).to_series().to_numpy()
    )
    again = ~part["epoch_utc"].is_first_distinct().to_numpy()
    return {Mark.DUPLICATE: twin, Mark.SAME_EPOCH: again & ~twin}


def _received(part: pl.DataFrame) -> dict[Mark, npt.NDArray[np.bool_]]:
    none = np.zeros(part.height, dtype=bool)
    if "received_utc" not in part.columns:
        return {Mark.EARLY: none, Mark.LATE: none}
    received = part["received_utc"].dt.replace_time_zone(None).fill_null(part["epoch_utc"])
    early = (received < part["epoch_utc"] - timedelta(days=_EARLY_D)).to_numpy()
    later = received.reverse().cum_min().reverse().shift(-1)
    return {Mark.EARLY: early, Mark.LATE: (received > later).fill_null(value=False).to_numpy()}


def _strange(part: pl.DataFrame) -> dict[Mark, npt.NDArray[np.bool_]]:
    strange = np.zeros(part.height, dtype=bool)
    unconfirmed = strange.copy()
    once = np.flatnonzero(part["epoch_utc"].is_first_distinct().to_numpy())
    if len(once) < 3:
        return {Mark.CROSS_TAGGED: strange, Mark.UNCONFIRMED: unconfirmed}
    days = np.add(*epochs_jd(part))[once]
    elements = mean_elements(part)[once]
    step = _apart(elements[:-1], elements[1:], np.diff(days))
    over = _apart(elements[:-2], elements[2:], days[2:] - days[:-2])
    limit = np.array([max(_AXIS_KM, _AXIS_TIMES * float(np.median(step[:, 0]))), _PLANE_DEG])
    far = np.asarray((step > limit).any(axis=1))
    back = np.asarray((over < 0.5 * np.minimum(step[:-1], step[1:])) | (over <= limit))
    strange[once[1:-1]] = far[:-1] & far[1:] & back.all(axis=1)
    unconfirmed[once[-1]] = far[-1] and not strange[once[-2]]
    return {Mark.CROSS_TAGGED: strange, Mark.UNCONFIRMED: unconfirmed}


def _apart(one: F64, two: F64, days: F64) -> F64:
    """Return difference of the axes [km] and angle between the planes [deg]; (n, 2)."""
    moved = carried(one, days)
    normals = [
        np.column_stack(
            [
                np.sin(e[:, 2]) * np.sin(e[:, 3]),
                -np.sin(e[:, 2]) * np.cos(e[:, 3]),
                np.cos(e[:, 2]),
            ]
        )
        for e in (moved, two)
    ]
    cosine = np.clip(np.einsum("ni,ni->n", *normals), -1.0, 1.0)
    return np.column_stack([np.abs(two[:, 0] - moved[:, 0]), np.degrees(np.arccos(cosine))])

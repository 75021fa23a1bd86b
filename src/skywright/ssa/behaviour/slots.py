"""The 128 slots of behaviour: fixed, named, documented; NaN is not known.

They describe the last 30 days, or 64 sets, of one object up to a moment, and its relation to a
protected asset if one is given. Nothing in them is a name, a number, an owner or a date.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt
import polars as pl

from skywright.ssa.behaviour.burns import BURNS, burn_slots
from skywright.ssa.behaviour.motion import CHANGES, RESIDUALS, TRENDS, motion_slots
from skywright.ssa.behaviour.orbit import CADENCE, REGIME, cadence_slots, regime_slots
from skywright.ssa.behaviour.relation import RELATION, relation_slots, unplanned_burns
from skywright.ssa.detection.search import Finds, Search, search_of
from skywright.ssa.element_sets import checked_history, moment_jd
from skywright.ssa.relative_track import RelativeTrack, received_by
from skywright.ssa.sets import Sets

F64 = npt.NDArray[np.float64]

WINDOW_D, WINDOW_SETS = 30.0, 64
"""How far back, and how many sets at most."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One number of behaviour."""

    name: str
    group: str
    unit: str
    description: str


SLOTS: tuple[Slot, ...] = tuple(
    Slot(name, group, unit, description)
    for group, table in (
        ("regime", REGIME),
        ("cadence", CADENCE),
        ("residuals", RESIDUALS),
        ("changes", CHANGES),
        ("trends", TRENDS),
        ("burns", BURNS),
        ("relation", RELATION),
    )
    for name, (unit, description) in table.items()
)
"""All 128, in their order."""


def behaviour_vector(
    history: pl.DataFrame,
    at_utc: datetime,
    *,
    asset: pl.DataFrame | None = None,
    track: RelativeTrack | None = None,
    planned_burns: pl.DataFrame | None = None,
    asset_burns: F64 | None = None,
    detector: Finds | None = None,
) -> F64:
    """Return the slots of one object at a moment.

    Parameters
    ----------
    history : DataFrame
        Sets of one object, as in ``ssa.element_sets``; only those received by then are used.
    at_utc : datetime
        The moment, UTC.
    asset : DataFrame, optional
        History of the protected satellite; without it the relation is not known.
    track : RelativeTrack, optional
        Relative motion of both at the moment, if it is at hand already.
    planned_burns : DataFrame, optional
        ``start_utc`` of burns of the asset that its operator planned: following those is no sign.
    asset_burns : (n,) array, optional
        As from `burns_of`, if they are at hand already.
    detector : Finds, optional
        Finds the burns of the object; the detector in use if left out.

    Returns
    -------
    (128,) array
        In the order of `SLOTS`; NaN where a slot is not known.

    Raises
    ------
    InputError
        If no set of the object had been received, or a history is not one.
    """
    own = window_of(Sets.of(received_by(checked_history(history), at_utc, "object")), at_utc)
    search = search_of(own, detector)
    if asset is None:
        return vector_of(own, at_utc, search, None)
    beside = Sets.of(received_by(checked_history(asset), at_utc, "asset"))
    fired = asset_burns
    if fired is None:
        fired = unplanned_burns(window_of(beside, at_utc), planned_burns)
    return vector_of(own, at_utc, search, Beside(beside, fired, track))


@dataclass(frozen=True, slots=True)
class Beside:
    """The protected asset beside which an object is looked at."""

    sets: Sets
    """Those that had been received."""
    burns: F64
    """As from `burns_of`."""
    track: RelativeTrack | None = None
    """Relative motion of both at the moment, if it is at hand already."""


def vector_of(own: Sets, at_utc: datetime, found: Search | None, beside: Beside | None) -> F64:
    """Return the slots as `behaviour_vector` does, of a window of sets and what was found in it."""
    told = regime_slots(own) | cadence_slots(own, at_utc) | motion_slots(own)
    told |= burn_slots(found, at_utc)
    if beside is not None:
        window = window_of(beside.sets, at_utc)
        times = np.zeros(0) if found is None else found.times
        told |= relation_slots(
            window, own, at_utc, track=beside.track, found=times, asset_burns=beside.burns
        )
    return np.array([told.get(slot.name, np.nan) for slot in SLOTS], dtype=np.float64)


def burns_of(
    asset: pl.DataFrame, at_utc: datetime, planned_burns: pl.DataFrame | None = None
) -> F64:
    """Return the unplanned burns of an asset up to a moment, for many objects beside it [d]."""
    beside = Sets.of(received_by(checked_history(asset), at_utc, "asset"))
    return unplanned_burns(window_of(beside, at_utc), planned_burns)


def table_markdown() -> str:
    """Return the slots as a table for the documentation."""
    rows = [f"| {s.group} | `{s.name}` | {s.unit} | {s.description} |" for s in SLOTS]
    return "\n".join(["| group | slot | unit | what it is |", "|---|---|---|---|", *rows])


def window_of(sets: Sets, at_utc: datetime) -> Sets:
    """Return the last sets, one an epoch; two at least where there are two."""
    same = (sets.jd[1:] == sets.jd[:-1]) & (sets.fraction[1:] == sets.fraction[:-1])
    once = sets.rows(np.append(~same, True)) if same.any() else sets
    age = sum(moment_jd(at_utc)) - once.days[-WINDOW_SETS:]
    return once.rows(slice(-min(max(int(np.sum(age <= WINDOW_D)), 2), len(age)), None))

"""The relative motion of two objects over past and coming days, from what had been received."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt
import polars as pl

from skywright.errors import InputError
from skywright.orbits._jit import kernel, leaf
from skywright.orbits._rtn import offsets_rtn
from skywright.ssa.element_sets import moment_jd
from skywright.ssa.relative_elements import carried, relative_elements
from skywright.ssa.remembered import Remembered
from skywright.ssa.sets import Sets

F64 = npt.NDArray[np.float64]

DAYS_BACK = 14.0
"""How far back the relative motion is drawn [d]."""

DAYS_AHEAD = 3.0
"""How far ahead it is predicted [d]."""

ELEMENT_STEPS = 30
"""Days, one relative element set each, that the recurrence looks at."""

_PAST_SAMPLES = 701  # a prime: no sampling in step with the revolutions
_AHEAD_STEP_S = (45.0, 600.0)
_AROUND_S = (-60.0, -20.0, -6.0, -2.0, 0.0, 2.0, 6.0, 20.0, 60.0)
_MOST_PASSES = 96
_NEAREST_KM, _SLOWEST2 = 1e-9, 1e-12


@dataclass(frozen=True, slots=True)
class RelativeTrack:
    """Motion of the other object in the asset's frame; rows are samples of `days`."""

    days: F64
    """Time from the moment of the assessment; negative is past [d]; (n,)."""
    rtn_km: F64
    """Radial, in-track and cross-track offset [km]; (n, 3)."""
    range_rate_km_s: F64
    """Rate of the distance; negative is closing [km/s]; (n,)."""
    speed_km_s: F64
    """Relative speed [km/s]; (n,)."""
    direction: F64
    """Unit vector from the asset to the object, TEME; (n, 3)."""
    elements_km: F64
    """Relative elements, one row a day, the last at the assessment; (ELEMENT_STEPS, 6)."""

    @property
    def range_km(self) -> F64:
        """Distance of each sample [km]."""
        return np.asarray(np.linalg.norm(self.rtn_km, axis=1))


def received_by(history: pl.DataFrame, at_utc: datetime, name: str = "history") -> pl.DataFrame:
    """Return the sets that were known at a moment, sorted by epoch.

    Where ``received_utc`` is missing a set counts as received at its epoch.

    Raises
    ------
    InputError
        If none was.
    """
    at = at_utc.replace(tzinfo=None)
    if _all_known(history, at):
        return history
    known_at = pl.col("epoch_utc").dt.replace_time_zone(None)
    if "received_utc" in history.columns:
        known_at = pl.max_horizontal(
            known_at, pl.col("received_utc").dt.replace_time_zone(None).fill_null(known_at)
        )
    found = history.filter(known_at <= at).sort("epoch_utc")
    if found.is_empty():
        message = f"No element set of the {name} had been received by {at.isoformat()}."
        raise InputError(message, hint="Give sets received before at_utc, or a later at_utc.")
    return found


def _all_known(history: pl.DataFrame, at: datetime) -> bool:
    """Whether nothing has to be left out or moved, so that the table may stay as it is."""
    if history.is_empty() or history.schema["epoch_utc"] != pl.Datetime("us"):
        return False
    epochs, now = history["epoch_utc"].to_numpy(), np.datetime64(at, "us")
    if not (epochs[-1] <= now and np.all(epochs[1:] >= epochs[:-1])):
        return False
    if "received_utc" not in history.columns:
        return True
    received = history["received_utc"]
    if received.dtype == pl.Null:
        return True
    told = received.to_numpy()
    return bool(np.all((told <= now) | np.isnat(told)))


def relative_track(asset: pl.DataFrame, other: pl.DataFrame, at_utc: datetime) -> RelativeTrack:
    """Draw the relative motion from `DAYS_BACK` before a moment to `DAYS_AHEAD` after it.

    Parameters
    ----------
    asset, other : DataFrame
        Histories of one object each; only sets received by then are used.
    at_utc : datetime
        Moment of the assessment, UTC.

    Returns
    -------
    RelativeTrack
        Even samples of the past; of the coming days those around each local minimum of the
        distance, at most the `_MOST_PASSES` nearest. Samples without a state are left out.
    """
    one = Sets.of(received_by(asset, at_utc, "asset"))
    return track_of(one, Sets.of(received_by(other, at_utc, "object")), at_utc)


def track_of(
    asset: Sets, other: Sets, at_utc: datetime, *, kept: Remembered[F64] | None = None
) -> RelativeTrack:
    """Draw the relative motion as `relative_track` does, of sets that had been received by then.

    Parameters
    ----------
    asset, other : Sets
        Of one object each.
    at_utc : datetime
        Moment of the assessment, UTC.
    kept : Remembered, optional
        Where states of the asset are kept for other objects, whose grids of times are often
        the same.
    """
    held = Remembered[F64](1) if kept is None else kept
    step_d = _ahead_step_s(asset, other) / 86400.0
    past, coarse = np.linspace(-DAYS_BACK, 0.0, _PAST_SAMPLES), np.arange(0.0, DAYS_AHEAD, step_d)
    own_past = held.of((at_utc, 0.0), lambda: _states(asset, at_utc, past))
    own_coarse = held.of((at_utc, step_d), lambda: _states(asset, at_utc, coarse))
    ahead = _around_minima(own_coarse, _states(other, at_utc, coarse), coarse)
    days = np.concatenate([past, ahead])
    one = np.concatenate([own_past, _states(asset, at_utc, ahead)])
    two = _states(other, at_utc, days)
    rtn, towards, rates = (np.empty((len(days), k)) for k in (3, 3, 2))
    offsets_rtn(one, two, rtn)
    _closing(one, two, towards, rates)
    elements = _daily_elements(asset, other, at_utc)
    good = np.isfinite(rtn).all(axis=1)
    if not good.all():
        days, rtn, towards, rates = days[good], rtn[good], towards[good], rates[good]
    return RelativeTrack(days, rtn, rates[:, 0], rates[:, 1], towards, elements)


@leaf
def _closing(one: F64, two: F64, towards: F64, rates: F64) -> None:
    """Direction to the other, rate of the distance, relative speed."""
    for k in range(len(one)):
        apart = closing = speed = 0.0
        for j in range(3):
            d, v = two[k, j] - one[k, j], two[k, j + 3] - one[k, j + 3]
            towards[k, j] = d
            apart, closing, speed = apart + d * d, closing + d * v, speed + v * v
        distance = max(math.sqrt(apart), _NEAREST_KM)
        for j in range(3):
            towards[k, j] /= distance
        rates[k, 0], rates[k, 1] = closing / distance, math.sqrt(speed)


def _ahead_step_s(asset: Sets, other: Sets) -> float:
    """Return an 80th of the shorter revolution, within bounds [s]."""
    fastest = max(float(one.mean_motion_rev_day[-1]) for one in (asset, other))
    return float(np.clip(86400.0 / fastest / 80.0, *_AHEAD_STEP_S))


def _around_minima(one: F64, two: F64, coarse: F64) -> F64:
    """Return times about the nearest passes of two paths on a grid [d]."""
    times, nearest = _passes(one, two, coarse)
    if not len(times):
        return coarse[:: max(1, len(coarse) // _MOST_PASSES)]
    chosen = np.argsort(nearest)[:_MOST_PASSES]
    around = times[np.sort(chosen)][:, None] + np.asarray(_AROUND_S) / 86400.0
    return np.asarray(np.clip(around.ravel(), 0.0, DAYS_AHEAD))


@kernel
def _passes(one: F64, two: F64, days: F64) -> tuple[F64, F64]:
    """Return when, and how far apart, in a straight line, before each turn of the range rate."""
    times, nearest = np.empty(len(days)), np.empty(len(days))
    count = 0
    before = np.nan
    for k in range(len(days)):
        closing = 0.0
        for j in range(3):
            closing += (two[k, j] - one[k, j]) * (two[k, j + 3] - one[k, j + 3])
        if before < 0.0 and closing >= 0.0:
            offset, velocity = two[k - 1, :3] - one[k - 1, :3], two[k - 1, 3:] - one[k - 1, 3:]
            speed2 = max((velocity * velocity).sum(), _SLOWEST2)
            shift = min(max(-before / speed2 / 86400.0, 0.0), days[1] - days[0])
            times[count] = days[k - 1] + shift
            nearest[count] = np.linalg.norm(offset + velocity * (shift * 86400.0))
            count += 1
        before = closing
    return times[:count], nearest[:count]


def _states(sets: Sets, at_utc: datetime, days: F64) -> F64:
    """States from the latest set at each time [km, km/s]."""
    jd, fraction = _moment(at_utc, days)
    return sets.states(sets.latest(jd, fraction), jd, fraction)


def _daily_elements(asset: Sets, other: Sets, at_utc: datetime) -> F64:
    jd, fraction = _moment(at_utc, np.arange(1.0 - ELEMENT_STEPS, 1.0))
    return relative_elements(*(_carried_to(one, jd, fraction) for one in (asset, other)))


def _carried_to(sets: Sets, jd: F64, fraction: F64) -> F64:
    rows = sets.latest(jd, fraction)
    days = (jd - sets.jd[rows]) + (fraction - sets.fraction[rows])
    return carried(sets.elements[rows], days)


def _moment(at_utc: datetime, days: F64) -> tuple[F64, F64]:
    jd, fraction = moment_jd(at_utc)
    moved = fraction + days
    whole = np.floor(moved)
    return jd + whole, moved - whole

"""The relative motion of two objects over past and coming days, from what had been received."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt
import polars as pl

from skywright.errors import InputError
from skywright.orbits.frames import rtn_basis
from skywright.ssa.element_sets import epochs_jd, moment_jd, satrecs
from skywright.ssa.relative_elements import (
    carried,
    latest_rows,
    mean_elements,
    relative_elements,
)

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
    asset = received_by(asset, at_utc, "asset")
    other = received_by(other, at_utc, "object")
    past = np.linspace(-DAYS_BACK, 0.0, _PAST_SAMPLES)
    coarse = np.arange(0.0, DAYS_AHEAD, _ahead_step_s(asset, other) / 86400.0)
    ahead = _around_minima(asset, other, at_utc, coarse)
    days = np.concatenate([past, ahead])
    one, two = (_states(history, at_utc, days) for history in (asset, other))
    good = np.isfinite(one).all(axis=1) & np.isfinite(two).all(axis=1)
    days, one, two = days[good], one[good], two[good]
    offset, velocity = two[:, :3] - one[:, :3], two[:, 3:] - one[:, 3:]
    rtn = np.einsum("nij,nj->ni", rtn_basis(one), offset)
    distance = np.maximum(np.linalg.norm(offset, axis=1), 1e-9)
    rate = np.einsum("ni,ni->n", offset, velocity) / distance
    speed = np.linalg.norm(velocity, axis=1)
    towards = offset / distance[:, None]
    elements = _daily_elements(asset, other, at_utc)
    return RelativeTrack(days, rtn, rate, speed, towards, elements)


def _ahead_step_s(asset: pl.DataFrame, other: pl.DataFrame) -> float:
    """Return an 80th of the shorter revolution, within bounds [s]."""
    fastest = max(float(one["mean_motion_rev_day"][-1]) for one in (asset, other))
    return float(np.clip(86400.0 / fastest / 80.0, *_AHEAD_STEP_S))


def _around_minima(asset: pl.DataFrame, other: pl.DataFrame, at_utc: datetime, coarse: F64) -> F64:
    one, two = (_states(history, at_utc, coarse) for history in (asset, other))
    offset, velocity = two[:, :3] - one[:, :3], two[:, 3:] - one[:, 3:]
    closing = np.einsum("ni,ni->n", offset, velocity)
    passes = np.flatnonzero((closing[:-1] < 0.0) & (closing[1:] >= 0.0))
    if not len(passes):
        return coarse[:: max(1, len(coarse) // _MOST_PASSES)]
    # The straight-line minimum before the sign change of the range rate, from the nearer side.
    speed2 = np.maximum(np.einsum("ni,ni->n", velocity, velocity), 1e-12)
    step_d = coarse[1] - coarse[0]
    shift = np.clip(-closing[passes] / speed2[passes] / 86400.0, 0.0, step_d)
    nearest = np.linalg.norm(offset[passes] + velocity[passes] * (shift * 86400.0)[:, None], axis=1)
    chosen = np.argsort(nearest)[:_MOST_PASSES]
    times = (coarse[passes] + shift)[np.sort(chosen)]
    around = times[:, None] + np.asarray(_AROUND_S) / 86400.0
    return np.asarray(np.clip(around.ravel(), 0.0, DAYS_AHEAD))


def _states(history: pl.DataFrame, at_utc: datetime, days: F64) -> F64:
    """States from the latest set at each time [km, km/s]; days ascending or in blocks."""
    jd, fraction = _moment(at_utc, days)
    rows = latest_rows(history, jd, fraction)
    out = np.full((len(days), 6), np.nan)
    used = np.unique(rows)
    for row, one in zip(used, satrecs(history, used.tolist()), strict=True):
        here = np.flatnonzero(rows == row)
        error, r, v = one.sgp4_array(jd[here], fraction[here])
        good = error == 0
        out[here[good], :3], out[here[good], 3:] = r[good], v[good]
    return out


def _daily_elements(asset: pl.DataFrame, other: pl.DataFrame, at_utc: datetime) -> F64:
    jd, fraction = _moment(at_utc, np.arange(1.0 - ELEMENT_STEPS, 1.0))
    return relative_elements(*(_carried_to(one, jd, fraction) for one in (asset, other)))


def _carried_to(history: pl.DataFrame, jd: F64, fraction: F64) -> F64:
    rows = latest_rows(history, jd, fraction)
    own_jd, own_fraction = epochs_jd(history)
    days = (jd - own_jd[rows]) + (fraction - own_fraction[rows])
    return carried(mean_elements(history)[rows], days)


def _moment(at_utc: datetime, days: F64) -> tuple[F64, F64]:
    jd, fraction = moment_jd(at_utc)
    moved = fraction + days
    whole = np.floor(moved)
    return jd + whole, moved - whole

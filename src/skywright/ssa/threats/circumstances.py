"""Numbers that ask what the classes ask: what burns changed, and what would be without them.

The slots of behaviour tell how an object moves; these tell how its path stands to the asset's, how
it would stand had nothing burnt since, and of what kind the changes were. They are ratios and
lengths that mean the same in every orbit, so that they hold for behaviours nobody has drawn yet.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt
import polars as pl

from skywright.orbits._jit import kernel
from skywright.ssa.behaviour.slots import SLOTS, Slot
from skywright.ssa.element_sets import GM_EARTH_KM3_S2, moment_jd
from skywright.ssa.relative_elements import carried, carry, relative_elements
from skywright.ssa.sets import Sets
from skywright.ssa.threats.coasting import least_apart_km

F64 = npt.NDArray[np.float64]

BACK_D = (0, 3, 7, 14, 25, 40, 60)
"""From how long ago the path is carried on [d]."""

AHEAD_D = 6.0
"""How far beyond the moment [d]."""

NEAR_KM = (30.0, 150.0)
"""Bounds of a neighbourhood [km]."""

_HISTORY_D = 60
_STEP_D = 0.05
_FOLLOWS_D = 4.0
_LEAST_KM, _MOST_KM = 0.1, 1e5
_SURE_KM = 20.0
_LEAST_SETS = 8
_STANDS_OUT, _ASSET_STANDS_OUT = 6.0, 4.0
_LEAST_PART = 1e-7
_EQUATORIAL = 0.02

CIRCUMSTANCES: dict[str, tuple[str, str]] = {
    **{
        f"coasting_{days}_km": (
            "log10 km",
            f"least distance of the next {AHEAD_D:g} days, had the object not burnt for {days}",
        )
        for days in BACK_D
    },
    "tilt_now_km": ("log10 km", "tilt between the planes, at the asset's distance"),
    "tilt_most_km": ("log10 km", f"the greatest of {_HISTORY_D} days"),
    "drift_now_km_d": ("log10 km/d", "drift along the orbit"),
    "drift_most_km_d": ("log10 km/d", f"the greatest of {_HISTORY_D} days, by its sets"),
    "gap_change_km": (
        "log10 km",
        f"how much the difference of the axes changed in {_HISTORY_D} days",
    ),
    "closed_by_burns": ("log10", "coasting distance of the farthest back over that of now"),
    "path_change": ("log10", "largest ratio between coasting distances of any two times"),
    "days_near_30": ("d", f"days of {_HISTORY_D} within {NEAR_KM[0]:g} km"),
    "days_near_150": ("d", f"days of {_HISTORY_D} within {NEAR_KM[1]:g} km"),
    "near_share_past": ("", "share of the first half of those days within the wider bound"),
    "came_d": ("d", "days since it came within the wider bound for good"),
    "kick_size_m_s": ("log10 m/s", "largest change from set to set, as a velocity"),
    "kick_radial": ("", "share of changes that only a radial impulse explains"),
    "kick_across": ("", "share of changes across the orbit"),
    "kick_purity": ("", "share of the greatest part, averaged over all changes"),
    "kick_one_way": ("", "sum of the in-track parts with signs, over the sum without"),
    "kicks_seen": ("", "changes that stand out"),
    "kick_evenness": ("", "largest change over the sum of all"),
    "bstar_ratio": ("log10", "B* after the largest change over that before"),
    "light_turn": ("log10", "drift of the eccentricity after the largest change over that before"),
    "axis_in_steps": ("", "share of the way of the axis that its three largest steps make"),
    "axis_fall_km": ("km", "fall of the axis, signed arcsinh"),
    "follows": ("", "share of the asset's changes that its own repeat within four days"),
    "follows_least": ("", "the least of those"),
    "followed": ("", "share of the asset's changes that its own come before by four days at most"),
    "followed_least": ("", "the least of those"),
}
"""Name, unit and description, in order."""

FEATURES: tuple[Slot, ...] = (
    *SLOTS,
    *(Slot(name, "circumstances", unit, told) for name, (unit, told) in CIRCUMSTANCES.items()),
)
"""What boosting sees: the slots of behaviour and the circumstances."""


def circumstances(asset: pl.DataFrame, other: pl.DataFrame, at_utc: datetime) -> F64:
    """Return the circumstances of one object beside an asset.

    Parameters
    ----------
    asset, other : DataFrame
        Sets received by the moment, sorted.
    at_utc : datetime
        The moment, UTC.

    Returns
    -------
    (n,) array
        In the order of `CIRCUMSTANCES`; NaN is not known.
    """
    return circumstances_of(Sets.of(asset), Sets.of(other), at_utc)


def circumstances_of(asset: Sets, other: Sets, at_utc: datetime) -> F64:
    """Return the circumstances as `circumstances` does, of sets received by the moment."""
    now = moment_jd(at_utc)
    one, two = _Path(asset, now), _Path(other, now)
    own, theirs = _changes(one), _changes(two)
    told = _coasting(one, two) | _stay(one, two)
    if theirs is not None:
        told |= _kicks(theirs)
        if own is not None:
            told |= _following(own, theirs)
    return np.array([told.get(name, np.nan) for name in CIRCUMSTANCES])


class _Path:
    """Sets of one object, at epochs in days from the moment."""

    def __init__(self, sets: Sets, now: tuple[float, float]) -> None:
        self.sets, self.now = sets, now
        self.days = (sets.jd - now[0]) + (sets.fraction - now[1])

    def known_at(self, days: F64) -> F64:
        """Mean elements by the latest set of each time; NaN before the first."""
        rows = np.maximum(np.searchsorted(self.days, days, side="right") - 1, 0)
        moved = carried(self.sets.elements[rows], days - self.days[rows])
        moved[days < self.days[0] - 0.5] = np.nan
        return moved

    def coasting(self, since: F64, ahead: F64) -> F64:
        """States by the sets of some times, carried on by SGP4; (k, m, 6), NaN where not known."""
        told = np.full((len(since), len(ahead), 6), np.nan)
        known = np.flatnonzero(since >= self.days[0] - 0.5)
        rows = np.maximum(np.searchsorted(self.days, since[known], side="right") - 1, 0)
        at, by = np.tile(ahead, len(known)), np.repeat(rows, len(ahead))
        states = self.sets.states(by, np.full(len(at), self.now[0]), self.now[1] + at)
        told[known] = states.reshape(len(known), len(ahead), 6)
        told[np.isnan(told).any(axis=(1, 2))] = np.nan
        return told


def _coasting(one: _Path, two: _Path) -> dict[str, float]:
    ahead = np.arange(0.0, AHEAD_D + 1e-9, _STEP_D)
    (beside,) = one.coasting(np.zeros(1), ahead)
    if np.isnan(beside[0, 0]):
        return {}
    paths = two.coasting(-np.asarray(BACK_D, dtype=np.float64), ahead)
    told: dict[str, float] = {}
    for back, path in zip(BACK_D, paths, strict=True):
        if np.isfinite(path[0, 0]):
            least = max(least_apart_km(beside, path), _SURE_KM)
            told[f"coasting_{back}_km"] = _log(least)
    distances = list(told.values())
    if distances:
        told["closed_by_burns"] = distances[-1] - distances[0]
        told["path_change"] = max(distances) - min(distances)
    return told


def _stay(one: _Path, two: _Path) -> dict[str, float]:
    days = np.arange(1.0 - _HISTORY_D, 1.0)
    first, second = one.known_at(days), two.known_at(days)
    known = np.isfinite(first).all(axis=1) & np.isfinite(second).all(axis=1)
    if not known.any():
        return {}
    first, second = first[known], second[known]
    told = relative_elements(first, second)
    tilt, a = np.linalg.norm(told[:, 4:], axis=1), first[:, 0]
    drift = 1.5 * np.sqrt(GM_EARTH_KM3_S2 / a**3) * np.abs(told[:, 0]) * 86400.0
    apart = np.sqrt(told[:, 1] ** 2 + told[:, 0] ** 2 + tilt**2)
    inner, wide = apart < NEAR_KM[0], apart < NEAR_KM[1]
    away = np.flatnonzero(~wide)
    return {
        "tilt_now_km": _log(tilt[-1]),
        "tilt_most_km": _log(tilt.max()),
        "drift_now_km_d": _log(drift[-1]),
        "drift_most_km_d": _log(drift.max()),
        "gap_change_km": _log(float(np.ptp(_smoothed(told[:, 0])))),
        "days_near_30": float(inner.sum()),
        "days_near_150": float(wide.sum()),
        "near_share_past": float(wide[: max(len(wide) // 2, 1)].mean()),
        "came_d": float(len(wide) - 1 - away[-1]) if len(away) else float(len(wide)),
    }


def _smoothed(values: F64) -> F64:
    if len(values) < 3:
        return values
    return np.asarray(np.median([values[:-2], values[1:-1], values[2:]], axis=0))


@dataclass(frozen=True, slots=True)
class _Changes:
    """What changed from set to set in the last days; rows of `jumps` are gaps."""

    days: F64
    elements: F64
    bstar: F64
    at: F64
    """Middles of the gaps [d from the moment]."""
    jumps: F64
    """Parts of the speed less their median: axis, e-vector (2), normal (2)."""
    noise: F64
    """Of each part."""


def _changes(path: _Path) -> _Changes | None:
    recent = path.days > -_HISTORY_D
    days, elements, bstar = path.days[recent], path.sets.elements[recent], path.sets.bstar[recent]
    if len(days) < _LEAST_SETS:
        return None
    jumps = _jumps(days, elements)
    jumps -= np.median(jumps, axis=0)
    noise = 1.4826 * np.median(np.abs(jumps), axis=0)
    return _Changes(days, elements, bstar, 0.5 * (days[1:-2] + days[2:-1]), jumps, noise)


def _kicks(changes: _Changes) -> dict[str, float]:
    days, elements = changes.days, changes.elements
    speed = float(np.sqrt(GM_EARTH_KM3_S2 / np.median(elements[:, 0]))) * 1e3
    jumps, noise = changes.jumps * speed, changes.noise * speed + 2e-3
    sizes = np.sqrt((jumps * jumps).sum(axis=1))
    strange = np.abs(jumps / noise).max(axis=1)
    chosen = _peaks(strange, _STANDS_OUT)
    top = int(sizes.argmax())
    told = {"kick_size_m_s": float(np.log10(sizes[top] + 1e-4)), "kicks_seen": float(len(chosen))}
    picked = jumps[chosen] if len(chosen) else jumps[[top]]
    parts = _parts(picked)
    total = np.maximum(parts.sum(axis=1), 1e-9)
    weight = total / total.sum()
    told["kick_radial"] = float((parts[:, 1] / total) @ weight)
    told["kick_across"] = float((parts[:, 2] / total) @ weight)
    told["kick_purity"] = float((parts.max(axis=1) / total) @ weight)
    told["kick_one_way"] = float(abs(picked[:, 0].sum()) / max(np.abs(picked[:, 0]).sum(), 1e-9))
    told["kick_evenness"] = float(total.max() / total.sum())
    return told | _around(days, elements, changes.bstar, top + 2) | _way(elements[:, 0])


def _around(days: F64, elements: F64, bstar: F64, at: int) -> dict[str, float]:
    """Tell what drag and light did after a change against before it: area over mass."""
    before, after = (float(np.abs(np.median(x))) + 1e-7 for x in (bstar[:at], bstar[at:]))
    told = {"bstar_ratio": math.log10(after / before)}
    peri = elements[:, 3] + elements[:, 4]
    shape = elements[:, 1] * np.stack([np.cos(peri), np.sin(peri)])
    rates = []
    for rows in (slice(0, at - 1), slice(at + 2, None)):
        t, values = days[rows], shape[:, rows]
        if len(t) < 4 or t[-1] - t[0] < 3.0:
            return told
        since = t - t.mean()
        slopes = (values - values.mean(axis=1, keepdims=True)) @ since / (since @ since)
        rates.append(math.hypot(*slopes) + 1e-8)
    return told | {"light_turn": math.log10(rates[1] / rates[0])}


def _way(axis_km: F64) -> dict[str, float]:
    steps = np.abs(np.diff(axis_km))
    fall = float(axis_km[0] - axis_km[-1])
    return {
        "axis_in_steps": float(np.sort(steps)[-3:].sum() / max(steps.sum(), 1e-9)),
        "axis_fall_km": float(np.arcsinh(fall)),
    }


@kernel
def _jumps(days: F64, elements: F64) -> F64:
    """Return changes over each gap as parts of the speed: axis, e-vector (2), normal (2).

    Medians of four sets on either side, carried to the gap, so that one bad set makes none.
    """
    n = len(days)
    told = np.empty((n - 3, 5))
    side = np.empty((4, 5))
    for k in range(n - 3):
        gap = k + 2
        middle = 0.5 * (days[gap - 1] + days[gap])
        for j in range(5):
            told[k, j] = 0.0
        for sign, first in ((-1.0, gap - 4), (1.0, gap)):
            for m in range(4):
                row = min(max(first + m, 0), n - 1)
                _parts_at(elements[row], middle - days[row], elements[gap], side[m])
            for j in range(5):
                told[k, j] += sign * np.median(side[:, j])
    return told


@kernel
def _parts_at(elements: F64, days: float, beside: F64, out: F64) -> None:
    """Fill in the parts of a set that is carried, counted from the node and axis of another."""
    moved = np.empty((1, 6))
    carry(elements.reshape(1, 6), np.array([days]), moved)
    a, e, i, node, argp, _ = moved[0]
    turn = node - beside[3] + math.pi
    turn -= 2.0 * math.pi * math.floor(turn / (2.0 * math.pi)) + math.pi
    peri, tilt, across = argp + beside[3] + turn * math.cos(i), i, turn * math.sin(i)
    if math.sin(i) < _EQUATORIAL:  # only node and perigee together mean something
        peri = argp + node
        tilt, across = math.sin(i) * math.cos(node), math.sin(i) * math.sin(node)
    out[0], out[3], out[4] = 0.5 * a / beside[0], tilt, across
    out[1], out[2] = e * math.cos(peri), e * math.sin(peri)


def _parts(jumps: F64) -> F64:
    """Return in-track, radial and cross-track parts of jumps, the least that explain them."""
    along = np.abs(jumps[:, 0])
    shape = np.linalg.norm(jumps[:, 1:3], axis=1)
    return np.column_stack(
        [along, np.maximum(shape - 2.0 * along, 0.0), np.linalg.norm(jumps[:, 3:], axis=1)]
    )


def _peaks(strange: F64, limit: float) -> npt.NDArray[np.int64]:
    taken, chosen = np.zeros(len(strange), bool), []
    for k in np.argsort(-strange):
        if strange[k] < limit:
            break
        if not taken[k]:
            chosen.append(int(k))
            taken[max(k - 3, 0) : k + 4] = True
    return np.array(sorted(chosen), dtype=np.int64)


def _following(own: _Changes, other: _Changes) -> dict[str, float]:
    """Project the object's changes on the asset's: repeated by it some days after, or before."""
    noise = own.noise + _LEAST_PART
    picked = _peaks(np.abs(own.jumps / noise).max(axis=1), _ASSET_STANDS_OUT)
    if not len(picked):
        return {}
    spans = {"follows": (0.2, _FOLLOWS_D), "followed": (-_FOLLOWS_D, -0.2)}
    told = {}
    for name, (low, high) in spans.items():
        shares = []
        for k in picked:
            since, jump = other.at - own.at[k], own.jumps[k]
            here = other.jumps[(since >= low) & (since <= high)]
            shares.append(max((here @ jump) / (jump @ jump), default=np.nan))
        known = np.array([np.clip(x, -0.5, 1.2) for x in shares if np.isfinite(x)])
        if len(known):
            told[name], told[f"{name}_least"] = float(known.mean()), float(known.min())
    return told


def _log(km: float) -> float:
    return float(np.log10(np.clip(km, _LEAST_KM, _MOST_KM)))

"""Numbers that ask what the classes ask: what burns changed, and what would be without them.

The slots of behaviour tell how an object moves; these tell how its path stands to the asset's, how
it would stand had nothing burnt since, and of what kind the changes were. They are ratios and
lengths that mean the same in every orbit, so that they hold for behaviours nobody has drawn yet.
"""

from __future__ import annotations

from datetime import datetime

import numpy as np
import numpy.typing as npt
import polars as pl

from skywright.ssa.behaviour.slots import SLOTS, Slot
from skywright.ssa.element_sets import (
    GM_EARTH_KM3_S2,
    epochs_jd,
    moment_jd,
    satrecs,
)
from skywright.ssa.relative_elements import carried, mean_elements, relative_elements

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
    now = moment_jd(at_utc)
    one, two = _Path(asset, now), _Path(other, now)
    told = _coasting(one, two) | _stay(one, two) | _kicks(two) | _following(one, two)
    return np.array([told.get(name, np.nan) for name in CIRCUMSTANCES])


class _Path:
    """Sets of one object, at epochs in days from the moment."""

    def __init__(self, history: pl.DataFrame, now: tuple[float, float]) -> None:
        jd, fraction = epochs_jd(history)
        self.history, self.now = history, now
        self.days = (jd - now[0]) + (fraction - now[1])
        self.elements = mean_elements(history)
        self.bstar = history["bstar"].to_numpy()

    def row_at(self, day: float) -> int:
        return max(int(np.searchsorted(self.days, day, side="right")) - 1, 0)

    def known_at(self, days: F64) -> F64:
        """Mean elements by the latest set of each time; NaN before the first."""
        rows = np.maximum(np.searchsorted(self.days, days, side="right") - 1, 0)
        moved = carried(self.elements[rows], days - self.days[rows])
        moved[days < self.days[0] - 0.5] = np.nan
        return moved

    def coasting(self, since: float, days: F64) -> F64 | None:
        """States by the set of a time, carried on by SGP4; None before the first or in error."""
        if since < self.days[0] - 0.5:
            return None
        one = satrecs(self.history, [self.row_at(since)])[0]
        jd = np.full(len(days), self.now[0])
        error, r, v = one.sgp4_array(jd, self.now[1] + days)
        return None if error.any() else np.hstack([r, v])


def _along_and_up(one: F64, two: F64) -> tuple[F64, F64]:
    """Return how far apart along the orbits, from where planes meet, and there in radius [km].

    Both angles are counted from the line in which the planes meet, so that it holds for any tilt.
    """
    momenta = [np.cross(each[:, :3], each[:, 3:]) for each in (one, two)]
    normals = [h / np.linalg.norm(h, axis=1, keepdims=True) for h in momenta]
    line = np.cross(*normals)
    size = np.linalg.norm(line, axis=1, keepdims=True)
    line = np.where(size > 1e-9, line / np.maximum(size, 1e-12), one[:, :3])
    line = line / np.linalg.norm(line, axis=1, keepdims=True)
    angles, radii = [], []
    for each, h, normal in zip((one, two), momenta, normals, strict=True):
        r, v = each[:, :3], each[:, 3:]
        beside = np.cross(normal, line)
        angles.append(np.arctan2((r * beside).sum(1), (r * line).sum(1)))
        shape = np.cross(v, h) / GM_EARTH_KM3_S2 - r / np.linalg.norm(r, axis=1, keepdims=True)
        p = (h * h).sum(1) / GM_EARTH_KM3_S2
        tilt = (shape * line).sum(1)
        radii.append((p / (1.0 + tilt), p / (1.0 - tilt)))
    apart = np.remainder(angles[1] - angles[0] + np.pi, 2.0 * np.pi) - np.pi
    up = np.minimum(*(np.abs(b - a) for a, b in zip(*radii, strict=True)))
    return apart * np.linalg.norm(one[:, :3], axis=1), up


def _coasting(one: _Path, two: _Path) -> dict[str, float]:
    ahead = np.arange(0.0, AHEAD_D + 1e-9, _STEP_D)
    beside = one.coasting(0.0, ahead)
    if beside is None:
        return {}
    paths = [(back, two.coasting(-float(back), ahead)) for back in BACK_D]
    known = [(back, path) for back, path in paths if path is not None]
    if not known:
        return {}
    all_of = np.concatenate([path for _, path in known])
    alongs, ups = _along_and_up(np.tile(beside, (len(known), 1)), all_of)
    shape = (len(known), len(ahead))
    told: dict[str, float] = {}
    for (back, _), along, up in zip(known, alongs.reshape(shape), ups.reshape(shape), strict=True):
        least = np.abs(along)
        turned = np.sign(along[1:]) != np.sign(along[:-1])
        turned &= np.abs(np.diff(along)) < 0.5 * np.pi * np.linalg.norm(beside[0, :3])
        least[:-1][turned] = 0.0
        told[f"coasting_{back}_km"] = _log(max(float(np.hypot(least, up).min()), _SURE_KM))
    distances = [told[f"coasting_{d}_km"] for d in BACK_D if f"coasting_{d}_km" in told]
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


def _kicks(path: _Path) -> dict[str, float]:
    recent = path.days > -_HISTORY_D
    days, elements, bstar = path.days[recent], path.elements[recent], path.bstar[recent]
    if len(days) < _LEAST_SETS:
        return {}
    speed = float(np.sqrt(GM_EARTH_KM3_S2 / np.median(elements[:, 0]))) * 1e3
    jumps = _jumps(days, elements) * speed
    jumps -= np.median(jumps, axis=0)
    noise = 1.4826 * np.median(np.abs(jumps), axis=0) + 2e-3
    sizes = np.linalg.norm(jumps, axis=1)
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
    return told | _around(days, elements, bstar, top + 2) | _way(elements[:, 0])


def _around(days: F64, elements: F64, bstar: F64, at: int) -> dict[str, float]:
    """Tell what drag and light did after a change against before it: area over mass."""
    before, after = (np.abs(np.median(x)) + 1e-7 for x in (bstar[:at], bstar[at:]))
    told = {"bstar_ratio": float(np.log10(after / before))}
    peri = elements[:, 3] + elements[:, 4]
    shape = elements[:, 1, None] * np.column_stack([np.cos(peri), np.sin(peri)])
    rates = []
    for rows in (slice(0, at - 1), slice(at + 2, None)):
        t, values = days[rows], shape[rows]
        if len(t) < 4 or t[-1] - t[0] < 3.0:
            return told
        rates.append(np.linalg.norm(np.polyfit(t - t[0], values, 1)[0]) + 1e-8)
    return told | {"light_turn": float(np.log10(rates[1] / rates[0]))}


def _way(axis_km: F64) -> dict[str, float]:
    steps = np.abs(np.diff(axis_km))
    fall = float(axis_km[0] - axis_km[-1])
    return {
        "axis_in_steps": float(np.sort(steps)[-3:].sum() / max(steps.sum(), 1e-9)),
        "axis_fall_km": float(np.arcsinh(fall)),
    }


def _jumps(days: F64, elements: F64) -> F64:
    """Return changes over each gap as parts of the speed: axis, e-vector (2), normal (2).

    Medians of four sets on either side, carried to the gap, so that one bad set makes none.
    """
    n = len(days)
    gaps = np.arange(2, n - 1)
    middle = 0.5 * (days[gaps - 1] + days[gaps])
    sides = []
    for shift in (np.arange(-4, 0), np.arange(0, 4)):
        rows = np.clip(gaps[:, None] + shift, 0, n - 1)
        moved = carried(elements[rows], middle[:, None] - days[rows])
        a, e, i, node, argp, _ = np.moveaxis(moved, -1, 0)
        turn = np.remainder(node - elements[gaps, 3, None] + np.pi, 2.0 * np.pi) - np.pi
        peri = argp + elements[gaps, 3, None] + turn * np.cos(i)
        # Near the equator only node and perigee together mean something.
        flat = np.sin(i) < 0.02
        peri = np.where(flat, argp + node, peri)
        tilt = np.where(flat, np.sin(i) * np.cos(node), i)
        across = np.where(flat, np.sin(i) * np.sin(node), turn * np.sin(i))
        size = a / elements[gaps, 0, None] * 0.5
        side = np.stack([size, e * np.cos(peri), e * np.sin(peri), tilt, across], axis=-1)
        sides.append(np.median(side, axis=1))
    return np.asarray(sides[1] - sides[0])


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


def _following(one: _Path, two: _Path) -> dict[str, float]:
    """Project the object's changes on the asset's: repeated by it some days after, or before."""
    asset, other = _changes(one), _changes(two)
    if asset is None or other is None:
        return {}
    (own_at, own, noise), (at, theirs, _) = asset, other
    picked = _peaks(np.abs(own / noise).max(axis=1), _ASSET_STANDS_OUT)
    if not len(picked):
        return {}
    spans = {"follows": (0.2, _FOLLOWS_D), "followed": (-_FOLLOWS_D, -0.2)}
    told = {}
    for name, (low, high) in spans.items():
        shares = []
        for k in picked:
            since = at - own_at[k]
            here = theirs[(since >= low) & (since <= high)]
            shares.append(max((here @ own[k]) / (own[k] @ own[k]), default=np.nan))
        known = np.array([np.clip(x, -0.5, 1.2) for x in shares if np.isfinite(x)])
        if len(known):
            told[name], told[f"{name}_least"] = float(known.mean()), float(known.min())
    return told


def _changes(path: _Path) -> tuple[F64, F64, F64] | None:
    recent = path.days > -_HISTORY_D
    days, elements = path.days[recent], path.elements[recent]
    if len(days) < _LEAST_SETS:
        return None
    jumps = _jumps(days, elements)
    jumps -= np.median(jumps, axis=0)
    noise = 1.4826 * np.median(np.abs(jumps), axis=0) + 1e-7
    return 0.5 * (days[1:-2] + days[2:-1]), jumps, noise


def _log(km: float) -> float:
    return float(np.log10(np.clip(km, _LEAST_KM, _MOST_KM)))

"""One object's element sets as series in metres in which a burn is a step.

The best of them is seldom told by a set itself. A catalogue fits each set to days of observations,
so the semi-major axis creeps to its new value over several sets after a burn; the mean longitude,
though, is observed. How far it went from one epoch to the next gives the mean motion that the
object really had in between, and so an axis that steps at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from skywright.orbits._jit import kernel
from skywright.ssa.element_sets import GM_EARTH_KM3_S2
from skywright.ssa.relative_elements import carried
from skywright.ssa.sets import Sets

F64 = npt.NDArray[np.float64]

CLOSEST_D = 0.5
"""Sets nearer than this to the one kept before are left out [d]."""

LEAST_SETS = 8
"""Shorter histories are not looked at."""

NOISE_M = MappingProxyType({"leo": (0.3, 0.1), "geo": (1.0, 1.0)})
"""Least noise of the axis travelled and the axis told, so that a perfect stretch is not one [m]."""

_S_PER_DAY = 86400.0
_NOISE_SETS = 30
_NORMAL = 1.4826


@dataclass(frozen=True, slots=True)
class Series:
    """Values at times; lengths differ, as some belong to sets and some to the gaps between."""

    regime: str
    """``geo`` for one revolution a day, else ``leo``."""
    days: F64
    """Epochs of the sets that were kept, Julian dates UTC [d]; (n,)."""
    gaps: F64
    """Middles of the gaps between them [d]; (n - 1,)."""
    travelled_m: F64
    """Semi-major axis from the longitude travelled in each gap; (n - 1,)."""
    told_m: F64
    """Semi-major axis of each set; (n,)."""
    axis_km: float
    """Its median."""
    eccentricity_m: F64
    """Eccentricity vector times the axis: jumps between sets (leo), values (geo); (m, 2)."""
    plane_m: F64
    """Orbit normal times the axis: jumps in inclination and node (leo), values (geo); (m, 2)."""


def series_of(sets: Sets) -> Series | None:
    """Return the series of one object, or None if it has too few sets.

    Parameters
    ----------
    sets : Sets
        Of one object.
    """
    kept = _spaced(sets.days)
    if len(kept) < LEAST_SETS:
        return None
    days = sets.days[kept]
    exact = (sets.jd[kept] - sets.jd[0]) + sets.fraction[kept]
    elements = sets.elements[kept]
    geo = bool(0.9 < np.median(sets.mean_motion_rev_day) < 1.1)
    moved = carried(elements[:-1], np.diff(exact))
    columns = [3, 4, 5] if geo else [4, 5]
    lag = _wrapped(elements[1:, columns].sum(axis=1) - moved[:, columns].sum(axis=1))
    n = np.sqrt(GM_EARTH_KM3_S2 / elements[:-1, 0] ** 3)
    excess = lag / (np.diff(exact) * _S_PER_DAY)
    travelled = elements[:-1, 0] * (1.0 - 2.0 / 3.0 * excess / n) * 1e3
    axis = float(np.median(elements[:, 0]))
    eccentricity, plane = (_values if geo else _jumps)(elements, moved, axis * 1e3)
    return Series(
        "geo" if geo else "leo",
        days,
        0.5 * (days[1:] + days[:-1]),
        travelled,
        elements[:, 0] * 1e3,
        axis,
        eccentricity,
        plane,
    )


def rolling_noise(values: F64, least: float) -> F64:
    """Return the noise of each value from the differences of 60 neighbours, robustly [as given]."""
    told = rolling_spread(np.diff(values), len(values), _NOISE_SETS)
    return np.asarray(np.maximum(told / np.sqrt(2.0), least))


@kernel
def rolling_spread(values: F64, count: int, reach: int) -> F64:
    """Return the scaled median distance from the median of the values about each of ``count``."""
    told = np.empty(count)
    for k in range(count):
        near = values[max(0, k - reach) : k + reach]
        told[k] = _NORMAL * np.median(np.abs(near - np.median(near)))
    return told


@kernel
def _spaced(days: F64) -> npt.NDArray[np.int64]:
    kept = np.zeros(len(days), np.int64)
    count = 1
    for k in range(1, len(days)):
        if days[k] - days[kept[count - 1]] >= CLOSEST_D:
            kept[count] = k
            count += 1
    return kept[:count]


def _values(elements: F64, _moved: F64, axis_m: float) -> tuple[F64, F64]:
    """Return eccentricity and inclination vectors of equatorial orbits."""
    e, i, node, argp = elements[:, 1], elements[:, 2], elements[:, 3], elements[:, 4]
    peri = node + argp
    return (
        np.column_stack([e * np.cos(peri), e * np.sin(peri)]) * axis_m,
        np.column_stack([np.sin(i) * np.cos(node), np.sin(i) * np.sin(node)]) * axis_m,
    )


def _jumps(elements: F64, moved: F64, axis_m: float) -> tuple[F64, F64]:
    """Return changes from set to set beyond the secular rates of J2."""
    now = elements[1:]
    ex = now[:, 1] * np.cos(now[:, 4]) - moved[:, 1] * np.cos(moved[:, 4])
    ey = now[:, 1] * np.sin(now[:, 4]) - moved[:, 1] * np.sin(moved[:, 4])
    di = now[:, 2] - moved[:, 2]
    dnode = _wrapped(now[:, 3] - moved[:, 3]) * np.sin(now[:, 2])
    return np.column_stack([ex, ey]) * axis_m, np.column_stack([di, dnode]) * axis_m


def _wrapped(angle: F64) -> F64:
    return np.asarray(np.remainder(angle + np.pi, 2.0 * np.pi) - np.pi)

"""The exact limit: least sum of burn components that keeps clear of a coasting neighbour.

Lower bound: at the time of closest approach the own satellite must stand off in *some* direction,
so the least over directions of a one-row programme, with the range shrunk by the coarseness of
the directions, is a bound that no sequence of burns beats. One moment lets a plan step aside along
the relative velocity, which only shifts the encounter; `pair_bound` holds two moments at once, by
weak duality. Upper bound: a linear programme per separating direction that holds all along the
pass (HiGHS), whose plan is feasible.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from skywright.orbits._jit import kernel
from skywright.ssa.clohessy_wiltshire import state_transition
from skywright.ssa.coorbit.drawing import KEEP_KM

F64 = npt.NDArray[np.float64]


COVERING = 2.73
"""Covering radius of the lattice times the root of its size [rad]; a test measures it."""

_RATIOS = np.array([0.1, 0.25, 0.45, 0.7, 1.0, 1.4, 2.2, 4.0, 10.0])


def around(velocity_km_s: F64, count: int = 60) -> F64:
    """Return directions across a relative velocity, shape (count, 3)."""
    v = velocity_km_s / np.linalg.norm(velocity_km_s)
    one = np.cross(v, np.eye(3)[np.abs(v).argmin()])
    one /= np.linalg.norm(one)
    angle = np.linspace(0, 2 * np.pi, count, endpoint=False)[:, None]
    return np.asarray(np.cos(angle) * one + np.sin(angle) * np.cross(v, one))


def sphere(count: int = 2000) -> tuple[F64, float]:
    """Return directions all over the sphere, and the cosine of the largest gap to the nearest."""
    k = np.arange(count) + 0.5
    polar, turn = np.arccos(1 - 2 * k / count), np.pi * (1 + 5**0.5) * k
    ring = np.sin(polar)
    points = np.stack([ring * np.cos(turn), ring * np.sin(turn), np.cos(polar)], axis=1)
    return points, float(np.cos(COVERING / np.sqrt(count)))


def lower_bound(
    state: F64, n_rad_s: float, closest_s: float, burns_s: F64, keep_km: float = KEEP_KM
) -> float:
    """Return a sum of components [m/s] that no sequence of burns at these times goes below.

    Parameters
    ----------
    state : ndarray, shape (6,)
        Relative state of the neighbour at the beginning [km, km/s].
    n_rad_s, closest_s : float
        Mean motion [rad/s]; time at which the range must be kept [s].
    burns_s : ndarray
        Times at which burns are possible [s].
    keep_km : float
        Range to keep [km].
    """
    d, cosine = sphere()
    place = (state_transition(n_rad_s, closest_s) @ state)[:3]
    lack = np.maximum(keep_km * cosine - d @ place, 0.0)
    before = burns_s[burns_s < closest_s]
    gain = np.abs(d @ state_transition(n_rad_s, closest_s - before)[:, :3, 3:]).max(axis=(0, 2))
    return float((lack / np.maximum(gain, 1e-12)).min() * 1000)


def pair_bound(
    state: F64, n_rad_s: float, closest_s: float, burns_s: F64, count: int = 300
) -> float:
    """Return a bound [m/s] as `lower_bound`, and no lower: two moments are held at once.

    The second moment is each of six within 1.2 times what the neighbour takes for the range.

    Parameters
    ----------
    state, n_rad_s, closest_s, burns_s
        As in `lower_bound`.
    count : int
        Directions; the work grows with its square.
    """
    d, cosine = sphere(count)
    there = state_transition(n_rad_s, closest_s) @ state
    pass_s = KEEP_KM / np.linalg.norm(there[3:])
    times = closest_s + pass_s * np.array([0.0, -1.2, -0.8, -0.4, 0.4, 0.8, 1.2])
    times = times[times > 0]
    places = (state_transition(n_rad_s, times) @ state)[:, :3]
    lack = np.maximum(KEEP_KM * cosine - places @ d.T, 0.0)
    since = times[:, None] - burns_s
    gain = state_transition(n_rad_s, since)[..., :3, 3:] * (since > 0)[..., None, None]
    gains = np.ascontiguousarray(np.einsum("di,tbij->tdbj", d, gain).reshape(*lack.shape, -1))
    pairs = _least_pair(lack, gains, _RATIOS) * 1000
    return max(float(pairs), lower_bound(state, n_rad_s, closest_s, burns_s))


@kernel
def _dual(first: F64, second: F64, lacks: tuple[float, float], ratios: F64) -> float:
    """Return what two rows cost at least: any weights of the rows give a bound."""
    told = 0.0
    for y in ratios:
        top = lacks[0] + y * lacks[1]
        big = 1e-12
        for m in range(len(first)):
            big = max(big, abs(first[m] + y * second[m]))
        told = max(told, top / big)
    return told


@kernel
def _least_pair(lack: F64, gains: F64, ratios: F64) -> float:
    """Return the least over directions at the first moment of the greatest over second moments.

    At each second moment the least over its directions counts; lacks have shape (moments,
    directions), gains (moments, directions, components).
    """
    moments, count = lack.shape
    single = np.empty((moments, count))
    orders = np.empty((moments, count), np.int64)
    for t in range(moments):
        for d in range(count):
            single[t, d] = lack[t, d] / max(np.abs(gains[t, d]).max(), 1e-12)
        orders[t] = np.argsort(single[t])
    best = np.inf
    for d in orders[0]:
        value = single[0, d]
        for t in range(1, moments):
            if value >= best:
                break
            least = np.inf
            for e in orders[t]:
                if single[t, e] >= least or least <= value:
                    break
                lacks = (lack[0, d], lack[t, e])
                told = max(value, single[t, e], _dual(gains[0, d], gains[t, e], lacks, ratios))
                least = min(least, told)
            value = max(value, least)
        best = min(best, value)
    return float(best)


def least_burns(
    state: F64, n_rad_s: float, times_s: F64, burns_s: F64, keep_km: float = KEEP_KM
) -> tuple[float, F64]:
    """Return the least sum of components [m/s] over separating directions, and the burns.

    Parameters
    ----------
    state, n_rad_s, burns_s, keep_km
        As in `lower_bound`.
    times_s : ndarray
        Times of the pass at which the neighbour must lie beyond the separating plane [s]; the
        middle one is that of closest approach.

    Returns
    -------
    float
        Infinite if no direction does.
    ndarray, shape (burns, 3)
        [m/s].
    """
    from scipy.optimize import linprog

    free = (state_transition(n_rad_s, times_s) @ state)[:, :6]
    since = times_s[:, None] - burns_s
    gain = state_transition(n_rad_s, since)[..., :3, 3:] * (since > 0)[..., None, None]
    best, burns = np.inf, np.zeros((len(burns_s), 3))
    for d in around(free[len(times_s) // 2, 3:]):
        rows = -np.einsum("i,tbij->tbj", d, gain).reshape(len(times_s), -1)
        lack = keep_km - free[:, :3] @ d
        some = linprog(np.ones(2 * rows.shape[1]), A_ub=np.hstack([-rows, rows]) / 1000, b_ub=-lack)
        if some.x is not None and some.fun is not None and some.fun < best:
            best = float(some.fun)
            burns = (some.x[: rows.shape[1]] - some.x[rows.shape[1] :]).reshape(-1, 3)
    return best, burns

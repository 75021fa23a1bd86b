"""The exact limit: least sum of burn components that keeps clear of a coasting neighbour.

Lower bound: at the time of closest approach the own satellite must stand off in *some* direction,
so the least over directions of a one-row programme, with the range shrunk by the coarseness of
the directions, is a bound that no sequence of burns beats. Upper bound: a linear programme per
separating direction that holds all along the pass (HiGHS), whose plan is feasible.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from skywright.ssa.clohessy_wiltshire import state_transition
from skywright.ssa.coorbit.drawing import KEEP_KM

F64 = npt.NDArray[np.float64]


def around(velocity_km_s: F64, count: int = 60) -> F64:
    """Return directions across a relative velocity, shape (count, 3)."""
    v = velocity_km_s / np.linalg.norm(velocity_km_s)
    one = np.cross(v, np.eye(3)[np.abs(v).argmin()])
    one /= np.linalg.norm(one)
    angle = np.linspace(0, 2 * np.pi, count, endpoint=False)[:, None]
    return np.asarray(np.cos(angle) * one + np.sin(angle) * np.cross(v, one))


def sphere(count: int = 2000) -> tuple[F64, float]:
    """Return directions all over the sphere, and the cosine of the largest gap between them."""
    k = np.arange(count) + 0.5
    polar, turn = np.arccos(1 - 2 * k / count), np.pi * (1 + 5**0.5) * k
    ring = np.sin(polar)
    points = np.stack([ring * np.cos(turn), ring * np.sin(turn), np.cos(polar)], axis=1)
    return points, float(np.cos(2.4 / np.sqrt(count)))  # covering radius of a Fibonacci lattice


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

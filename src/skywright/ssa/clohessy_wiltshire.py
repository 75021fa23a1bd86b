"""Motion beside a circular orbit in closed form, after Clohessy and Wiltshire (1960).

Order of a state: x radial outward, y in-track, z cross-track, then their rates in the turning
frame. Any unit of length does, as long as it is the same throughout.

References
----------
.. [1] Clohessy & Wiltshire (1960), J. Aerospace Sciences 27, 653.
.. [2] Vallado, Fundamentals of Astrodynamics and Applications, algorithm 48.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

F64 = npt.NDArray[np.float64]


def state_transition(n_rad_s: float | F64, t_s: float | F64) -> F64:
    """Return the matrices that carry relative states over times [2]_.

    Parameters
    ----------
    n_rad_s : float or ndarray
        Mean motion of the circular orbit [rad/s].
    t_s : float or ndarray
        Time to carry over [s], negative backwards; broadcast against ``n_rad_s``.

    Returns
    -------
    ndarray, shape (..., 6, 6)
    """
    n, t = np.broadcast_arrays(np.asarray(n_rad_s, float), np.asarray(t_s, float))
    angle = n * t
    s, c = np.sin(angle), np.cos(angle)
    phi = np.zeros((*n.shape, 6, 6))
    phi[..., 0, 0] = 4 - 3 * c
    phi[..., 0, 3] = s / n
    phi[..., 0, 4] = 2 * (1 - c) / n
    phi[..., 1, 0] = 6 * (s - angle)
    phi[..., 1, 1] = 1
    phi[..., 1, 3] = -2 * (1 - c) / n
    phi[..., 1, 4] = (4 * s - 3 * angle) / n
    phi[..., 2, 2] = phi[..., 5, 5] = c
    phi[..., 2, 5] = s / n
    phi[..., 3, 0] = 3 * n * s
    phi[..., 3, 3] = c
    phi[..., 3, 4] = 2 * s
    phi[..., 4, 0] = 6 * n * (c - 1)
    phi[..., 4, 3] = -2 * s
    phi[..., 4, 4] = 4 * c - 3
    phi[..., 5, 2] = -n * s
    return phi


def invariants(n_rad_s: float | F64, state: F64) -> F64:
    """Return what free motion keeps: centre's height, radial and cross-track amplitude, energy.

    Parameters
    ----------
    n_rad_s : float or ndarray, shape (...)
        Mean motion [rad/s].
    state : ndarray, shape (..., 6)
        Relative state.

    Returns
    -------
    ndarray, shape (..., 4)
        Lengths in the unit of the state; the energy (Jacobi's integral) in that unit squared a
        second squared.
    """
    n = np.asarray(n_rad_s, float)
    x, _, z, vx, vy, vz = np.moveaxis(state, -1, 0)
    centre = 4 * x + 2 * vy / n
    radial = np.hypot(vx / n, 3 * x + 2 * vy / n)
    cross = np.hypot(z, vz / n)
    energy = (vx**2 + vy**2 + vz**2 - n**2 * (3 * x**2 - z**2)) / 2
    return np.stack([centre, radial, cross, energy], axis=-1)

"""One step of the Runge-Kutta method DOP853, and its dense output, as kernels.

The method is of order 8 with error estimates of orders 5 and 3 and a dense output of order 7. The
coefficients are read from SciPy, whose solver of the same name carries them.

References
----------
.. [1] Hairer, Norsett & Wanner (1993), Solving Ordinary Differential Equations I, 2nd ed.,
   sections II.4 to II.6 and II.10.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.integrate._ivp import dop853_coefficients

from skywright.orbits._jit import kernel, leaf
from skywright.orbits.dynamics import World, acceleration, field_at

F64 = npt.NDArray[np.float64]

_A: F64 = np.ascontiguousarray(dop853_coefficients.A, dtype=np.float64)
_C: F64 = np.ascontiguousarray(dop853_coefficients.C, dtype=np.float64)
_D: F64 = np.ascontiguousarray(dop853_coefficients.D, dtype=np.float64)
_E3: F64 = np.ascontiguousarray(dop853_coefficients.E3, dtype=np.float64)
_E5: F64 = np.ascontiguousarray(dop853_coefficients.E5, dtype=np.float64)
STAGES = 16
"""Rows of the array of stages: 12, the derivative at the end, and 3 for the dense output."""


@leaf
def derivative(t_d: float, y: F64, world: World, nongrav: F64, field: F64, out: F64) -> None:
    """Write the derivative of a barycentric state into ``out``; ``field`` keeps the bodies."""
    field_at(t_d, world[0], world[1], field)
    acceleration(y, field, world[2], nongrav, out)


@leaf
def dop853_step(
    t_d: float, h: float, y: F64, world: World, nongrav: F64, field: F64, k: F64, y_new: F64
) -> float:
    """Take one step and return its error in units of the tolerance 1.

    Parameters
    ----------
    t_d, h : float
        Start of the step [d since J2000.0 TDB] and its length [d], negative to go back.
    y : ndarray, shape (6,)
        Barycentric state at the start [au, au/d].
    world, nongrav : tuple, ndarray
        From `prepare_world`; A1, A2, A3 [au/d^2].
    field : ndarray, shape (bodies + 1, 3)
        Scratch; holds the bodies at the end of the step afterwards.
    k : ndarray, shape (16, 6)
        Stages; ``k[0]`` must hold the derivative at the start, ``k[12]`` gets that at the end.
    y_new : ndarray, shape (6,)
        Gets the state at the end.

    Returns
    -------
    float
        Estimated local error relative to distance and speed [-].
    """
    # Row 12 of the matrix holds the weights of the result.
    for i in range(1, 13):
        for c in range(6):
            total = 0.0
            for j in range(i):
                total += _A[i, j] * k[j, c]
            y_new[c] = y[c] + h * total
        derivative(t_d + _C[i] * h, y_new, world, nongrav, field, k[i])
    r2 = max(y[0] ** 2 + y[1] ** 2 + y[2] ** 2, y_new[0] ** 2 + y_new[1] ** 2 + y_new[2] ** 2)
    v2 = max(y[3] ** 2 + y[4] ** 2 + y[5] ** 2, y_new[3] ** 2 + y_new[4] ** 2 + y_new[5] ** 2)
    sum3, sum5 = 0.0, 0.0
    for c in range(6):
        e3, e5 = 0.0, 0.0
        for j in range(13):
            e3 += _E3[j] * k[j, c]
            e5 += _E5[j] * k[j, c]
        scale2 = r2 if c < 3 else v2
        sum3 += e3 * e3 / scale2
        sum5 += e5 * e5 / scale2
    if sum5 == 0.0:
        return 0.0
    # [1], section II.10: the fifth-order estimate, tempered by the third-order one.
    return float(abs(h) * sum5 / np.sqrt((sum5 + 0.01 * sum3) * 6.0))


@kernel
def dense_coefficients(
    t_d: float,
    h: float,
    y: F64,
    y_new: F64,
    world: World,
    nongrav: F64,
    field: F64,
    k: F64,
    out: F64,
) -> None:
    """Fill ``out``, shape (7, 6), with the dense output of the step that `dop853_step` took."""
    stage = np.empty(6)
    for i in range(13, 16):
        for c in range(6):
            total = 0.0
            for j in range(i):
                total += _A[i, j] * k[j, c]
            stage[c] = y[c] + h * total
        derivative(t_d + _C[i] * h, stage, world, nongrav, field, k[i])
    for c in range(6):
        delta = y_new[c] - y[c]
        out[0, c] = delta
        out[1, c] = h * k[0, c] - delta
        out[2, c] = 2.0 * delta - h * (k[12, c] + k[0, c])
        for i in range(4):
            total = 0.0
            for j in range(16):
                total += _D[i, j] * k[j, c]
            out[3 + i, c] = h * total


@leaf
def dense_state(fraction: float, y: F64, dense: F64, out: F64) -> None:
    """Write the state at a fraction of the step, 0 to 1, into ``out``, shape (6,)."""
    for c in range(6):
        value = 0.0
        for i in range(6, -1, -1):
            value = (value + dense[i, c]) * (fraction if i % 2 == 0 else 1.0 - fraction)
        out[c] = y[c] + value


@leaf
def first_step(y: F64, field: F64, force: F64, span: float) -> float:
    """Return a careful first step [d]: a small part of the shortest dynamical time around."""
    step = abs(span)
    for b in range(field.shape[0] - 1):
        d2 = (y[0] - field[b, 0]) ** 2 + (y[1] - field[b, 1]) ** 2 + (y[2] - field[b, 2]) ** 2
        step = min(step, 0.05 * np.sqrt(d2 * np.sqrt(d2) / force[b]))
    return float(step if span >= 0 else -step)


@leaf
def next_step(h: float, error: float, most: float) -> float:
    """Return the length of the next step from the error of the last one, in tolerances.

    ``most`` limits the growth: 1 after a rejected step, 6 otherwise ([1], section II.4). The
    factor is 0.85 and not the usual 0.9, with which steps along an eccentric orbit are rejected so
    often that nothing is saved.
    """
    factor = most if error == 0.0 else min(most, max(0.333, 0.85 * error ** (-0.125)))
    return h * factor

"""Offsets in radial, in-track and cross-track axes of many states, without arrays between."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from skywright.orbits._jit import leaf

F64 = npt.NDArray[np.float64]


@leaf
def offsets_rtn(own: F64, other: F64, out: F64) -> None:
    """Fill in where others are, in the axes of ``frames.rtn_basis`` of their own partners.

    Parameters
    ----------
    own, other : (n, 6) arrays
        States in one inertial frame; NaN gives NaN.
    out : (n, 3) array
        Offsets in radial, in-track, cross-track, in the unit of the positions.
    """
    for k in range(len(own)):
        rx, ry, rz = own[k, 0], own[k, 1], own[k, 2]
        vx, vy, vz = own[k, 3], own[k, 4], own[k, 5]
        dx, dy, dz = other[k, 0] - rx, other[k, 1] - ry, other[k, 2] - rz
        r = math.sqrt(rx * rx + ry * ry + rz * rz)
        hx, hy, hz = ry * vz - rz * vy, rz * vx - rx * vz, rx * vy - ry * vx
        h = math.sqrt(hx * hx + hy * hy + hz * hz)
        rx, ry, rz, hx, hy, hz = rx / r, ry / r, rz / r, hx / h, hy / h, hz / h
        tx, ty, tz = hy * rz - hz * ry, hz * rx - hx * rz, hx * ry - hy * rx
        out[k, 0] = rx * dx + ry * dy + rz * dz
        out[k, 1] = tx * dx + ty * dy + tz * dz
        out[k, 2] = hx * dx + hy * dy + hz * dz

"""The sweep: all pairs that may come near within a short step, by a grid of cells.

Between two exact states a quintic Hermite polynomial follows each object to a centimetre. At the
middle of each step of ``dt`` seconds the objects are sorted into cubes of side R = D + V dt +
A dt2 / 4, with V the largest speed and A the largest acceleration there is. A pair that comes
within D during the step is never more than R apart in its middle: each of both moves at most
V dt / 2, so their distance changes by V dt at most. Every such pair therefore lies in one cube or
in two that touch. Of those pairs, the ones whose straight-line distance stays above D by more than
acceleration can bend, A dt2 / 4, are dropped; a minimum is where the range rate changes its sign.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from skywright.orbits._jit import kernel, leaf

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

GM, RADIUS_KM, J2 = 398600.8, 6378.135, 1.082616e-3
"""Constants of WGS 72, which SGP4 uses."""

MOST_ACCELERATION_KM_S2 = 0.0105
"""A little more than gravity at the surface [km/s2]."""


@leaf
def _acceleration(s: F64, out: F64) -> None:
    r2 = s[0] * s[0] + s[1] * s[1] + s[2] * s[2]
    r = math.sqrt(r2)
    f = -GM / (r2 * r)
    q = 1.5 * J2 * (RADIUS_KM / r) ** 2
    z2 = 5.0 * s[2] * s[2] / r2
    out[0] = f * s[0] * (1.0 + q * (1.0 - z2))
    out[1] = f * s[1] * (1.0 + q * (1.0 - z2))
    out[2] = f * s[2] * (1.0 + q * (3.0 - z2))


@leaf
def _between(p0: F64, p1: F64, a0: F64, a1: F64, h: float, u: float, out: F64) -> None:
    """Quintic Hermite interpolation of a state at the fraction ``u`` of the step ``h``."""
    for c in range(3):
        v0, v1 = p0[c + 3] * h, p1[c + 3] * h
        b0, b1 = a0[c] * h * h, a1[c] * h * h
        d = p1[c] - p0[c] - v0 - 0.5 * b0
        e = v1 - v0 - b0
        g = b1 - b0
        c3 = 10.0 * d - 4.0 * e + 0.5 * g
        c4 = -15.0 * d + 7.0 * e - g
        c5 = 6.0 * d - 3.0 * e + 0.5 * g
        out[c] = p0[c] + u * (v0 + u * (0.5 * b0 + u * (c3 + u * (c4 + u * c5))))
        rate = v0 + u * (b0 + u * (3.0 * c3 + u * (4.0 * c4 + u * 5.0 * c5)))
        out[c + 3] = rate / h


@leaf
def _range_rate(a: F64, b: F64) -> float:
    total = 0.0
    for c in range(3):
        total += (b[c] - a[c]) * (b[c + 3] - a[c + 3])
    return total


@leaf
def _passes(a: F64, b: F64, half: float, near: float) -> bool:
    """Whether straight motion within ``half`` seconds of the middle leads nearer than ``near``."""
    rr, rv, vv = 0.0, 0.0, 1e-18
    for c in range(3):
        r, v = b[c] - a[c], b[c + 3] - a[c + 3]
        rr += r * r
        rv += r * v
        vv += v * v
    s = min(max(-rv / vv, -half), half)
    return rr + s * (2.0 * rv + s * vv) < near * near


@leaf
def _partners(
    i: int, cell: I64, head: I64, following: I64, chosen: npt.NDArray[np.bool_],
    left: F64, middle: F64, right: F64, half: float, near: float, at: float, found: F64, count: int,
) -> int:  # fmt: skip
    """Meet those already sorted into the cubes around; each pair is met once."""
    slots = len(head)
    for move in range(27):
        x = cell[i, 0] + move // 9 - 1
        y = cell[i, 1] + move // 3 % 3 - 1
        z = cell[i, 2] + move % 3 - 1
        j = head[(x * 73856093 ^ y * 19349663 ^ z * 83492791) & (slots - 1)]
        while j >= 0:
            if (
                cell[j, 0] == x
                and cell[j, 1] == y
                and cell[j, 2] == z
                and (chosen[i] or chosen[j])
                and _passes(middle[i], middle[j], half, near)
                and _range_rate(left[i], left[j]) < 0.0
                and _range_rate(right[i], right[j]) >= 0.0
            ):
                if count < len(found):
                    found[count, 0], found[count, 1], found[count, 2] = j, i, at
                count += 1
            j = following[j]
    return count


@leaf
def _fastest(states: F64, usable: npt.NDArray[np.bool_]) -> float:
    most = 0.0
    for i in range(len(usable)):
        if usable[i]:
            s = states[i]
            most = max(most, s[3] * s[3] + s[4] * s[4] + s[5] * s[5])
    return math.sqrt(most)


@kernel
def sweep(
    states: F64,
    usable: npt.NDArray[np.bool_],
    chosen: npt.NDArray[np.bool_],
    step_s: float,
    parts: int,
    near_km: float,
    found: F64,
) -> int:
    """Find the minima of all pairs within a block of exact states.

    Parameters
    ----------
    states : (t, n, 6) array
        km and km/s, each ``step_s`` seconds.
    usable, chosen : (n,) arrays of bool
        Objects with states; objects of which one must be in a pair.
    parts : int
        Short steps in one of ``step_s``.
    near_km : float
        Distance of interest.
    found : (m, 3) array
        Filled with first object, second object, seconds from the start of the block.

    Returns
    -------
    int
        How many were found; more than ``m`` if there was no room for all.
    """
    times, n = states.shape[0], states.shape[1]
    dt = step_s / parts
    bend = 0.25 * MOST_ACCELERATION_KM_S2 * dt * dt
    slots = 1
    while slots < 2 * n:
        slots *= 2
    head, following = np.empty(slots, dtype=np.int64), np.empty(n, dtype=np.int64)
    cell = np.empty((n, 3), dtype=np.int64)
    left, middle, right = np.empty((n, 6)), np.empty((n, 6)), np.empty((n, 6))
    a0, a1 = np.empty((n, 3)), np.empty((n, 3))
    count = 0
    for k in range(times - 1):
        for i in range(n):
            if usable[i]:
                _acceleration(states[k, i], a0[i])
                _acceleration(states[k + 1, i], a1[i])
        # Speeds between two states: at most the faster end and what gravity adds in half a step.
        speed = max(_fastest(states[k], usable), _fastest(states[k + 1], usable))
        speed += 0.5 * MOST_ACCELERATION_KM_S2 * step_s
        side = near_km + speed * dt + bend
        for part in range(parts):
            head[:] = -1
            for i in range(n):
                if not usable[i]:
                    continue
                if part == 0:
                    left[i] = states[k, i]
                else:
                    left[i] = right[i]
                p0, p1 = states[k, i], states[k + 1, i]
                _between(p0, p1, a0[i], a1[i], step_s, (part + 0.5) / parts, middle[i])
                if part == parts - 1:
                    right[i] = p1
                else:
                    _between(p0, p1, a0[i], a1[i], step_s, (part + 1.0) / parts, right[i])
                for c in range(3):
                    cell[i, c] = math.floor(middle[i, c] / side)
                place = (cell[i, 0] * 73856093 ^ cell[i, 1] * 19349663 ^ cell[i, 2] * 83492791) & (
                    slots - 1
                )
                count = _partners(
                    i, cell, head, following, chosen, left, middle, right,
                    0.5 * dt, near_km + bend, (k + (part + 0.5) / parts) * step_s, found, count,
                )  # fmt: skip
                following[i] = head[place]
                head[place] = i
    return count

"""Kernels of a coasting neighbour: when it comes close, and what keeps it clear.

Which sizes of an impulse breach a range at one moment is an interval between the roots of a
quadratic, so the least size that breaches nothing is the end of an interval: no size is tried.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from skywright.orbits._jit import kernel

F64 = npt.NDArray[np.float64]

GRID_S = 40.0
"""Time between two moments that are looked at [s]."""

A_STEP = 15
"""Moments in the time between two decisions."""


@kernel
def coast(state: F64, n: float, turn: F64, out: F64) -> None:
    """Write places (moments, 3) of one relative state after Clohessy and Wiltshire.

    ``turn`` holds cosine, sine and angle of the mean motion at each moment, shape (moments, 3).
    """
    x, y, z, vx, vy, vz = state
    vx, vy, vz = vx / n, vy / n, vz / n
    for g in range(out.shape[0]):
        c, s, a = turn[g, 0], turn[g, 1], turn[g, 2]
        out[g, 0] = (4 - 3 * c) * x + s * vx + 2 * (1 - c) * vy
        out[g, 1] = 6 * (s - a) * x + y - 2 * (1 - c) * vx + (4 * s - 3 * a) * vy
        out[g, 2] = c * z + s * vz


@kernel
def nearest(states: F64, n: float, turn: F64) -> tuple[float, float, int]:
    """Return least range [km], when [moments from now] and of which of (neighbours, 6) states."""
    least, when, who = np.inf, 0.0, 0
    places = np.empty((turn.shape[0], 3))
    for j in range(states.shape[0]):
        coast(states[j], n, turn, places)
        for g in range(places.shape[0] - 1):
            x, y, z = places[g]
            dx, dy, dz = places[g + 1, 0] - x, places[g + 1, 1] - y, places[g + 1, 2] - z
            part = -(x * dx + y * dy + z * dz) / (dx * dx + dy * dy + dz * dz + 1e-18)
            part = min(1.0, max(0.0, part))
            x, y, z = x + part * dx, y + part * dy, z + part * dz
            square = x * x + y * y + z * z
            if square < least:
                least, when, who = square, g + part, j
    return np.sqrt(least), when, who


@kernel
def near_all(
    states: F64, there: npt.NDArray[np.bool_], n: F64, turns: F64, last: npt.NDArray[np.int64]
) -> F64:
    """Return `nearest` of each world, shape (worlds, 3), over ``last`` moments."""
    out = np.empty((states.shape[0], 3))
    for k in range(states.shape[0]):
        some = states[k][there[k]]
        out[k, 0], out[k, 1], out[k, 2] = nearest(some, n[k], turns[k, : last[k] + 1])
    return out


@kernel
def _push(axis: int, n: float, turn: F64) -> tuple[float, float, float]:
    """Return where an impulse of 1 km/s along an axis has moved its satellite [km]."""
    c, s, a = turn[0], turn[1], turn[2]
    if axis == 0:
        return s / n, -2 * (1 - c) / n, 0.0
    if axis == 1:
        return 2 * (1 - c) / n, (4 * s - 3 * a) / n, 0.0
    return 0.0, 0.0, s / n


@kernel
def _beyond(low: F64, high: F64, count: int, side: float) -> float:
    """Return the least size of a sign that lies in no interval."""
    size, moved = 0.0, True
    while moved:
        moved = False
        for i in range(count):
            lo, hi = (low[i], high[i]) if side > 0 else (-high[i], -low[i])
            if lo < size < hi:
                size, moved = hi, True
    return size


@kernel
def _breaches(
    paths: tuple[F64, F64], n: float, turn: F64, burn: tuple[int, int], ends: tuple[F64, F64]
) -> int:
    """Write the intervals of sizes along an axis from a moment on that breach; return how many."""
    places, lack = paths
    axis, start = burn
    count = 0
    for g in range(start + 1, turn.shape[0]):
        a, b, c = _push(axis, n, turn[g - start])
        gain = a * a + b * b + c * c + 1e-18
        for j in range(places.shape[0]):
            half = places[j, g, 0] * a + places[j, g, 1] * b + places[j, g, 2] * c
            square = half * half - gain * lack[j, g]
            if square > 0:
                root = np.sqrt(square)
                ends[0][count], ends[1][count] = (half - root) / gain, (half + root) / gain
                count += 1
    return count


@kernel
def sizes(
    states: F64, n: float, turn: F64, dark: npt.NDArray[np.bool_], keeps: F64, most: float
) -> F64:
    """Return the least size [km/s] of a single impulse that keeps all clear.

    Parameters
    ----------
    states : ndarray, shape (neighbours, 6)
        Relative states [km, km/s].
    n : float
        Mean motion [rad/s].
    turn : ndarray, shape (moments, 3)
        As for `coast`.
    dark : ndarray, shape (decisions,)
        Whether no command can be sent.
    keeps : ndarray, shape (neighbours, moments)
        Range to keep [km].
    most : float
        Greatest impulse [km/s].

    Returns
    -------
    ndarray, shape (decisions, 6)
        Radial out and in, in-track ahead and back, cross-track up and down; infinite if none does.
    """
    people, moments = states.shape[0], turn.shape[0]
    out = np.full((dark.shape[0], 6), np.inf)
    places = np.empty((people, moments, 3))
    lack = np.empty((people, moments))
    breach = moments
    for j in range(people):
        coast(states[j], n, turn, places[j])
        for g in range(moments):
            x, y, z = places[j, g]
            lack[j, g] = x * x + y * y + z * z - keeps[j, g] ** 2
            if lack[j, g] < 0 and g < breach:
                breach = g
    low, high = np.empty(people * moments), np.empty(people * moments)
    for k in range(dark.shape[0]):
        if k > 0 and k * A_STEP >= breach:
            break
        if dark[k]:
            continue
        for axis in range(3):
            count = _breaches((places, lack), n, turn, (axis, k * A_STEP), (low, high))
            for side in range(2):
                size = _beyond(low, high, count, 1.0 - 2.0 * side)
                if size <= most:
                    out[k, 2 * axis + side] = size
    return out


@kernel
def sizes_all(
    which: npt.NDArray[np.int64],
    states: F64,
    there: npt.NDArray[np.bool_],
    n: F64,
    turns: F64,
    last: npt.NDArray[np.int64],
    dark: npt.NDArray[np.bool_],
    keeps: tuple[float, F64],
    most: F64,
) -> F64:
    """Return `sizes` of some worlds, shape (some, decisions, 6).

    ``keeps`` is the range to keep now [km], and for each neighbour of each world by how much it
    grows for each radian of the own orbit [km]. ``dark`` holds a row for each of the some.
    """
    out = np.full((len(which), dark.shape[1], 6), np.inf)
    for i in range(len(which)):
        k = which[i]
        some = np.flatnonzero(there[k])
        turn = turns[k, : last[k] + 1]
        keep = np.empty((len(some), len(turn)))
        for j in range(len(some)):
            keep[j] = keeps[0] + keeps[1][k, some[j]] * turn[:, 2]
        steps = min(dark.shape[1], last[k] // A_STEP)
        out[i, :steps] = sizes(states[k][some], n[k], turn, dark[i, :steps], keep, most[k])
    return out


@kernel
def least_range(states: F64, n: float, turn: F64, burns_km_s: F64) -> float:
    """Return the least range [km] of a plan, burns at each decision, shape (decisions, 3)."""
    moments = turn.shape[0]
    moved = np.zeros((moments, 3))
    for k in range(burns_km_s.shape[0]):
        for axis in range(3):
            size = burns_km_s[k, axis]
            if size != 0.0:
                for g in range(k * A_STEP + 1, moments):
                    a, b, c = _push(axis, n, turn[g - k * A_STEP])
                    moved[g, 0] += a * size
                    moved[g, 1] += b * size
                    moved[g, 2] += c * size
    least = np.inf
    places = np.empty((moments, 3))
    for j in range(states.shape[0]):
        coast(states[j], n, turn, places)
        for g in range(moments - 1):
            x, y, z = places[g] - moved[g]
            one = places[g + 1] - moved[g + 1]
            dx, dy, dz = one[0] - x, one[1] - y, one[2] - z
            part = -(x * dx + y * dy + z * dz) / (dx * dx + dy * dy + dz * dz + 1e-18)
            part = min(1.0, max(0.0, part))
            x, y, z = x + part * dx, y + part * dy, z + part * dz
            least = min(least, x * x + y * y + z * z)
    return float(np.sqrt(least))

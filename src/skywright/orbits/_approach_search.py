"""Kernels that follow one orbit and note every close approach on the way.

A minimum of the distance to a body is a change of sign of r.v, from approach to retreat. Signs are
compared at the ends of each step and, where a step is long against the motion of a body or the
relative motion is slow, at points between, which the dense output gives.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from skywright.orbits._dop853 import (
    STAGES,
    dense_coefficients,
    dense_state,
    derivative,
    dop853_step,
    first_step,
)
from skywright.orbits._jit import kernel, leaf
from skywright.orbits.bplane import encounter
from skywright.orbits.constants import AU_KM, DAY_S
from skywright.orbits.dynamics import GM_AU3_D2, RADIUS_AU, World
from skywright.orbits.ephemeris import BODIES, body_states
from skywright.orbits.integrator import (
    ARRIVED,
    GAVE_UP,
    HIT,
    advance,
    body_inside,
    integrate,
    most_steps,
)

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

RECORD_SIZE = 10
"""Orbit, body, t_d, distance [au], v_rel, v_inf [km/s], xi, zeta [km], impact (0 or 1), unused."""

FULL = 3
"""The array of records is full: run the orbit again with a larger one."""

# Highest barycentric speed of each body [au/d], rounded up: perihelion speed of the osculating
# orbit (vis viva), the Moon's own motion added to the Earth's.
_TOP_SPEED_AU_D = np.array(
    [1e-5, 0.0342, 0.0205, 0.0178, 0.0185, 0.0154, 0.0080, 0.0060, 0.0042, 0.0032, 0.0036]
)
# A sixteenth of a revolution [d]: between samples so close, a body turns by 22 degrees.
_SAMPLE_D = np.array([1e9, 5.5, 14.0, 22.8, 1.7, 42.0, 270.0, 670.0, 1900.0, 3700.0, 5600.0])
_SLOW = 0.3  # r.a relative to v.v beyond which the distance may have two minima in one step
_MOST_SAMPLES = 64
_NBODIES = len(BODIES)


@leaf
def _gap(y: F64, bodies: F64, b: int) -> float:
    """Return the distance to a body [au]."""
    dx, dy, dz = y[0] - bodies[b, 0], y[1] - bodies[b, 1], y[2] - bodies[b, 2]
    return float(np.sqrt(dx * dx + dy * dy + dz * dz))


@leaf
def _closing(y: F64, bodies: F64, b: int) -> float:
    """Return r.v relative to a body [au^2/d]: negative while it comes nearer."""
    total = 0.0
    for c in range(3):
        total += (y[c] - bodies[b, c]) * (y[c + 3] - bodies[b, c + 3])
    return total


@leaf
def _samples(h: float, y0: F64, y1: F64, s0: F64, s1: F64, near: F64) -> int:
    """Return into how many parts a step must be cut so that no minimum hides in it."""
    parts = 1
    for b in range(_NBODIES):
        if near[b] == 0.0:
            continue
        parts = max(parts, int(np.ceil(abs(h) / _SAMPLE_D[b])))
        v2a, v2b, ra, rb = 0.0, 0.0, 0.0, 0.0
        for c in range(3):
            va, vb = y0[c + 3] - s0[b, c + 3], y1[c + 3] - s1[b, c + 3]
            v2a += va * va
            v2b += vb * vb
            ra += (y0[c] - s0[b, c]) * (vb - va) / h
            rb += (y1[c] - s1[b, c]) * (vb - va) / h
        if ra < -_SLOW * v2a or rb < -_SLOW * v2b:
            parts = max(parts, 4)
    return min(parts, _MOST_SAMPLES)


@kernel
def _find_root(
    t_d: float,
    h: float,
    lo: float,
    hi: float,
    b: int,
    radius: float,
    y: F64,
    dense: F64,
    world: World,
    state: F64,
    bodies: F64,
) -> float:
    """Return the fraction of a step, bracketed by lo and hi, at which a quantity changes sign.

    The quantity is r.v where ``radius`` is 0, else the distance less the radius. Illinois variant
    of the secant rule, to 1e-9 d.
    """
    value = np.empty(2)
    for end in range(2):
        dense_state(lo if end == 0 else hi, y, dense, state)
        body_states(t_d + (lo if end == 0 else hi) * h, world[0], world[1], bodies)
        value[end] = _gap(state, bodies, b) - radius if radius > 0 else _closing(state, bodies, b)
    f_lo, f_hi = value[0], value[1]
    side = 0
    x = hi
    for _ in range(80):
        if abs(hi - lo) * abs(h) < 1e-9 or f_lo == f_hi:
            break
        x = (lo * f_hi - hi * f_lo) / (f_hi - f_lo)
        dense_state(x, y, dense, state)
        body_states(t_d + x * h, world[0], world[1], bodies)
        f = _gap(state, bodies, b) - radius if radius > 0 else _closing(state, bodies, b)
        if f == 0.0:
            break
        if (f > 0.0) == (f_hi > 0.0):
            hi, f_hi = x, f
            if side == 1:
                f_lo *= 0.5
            side = 1
        else:
            lo, f_lo = x, f
            if side == -1:
                f_hi *= 0.5
            side = -1
    return float(x)


@kernel
def _record(
    t_d: float, y: F64, bodies: F64, b: int, impact: float, records: F64, n: int, within: float
) -> int:
    """Note an approach at the state ``y`` and return the number of records."""
    r, v, body_v, plane = np.empty(3), np.empty(3), np.empty(3), np.empty(4)
    for c in range(3):
        r[c] = y[c] - bodies[b, c]
        v[c] = y[c + 3] - bodies[b, c + 3]
        body_v[c] = bodies[b, c + 3] - bodies[0, c + 3]
    gap = np.sqrt(r[0] ** 2 + r[1] ** 2 + r[2] ** 2)
    if gap > within and impact == 0.0:
        return n
    encounter(r, v, body_v, GM_AU3_D2[b], plane)
    to_km_s = AU_KM / DAY_S
    records[n, 1] = b
    records[n, 2] = t_d
    records[n, 3] = plane[3] if impact == 1.0 else gap
    records[n, 4] = np.sqrt(v[0] ** 2 + v[1] ** 2 + v[2] ** 2) * to_km_s
    records[n, 5] = plane[2] * to_km_s
    records[n, 6] = plane[0] * AU_KM
    records[n, 7] = plane[1] * AU_KM
    records[n, 8] = impact
    return n + 1


@leaf
def _settle(
    t_d: float,
    step: float,
    b: int,
    y: F64,
    world: World,
    nongrav: F64,
    field: F64,
    k: F64,
    state: F64,
    bodies: F64,
) -> float:
    """Move a minimum found on the dense output to where a true step puts it; return its time.

    The dense output is of order 7 and the step of order 8, and the nearer a body the more that
    matters: repeat the step with the length found, and correct it once by Newton's rule.
    """
    for _ in range(2):
        dop853_step(t_d, step, y, world, nongrav, field, k, state)
        body_states(t_d + step, world[0], world[1], bodies)
        v2 = 0.0
        for c in range(3):
            v2 += (state[c + 3] - bodies[b, c + 3]) ** 2
        slope = v2 - GM_AU3_D2[b] / _gap(state, bodies, b)
        shift = -_closing(state, bodies, b) / slope if slope > 0.0 else 0.0
        if abs(shift) > 1e-3 * abs(step) or abs(shift) < 1e-11:
            break
        step += shift
    return t_d + step


@leaf
def _mark_near(
    step: float, y: F64, y_new: F64, field: F64, track: F64, within: float, gaps: F64, near: F64
) -> bool:
    """Mark in ``near`` the bodies that may have come within reach in a step; update ``gaps``."""
    v2 = max(y[3] ** 2 + y[4] ** 2 + y[5] ** 2, y_new[3] ** 2 + y_new[4] ** 2 + y_new[5] ** 2)
    speed = 1.2 * np.sqrt(v2)  # it may be a little higher inside the step
    found = False
    for b in range(_NBODIES):
        gap = _gap(y_new, field, b)
        least = 0.5 * (gaps[b] + gap - (speed + _TOP_SPEED_AU_D[b]) * abs(step))
        near[b] = 1.0 if track[b] > 0.0 and least <= within else 0.0
        found = found or near[b] > 0.0
        gaps[b] = gap
    return found


@kernel
def _examine(
    t_d: float,
    step: float,
    parts: int,
    y: F64,
    dense: F64,
    world: World,
    nongrav: F64,
    k: F64,
    field: F64,
    s0: F64,
    near: F64,
    within: float,
    records: F64,
    n: int,
) -> tuple[int, int]:
    """Look for minima in the parts of one step; return the end (`ARRIVED`, ...) and the records."""
    state, bodies, before = np.empty(6), np.empty((_NBODIES, 6)), np.empty(_NBODIES)
    way = 1.0 if step > 0.0 else -1.0
    for b in range(_NBODIES):
        before[b] = way * _closing(y, s0, b)
    for j in range(parts):
        lo, hi = j / parts, (j + 1) / parts
        for b in range(_NBODIES):
            if near[b] == 0.0:
                continue
            dense_state(hi, y, dense, state)
            body_states(t_d + hi * step, world[0], world[1], bodies)
            after = way * _closing(state, bodies, b)
            turned = before[b] < 0.0 and after >= 0.0
            before[b] = after
            if not turned:
                continue
            if n == len(records):
                return FULL, n
            x = _find_root(t_d, step, lo, hi, b, 0.0, y, dense, world, state, bodies)
            if _gap(state, bodies, b) < RADIUS_AU[b]:
                x = _find_root(t_d, step, lo, x, b, RADIUS_AU[b], y, dense, world, state, bodies)
                return HIT, _record(t_d + x * step, state, bodies, b, 1.0, records, n, within)
            if _gap(state, bodies, b) > 1.001 * within:
                continue
            at = _settle(t_d, x * step, b, y, world, nongrav, field, k, state, bodies)
            n = _record(at, state, bodies, b, 0.0, records, n, within)
    return ARRIVED, n


@kernel
def _meet(
    t_d: float,
    step: float,
    y: F64,
    y_new: F64,
    world: World,
    nongrav: F64,
    k: F64,
    field: F64,
    near: F64,
    hit: int,
    within: float,
    records: F64,
    n: int,
) -> tuple[int, int]:
    """Handle a step that came near a body or ended inside one (``hit``, else -1)."""
    s0, s1 = np.empty((_NBODIES, 6)), np.empty((_NBODIES, 6))
    body_states(t_d, world[0], world[1], s0)
    body_states(t_d + step, world[0], world[1], s1)
    parts = _samples(step, y, y_new, s0, s1, near)
    turned = parts > 1 or hit >= 0
    for b in range(_NBODIES):
        if near[b] > 0.0 and _closing(y, s0, b) * _closing(y_new, s1, b) <= 0.0:
            turned = True
    if not turned:
        return ARRIVED, n
    dense = np.empty((7, 6))
    dense_coefficients(t_d, step, y, y_new, world, nongrav, field, k, dense)
    ended, n = _examine(
        t_d, step, parts, y, dense, world, nongrav, k, field, s0, near, within, records, n
    )
    if ended != ARRIVED or hit < 0:
        return ended, n
    if near[hit] > 0.0:
        if n == len(records):
            return FULL, n
        state = np.empty(6)
        x = _find_root(t_d, step, 0.0, 1.0, hit, RADIUS_AU[hit], y, dense, world, state, s1)
        n = _record(t_d + x * step, state, s1, hit, 1.0, records, n, within)
    return HIT, n


@kernel
def follow(
    t_d: float,
    stop_d: float,
    y: F64,
    world: World,
    nongrav: F64,
    track: F64,
    within: float,
    records: F64,
    n: int,
) -> tuple[int, int]:
    """Integrate an orbit and note its close approaches.

    Parameters
    ----------
    t_d, stop_d : float
        From and to [d since J2000.0 TDB]; either may be the earlier.
    y : ndarray, shape (6,)
        Barycentric state [au, au/d]; changed in place.
    world, nongrav : tuple, ndarray
        From `prepare_world`; A1, A2, A3 [au/d^2].
    track : ndarray, shape (11,)
        1 for bodies to watch, 0 for others.
    within : float
        Largest distance to note [au].
    records : ndarray, shape (m, 10)
        Filled from row ``n`` on.
    n : int
        Records already there.

    Returns
    -------
    tuple of int
        `ARRIVED`, `HIT`, `GAVE_UP` or `FULL`, and the number of records.
    """
    k, y_new, k_end = np.empty((STAGES, 6)), np.empty(6), np.empty(6)
    field = np.empty((world[1][0] + 1, 3))
    gaps, near = np.empty(_NBODIES), np.empty(_NBODIES)
    derivative(t_d, y, world, nongrav, field, k[0])
    if body_inside(y, field) >= 0:
        return HIT, n
    for b in range(_NBODIES):
        gaps[b] = _gap(y, field, b)
    h = first_step(y, field, world[2], stop_d - t_d)
    steps_left = most_steps(stop_d - t_d)
    while t_d != stop_d:
        step, h = advance(t_d, h, stop_d, y, world, nongrav, field, k, y_new)
        hit = body_inside(y_new, field)
        for c in range(6):
            k_end[c] = k[12, c]  # a search inside the step uses the other stages anew
        if _mark_near(step, y, y_new, field, track, within, gaps, near) or hit >= 0:
            ended, n = _meet(
                t_d, step, y, y_new, world, nongrav, k, field, near, hit, within, records, n
            )
            if ended != ARRIVED:
                return ended, n
        t_d = stop_d if step == stop_d - t_d else t_d + step
        for c in range(6):
            y[c] = y_new[c]
            k[0, c] = k_end[c]
        steps_left -= 1
        if steps_left == 0:
            return GAVE_UP, n
    return ARRIVED, n


@kernel
def search_rows(
    lo: int,
    hi: int,
    dates_d: F64,
    states: F64,
    world: World,
    nongrav: F64,
    track: F64,
    within: float,
    records: F64,
    ended: I64,
) -> tuple[int, int]:
    """Follow the orbits lo <= n < hi from their epochs through a window of dates.

    ``dates_d``, shape (n, 3), holds epoch, start and stop [d since J2000.0 TDB]; ``ended`` gets how
    each orbit ended. Returns the first orbit that did not fit into ``records``, or hi, and the
    number of records of the orbits before it.
    """
    field, y = np.empty((world[1][0] + 1, 3)), np.empty(6)
    count = int(np.int64(0))  # a bare 0 is a type of its own, and compiles everything twice
    for row in range(lo, hi):
        epoch, first, last = dates_d[row, 0], dates_d[row, 1], dates_d[row, 2]
        n = count
        # From the epoch to the nearest date of the window in silence, then through it; from inside
        # the window, both ways.
        nearest = min(max(epoch, first), last)
        for leg in range(2):
            far = last if leg == 0 else first
            if far == nearest:
                continue
            for c in range(6):
                y[c] = states[row, c]
            end = integrate(epoch, nearest, y, world, nongrav[row], field)
            if end == ARRIVED:
                end, n = follow(nearest, far, y, world, nongrav[row], track, within, records, n)
            if end == FULL:
                return row, count
            ended[row] = max(ended[row], end)
        for k in range(count, n):
            records[k, 0] = row
        count = n
    return hi, count

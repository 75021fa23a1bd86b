"""Many neighbouring orbits at once: blocks of clones on common steps.

Clones of one orbit stay close together, so a block of them takes the steps of its worst member and
reads the planets once per stage for all. The positions of the planets are most of the cost of a
single orbit; here they are shared, and the inner loops run over clones.

An encounter of one clone costs its block some tens of short steps, which is cheaper than finishing
that clone alone for the rest of the span, so blocks stay together. A clone that reaches a surface
stops there. No step covers more than half the distance to a body, so that no passage is stepped
over.

Barycentric mean ecliptic and equinox of J2000, au, days of TDB since J2000 inside the kernels.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from skywright.orbits._jit import kernel
from skywright.orbits.clone_steps import block_forces, try_step
from skywright.orbits.dynamics import World
from skywright.orbits.ephemeris import body_states

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
Arc = tuple[F64, F64, F64, F64]
"""Packed states and derivatives at both ends of a step."""

REACHED, HIT, ELSEWHERE = 0, 1, 2
"""How a clone ended: at the last date, on the target, on another body (or not a number)."""

_NEAR_BODIES = 7  # Sun to Jupiter: those whose encounters bound the step
_REACH = 0.5  # part of the distance to a body that one step may cover
_H_MIN = 2e-5  # [d]; below it the error is rounding of the planets' positions, not truncation


@kernel
def _longest_step(y: F64, n: int, now: F64, radius: F64, work: F64) -> float:
    """Bound the next step by the distances to the bodies; work[4][w] < 1 if clone w is in one."""
    cap, inside = work[3], work[4]
    for w in range(n):
        cap[w], inside[w] = 1e30, 1e30
    for b in range(_NEAR_BODIES):
        r2b = radius[b] ** 2
        for w in range(n):
            dx, dy, dz = y[w] - now[b, 0], y[n + w] - now[b, 1], y[2 * n + w] - now[b, 2]
            ex, ey = y[3 * n + w] - now[b, 3], y[4 * n + w] - now[b, 4]
            ez = y[5 * n + w] - now[b, 5]
            d2 = dx * dx + dy * dy + dz * dz
            v2 = ex * ex + ey * ey + ez * ez + 1e-12
            inside[w] = min(inside[w], d2 / r2b)
            cap[w] = min(cap[w], max(d2, r2b) / v2)
    least = 1e30
    for w in range(n):
        least = min(least, cap[w])
    return float(max(_REACH * np.sqrt(least), _H_MIN))


@kernel
def _geometry(y: F64, n: int, now: F64, target: int, distance: F64, closing: F64) -> None:
    """Fill the distance to the target and r.v relative to it."""
    for w in range(n):
        dx, dy = y[w] - now[target, 0], y[n + w] - now[target, 1]
        dz = y[2 * n + w] - now[target, 2]
        ex, ey = y[3 * n + w] - now[target, 3], y[4 * n + w] - now[target, 4]
        ez = y[5 * n + w] - now[target, 5]
        distance[w] = np.sqrt(dx * dx + dy * dy + dz * dz)
        closing[w] = dx * ex + dy * ey + dz * ez


@kernel
def _between(s: float, h: float, arc: Arc, n: int, w: int, out: F64) -> None:
    """Quintic Hermite position and velocity of clone w at t + s h."""
    y0, f0, y1, f1 = arc
    s2 = s * s
    s3 = s2 * s
    s4 = s3 * s
    s5 = s4 * s
    p1 = 10.0 * s3 - 15.0 * s4 + 6.0 * s5
    v0 = (s - 6.0 * s3 + 8.0 * s4 - 3.0 * s5) * h
    v1 = (-4.0 * s3 + 7.0 * s4 - 3.0 * s5) * h
    a0 = (0.5 * s2 - 1.5 * s3 + 1.5 * s4 - 0.5 * s5) * h * h
    a1 = (0.5 * s3 - s4 + 0.5 * s5) * h * h
    dp1 = (30.0 * s2 - 60.0 * s3 + 30.0 * s4) / h
    dv0 = 1.0 - 18.0 * s2 + 32.0 * s3 - 15.0 * s4
    dv1 = -12.0 * s2 + 28.0 * s3 - 15.0 * s4
    da0 = (s - 4.5 * s2 + 6.0 * s3 - 2.5 * s4) * h
    da1 = (1.5 * s2 - 4.0 * s3 + 2.5 * s4) * h
    for c in range(3):
        i, j = c * n + w, (c + 3) * n + w
        gap = y1[i] - y0[i]
        out[c] = y0[i] + p1 * gap + v0 * y0[j] + v1 * y1[j] + a0 * f0[j] + a1 * f1[j]
        out[c + 3] = dp1 * gap + dv0 * y0[j] + dv1 * y1[j] + da0 * f0[j] + da1 * f1[j]


@kernel
def _gap(
    s: float,
    crossing: float,
    t: float,
    h: float,
    arc: Arc,
    n: int,
    w: int,
    target: int,
    world: World,
    now: F64,
    out: F64,
) -> float:
    """Put the state relative to the target at t + s h into out[:6]; return what `_root` nulls."""
    _between(s, h, arc, n, w, out)
    body_states(t + s * h, world[0], world[1], now)
    for c in range(6):
        out[c] -= now[target, c]
    distance2 = out[0] ** 2 + out[1] ** 2 + out[2] ** 2
    closing: float = out[0] * out[3] + out[1] * out[4] + out[2] * out[5]
    return crossing - float(np.sqrt(distance2)) if crossing > 0.0 else closing


@kernel
def _root(
    hi: float,
    crossing: float,
    t: float,
    h: float,
    arc: Arc,
    n: int,
    w: int,
    target: int,
    world: World,
    now: F64,
    out: F64,
) -> float:
    """Find in (0, hi] of the step where r.v = 0, or where the distance falls to ``crossing``.

    Regula falsi with the Illinois rule; leaves the relative state at the root in ``out``.
    """
    lo, side, mid = 0.0, 0, hi
    f_lo = _gap(lo, crossing, t, h, arc, n, w, target, world, now, out)
    f_hi = _gap(hi, crossing, t, h, arc, n, w, target, world, now, out)
    if f_lo >= 0.0 or f_hi <= 0.0:
        return hi
    for _ in range(60):
        mid = (f_hi * lo - f_lo * hi) / (f_hi - f_lo)
        f = _gap(mid, crossing, t, h, arc, n, w, target, world, now, out)
        if f > 0.0:
            hi, f_hi = mid, f
            if side == 1:
                f_lo *= 0.5
            side = 1
        else:
            lo, f_lo = mid, f
            if side == -1:
                f_hi *= 0.5
            side = -1
        if f == 0.0 or (hi - lo) * h < 1e-9:
            break
    return mid


@kernel
def _look(
    t: float,
    h: float,
    arc: Arc,
    n: int,
    target: int,
    limits: F64,
    world: World,
    geometry: Arc,
    inside: F64,
    number: I64,
    results: tuple[I64, F64, F64],
    found: int,
    now: F64,
    rel: F64,
) -> tuple[int, int]:
    """Record passages and ends of clones in one step; return passages so far and clones gone."""
    d0, c0, d1, c1 = geometry
    status, ends, encounters = results
    surface, within, gone = limits[0], limits[1], 0
    for w in range(n):
        low, s = d1[w], 1.0
        if c0[w] < 0.0 <= c1[w] and min(d0[w], d1[w]) < max(2.0 * within, 8.0 * surface):
            s = _root(1.0, 0.0, t, h, arc, n, w, target, world, now, rel)
            low = np.sqrt(rel[0] ** 2 + rel[1] ** 2 + rel[2] ** 2)
            if surface <= low < within and found < encounters.shape[0]:
                encounters[found, 0] = number[w]
                encounters[found, 1] = t + s * h
                encounters[found, 2] = low
                for c in range(6):
                    encounters[found, 3 + c] = rel[c]
                found += 1
        hit = low < surface
        if hit or inside[w] < 1.0:
            if hit:
                s = _root(s, surface, t, h, arc, n, w, target, world, now, rel)
                for c in range(6):
                    ends[number[w], 1 + c] = rel[c]
            status[number[w]] = HIT if hit else ELSEWHERE
            ends[number[w], 0] = t + s * h
            number[w] = -1
            gone += 1
        d0[w], c0[w] = d1[w], c1[w]
    return found, gone


@kernel
def advance_block(
    states: F64,
    span: F64,
    target: int,
    limits: F64,
    world: World,
    radius: F64,
    nongrav: F64,
    status: I64,
    ends: F64,
    encounters: F64,
) -> int:
    """Integrate one block of clones; the only compiled entry of this module.

    Parameters
    ----------
    states : ndarray, shape (n, 6)
        Barycentric states at the start [au, au/d]; those of clones that reach the end are replaced.
    span : ndarray, shape (2,)
        First and last time [d since J2000.0].
    target : int
        Row of the target in `ephemeris.BODIES`.
    limits : ndarray, shape (3,)
        Radius of the target [au], distance up to which minima are recorded [au], tolerance [-].
    world : tuple
        From `dynamics.prepare_world`.
    radius : ndarray, shape (11,)
        Radii of the bodies [au].
    nongrav : ndarray, shape (3,)
        A1, A2, A3 [au/d^2].
    status : ndarray, shape (n,)
        Gets how each clone ended.
    ends : ndarray, shape (n, 7)
        Gets the time of the end, and after a hit the state relative to the target.
    encounters : ndarray, shape (rows, 9)
        Gets clone, time, distance, relative state of minima; those that do not fit are dropped.

    Returns
    -------
    int
        Rows of ``encounters`` that were filled.
    """
    total = states.shape[0]
    rtol = limits[2]
    n, found, t, h = total, 0, span[0], 1.0
    y, k = np.empty(6 * total), np.zeros((13, 6 * total))
    work, number = np.zeros((5, 6 * total)), np.arange(total)
    d0, c0, d1, c1 = np.empty(total), np.empty(total), np.empty(total), np.empty(total)
    bodies, now, end = np.zeros((11, 3)), np.zeros((11, 6)), np.zeros((11, 6))
    rel = np.zeros(6)
    for w in range(n):
        for c in range(6):
            y[c * n + w] = states[w, c]
    body_states(t, world[0], world[1], now)
    block_forces(y, n, now, world[2], now[0, 3:6], nongrav, k[0])
    _geometry(y, n, now, target, d0, c0)
    cap, rejected = _longest_step(y, n, now, radius, work), False
    while n > 0 and t < span[1]:
        h = min(h, cap, span[1] - t)
        last = h >= span[1] - t
        worst = try_step(y, k, n, t, h, world, now[0, 3:6], nongrav, work, bodies, end) / rtol
        if worst > 1.0 and h > _H_MIN:
            h = max(h * max(0.2, 0.9 * worst**-0.125), _H_MIN)
            rejected = True
            continue
        if not worst >= 0.0:
            break
        for b in range(11):
            for c in range(6):
                now[b, c] = end[b, c]
        y1 = work[0]
        cap = _longest_step(y1, n, now, radius, work)
        _geometry(y1, n, now, target, d1, c1)
        arc = (y, k[0], y1, k[12])
        found, gone = _look(
            t, h, arc, n, target, limits, world, (d0, c0, d1, c1), work[4], number,
            (status, ends, encounters), found, end, rel,
        )  # fmt: skip
        t = span[1] if last else t + h
        grow = min(6.0, max(0.3, 0.9 * (worst + 1e-30) ** -0.125))
        h *= min(grow, 1.0) if rejected else grow
        rejected = False
        for q in range(6 * n):
            y[q], k[0, q] = y1[q], k[12, q]
        if gone > 0:
            n = _repack(y, k[0], n, number, d0, c0)
            cap = _longest_step(y, n, now, radius, work)
    for w in range(n):
        status[number[w]] = REACHED if t >= span[1] else ELSEWHERE
        ends[number[w], 0] = t
        for c in range(6):
            states[number[w], c] = y[c * n + w]
    return found


@kernel
def _repack(y: F64, f: F64, n: int, number: I64, d: F64, c: F64) -> int:
    """Close the gaps that ended clones (number < 0) left; return how many go on."""
    to = 0
    for q in range(6 * n):
        if number[q % n] >= 0:
            y[to], f[to] = y[q], f[q]
            to += 1
    left = 0
    for w in range(n):
        if number[w] >= 0:
            number[left], d[left], c[left] = number[w], d[w], c[w]
            left += 1
    return left

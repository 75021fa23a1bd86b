"""One step of many orbits at once: forces and DOP853 over a block of clones.

The forces are those of `dynamics.acceleration` without its asteroids, written so that the inner
loop runs over clones. A block of n clones is packed as [component][clone] into flat arrays of 6 n:
n numbers x, n numbers y, and so on. Barycentric mean ecliptic and equinox of J2000, au, days.

References
----------
.. [1] Hairer, Norsett & Wanner (1993), Solving Ordinary Differential Equations I, section II.5.
.. [2] Will (1993), Theory and Experiment in Gravitational Physics, section 7.3 (solar term).
.. [3] Marsden, Sekanina & Yeomans (1973), AJ 78, 211 (A1, A2, A3, here with g(r) = 1/r^2).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.integrate import DOP853

from skywright.orbits._jit import kernel
from skywright.orbits.dynamics import _EARTH_J2_REACH_AU, _EARTH_POLE, _SUN_POLE, World
from skywright.orbits.ephemeris import body_positions, body_states

F64 = npt.NDArray[np.float64]

_A = np.ascontiguousarray(np.vstack([DOP853.A, DOP853.B]))
"""Row 12 is the step itself: the derivative at its end is the first of the next step."""
_C = np.ascontiguousarray(DOP853.C)
_E3 = np.ascontiguousarray(DOP853.E3)
_E5 = np.ascontiguousarray(DOP853.E5)


@kernel
def block_forces(
    y: F64, n: int, bodies: F64, force: F64, sun_v: F64, nongrav: F64, out: F64
) -> None:
    """Write the derivative of n packed states into ``out``.

    Parameters
    ----------
    y, out : ndarray, shape (6 n,) or longer
        Packed states [au, au/d] and their derivatives.
    n : int
        Clones.
    bodies : ndarray, shape (11, 3) or (11, 6)
        Barycentric positions at the same time [au].
    force : ndarray, shape (14,)
        From `dynamics.prepare_world`, without asteroids.
    sun_v, nongrav : ndarray, shape (3,)
        Velocity of the Sun [au/d]; A1, A2, A3 [au/d^2].
    """
    x, yy, z = y[:n], y[n : 2 * n], y[2 * n : 3 * n]
    vx, vy, vz = y[3 * n : 4 * n], y[4 * n : 5 * n], y[5 * n : 6 * n]
    ax, ay, az = out[3 * n : 4 * n], out[4 * n : 5 * n], out[5 * n : 6 * n]
    for q in range(3 * n):
        out[q] = y[3 * n + q]
        out[3 * n + q] = 0.0
    for b in range(10, 0, -1):
        bx, by, bz, mu = bodies[b, 0], bodies[b, 1], bodies[b, 2], force[b]
        for w in range(n):
            dx = bx - x[w]
            dy = by - yy[w]
            dz = bz - z[w]
            r2 = dx * dx + dy * dy + dz * dz
            f = mu / (r2 * np.sqrt(r2))
            ax[w] += f * dx
            ay[w] += f * dy
            az[w] += f * dz
    bx, by, bz, mu = bodies[0, 0], bodies[0, 1], bodies[0, 2], force[0]
    ux, uy, uz = sun_v[0], sun_v[1], sun_v[2]
    for w in range(n):
        dx = x[w] - bx
        dy = yy[w] - by
        dz = z[w] - bz
        ex = vx[w] - ux
        ey = vy[w] - uy
        ez = vz[w] - uz
        r2 = dx * dx + dy * dy + dz * dz
        r = np.sqrt(r2)
        v2 = ex * ex + ey * ey + ez * ez
        rv = dx * ex + dy * ey + dz * ez
        f = mu / (r2 * r)
        up = dx * _SUN_POLE[0] + dy * _SUN_POLE[1] + dz * _SUN_POLE[2]
        flat = force[13] / (r2 * r2 * r)
        radial = f * ((4.0 * mu / r - v2) * force[11] - 1.0) + flat * (5.0 * up * up / r2 - 1.0)
        along = 4.0 * f * rv * force[11]
        pole = -2.0 * flat * up
        ax[w] += radial * dx + along * ex + pole * _SUN_POLE[0]
        ay[w] += radial * dy + along * ey + pole * _SUN_POLE[1]
        az[w] += radial * dz + along * ez + pole * _SUN_POLE[2]
    if nongrav[0] != 0.0 or nongrav[1] != 0.0 or nongrav[2] != 0.0:
        _push(y, n, bodies, sun_v, nongrav, out)
    _flattening(y, n, bodies, force[12], out)


@kernel
def _push(y: F64, n: int, bodies: F64, sun_v: F64, nongrav: F64, out: F64) -> None:
    """Add A1 radial, A2 transverse, A3 normal, each over r^2."""
    for w in range(n):
        dx, dy, dz = y[w] - bodies[0, 0], y[n + w] - bodies[0, 1], y[2 * n + w] - bodies[0, 2]
        ex, ey, ez = y[3 * n + w] - sun_v[0], y[4 * n + w] - sun_v[1], y[5 * n + w] - sun_v[2]
        hx, hy, hz = dy * ez - dz * ey, dz * ex - dx * ez, dx * ey - dy * ex
        r2 = dx * dx + dy * dy + dz * dz
        r = np.sqrt(r2)
        h = np.sqrt(hx * hx + hy * hy + hz * hz)
        tx, ty, tz = hy * dz - hz * dy, hz * dx - hx * dz, hx * dy - hy * dx
        a1, a2, a3 = nongrav[0] / (r2 * r), nongrav[1] / (r2 * h * r), nongrav[2] / (r2 * h)
        out[3 * n + w] += a1 * dx + a2 * tx + a3 * hx
        out[4 * n + w] += a1 * dy + a2 * ty + a3 * hy
        out[5 * n + w] += a1 * dz + a2 * tz + a3 * hz


@kernel
def _flattening(y: F64, n: int, bodies: F64, j2: float, out: F64) -> None:
    """Add the Earth's J2 for clones within 0.01 au of it."""
    for w in range(n):
        dx, dy, dz = y[w] - bodies[3, 0], y[n + w] - bodies[3, 1], y[2 * n + w] - bodies[3, 2]
        r2 = dx * dx + dy * dy + dz * dz
        if r2 < _EARTH_J2_REACH_AU**2:
            s = dx * _EARTH_POLE[0] + dy * _EARTH_POLE[1] + dz * _EARTH_POLE[2]
            f = j2 / (r2 * r2 * np.sqrt(r2))
            g = 5.0 * s * s / r2 - 1.0
            out[3 * n + w] += f * (g * dx - 2.0 * s * _EARTH_POLE[0])
            out[4 * n + w] += f * (g * dy - 2.0 * s * _EARTH_POLE[1])
            out[5 * n + w] += f * (g * dz - 2.0 * s * _EARTH_POLE[2])


@kernel
def try_step(
    y: F64,
    k: F64,
    n: int,
    t: float,
    h: float,
    world: World,
    sun_v: F64,
    nongrav: F64,
    work: F64,
    bodies: F64,
    end: F64,
) -> float:
    """Take a trial step of a block and return the largest error of a clone, relative to its state.

    Parameters
    ----------
    y : ndarray, shape (6 n,) or longer
        Packed states at the start.
    k : ndarray, shape (13, 6 n) or wider
        Derivatives; row 0 at the start is given, row 12 at the end is filled.
    n : int
        Clones.
    t, h : float
        Start [d since J2000.0] and length [d] of the step.
    world : tuple
        From `dynamics.prepare_world`.
    sun_v, nongrav : ndarray, shape (3,)
        Velocity of the Sun [au/d]; A1, A2, A3 [au/d^2].
    work : ndarray, shape (>= 3, 6 n) or wider
        Row 0 gets the states at the end; rows 1 and 2 are scratch.
    bodies, end : ndarray, shapes (11, 3) and (11, 6)
        Scratch; the states of the bodies at the end of the step.

    Returns
    -------
    float
        Error of the step over the size of position and velocity [-].
    """
    table, layout, force = world
    m = 6 * n
    y1, e5, e3 = work[0], work[1], work[2]
    for stage in range(1, 13):
        for q in range(m):
            y1[q] = y[q]
        for j in range(stage):
            c = h * _A[stage, j]
            if c != 0.0:
                kj = k[j]
                for q in range(m):
                    y1[q] += c * kj[q]
        if stage < 11:
            body_positions(t + _C[stage] * h, table, layout, bodies)
            block_forces(y1, n, bodies, force, sun_v, nongrav, k[stage])
        else:
            if stage == 11:
                body_states(t + h, table, layout, end)
            block_forces(y1, n, end, force, sun_v, nongrav, k[stage])
    for q in range(m):
        e5[q], e3[q] = 0.0, 0.0
    for j in range(13):
        c5, c3 = h * _E5[j], h * _E3[j]
        kj = k[j]
        for q in range(m):
            e5[q] += c5 * kj[q]
            e3[q] += c3 * kj[q]
    return _worst(y1, e5, e3, n)


@kernel
def _worst(y: F64, e5: F64, e3: F64, n: int) -> float:
    """Combine the estimates of orders 5 and 3 as in [1]; NaN if a state is not a number."""
    worst = 0.0
    for w in range(n):
        r2 = y[w] ** 2 + y[n + w] ** 2 + y[2 * n + w] ** 2
        v2 = y[3 * n + w] ** 2 + y[4 * n + w] ** 2 + y[5 * n + w] ** 2
        s5 = (e5[w] ** 2 + e5[n + w] ** 2 + e5[2 * n + w] ** 2) / r2
        s5 += (e5[3 * n + w] ** 2 + e5[4 * n + w] ** 2 + e5[5 * n + w] ** 2) / v2
        s3 = (e3[w] ** 2 + e3[n + w] ** 2 + e3[2 * n + w] ** 2) / r2
        s3 += (e3[3 * n + w] ** 2 + e3[4 * n + w] ** 2 + e3[5 * n + w] ** 2) / v2
        error = s5 / np.sqrt(2.0 * (s5 + 0.01 * s3) + 1e-300)
        if not error <= worst:
            worst = error
    return worst

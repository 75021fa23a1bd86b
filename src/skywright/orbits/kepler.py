"""Two-body motion for every eccentricity: one equation, no branch at the parabola.

Time is counted from the passage of perihelion. With alpha = (1 - e) / q and the universal functions
U_n = chi^n c_n(alpha chi^2), Kepler's equation, distance and perifocal position are

    sqrt(gm) dt = q chi + e U_3,   r = q + e U_2,   x = q - U_2,   y = sqrt(q (1 + e)) U_1,

sums of terms of one sign, so that nothing cancels near e = 1. Lengths au, times d, angles rad,
unless ``gm`` is given in other units.

References
----------
.. [1] Battin (1999), An Introduction to the Mathematics and Methods of Astrodynamics,
       sections 4.5-4.6.
.. [2] Stumpff (1959), Himmelsmechanik I, chapter V (the functions c_n).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skywright.errors import OrbitError
from skywright.orbits._jit import kernel
from skywright.orbits.constants import GM_SUN

FloatArray = NDArray[np.float64]

_NEWTON_STEPS = 60  # a bound; e = 1 + 1e-12 far out on the asymptote is the slowest
_CONVERGED = 1e-9  # relative step after which a quadratic method is below rounding


@kernel
def stumpff(psi: float) -> tuple[float, float, float, float, float, float]:
    """Return c_0 ... c_5 of ``psi`` [-], for psi <= 10 (one half revolution is pi^2)."""
    if psi < -10.0:
        z = math.sqrt(-psi)
        c0 = math.cosh(z)
        c1 = math.sinh(z) / z
        c2 = (1.0 - c0) / psi
        c3 = (1.0 - c1) / psi
        return c0, c1, c2, c3, (0.5 - c2) / psi, (1.0 / 6.0 - c3) / psi
    # The series of c_4 and c_5: terms fall from the first on while |psi| <= 10.
    c4 = 0.0
    c5 = 0.0
    for k in range(14, -1, -1):
        c4 = (1.0 - psi * c4) / ((2 * k + 3) * (2 * k + 4))
        c5 = (1.0 - psi * c5) / ((2 * k + 4) * (2 * k + 5))
    c4 *= 0.5
    c5 /= 6.0
    c3 = 1.0 / 6.0 - psi * c5
    c2 = 0.5 - psi * c4
    return 1.0 - psi * c2, 1.0 - psi * c3, c2, c3, c4, c5


@kernel
def universal_anomaly(k_dt: float, q: float, e: float) -> float:
    """Solve q chi + e U_3 = ``k_dt`` for chi; ``k_dt`` is sqrt(gm) times the time from perihelion.

    The left side is convex for positive chi up to half a revolution, so that Newton's method comes
    down from above without overshooting.
    """
    alpha = (1.0 - e) / q
    top = 1e300
    if alpha > 0.0:
        mean_motion = alpha * math.sqrt(alpha)
        if mean_motion > 1e-280:
            period = 2.0 * math.pi / mean_motion
            k_dt -= period * np.rint(k_dt / period)
            top = math.pi / math.sqrt(alpha)
    length = abs(k_dt)
    if length == 0.0:
        return 0.0
    chi = length / q
    top = min(top, chi)
    if e > 1e-8:
        z = 1.5 * chi * math.sqrt(0.5 * e / q)
        chi = 2.0 * math.sqrt(2.0 * q / e) * math.sinh(math.asinh(z) / 3.0)
    if alpha < 0.0:
        root = math.sqrt(-alpha)
        chi = min(chi, math.asinh(length * -alpha * root / (e - 1.0)) / root)
    chi = min(chi, top)
    for _ in range(_NEWTON_STEPS):
        _, _, c2, c3, _, _ = stumpff(alpha * chi * chi)
        step = (q * chi + e * chi**3 * c3 - length) / (q + e * chi * chi * c2)
        chi = min(chi - step, top)
        if abs(step) <= _CONVERGED * chi:
            break
    return math.copysign(chi, k_dt)


@kernel
def perifocal_state(
    dt_d: float, q: float, e: float, gm: float
) -> tuple[float, float, float, float]:
    """Return x, y [au] and their rates [au/d] in the perifocal frame, ``dt_d`` after perihelion."""
    k = math.sqrt(gm)
    chi = universal_anomaly(k * dt_d, q, e)
    c0, c1, c2, _, _, _ = stumpff((1.0 - e) / q * chi * chi)
    u1 = chi * c1
    u2 = chi * chi * c2
    root_p = math.sqrt(q * (1.0 + e))
    rate = k / (q + e * u2)
    return q - u2, root_p * u1, -rate * u1, rate * root_p * c0


@kernel
def time_since_perihelion(x: float, y: float, q: float, e: float) -> float:
    """Return sqrt(gm) times the time from perihelion to perifocal ``x``, ``y`` [au]."""
    alpha = (1.0 - e) / q
    u1 = y / math.sqrt(q * (1.0 + e))
    if alpha > 0.0:
        root = math.sqrt(alpha)
        chi = math.atan2(u1 * root, 1.0 - alpha * (q - x)) / root
    elif alpha < 0.0:
        root = math.sqrt(-alpha)
        chi = math.asinh(u1 * root) / root
    else:
        chi = u1
    _, _, _, c3, _, _ = stumpff(alpha * chi * chi)
    return q * chi + e * chi**3 * c3


@kernel
def orbit_of_state(
    state: FloatArray, gm: float
) -> tuple[float, float, float, float, float, float, float]:
    """Return q, e, i, node, peri, time since perihelion and h of one state (6,).

    On a circle the perihelion is put at the node, without inclination the node at the x axis.
    """
    x, y, z, vx, vy, vz = state[0], state[1], state[2], state[3], state[4], state[5]
    hx = y * vz - z * vy
    hy = z * vx - x * vz
    hz = x * vy - y * vx
    h_xy = math.sqrt(hx * hx + hy * hy)
    h = math.sqrt(h_xy * h_xy + hz * hz)
    r = math.sqrt(x * x + y * y + z * z)
    inclination = math.atan2(h_xy, hz)
    node = math.atan2(hx, -hy) if h_xy > 0.0 else 0.0
    cos_node, sin_node = math.cos(node), math.sin(node)
    # Argument of latitude: the angle from the node to the position, in the plane of the orbit.
    along = x * cos_node + y * sin_node
    ahead = math.cos(inclination) * (y * cos_node - x * sin_node) + math.sin(inclination) * z
    # The perihelion is measured back from the position, so that an error of h far out on a
    # hyperbola does not turn the orbit.
    p = h * h / gm
    e_cos = p / r - 1.0
    e_sin = math.sqrt(p / gm) * (x * vx + y * vy + z * vz) / r
    e = math.sqrt(e_cos * e_cos + e_sin * e_sin)
    latitude = math.atan2(ahead, along)
    if e < 1e-15:
        e = 0.0
        anomaly = latitude
    else:
        anomaly = math.atan2(e_sin, e_cos)
    peri = latitude - anomaly
    q = p / (1.0 + e)
    dt = time_since_perihelion(r * math.cos(anomaly), r * math.sin(anomaly), q, e) / math.sqrt(gm)
    return q, e, inclination, node, peri, dt, h


@kernel
def place_state(
    orbit: tuple[float, float, float, float, float], dt_d: float, gm: float, out: FloatArray
) -> None:
    """Write the state (6,) of ``orbit`` = (q, e, i, node, peri), ``dt_d`` after perihelion."""
    q, e, inclination, node, peri = orbit
    x, y, vx, vy = perifocal_state(dt_d, q, e, gm)
    cos_i, sin_i = math.cos(inclination), math.sin(inclination)
    cos_node, sin_node = math.cos(node), math.sin(node)
    cos_peri, sin_peri = math.cos(peri), math.sin(peri)
    # Rotate by the argument of perihelion first: on the node line the rest is short.
    n, m = x * cos_peri - y * sin_peri, x * sin_peri + y * cos_peri
    vn, vm = vx * cos_peri - vy * sin_peri, vx * sin_peri + vy * cos_peri
    out[0] = n * cos_node - m * cos_i * sin_node
    out[1] = n * sin_node + m * cos_i * cos_node
    out[2] = m * sin_i
    out[3] = vn * cos_node - vm * cos_i * sin_node
    out[4] = vn * sin_node + vm * cos_i * cos_node
    out[5] = vm * sin_i


@kernel
def _move_states(states: FloatArray, dt_d: FloatArray, gm: float, out: FloatArray) -> None:
    for row in range(states.shape[0]):
        q, e, inclination, node, peri, since, _ = orbit_of_state(states[row], gm)
        place_state((q, e, inclination, node, peri), since + dt_d[row], gm, out[row])


@kernel
def _solve_kepler(e: FloatArray, mean_anomaly: FloatArray, out: FloatArray) -> None:
    for k in range(e.shape[0]):
        out[k] = universal_anomaly(mean_anomaly[k], abs(1.0 - e[k]), e[k])


def writable(array: FloatArray) -> FloatArray:
    """Return an array that kernels take as it is: a read-only one would be compiled for anew."""
    return np.require(array, np.float64, ["C", "W"])


def propagate_two_body(states: ArrayLike, dt_d: ArrayLike, gm: float = GM_SUN) -> FloatArray:
    """Move states along their Kepler orbits.

    Parameters
    ----------
    states : array-like, shape (n, 6) or (6,)
        Positions [au] and velocities [au/d] relative to the attracting body, any inertial frame.
    dt_d : array-like, scalar or shape (n,)
        Time to move, either sign [d of TDB].
    gm : float
        Gravitational parameter [au^3/d^2].

    Returns
    -------
    ndarray, shape (n, 6)
        States [au, au/d] after ``dt_d``.

    Raises
    ------
    OrbitError
        If a state is not finite or moves straight towards or away from the body.

    References
    ----------
    Battin (1999), section 4.5.
    """
    given = checked_states(states)
    out = np.empty_like(given)
    times = np.broadcast_to(np.asarray(dt_d, np.float64), (given.shape[0],))
    if not np.all(np.isfinite(times)):
        message = "dt_d must be finite days; remove NaN and infinite values."
        raise OrbitError(message)
    _move_states(given, writable(times), float(gm), out)
    return out


def checked_states(states: ArrayLike) -> FloatArray:
    """Return states as a contiguous (n, 6) array, or refuse them.

    Parameters
    ----------
    states : array-like, shape (n, 6) or (6,)
        Positions [au] and velocities [au/d].

    Returns
    -------
    ndarray, shape (n, 6)
        The same numbers.

    Raises
    ------
    OrbitError
        If the shape is wrong, a number is not finite, or the angular momentum is zero.
    """
    given = writable(np.atleast_2d(np.asarray(states, np.float64)))
    if given.ndim != 2 or given.shape[1] != 6:
        message = (
            f"states must have six columns x, y, z, vx, vy, vz; the shape given is {given.shape}."
        )
        raise OrbitError(message)
    finite = np.isfinite(given).all(axis=1)
    if not finite.all():
        row = int(np.argmin(finite))
        message = f"State in row {row} has a NaN or infinite number; mend or remove it."
        raise OrbitError(message)
    straight = np.linalg.norm(np.cross(given[:, :3], given[:, 3:]), axis=1) <= 1e-12 * (
        np.linalg.norm(given[:, :3], axis=1) * np.linalg.norm(given[:, 3:], axis=1)
    )
    if straight.any():
        row = int(np.argmax(straight))
        message = (
            f"State in row {row} moves along its own radius (angular momentum 0), which has no "
            "perihelion; change the velocity."
        )
        raise OrbitError(message)
    return given


def eccentric_anomaly(e: ArrayLike, mean_anomaly: ArrayLike) -> FloatArray:
    """Solve Kepler's equation: E - e sin E = M, or e sinh H - H = M where e > 1.

    Parameters
    ----------
    e : array-like, broadcastable with ``mean_anomaly``
        Eccentricity [-], >= 0 and not 1 (a parabola has no mean anomaly; use a time).
    mean_anomaly : array-like
        Mean anomaly M [rad]; any revolution.

    Returns
    -------
    ndarray, the broadcast shape
        E [rad] in [-pi, pi] where e < 1, the hyperbolic anomaly H where e > 1.

    Raises
    ------
    OrbitError
        If an eccentricity is negative, 1 or not finite.

    References
    ----------
    Vallado (2013), section 2.2.
    """
    ecc, mean = np.broadcast_arrays(np.asarray(e, np.float64), np.asarray(mean_anomaly, np.float64))
    good = np.isfinite(ecc) & (ecc >= 0) & (ecc != 1) & np.isfinite(mean)
    if not good.all():
        bad = np.flatnonzero(~good.ravel())[0]
        message = (
            "Kepler's equation needs e >= 0, e other than 1 and a finite mean anomaly, got "
            f"e={ecc.ravel()[bad]:.6g}, M={mean.ravel()[bad]:.6g}."
        )
        raise OrbitError(message)
    out = np.empty(ecc.size)
    _solve_kepler(writable(ecc.ravel()), writable(mean.ravel()), out)
    return out.reshape(ecc.shape)

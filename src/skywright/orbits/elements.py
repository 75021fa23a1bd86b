"""Orbital elements to states and back, with derivatives, for every eccentricity.

Elements are q, e, i, node, peri and the time of perihelion, which all stay finite on a parabola.
Frame: mean ecliptic and equinox of J2000, heliocentric unless ``gm`` says otherwise; TDB;
rad, au, d.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skywright.errors import OrbitError
from skywright.orbits._jit import kernel
from skywright.orbits.constants import GM_SUN
from skywright.orbits.kepler import (
    checked_states,
    orbit_of_state,
    place_state,
    stumpff,
    universal_anomaly,
    writable,
)

FloatArray = NDArray[np.float64]


class Elements(NamedTuple):
    """Perihelion elements of n orbits, each an array of shape (n,)."""

    q_au: FloatArray
    """Perihelion distance [au], > 0."""
    e: FloatArray
    """Eccentricity [-], >= 0."""
    i: FloatArray
    """Inclination [rad], 0 to pi."""
    node: FloatArray
    """Longitude of the ascending node [rad]."""
    peri: FloatArray
    """Argument of perihelion [rad]."""
    tp_jd_tdb: FloatArray
    """Time of perihelion [JD TDB]."""
    tp_rest_d: FloatArray | float = 0.0
    """What ``tp_jd_tdb`` cannot hold [d]: a Julian date in one double is only good to 0.04 ms."""


_RANGES: dict[str, tuple[Callable[[FloatArray], NDArray[np.bool_]], str]] = {
    "q_au": (lambda v: v > 0, "greater than 0 au"),
    "e": (lambda v: v >= 0, "0 or more"),
    "i": (lambda v: (v >= 0) & (v <= math.pi), "0 to pi rad (0 to 180 deg)"),
}


def checked_elements(elements: Elements) -> Elements:
    """Return elements as contiguous float64 arrays of one length, or refuse them.

    Parameters
    ----------
    elements : Elements
        Arrays or scalars that broadcast to shape (n,).

    Returns
    -------
    Elements
        Every field of shape (n,).

    Raises
    ------
    OrbitError
        Naming row, field, value and allowed range of the first fault.
    """
    fields = [np.atleast_1d(np.asarray(field, np.float64)) for field in elements]
    try:
        fields = [writable(np.array(field)) for field in np.broadcast_arrays(*fields)]
    except ValueError as error:
        message = (
            f"The element arrays must have one length; the shapes are {[f.shape for f in fields]}."
        )
        raise OrbitError(message) from error
    for name, field in zip(Elements._fields, fields, strict=True):
        good: NDArray[np.bool_] = np.isfinite(field)
        allowed = "a finite number"
        if name in _RANGES and good.all():
            test, allowed = _RANGES[name]
            good = test(field)
        if not good.all():
            row = int(np.argmin(good))
            message = (
                f"Element {name}={field[row]:.10g} in row {row} must be {allowed}; correct it."
            )
            raise OrbitError(message)
    return Elements(*fields)


@kernel
def _place_all(angles: FloatArray, dt_d: FloatArray, gm: float, out: FloatArray) -> None:
    for row in range(dt_d.shape[0]):
        q, e, i, node, peri = angles[row]
        place_state((q, e, i, node, peri), dt_d[row], gm, out[row])


@kernel
def _orbits_of_states(states: FloatArray, gm: float, out: FloatArray) -> None:
    for row in range(states.shape[0]):
        q, e, i, node, peri, since, _ = orbit_of_state(states[row], gm)
        out[row, 0] = q
        out[row, 1] = e
        out[row, 2] = i
        out[row, 3] = node
        out[row, 4] = peri
        out[row, 5] = since


def state_from_elements(
    elements: Elements, epoch_jd_tdb: ArrayLike, gm: float = GM_SUN
) -> FloatArray:
    """Return where bodies are, and how fast they move, at an epoch.

    Parameters
    ----------
    elements : Elements
        Orbits, heliocentric ecliptic J2000 [au, rad, JD TDB].
    epoch_jd_tdb : array-like, scalar or shape (n,)
        Time of the state [JD TDB].
    gm : float
        Gravitational parameter of the central body [au^3/d^2].

    Returns
    -------
    ndarray, shape (n, 6)
        Position [au] and velocity [au/d] in the frame of the elements.

    Raises
    ------
    OrbitError
        If an element is outside its range (e < 0, q <= 0, i > 180 deg, NaN).

    References
    ----------
    Vallado (2013), algorithm 10, with universal variables instead of anomalies.
    """
    orbits = checked_elements(elements)
    since = _time_since_perihelion(orbits, epoch_jd_tdb)
    out = np.empty((orbits.e.size, 6))
    angles = np.stack(orbits[:5], axis=1)
    _place_all(angles, since, float(gm), out)
    return out


def elements_from_state(states: ArrayLike, epoch_jd_tdb: ArrayLike, gm: float = GM_SUN) -> Elements:
    """Return the orbits that pass through states.

    Parameters
    ----------
    states : array-like, shape (n, 6)
        Position [au] and velocity [au/d] relative to the central body, ecliptic J2000.
    epoch_jd_tdb : array-like, scalar or shape (n,)
        Time of the states [JD TDB].
    gm : float
        Gravitational parameter of the central body [au^3/d^2].

    Returns
    -------
    Elements
        Node and argument of perihelion in [0, 2 pi); the perihelion nearest in time for closed
        orbits. Without inclination the node is 0; on a circle the argument of perihelion is 0.

    Raises
    ------
    OrbitError
        If a state is not finite or has no angular momentum.

    References
    ----------
    Vallado (2013), algorithm 9, with the time of perihelion instead of an anomaly.
    """
    given = checked_states(states)
    out = np.empty((given.shape[0], 6))
    _orbits_of_states(given, float(gm), out)
    epoch = np.broadcast_to(np.asarray(epoch_jd_tdb, np.float64), (given.shape[0],))
    tp = epoch - out[:, 5]
    rest = (epoch - tp) - out[:, 5]
    q, e, i, node, peri = (np.ascontiguousarray(out[:, k]) for k in range(5))
    return Elements(q, e, i, node % math.tau, peri % math.tau, tp, rest)


def _time_since_perihelion(orbits: Elements, epoch_jd_tdb: ArrayLike) -> FloatArray:
    epoch = np.asarray(epoch_jd_tdb, np.float64)
    if not np.isfinite(epoch).all():
        message = "epoch_jd_tdb must be a finite Julian date; remove NaN and infinite values."
        raise OrbitError(message)
    since = (epoch - orbits.tp_jd_tdb) - orbits.tp_rest_d
    return writable(np.broadcast_to(since, orbits.e.shape))


@kernel
def _fill_shape_derivatives(
    q: float, e: float, dt_d: float, gm: float, out: FloatArray
) -> tuple[float, float, float, float]:
    """Write d(x, y, vx, vy)/d(e, q) in the perifocal frame; return x, y, vx, vy.

    Uses dU_n/dchi = U_{n-1} and dU_n/dalpha = (n U_{n+2} - chi U_{n+1}) / 2 (Battin 1999,
    section 4.6).
    """
    k = math.sqrt(gm)
    alpha = (1.0 - e) / q
    chi = universal_anomaly(k * dt_d, q, e)
    u0, c1, c2, c3, c4, c5 = stumpff(alpha * chi * chi)
    u1, u2, u3 = chi * c1, chi**2 * c2, chi**3 * c3
    u4, u5 = chi**4 * c4, chi**5 * c5
    da0 = -0.5 * chi * u1
    da1 = 0.5 * (u3 - chi * u2)
    da2 = u4 - 0.5 * chi * u3
    da3 = 0.5 * (3.0 * u5 - chi * u4)
    r = q + e * u2
    root_p = math.sqrt(q * (1.0 + e))
    rate = k / r
    for column in range(2):
        de, dq = (1.0, 0.0) if column == 0 else (0.0, 1.0)
        d_alpha = -de / q - alpha * dq / q
        d_chi = -(chi * dq + u3 * de + e * da3 * d_alpha) / r
        d0 = -alpha * u1 * d_chi + da0 * d_alpha
        d1 = u0 * d_chi + da1 * d_alpha
        d2 = u1 * d_chi + da2 * d_alpha
        d_r = dq + de * u2 + e * d2
        d_root_p = 0.5 * (dq * (1.0 + e) + q * de) / root_p
        d_rate = -rate * d_r / r
        out[0, column] = dq - d2
        out[1, column] = d_root_p * u1 + root_p * d1
        out[2, column] = -d_rate * u1 - rate * d1
        out[3, column] = d_rate * root_p * u0 + rate * (d_root_p * u0 + root_p * d0)
    return q - u2, root_p * u1, -rate * u1, rate * root_p * u0


@kernel
def _fill_jacobians(angles: FloatArray, dt_d: FloatArray, gm: float, out: FloatArray) -> None:
    shape = np.empty((4, 2))
    for row in range(dt_d.shape[0]):
        q, e, i, node, peri = angles[row]
        x, y, vx, vy = _fill_shape_derivatives(q, e, dt_d[row], gm, shape)
        cn, sn, ci, si = math.cos(node), math.sin(node), math.cos(i), math.sin(i)
        cw, sw = math.cos(peri), math.sin(peri)
        axis_p = (cw * cn - sw * ci * sn, cw * sn + sw * ci * cn, sw * si)
        axis_q = (-sw * cn - cw * ci * sn, -sw * sn + cw * ci * cn, cw * si)
        normal = (si * sn, -si * cn, ci)
        pull = -gm / (x * x + y * y) ** 1.5
        for half in range(2):
            a, b = (x, y) if half == 0 else (vx, vy)
            a_t, b_t = (vx, vy) if half == 0 else (pull * x, pull * y)
            rise = sw * a + cw * b
            for axis in range(3):
                at = 3 * half + axis
                for column in range(2):
                    out[row, at, column] = (
                        axis_p[axis] * shape[2 * half, column]
                        + axis_q[axis] * shape[2 * half + 1, column]
                    )
                out[row, at, 2] = -(axis_p[axis] * a_t + axis_q[axis] * b_t)
                out[row, at, 4] = axis_q[axis] * a - axis_p[axis] * b
                out[row, at, 5] = rise * normal[axis]
            out[row, 3 * half, 3] = -(axis_p[1] * a + axis_q[1] * b)
            out[row, 3 * half + 1, 3] = axis_p[0] * a + axis_q[0] * b
            out[row, 3 * half + 2, 3] = 0.0


def state_jacobian(elements: Elements, epoch_jd_tdb: ArrayLike, gm: float = GM_SUN) -> FloatArray:
    """Return how states change with elements: carries a covariance from one to the other.

    Parameters
    ----------
    elements : Elements
        Orbits, heliocentric ecliptic J2000 [au, rad, JD TDB].
    epoch_jd_tdb : array-like, scalar or shape (n,)
        Time of the states [JD TDB].
    gm : float
        Gravitational parameter of the central body [au^3/d^2].

    Returns
    -------
    ndarray, shape (n, 6, 6)
        d(x, y, z, vx, vy, vz)/d(e, q, tp, node, peri, i) in au, au/d per 1, au, d, rad, rad, rad:
        the element order of JPL's covariances.

    Raises
    ------
    OrbitError
        If an element is outside its range.
    """
    orbits = checked_elements(elements)
    out = np.empty((orbits.e.size, 6, 6))
    since = _time_since_perihelion(orbits, epoch_jd_tdb)
    _fill_jacobians(np.stack(orbits[:5], axis=1), since, float(gm), out)
    return out


def tp_from_mean_anomaly(
    a_au: ArrayLike,
    e: ArrayLike,
    mean_anomaly_rad: ArrayLike,
    epoch_jd_tdb: ArrayLike,
    gm: float = GM_SUN,
) -> FloatArray:
    """Return the time of the perihelion nearest to an epoch.

    Parameters
    ----------
    a_au : array-like, shape (n,)
        Semi-major axis [au]; negative for hyperbolae.
    e : array-like, shape (n,)
        Eccentricity [-]; not 1.
    mean_anomaly_rad : array-like, shape (n,)
        Mean anomaly at the epoch [rad]; any revolution for closed orbits.
    epoch_jd_tdb : array-like, scalar or shape (n,)
        Epoch [JD TDB].
    gm : float
        Gravitational parameter [au^3/d^2].

    Returns
    -------
    ndarray, shape (n,)
        Time of perihelion [JD TDB].

    Raises
    ------
    OrbitError
        If a and e do not belong together (a > 0 with e < 1, a < 0 with e > 1).
    """
    a, ecc = np.asarray(a_au, np.float64), np.asarray(e, np.float64)
    mean = np.asarray(mean_anomaly_rad, np.float64)
    _refuse_mixed_axis(a, ecc)
    nearest = np.where(ecc < 1, (mean + math.pi) % math.tau - math.pi, mean)
    tp: FloatArray = np.asarray(epoch_jd_tdb, np.float64) - nearest * np.sqrt(np.abs(a) ** 3 / gm)
    return tp


def mean_anomaly(elements: Elements, epoch_jd_tdb: ArrayLike, gm: float = GM_SUN) -> FloatArray:
    """Return the mean anomaly at an epoch [rad], shape (n,): in [-pi, pi) for closed orbits.

    Parameters
    ----------
    elements : Elements
        Orbits [au, rad, JD TDB]; a parabola has none and gives 0.
    epoch_jd_tdb : array-like, scalar or shape (n,)
        Epoch [JD TDB].
    gm : float
        Gravitational parameter [au^3/d^2].

    Returns
    -------
    ndarray, shape (n,)
        Mean anomaly [rad].

    Raises
    ------
    OrbitError
        If an element is outside its range.
    """
    orbits = checked_elements(elements)
    since = _time_since_perihelion(orbits, epoch_jd_tdb)
    alpha = np.abs(1 - orbits.e) / orbits.q_au
    mean: FloatArray = since * np.sqrt(gm * alpha**3)
    return np.where(orbits.e < 1, (mean + math.pi) % math.tau - math.pi, mean)


def _refuse_mixed_axis(a: FloatArray, e: FloatArray) -> None:
    good = np.isfinite(a) & np.isfinite(e) & (e >= 0) & (((a > 0) & (e < 1)) | ((a < 0) & (e > 1)))
    if not np.all(good):
        k = int(np.argmin(np.atleast_1d(good)))
        a_, e_ = (float(np.broadcast_to(v, np.shape(good)).ravel()[k]) for v in (a, e))
        message = (
            f"Semi-major axis a={a_:.10g} au and eccentricity e={e_:.10g} in row {k} do not belong "
            "together: give a > 0 with 0 <= e < 1, or a < 0 with e > 1."
        )
        raise OrbitError(message)

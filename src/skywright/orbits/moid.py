"""Minimum orbit intersection distance: how near two osculating orbits come to each other.

The convention for planets is the one that reproduces JPL's published values: the planet's orbit is
the osculating heliocentric one, of DE440's body centre (the geocentre for the Earth) with the GM of
the Sun alone, at the epoch of the elements. Mean ecliptic and equinox of J2000; TDB; au, rad. The
second minimum is one of the distance from a point of the orbit to the whole of the planet's orbit.

References
----------
.. [1] Wisniowski & Rickman (2013), Acta Astronomica 63, 293 (scan one orbit, tune the minima).
.. [2] Baluev & Mikryukov (2019), Astronomy and Computing 27, 11 (all critical points).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skywright.errors import InputError, OrbitError
from skywright.orbits._moid_kernels import fill_moids, orbit_axes
from skywright.orbits.elements import Elements, checked_elements, elements_from_state
from skywright.orbits.ephemeris import body_state
from skywright.orbits.threads import map_slices

FloatArray = NDArray[np.float64]

PLANETS = ("mercury", "venus", "earth", "mars", "jupiter", "saturn", "uranus", "neptune", "pluto")
"""Bodies with a heliocentric orbit to measure against."""

_SAMPLES = 48  # against a nearly round orbit; bench/neo_moid.py counts misses on stress sets
_SAMPLES_LONG = 96  # against Mercury and Pluto
_SAMPLES_ECCENTRIC = 256  # the nearest point of an eccentric ellipse may jump: more, shorter steps


class Moid(NamedTuple):
    """The nearest points of n pairs of orbits; every field of shape (n,)."""

    moid_au: FloatArray
    """Least distance [au]."""
    nu: FloatArray
    """True anomaly of the nearest point on the orbit [rad], -pi to pi."""
    body_nu: FloatArray
    """True anomaly of the nearest point on the body's orbit [rad], -pi to pi."""
    moid2_au: FloatArray
    """Second local minimum of the distance [au]; NaN where there is one only."""


def body_elements(body: str, epoch_jd_tdb: ArrayLike) -> Elements:
    """Return the osculating heliocentric orbit of a planet at epochs.

    Parameters
    ----------
    body : str
        One of ``PLANETS``.
    epoch_jd_tdb : array-like, shape (n,)
        Epochs [JD TDB] inside DE440.

    Returns
    -------
    Elements
        Ecliptic J2000, of the body's centre about the Sun with the GM of the Sun alone.

    Raises
    ------
    InputError
        If the body has no heliocentric orbit here.
    EphemerisRangeError
        If an epoch is outside the ephemeris.
    """
    if body not in PLANETS:
        message = f"Body {body!r} has no heliocentric orbit to measure against."
        raise InputError(message, hint=f"Choose one of: {', '.join(PLANETS)}.")
    epoch = np.atleast_1d(np.asarray(epoch_jd_tdb, np.float64))
    return elements_from_state(body_state(body, epoch, center="sun"), epoch)


def moid(
    elements: Elements, epoch_jd_tdb: ArrayLike, body: str = "earth", *, threads: int = 0
) -> Moid:
    """Return the minimum distance of orbits from the orbit of a planet.

    Parameters
    ----------
    elements : Elements
        Orbits of any eccentricity, heliocentric ecliptic J2000 [au, rad]; the times of perihelion
        play no part.
    epoch_jd_tdb : array-like, scalar or shape (n,)
        Epochs of the elements [JD TDB]; the planet's orbit is taken at the same.
    body : str
        One of ``PLANETS``.
    threads : int
        Threads to use; 0 means one per available core.

    Returns
    -------
    Moid
        Distances [au] and true anomalies [rad].

    Raises
    ------
    OrbitError
        If an element is outside its range.
    InputError
        If the body is unknown.
    EphemerisRangeError
        If an epoch is outside the ephemeris.
    """
    orbits = checked_elements(elements)
    epochs = np.broadcast_to(np.asarray(epoch_jd_tdb, np.float64), orbits.e.shape)
    unique, which = np.unique(epochs, return_inverse=True)
    ellipses = _ellipse_rows(body_elements(body, unique))
    out = _search_all(_orbit_rows(orbits), ellipses, which.astype(np.int64), threads)
    return Moid(*np.ascontiguousarray(out.T))


def moid_between(first: Elements, second: Elements, *, threads: int = 0) -> Moid:
    """Return the minimum distance between pairs of orbits about the same body.

    Parameters
    ----------
    first, second : Elements
        Orbits in one frame [au, rad], n of each or one against n; at least one of a pair closed.
    threads : int
        Threads to use; 0 means one per available core.

    Returns
    -------
    Moid
        Distances [au]; ``nu`` on the first orbit, ``body_nu`` on the second [rad].

    Raises
    ------
    OrbitError
        If an element is outside its range, or both orbits of a pair are open.
    """
    a, b = checked_elements(first), checked_elements(second)
    try:
        columns = np.broadcast_arrays(_orbit_rows(a), _orbit_rows(b))
    except ValueError as error:
        message = (
            f"Give as many first orbits as second ones, or one; got {a.e.size} and {b.e.size}."
        )
        raise OrbitError(message) from error
    rows_a, rows_b = (np.ascontiguousarray(column) for column in columns)
    both_open = (rows_a[:, 1] >= 1) & (rows_b[:, 1] >= 1)
    if both_open.any():
        row = int(np.argmax(both_open))
        message = f"Both orbits of row {row} are open (e >= 1); one must be closed."
        raise OrbitError(message)
    # The rounder orbit is the ellipse, the other one is run through.
    swap = rows_a[:, 1] < rows_b[:, 1]
    runner, ellipse = (
        np.where(swap[:, None], rows_b, rows_a),
        np.where(swap[:, None], rows_a, rows_b),
    )
    ellipse = np.ascontiguousarray(ellipse)
    ellipse[:, 0] /= 1 - ellipse[:, 1]
    out = _search_all(np.ascontiguousarray(runner), ellipse, np.arange(len(swap)), threads)
    out[swap, 1:3] = out[swap, 2:0:-1]
    return Moid(*np.ascontiguousarray(out.T))


def moid_gradient(elements: Elements, epoch_jd_tdb: ArrayLike, body: str = "earth") -> FloatArray:
    """Return how the MOID changes with the elements, to carry an uncertainty into it.

    At a minimum the distance does not change with the two anomalies, so that its derivative is the
    one at fixed anomalies (envelope theorem). It points along the common normal of the two orbits.

    Parameters
    ----------
    elements : Elements
        Orbits, heliocentric ecliptic J2000 [au, rad].
    epoch_jd_tdb : array-like, scalar or shape (n,)
        Epochs of the elements [JD TDB].
    body : str
        One of ``PLANETS``.

    Returns
    -------
    ndarray, shape (n, 6)
        d(moid)/d(e, q, tp, node, peri, i) [au per 1, au, d, rad, rad, rad]. Where the orbits cross
        (moid 0) the distance has a corner and the sign is arbitrary.

    Raises
    ------
    OrbitError
        If an element is outside its range.
    """
    orbits = checked_elements(elements)
    epochs = np.broadcast_to(np.asarray(epoch_jd_tdb, np.float64), orbits.e.shape)
    nearest = moid(orbits, epochs, body)
    unique, which = np.unique(epochs, return_inverse=True)
    planet = body_elements(body, unique)
    planet = Elements(*(np.asarray(field)[which] for field in planet))
    point, tangent = _point_and_tangent(orbits, nearest.nu)
    other, other_tangent = _point_and_tangent(planet, nearest.body_nu)
    direction = _unit_normal(point - other, tangent, other_tangent)
    slopes = _point_derivatives(orbits, nearest.nu, point)
    return np.asarray(np.einsum("nk,nck->nc", direction, slopes))


def _unit_normal(gap: FloatArray, tangent: FloatArray, other: FloatArray) -> FloatArray:
    """Return the unit vector of ``gap``, from the tangents where it is too short to have one."""
    normal = np.cross(tangent, other)
    size = np.linalg.norm(normal, axis=1, keepdims=True)
    scale = np.linalg.norm(tangent, axis=1) * np.linalg.norm(other, axis=1)
    crossing = size[:, 0] > 1e-6 * scale
    sign = np.where(np.sum(gap * normal, axis=1, keepdims=True) < 0, -1.0, 1.0)
    length = np.linalg.norm(gap, axis=1, keepdims=True)
    straight = gap / np.where(length > 0, length, 1.0)
    return np.where(crossing[:, None], sign * normal / np.where(size > 0, size, 1.0), straight)


def _axes(orbits: Elements) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the perifocal unit vectors P, Q, W of orbits, each (n, 3)."""
    out = np.empty((orbits.e.size, 3, 3))
    for row in range(orbits.e.size):
        orbit_axes(float(orbits.i[row]), float(orbits.node[row]), float(orbits.peri[row]), out[row])
    return out[:, 0], out[:, 1], out[:, 2]


def _point_and_tangent(orbits: Elements, nu: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return positions [au] at true anomalies [rad] and vectors along the tangent, each (n, 3)."""
    P, Q, _ = _axes(orbits)
    c, s = np.cos(nu)[:, None], np.sin(nu)[:, None]
    e = orbits.e[:, None]
    radius = (orbits.q_au * (1 + orbits.e))[:, None] / (1 + e * c)
    return radius * (c * P + s * Q), (e + c) * Q - s * P


def _point_derivatives(orbits: Elements, nu: FloatArray, point: FloatArray) -> FloatArray:
    """Return d(point)/d(e, q, tp, node, peri, i) at fixed true anomaly, shape (n, 6, 3)."""
    _, _, W = _axes(orbits)
    c, e, q = np.cos(nu), orbits.e, orbits.q_au
    out = np.zeros((e.size, 6, 3))
    # r = q (1 + e) / (1 + e c): dr/de over r, and dr/dq over r.
    out[:, 0] = point * ((1 - c) / ((1 + e) * (1 + e * c)))[:, None]
    out[:, 1] = point / q[:, None]
    out[:, 3] = np.cross([0.0, 0.0, 1.0], point)
    out[:, 4] = np.cross(W, point)
    line = np.stack([np.cos(orbits.node), np.sin(orbits.node), np.zeros_like(e)], axis=1)
    out[:, 5] = np.cross(line, point)
    return out


def _orbit_rows(orbits: Elements) -> FloatArray:
    return np.stack(orbits[:5], axis=1)


def _ellipse_rows(orbits: Elements) -> FloatArray:
    rows = _orbit_rows(orbits)
    rows[:, 0] /= 1 - rows[:, 1]
    return rows


def _search_all(
    orbits: FloatArray, ellipses: FloatArray, which: NDArray[np.int64], threads: int
) -> FloatArray:
    out = np.empty((len(orbits), 4))
    longest = ellipses[:, 1].max(initial=0.0)
    samples = (
        _SAMPLES if longest <= 0.12 else _SAMPLES_LONG if longest <= 0.3 else _SAMPLES_ECCENTRIC
    )

    def work(low: int, high: int) -> None:
        fill_moids(orbits[low:high], ellipses, which[low:high], samples, out[low:high])

    map_slices(len(orbits), work, threads=threads)
    return out

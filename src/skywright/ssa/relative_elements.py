"""Relative orbital elements of two objects from their mean elements.

The set of D'Amico and Montenbruck (2006, J. Guidance 29, 554): relative semi-major axis, relative
mean longitude, relative eccentricity and inclination vectors, each times the asset's semi-major
axis so that all are lengths. Mean elements are carried by the secular rates of J2 (Vallado 2013,
section 9.6.1); semi-major axes are Brouwer's, recovered from the Kozai mean motion of element sets
as SGP4 does (Hoots and Roehrich 1980).
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import polars as pl

from skywright.orbits._jit import kernel
from skywright.ssa.element_sets import EARTH_RADIUS_KM, GM_EARTH_KM3_S2

F64 = npt.NDArray[np.float64]

J2 = 1.082616e-3
"""Second zonal harmonic of WGS 72."""

NAMES = ("da", "dlambda", "dex", "dey", "dix", "diy")
"""Order of the relative elements; each in km."""

_S_PER_DAY = 86400.0


def brouwer_axis_km(mean_motion_rev_day: F64, e: F64, i_rad: F64) -> F64:
    """Return Brouwer's semi-major axis of Kozai mean motions [km]; arrays of one shape."""
    n_kozai = mean_motion_rev_day * (2.0 * np.pi / _S_PER_DAY)
    factor = 0.75 * J2 * EARTH_RADIUS_KM**2 * (3.0 * np.cos(i_rad) ** 2 - 1.0)
    factor = factor / (1.0 - e**2) ** 1.5
    a1 = (GM_EARTH_KM3_S2 / n_kozai**2) ** (1.0 / 3.0)
    d1 = factor / a1**2
    a0 = a1 * (1.0 - d1 / 3.0 - d1**2 - 134.0 / 81.0 * d1**3)
    n = n_kozai / (1.0 + factor / a0**2)
    return np.asarray((GM_EARTH_KM3_S2 / n**2) ** (1.0 / 3.0))


def mean_elements(history: pl.DataFrame) -> F64:
    """Return the mean elements of each row of a history.

    Returns
    -------
    (n, 6) array
        Semi-major axis [km], eccentricity, inclination, right ascension of the node, argument of
        perigee, mean anomaly [rad]; TEME of date.
    """
    angles = ("inclination_deg", "raan_deg", "argp_deg", "mean_anomaly_deg")
    i, node, argp, anomaly = (np.radians(history[name].to_numpy()) for name in angles)
    e = history["eccentricity"].to_numpy()
    a = brouwer_axis_km(history["mean_motion_rev_day"].to_numpy(), e, i)
    return np.column_stack([a, e, i, node, argp, anomaly])


def carried(elements: F64, days: npt.ArrayLike) -> F64:
    """Carry mean elements by two-body motion and the secular rates of J2.

    Parameters
    ----------
    elements : (..., 6) array
        As from `mean_elements`.
    days : array, broadcast against the rows
        How far [d].
    """
    given, t = np.asarray(elements, dtype=np.float64), np.asarray(days, dtype=np.float64)
    shape = np.broadcast_shapes(given.shape[:-1], t.shape)
    out = np.empty((*shape, 6))
    rows = np.broadcast_to(given, out.shape).reshape(-1, 6)
    carry(rows, np.broadcast_to(t, shape).reshape(-1), out.reshape(-1, 6))
    return out


@kernel
def carry(elements: F64, days: F64, out: F64) -> None:
    """Fill in what `carried` tells, row by row; for kernels."""
    for k in range(len(days)):
        a, e, i, node, argp, anomaly = elements[k]
        t = days[k] * _S_PER_DAY
        n = math.sqrt(GM_EARTH_KM3_S2 / (a * a * a))
        j = 1.5 * J2 * (EARTH_RADIUS_KM / (a * (1.0 - e * e))) ** 2 * n
        cos_i = math.cos(i)
        out[k, 0], out[k, 1], out[k, 2] = a, e, i
        out[k, 3] = node - j * cos_i * t
        out[k, 4] = argp + j * (2.0 - 2.5 * math.sin(i) ** 2) * t
        mean = n + 0.5 * j * math.sqrt(1.0 - e * e) * (3.0 * cos_i**2 - 1.0)
        out[k, 5] = anomaly + mean * t


def relative_elements(asset: F64, other: F64) -> F64:
    """Return the relative elements of ``other`` about ``asset`` at one time [km].

    Parameters
    ----------
    asset, other : (..., 6) arrays
        Mean elements at the same times, as from `carried`.

    Returns
    -------
    (..., 6) array
        In the order of `NAMES`. The relative inclination vector is taken from the two orbit
        normals, so that it holds for equatorial orbits and large angles too.
    """
    one, two = (np.asarray(x, dtype=np.float64) for x in (asset, other))
    out = np.empty(np.broadcast_shapes(one.shape, two.shape))
    first, second = (np.broadcast_to(x, out.shape).reshape(-1, 6) for x in (one, two))
    _relate(first, second, out.reshape(-1, 6))
    return out


@kernel
def _relate(asset: F64, other: F64, out: F64) -> None:
    for k in range(len(asset)):
        a1, e1, i1, node1, argp1, m1 = asset[k]
        a2, e2, i2, node2, argp2, m2 = other[k]
        dnode = _wrapped(node2 - node1)
        turned = dnode * math.cos(i1)
        peri2 = argp2 + turned
        s1, s2 = math.sin(i1), math.sin(i2)
        out[k, 0] = a2 - a1
        out[k, 1] = _wrapped(argp2 + m2 - argp1 - m1 + turned) * a1
        out[k, 2] = (e2 * math.cos(peri2) - e1 * math.cos(argp1)) * a1
        out[k, 3] = (e2 * math.sin(peri2) - e1 * math.sin(argp1)) * a1
        out[k, 4] = (s2 * math.cos(i1) * math.cos(dnode) - math.cos(i2) * s1) * a1
        out[k, 5] = s2 * math.sin(dnode) * a1


@kernel
def _wrapped(angle: float) -> float:
    turned = angle + math.pi
    return turned - 2.0 * math.pi * math.floor(turned / (2.0 * math.pi)) - math.pi

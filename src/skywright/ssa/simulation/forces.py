"""Acceleration of a satellite: zonals to J6, C22 and S22, Sun, Moon, radiation and drag.

Montenbruck and Gill (2000), Satellite Orbits, chapter 3; coefficients of EGM96 (Vallado 2013,
appendix D). Axes: true equator and mean equinox of date, taken as inertial.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from skywright.orbits._jit import leaf
from skywright.ssa.simulation.surroundings import (
    EARTH_RATE_RAD_S,
    HEIGHT_STEP_KM,
    LOWEST_KM,
    TABLE_STEP_S,
)

F64 = npt.NDArray[np.float64]

GM_KM3_S2 = 398600.4418
"""Gravitational parameter of the Earth [km3/s2]."""

RADIUS_KM = 6378.1363
"""Equatorial radius that the coefficients belong to [km]."""

J = (1.08262668355e-3, -2.53265648533e-6, -1.61962159137e-6, -2.27296082869e-7, 5.40681239107e-7)
"""Zonal harmonics J2 to J6."""

C22, S22 = 1.57446037456e-6, -9.03803806639e-7
"""Tesseral harmonics that move geostationary satellites in longitude."""

_J2, _J3, _J4, _J5, _J6 = J
_GM_SUN, _GM_MOON = 132_712_440_041.9, 4902.800066
_PRESSURE_KM_S2 = 4.56e-6 * 1e-3  # of sunlight at 1 au on 1 m2/kg
_AU2_KM2 = 149_597_870.7**2
_FLATTENING = 1.0 / 298.257


@leaf
def zonal(y: F64, out: F64) -> None:
    """Add the central term and J2 to J6 at a position [km] to ``out`` [km/s2]."""
    r2 = y[0] * y[0] + y[1] * y[1] + y[2] * y[2]
    r = np.sqrt(r2)
    s, q = y[2] / r, RADIUS_KM / r
    radial, axial = 0.0, 0.0
    p_old, p, d_old, d = 1.0, s, 0.0, 1.0
    power = q
    for n in range(2, 7):
        j = _J2 if n == 2 else _J3 if n == 3 else _J4 if n == 4 else _J5 if n == 5 else _J6
        p_new = ((2.0 * n - 1.0) * s * p - (n - 1.0) * p_old) / n
        d_new = d_old + (2.0 * n - 1.0) * p
        p_old, p, d_old, d = p, p_new, d, d_new
        power *= q
        radial += j * power * ((n + 1.0) * p + s * d)
        axial += j * power * d
    g = GM_KM3_S2 / r2
    for c in range(3):
        out[c] += g * (radial - 1.0) * y[c] / r
    out[2] -= g * axial


@leaf
def tesseral(y: F64, sidereal_rad: float, out: F64) -> None:
    """Add the part of C22 and S22 at a position [km] to ``out`` [km/s2]."""
    cos, sin = np.cos(sidereal_rad), np.sin(sidereal_rad)
    x = cos * y[0] + sin * y[1]
    w = cos * y[1] - sin * y[0]
    r2 = x * x + w * w + y[2] * y[2]
    f = 3.0 * GM_KM3_S2 * RADIUS_KM * RADIUS_KM / (r2 * r2 * np.sqrt(r2))
    a = 5.0 * (C22 * (x * x - w * w) + 2.0 * S22 * x * w) / r2
    gx = f * (2.0 * (C22 * x + S22 * w) - a * x)
    gw = f * (2.0 * (S22 * x - C22 * w) - a * w)
    out[0] += cos * gx - sin * gw
    out[1] += sin * gx + cos * gw
    out[2] -= f * a * y[2]


@leaf
def _third_body(y: F64, x: float, w: float, z: float, gm: float, out: F64) -> None:
    d2 = (x - y[0]) ** 2 + (w - y[1]) ** 2 + (z - y[2]) ** 2
    r2 = x * x + w * w + z * z
    near, far = gm / (d2 * np.sqrt(d2)), gm / (r2 * np.sqrt(r2))
    out[0] += near * (x - y[0]) - far * x
    out[1] += near * (w - y[1]) - far * w
    out[2] += near * (z - y[2]) - far * z


@leaf
def _sunlight(y: F64, x: float, w: float, z: float, area_m2_kg: float, out: F64) -> None:
    """Cannonball pressure, none inside a cylindrical shadow."""
    r2 = x * x + w * w + z * z
    r = np.sqrt(r2)
    along = (y[0] * x + y[1] * w + y[2] * z) / r
    if along < 0.0:
        beside = y[0] * y[0] + y[1] * y[1] + y[2] * y[2] - along * along
        if beside < RADIUS_KM * RADIUS_KM:
            return
    push = -_PRESSURE_KM_S2 * area_m2_kg * _AU2_KM2 / r2 / r
    out[0] += push * x
    out[1] += push * w
    out[2] += push * z


@leaf
def _drag(y: F64, inverse_kelvin: float, log_density: F64, area_m2_kg: float, out: F64) -> None:
    r = np.sqrt(y[0] * y[0] + y[1] * y[1] + y[2] * y[2])
    height = r - RADIUS_KM * (1.0 - _FLATTENING * (y[2] / r) ** 2)
    place = (height - LOWEST_KM) / HEIGHT_STEP_KM
    if place >= len(log_density) - 1:
        return
    place = max(place, 0.0)
    k = int(place)
    told = log_density[k] + (place - k) * (log_density[k + 1] - log_density[k])
    low = min(max(height, LOWEST_KM), 1000.0)
    told -= max(low - 175.0, 0.0) * (27.0 - 0.012 * (low - 200.0)) * inverse_kelvin
    vx = y[3] + EARTH_RATE_RAD_S * y[1]
    vy = y[4] - EARTH_RATE_RAD_S * y[0]
    speed = np.sqrt(vx * vx + vy * vy + y[5] * y[5])
    # kg/m3 x m2/kg x km2/s2 is 1e3 km/s2.
    push = -0.5 * np.exp(told) * area_m2_kg * speed * 1e3
    out[0] += push * vx
    out[1] += push * vy
    out[2] += push * y[5]


@leaf
def derivative(
    t_s: float,
    y: F64,
    sidereal_rad: float,
    bodies: F64,
    inverse_kelvin: F64,
    log_density: F64,
    body: F64,
    out: F64,
) -> None:
    """Write the derivative of a state [km, km/s] into ``out``, shape (6,).

    Parameters
    ----------
    t_s : float
        Seconds from the start of the tables of ``Surroundings``.
    body : (2,) array
        Drag coefficient times area over mass, and the same of radiation [m2/kg].
    """
    out[0], out[1], out[2] = y[3], y[4], y[5]
    a = out[3:6]
    a[0] = a[1] = a[2] = 0.0
    zonal(y, a)
    tesseral(y, sidereal_rad + EARTH_RATE_RAD_S * t_s, a)
    place = min(max(t_s / TABLE_STEP_S, 0.0), len(inverse_kelvin) - 1.001)
    k = int(place)
    f = place - k
    sx = bodies[k, 0] + f * (bodies[k + 1, 0] - bodies[k, 0])
    sy = bodies[k, 1] + f * (bodies[k + 1, 1] - bodies[k, 1])
    sz = bodies[k, 2] + f * (bodies[k + 1, 2] - bodies[k, 2])
    _third_body(y, sx, sy, sz, _GM_SUN, a)
    _sunlight(y, sx, sy, sz, body[1], a)
    mx = bodies[k, 3] + f * (bodies[k + 1, 3] - bodies[k, 3])
    my = bodies[k, 4] + f * (bodies[k + 1, 4] - bodies[k, 4])
    mz = bodies[k, 5] + f * (bodies[k + 1, 5] - bodies[k, 5])
    _third_body(y, mx, my, mz, _GM_MOON, a)
    warm = inverse_kelvin[k] + f * (inverse_kelvin[k + 1] - inverse_kelvin[k])
    _drag(y, warm, log_density, body[0], a)

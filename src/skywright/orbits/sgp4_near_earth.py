"""SGP4 of near-earth element sets (periods below 225 minutes), as kernels that release the GIL.

Vallado, Crawford, Hujsak and Kelso (2006, AIAA 2006-6753, "improved" mode) with the constants of
WGS 72, term by term, so that states agree with the published code to micrometres. What depends on a
set alone is worked out once (`prepared`); then any times are cheap (`states`). Deep-space sets need
lunar, solar and resonance terms, which are not here.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from skywright.orbits._jit import leaf

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

DEEP_SPACE_MIN = 225.0
"""Periods from this on need the deep-space terms [min]."""

PREPARED = np.dtype(
    [
        (name, np.float64)
        for name in (
            *("near", "simple", "n", "e", "i", "cos_i", "sin_i", "node", "argp", "anomaly", "axis"),
            *("node_rate", "argp_rate", "anomaly_rate", "node_drag", "argp_drag", "anomaly_drag"),
            *("eta", "eta_cubed", "sin_anomaly", "con41", "x1mth2", "x7thm1", "xl_cof", "ay_cof"),
            *("cc1", "cc4", "cc5", "d2", "d3", "d4", "t2", "t3", "t4", "t5"),
        )
    ]
)
"""What is known of a set before any time; names follow the report where it has one."""

_GM_KM3_S2, _RADIUS_KM = 398600.8, 6378.135
_J2, _J3, _J4 = 1.082616e-3, -2.53881e-6, -1.65597e-6
_XKE = 60.0 / math.sqrt(_RADIUS_KM**3 / _GM_KM3_S2)
_J3_OVER_J2 = _J3 / _J2
_KM_S = _RADIUS_KM * _XKE / 60.0
_TWO_PI = 2.0 * math.pi
_NEAR_POLE = 1.5e-12
_ROUND = 1e-4  # below this eccentricity the report leaves some drag terms out
_LOW_KM, _LOWEST_KM = 156.0, 98.0  # perigees below which the edge of the atmosphere comes down
_SIMPLE_BELOW_KM = 220.0
_SURE, _MOST_STEPS, _LONGEST_STEP = 1e-12, 10, 0.95
_SMALL = 0.02  # the next terms of both series are below 1e-16


def prepared(elements: F64) -> npt.NDArray[Any]:
    """Work out what depends on sets alone.

    Parameters
    ----------
    elements : (n, 7) array
        Kozai mean motion [rad/min], eccentricity, inclination, node, argument of perigee, mean
        anomaly [rad], B* [1/Earth radii].

    Returns
    -------
    (n,) array of `PREPARED`
        ``near`` is 0 for deep-space sets, of which `states` tells nothing.
    """
    out = np.zeros(len(elements), PREPARED)
    _prepare_all(np.ascontiguousarray(elements, np.float64), out)
    return out


def states(sets: npt.NDArray[Any], rows: I64, minutes: F64) -> F64:
    """Propagate sets to times.

    Parameters
    ----------
    sets : (n,) array
        As from `prepared`.
    rows : (m,) array of int
        Which set each time asks.
    minutes : (m,) array
        Times since the epoch of that set [min].

    Returns
    -------
    (m, 6) array
        Position [km] and velocity [km/s], TEME of date; NaN where SGP4 gives an error (decayed,
        eccentricity out of range) and for deep-space sets.
    """
    out = np.empty((len(rows), 6))
    _propagate_all(sets, rows, minutes, out)
    return out


@leaf
def _prepare_all(elements: F64, out: npt.NDArray[Any]) -> None:
    for k in range(len(elements)):
        kozai, e, i, node, argp, anomaly, bstar = elements[k]
        c = out[k]
        c.e, c.i, c.node, c.argp, c.anomaly = e, i, node, argp, anomaly
        c.cos_i, c.sin_i = math.cos(i), math.sin(i)
        c.con41, c.x1mth2 = 3.0 * c.cos_i**2 - 1.0, 1.0 - c.cos_i**2
        c.x7thm1 = 7.0 * c.cos_i**2 - 1.0
        c.n = _brouwer(kozai, e, c.con41)
        c.axis = (_XKE / c.n) ** (2.0 / 3.0)
        c.near = 1.0 if _TWO_PI / c.n < DEEP_SPACE_MIN else 0.0
        c.xl_cof = -0.25 * _J3_OVER_J2 * c.sin_i * (3.0 + 5.0 * c.cos_i)
        c.xl_cof /= max(1.0 + c.cos_i, _NEAR_POLE)
        c.ay_cof = -0.5 * _J3_OVER_J2 * c.sin_i
        _prepare_rates(c)
        _prepare_drag(c, bstar)


@leaf
def _brouwer(kozai: float, e: float, con41: float) -> float:
    """Return Brouwer's mean motion [rad/min] from Kozai's."""
    left = 1.0 - e * e
    ak: float = (_XKE / kozai) ** (2.0 / 3.0)
    d1 = 0.75 * _J2 * con41 / (math.sqrt(left) * left)
    shift = d1 / (ak * ak)
    axis = ak * (1.0 - shift * shift - shift * (1.0 / 3.0 + 134.0 * shift * shift / 81.0))
    return kozai / (1.0 + d1 / (axis * axis))


@leaf
def _prepare_rates(c: Any) -> None:
    """Secular rates of J2 and J4 [rad/min]."""
    left = 1.0 - c.e * c.e
    root, c2 = math.sqrt(left), c.cos_i * c.cos_i
    c4 = c2 * c2
    inverse = 1.0 / (c.axis * left) ** 2
    t1 = 1.5 * _J2 * inverse * c.n
    t2 = 0.5 * t1 * _J2 * inverse
    t3 = -0.46875 * _J4 * inverse * inverse * c.n
    c.anomaly_rate = c.n + 0.5 * t1 * root * c.con41
    c.anomaly_rate += 0.0625 * t2 * root * (13.0 - 78.0 * c2 + 137.0 * c4)
    c.argp_rate = -0.5 * t1 * (1.0 - 5.0 * c2) + 0.0625 * t2 * (7.0 - 114.0 * c2 + 395.0 * c4)
    c.argp_rate += t3 * (3.0 - 36.0 * c2 + 49.0 * c4)
    c.node_rate = -t1 * c.cos_i
    c.node_drag = 3.5 * left * c.node_rate  # times cc1, once that is known
    c.node_rate += (0.5 * t2 * (4.0 - 19.0 * c2) + 2.0 * t3 * (3.0 - 7.0 * c2)) * c.cos_i


@leaf
def _prepare_drag(c: Any, bstar: float) -> None:
    """Coefficients of the power-law atmosphere."""
    a, e, n = c.axis, c.e, c.n
    perigee_km = (a * (1.0 - e) - 1.0) * _RADIUS_KM
    edge_km = 78.0
    if perigee_km < _LOW_KM:
        edge_km = 20.0 if perigee_km < _LOWEST_KM else perigee_km - 78.0
    s = edge_km / _RADIUS_KM + 1.0
    tsi = 1.0 / (a - s)
    eta, left = a * e * tsi, 1.0 - e * e
    eta2, eeta = eta * eta, e * eta
    psi2 = abs(1.0 - eta2)
    coef = ((120.0 - edge_km) / _RADIUS_KM * tsi) ** 4
    coef1 = coef / psi2**3.5
    cc2 = a * (1.0 + 1.5 * eta2 + eeta * (4.0 + eta2))
    cc2 += 0.375 * _J2 * tsi / psi2 * c.con41 * (8.0 + 3.0 * eta2 * (8.0 + eta2))
    c.cc1 = bstar * coef1 * n * cc2
    tilted = -3.0 * c.con41 * (1.0 - 2.0 * eeta + eta2 * (1.5 - 0.5 * eeta))
    turn = 0.75 * c.x1mth2 * (2.0 * eta2 - eeta * (1.0 + eta2))
    tilted += turn * math.cos(2.0 * c.argp)
    cc4 = eta * (2.0 + 0.5 * eta2) + e * (0.5 + 2.0 * eta2) - _J2 * tsi / (a * psi2) * tilted
    c.cc4 = bstar * 2.0 * n * coef1 * a * left * cc4
    c.cc5 = bstar * 2.0 * coef1 * a * left * (1.0 + 2.75 * (eta2 + eeta) + eeta * eta2)
    if e > _ROUND:
        cc3 = -2.0 * coef * tsi * _J3_OVER_J2 * n * c.sin_i / e
        c.argp_drag = bstar * cc3 * math.cos(c.argp)
        c.anomaly_drag = -(2.0 / 3.0) * coef * bstar / eeta
    c.node_drag *= c.cc1
    c.simple = 1.0 if perigee_km < _SIMPLE_BELOW_KM else 0.0
    c.eta, c.eta_cubed = eta, (1.0 + eta * math.cos(c.anomaly)) ** 3
    c.sin_anomaly = math.sin(c.anomaly)
    _prepare_powers(c, a * tsi, tsi, s)


@leaf
def _prepare_powers(c: Any, a_tsi: float, tsi: float, s: float) -> None:
    """Coefficients of higher powers of time."""
    one, a = c.cc1, c.axis
    c.d2 = 4.0 * a_tsi * one * one
    step = c.d2 * tsi * one / 3.0
    c.d3 = (17.0 * a + s) * step
    c.d4 = 0.5 * step * a_tsi * (221.0 * a + 31.0 * s) * one
    c.t2 = 1.5 * one
    c.t3 = c.d2 + 2.0 * one * one
    c.t4 = 0.25 * (3.0 * c.d3 + one * (12.0 * c.d2 + 10.0 * one * one))
    c.t5 = 3.0 * c.d4 + 12.0 * one * c.d3 + 6.0 * c.d2 * c.d2
    c.t5 = 0.2 * (c.t5 + 15.0 * one * one * (2.0 * c.d2 + one * one))


@leaf
def _propagate_all(sets: npt.NDArray[Any], rows: I64, minutes: F64, out: F64) -> None:
    for k in range(len(rows)):
        c = sets[rows[k]]
        for j in range(6):
            out[k, j] = np.nan
        if c.near == 0.0:
            continue
        a, e, node, argp, mean = _secular(c, minutes[k])
        if not -0.001 <= e < 1.0:
            continue
        _periodic(c, (a, max(e, 1e-6), node, argp, mean), out, k)


@leaf
def _secular(c: Any, t: float) -> tuple[float, float, float, float, float]:
    """Axis [Earth radii], eccentricity, node, perigee, mean anomaly [rad] under J2, J4 and drag."""
    mean = c.anomaly + c.anomaly_rate * t
    argp = c.argp + c.argp_rate * t
    t2 = t * t
    node = c.node + c.node_rate * t + c.node_drag * t2
    shrunk, less_e, ahead = 1.0 - c.cc1 * t, c.cc4 * t, c.t2 * t2
    if c.simple == 0.0:
        turned = 1.0 + c.eta * math.cos(mean)
        change = c.argp_drag * t + c.anomaly_drag * (turned * turned * turned - c.eta_cubed)
        mean, argp = mean + change, argp - change
        t3 = t2 * t
        t4 = t3 * t
        shrunk = shrunk - c.d2 * t2 - c.d3 * t3 - c.d4 * t4
        less_e = less_e + c.cc5 * (math.sin(mean) - c.sin_anomaly)
        ahead = ahead + c.t3 * t3 + t4 * (c.t4 + t * c.t5)
    return c.axis * shrunk * shrunk, c.e - less_e, node, argp, mean + c.n * ahead


@leaf
def _periodic(c: Any, mean: tuple[float, float, float, float, float], out: F64, k: int) -> None:
    """Add long- and short-period terms and turn to the axes; leaves NaN where there is no state."""
    a, e, node, argp, anomaly = mean
    axn = e * math.cos(argp)
    inverse = 1.0 / (a * (1.0 - e * e))
    ayn = e * math.sin(argp) + inverse * c.ay_cof
    sin_e, cos_e = _kepler(anomaly + argp + inverse * c.xl_cof * axn, axn, ayn)
    e_cos, e_sin = axn * cos_e + ayn * sin_e, axn * sin_e - ayn * cos_e
    e2 = axn * axn + ayn * ayn
    p, r, root = a * (1.0 - e2), a * (1.0 - e_cos), math.sqrt(a)
    if p < 0.0:
        return
    beta = math.sqrt(1.0 - e2)
    part = e_sin / (1.0 + beta)
    over = 1.0 / (1.0 - e_cos)
    sin_u, cos_u = over * (sin_e - ayn - axn * part), over * (cos_e - axn + ayn * part)
    sin_2u, cos_2u = 2.0 * cos_u * sin_u, 1.0 - 2.0 * sin_u * sin_u
    inverse = 1.0 / p
    t1 = 0.5 * _J2 * inverse
    t2, rate = t1 * inverse, t1 / (a * root)
    radius = r * (1.0 - 1.5 * t2 * beta * c.con41) + 0.5 * t1 * c.x1mth2 * cos_2u
    if radius < 1.0:
        return
    up = root * e_sin / r - rate * c.x1mth2 * sin_2u
    along = math.sqrt(p) / r + rate * (c.x1mth2 * cos_2u + 1.5 * c.con41)
    sin_u, cos_u = _turned(sin_u, cos_u, -0.25 * t2 * c.x7thm1 * sin_2u)
    sin_i, cos_i = _turned(c.sin_i, c.cos_i, 1.5 * t2 * c.cos_i * c.sin_i * cos_2u)
    node = node + 1.5 * t2 * c.cos_i * sin_2u
    sin_o, cos_o = math.sin(node), math.cos(node)
    x, y = -sin_o * cos_i, cos_o * cos_i
    ux, uy, uz = x * sin_u + cos_o * cos_u, y * sin_u + sin_o * cos_u, sin_i * sin_u
    vx, vy, vz = x * cos_u - cos_o * sin_u, y * cos_u - sin_o * sin_u, sin_i * cos_u
    radius, up, along = radius * _RADIUS_KM, up * _KM_S, along * _KM_S
    out[k, 0], out[k, 1], out[k, 2] = radius * ux, radius * uy, radius * uz
    out[k, 3] = up * ux + along * vx
    out[k, 4] = up * uy + along * vy
    out[k, 5] = up * uz + along * vz


@leaf
def _kepler(u: float, axn: float, ayn: float) -> tuple[float, float]:
    """Solve Kepler's equation in the argument of latitude; sine and cosine of the solution."""
    u = u - _TWO_PI * math.floor(u / _TWO_PI)
    angle, sine, cosine = u, math.sin(u), math.cos(u)
    for _ in range(_MOST_STEPS):
        step = (u - ayn * cosine + axn * sine - angle) / (1.0 - cosine * axn - sine * ayn)
        step = min(max(step, -_LONGEST_STEP), _LONGEST_STEP)
        if abs(step) < _SURE:
            break
        angle += step
        sine, cosine = _turned(sine, cosine, step)
    return sine, cosine


@leaf
def _turned(sine: float, cosine: float, angle: float) -> tuple[float, float]:
    """Turn by an angle; by series where it is small, which is twice as fast and as exact."""
    if abs(angle) < _SMALL:
        x = angle * angle
        s = angle * (1.0 - x / 6.0 * (1.0 - x / 20.0 * (1.0 - x / 42.0)))
        c = 1.0 - x / 2.0 * (1.0 - x / 12.0 * (1.0 - x / 30.0))
    else:
        s, c = math.sin(angle), math.cos(angle)
    return sine * c + cosine * s, cosine * c - sine * s

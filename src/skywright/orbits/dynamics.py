"""What moves a small body: the pull of Sun, planets, Moon and Pluto, relativity, and more.

The equations are integrated relative to the barycentre of the Solar System, where no indirect terms
arise; the functions that callers see take and return heliocentric states. Lengths are au, times
days of TDB, axes those of the mean ecliptic and equinox of J2000.

References
----------
.. [1] Park et al. (2021), AJ 161, 105 (masses, oblateness, equations of motion of DE440).
.. [2] Anderson, Esposito, Martin, Thornton & Muhleman (1975), ApJ 200, 221 (the relativistic
   acceleration by the Sun alone, isotropic coordinates).
.. [3] Marsden, Sekanina & Yeomans (1973), AJ 78, 211; Farnocchia et al. (2013), Icarus 224, 1
   (A1, A2, A3 with g(r) = (1 au / r)^2 for asteroids).
.. [4] Montenbruck & Gill (2000), Satellite Orbits, section 3.2 (J2).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from skywright.errors import OrbitError
from skywright.orbits._de440_table import ASTEROID_GM_KM3_S2
from skywright.orbits._jit import leaf
from skywright.orbits.constants import (
    AU_KM,
    C_AU_D,
    GM_KM3_S2,
    KM3_S2_TO_AU3_D2,
    OBLIQUITY_ARCSEC,
    RADIUS_KM,
)
from skywright.orbits.ephemeris import BODIES, body_positions, load_ephemeris, sun_velocity

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
World = tuple[F64, I64, F64]
"""What kernels need to know of the world: ephemeris table, its layout, and the force numbers."""

GM_AU3_D2 = np.array([GM_KM3_S2[body] * KM3_S2_TO_AU3_D2 for body in BODIES])
"""GM of the bodies in the order of `BODIES` [au^3/d^2]."""

RADIUS_AU = np.array([RADIUS_KM[body] / AU_KM for body in BODIES])
"""Equatorial radii in the order of `BODIES` [au]."""

_SUN, _EARTH = BODIES.index("sun"), BODIES.index("earth")
_EARTH_J2, _EARTH_J2_RADIUS_KM = 1.0826254545e-3, 6_378.1366  # [1], Table 3 and section 2
_SUN_J2, _SUN_J2_RADIUS_KM = 2.1961391516529825e-7, 696_000.0  # [1]
_EARTH_J2_REACH_AU = 0.01  # beyond it the term is below 1e-9 of the pull of the Sun
_EPS = np.radians(OBLIQUITY_ARCSEC / 3600)


def _pole(ra_deg: float, dec_deg: float) -> tuple[float, float, float]:
    """Return a direction of the equator of J2000 in ecliptic axes."""
    ra, dec = np.radians(ra_deg), np.radians(dec_deg)
    x, y, z = np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)
    cos, sin = np.cos(_EPS), np.sin(_EPS)
    return float(x), float(cos * y + sin * z), float(cos * z - sin * y)


_EARTH_POLE = _pole(0.0, 90.0)  # precession moves it by 0.4 deg in a century: no matter for J2
_SUN_POLE = _pole(286.13, 63.87)  # Archinal et al. (2018), Table 1


@dataclass(frozen=True, slots=True)
class ForceModel:
    """Which forces act beside the Newtonian pull of Sun, planets, Moon and Pluto."""

    relativity: bool = True
    """First post-Newtonian term of the Sun."""
    earth_j2: bool = True
    """Oblateness of the Earth within 0.01 au of it."""
    sun_j2: bool = True
    """Oblateness of the Sun."""
    asteroids: bool = False
    """The 16 asteroids of SB441-N16; needs the optional part ``asteroids``."""
    nongrav: F64 | None = None
    """A1, A2, A3 at 1 au of each object, shape (n, 3) or (3,) [au/d^2]; radial, transverse, normal
    with the square of 1 au / r, as JPL does for asteroids."""

    def nongrav_of(self, n: int) -> F64:
        """Return A1, A2, A3 of n objects, shape (n, 3) [au/d^2].

        Raises
        ------
        OrbitError
            If the shape does not fit or a value is not finite.
        """
        if self.nongrav is None:
            return np.zeros((n, 3))
        values = np.asarray(self.nongrav, dtype=np.float64)
        if values.shape not in {(3,), (n, 3)}:
            message = (
                f"A1, A2, A3 have the shape {values.shape}; they must be three numbers, or three "
                f"for each of the {n} objects."
            )
            raise OrbitError(message)
        if not np.isfinite(values).all():
            message = "A1, A2, A3 must be finite [au/d^2]; give 0 where a value is unknown."
            raise OrbitError(message)
        return np.array(np.broadcast_to(values, (n, 3)))


STANDARD_MODEL = ForceModel()
"""Sun, planets, Moon, Pluto, relativity and oblateness."""


def prepare_world(model: ForceModel, start_jd_tdb: float, stop_jd_tdb: float) -> World:
    """Return the arrays that the kernels of this and the other modules take.

    Parameters
    ----------
    model : ForceModel
        Its per-object numbers are not part of the result.
    start_jd_tdb, stop_jd_tdb : float
        Dates that the kernels will visit [JD TDB], in either order.

    Returns
    -------
    tuple
        ``table``, ``layout`` of the ephemeris, and ``force``: GM of every body [au^3/d^2], then
        1/c^2 [d^2/au^2] and 3/2 J2 GM R^2 of Earth and Sun [au^5/d^2], zero where switched off.

    Raises
    ------
    EphemerisRangeError
        If a date lies outside DE440.
    MissingExtraError
        If asteroids are asked for and their file is not installed.
    """
    ephemeris = load_ephemeris(start_jd_tdb, stop_jd_tdb, asteroids=model.asteroids)
    asteroids = list(ASTEROID_GM_KM3_S2.values()) if model.asteroids else []
    gm = np.concatenate([GM_AU3_D2, np.multiply(asteroids, KM3_S2_TO_AU3_D2)])
    force = np.concatenate([gm, _terms(model)])
    return ephemeris.table, ephemeris.layout, force


def _terms(model: ForceModel) -> F64:
    earth = 1.5 * _EARTH_J2 * GM_AU3_D2[_EARTH] * (_EARTH_J2_RADIUS_KM / AU_KM) ** 2
    sun = 1.5 * _SUN_J2 * GM_AU3_D2[_SUN] * (_SUN_J2_RADIUS_KM / AU_KM) ** 2
    return np.array(
        [
            1.0 / C_AU_D**2 if model.relativity else 0.0,
            earth if model.earth_j2 else 0.0,
            sun if model.sun_j2 else 0.0,
        ]
    )


@leaf
def field_at(t_d: float, table: F64, layout: I64, out: F64) -> None:
    """Fill ``out`` with all that the acceleration needs to know of the bodies at one time.

    Parameters
    ----------
    t_d : float
        Days of TDB since J2000.0.
    table, layout : ndarray
        Of an `Ephemeris`.
    out : ndarray, shape (bodies + 1, 3)
        Barycentric positions [au]; the last row is the velocity of the Sun [au/d].
    """
    body_positions(t_d, table, layout, out)
    sun_velocity(t_d, table, layout, out[layout[0]])


@leaf
def acceleration(y: F64, field: F64, force: F64, nongrav: F64, out: F64) -> None:
    """Write the acceleration of a particle into ``out[3:]`` and its velocity into ``out[:3]``.

    Parameters
    ----------
    y : ndarray, shape (6,)
        Barycentric state [au, au/d].
    field : ndarray, shape (bodies + 1, 3)
        From `field_at`.
    force : ndarray, shape (bodies + 3,)
        From `prepare_world`.
    nongrav : ndarray, shape (3,)
        A1, A2, A3 [au/d^2].
    out : ndarray, shape (6,)
        Derivative of the state [au/d, au/d^2].
    """
    last = field.shape[0] - 1
    ax, ay, az = 0.0, 0.0, 0.0
    for b in range(last - 1, -1, -1):
        dx, dy, dz = field[b, 0] - y[0], field[b, 1] - y[1], field[b, 2] - y[2]
        d2 = dx * dx + dy * dy + dz * dz
        w = force[b] / (d2 * np.sqrt(d2))
        ax += w * dx
        ay += w * dy
        az += w * dz
    x, yy, z = y[0] - field[0, 0], y[1] - field[0, 1], y[2] - field[0, 2]
    vx, vy, vz = y[3] - field[last, 0], y[4] - field[last, 1], y[5] - field[last, 2]
    r2 = x * x + yy * yy + z * z
    r = np.sqrt(r2)
    # Relativity: [2], equation of motion of a test particle in the field of one mass.
    gr = force[0] * force[last] / (r2 * r)
    along = gr * (4.0 * force[0] / r - (vx * vx + vy * vy + vz * vz))
    across = 4.0 * gr * (x * vx + yy * vy + z * vz)
    ax += along * x + across * vx
    ay += along * yy + across * vy
    az += along * z + across * vz
    # Oblateness of the Sun: [4], equation 3.27 written with the pole as a vector.
    p, q, s = _SUN_POLE
    up = x * p + yy * q + z * s
    j2 = force[last + 2] / (r2 * r2 * r)
    along = -j2 * (1.0 - 5.0 * up * up / r2)
    across = -2.0 * j2 * up
    ax += along * x + across * p
    ay += along * yy + across * q
    az += along * z + across * s
    # Oblateness of the Earth, where it is felt.
    dx, dy, dz = y[0] - field[_EARTH, 0], y[1] - field[_EARTH, 1], y[2] - field[_EARTH, 2]
    d2 = dx * dx + dy * dy + dz * dz
    if d2 < _EARTH_J2_REACH_AU * _EARTH_J2_REACH_AU:
        p, q, s = _EARTH_POLE
        up = dx * p + dy * q + dz * s
        j2 = force[last + 1] / (d2 * d2 * np.sqrt(d2))
        along = -j2 * (1.0 - 5.0 * up * up / d2)
        across = -2.0 * j2 * up
        ax += along * dx + across * p
        ay += along * dy + across * q
        az += along * dz + across * s
    if nongrav[0] != 0.0 or nongrav[1] != 0.0 or nongrav[2] != 0.0:
        hx, hy, hz = yy * vz - z * vy, z * vx - x * vz, x * vy - yy * vx
        h = np.sqrt(hx * hx + hy * hy + hz * hz)
        radial = nongrav[0] / (r2 * r)
        transverse = nongrav[1] / (r2 * r * h)
        normal = nongrav[2] / (r2 * h)
        ax += radial * x + transverse * (hy * z - hz * yy) + normal * hx
        ay += radial * yy + transverse * (hz * x - hx * z) + normal * hy
        az += radial * z + transverse * (hx * yy - hy * x) + normal * hz
    out[0], out[1], out[2] = y[3], y[4], y[5]
    out[3], out[4], out[5] = ax, ay, az

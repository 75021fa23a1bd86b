"""The target plane of an encounter: what an orbit would do if the planet did not pull.

The plane lies through the planet's centre, normal to the incoming asymptote. Axes are those of
Öpik's theory as in [1]_: eta along the incoming velocity at infinity, zeta opposite to the
projection of the planet's heliocentric velocity, xi completing a right-handed frame. A change of
zeta is a change of the time of encounter; xi is close to the signed MOID.

References
----------
.. [1] Valsecchi, Milani, Gronchi & Chesley (2003), A&A 408, 1179, section 2.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from skywright.orbits._jit import kernel, leaf

F64 = npt.NDArray[np.float64]


class TargetPlane(NamedTuple):
    """Where and how fast an encounter meets the target plane; NaN where it is not hyperbolic."""

    xi_au: F64
    """Coordinate along xi, shape (n,) [au]."""
    zeta_au: F64
    """Coordinate along zeta, shape (n,) [au]."""
    v_inf_au_d: F64
    """Speed at infinity, shape (n,) [au/d]; 0 where the motion is bound."""
    pericentre_au: F64
    """Nearest distance on the osculating conic, shape (n,) [au]."""


@leaf
def encounter(r: F64, v: F64, body_v: F64, gm: float, out: F64) -> None:
    """Fill ``out`` with xi [au], zeta [au], speed at infinity [au/d] and pericentre [au].

    Parameters
    ----------
    r, v : ndarray, shape (3,)
        State relative to the body [au, au/d], any inertial axes.
    body_v : ndarray, shape (3,)
        Heliocentric velocity of the body [au/d], same axes.
    gm : float
        Of the body [au^3/d^2].
    out : ndarray, shape (4,)
        xi and zeta are NaN and the speed is zero where the motion is bound.
    """
    hx, hy, hz = r[1] * v[2] - r[2] * v[1], r[2] * v[0] - r[0] * v[2], r[0] * v[1] - r[1] * v[0]
    h2 = hx * hx + hy * hy + hz * hz
    d = np.sqrt(r[0] * r[0] + r[1] * r[1] + r[2] * r[2])
    v2 = v[0] * v[0] + v[1] * v[1] + v[2] * v[2]
    vinf2 = v2 - 2.0 * gm / d
    e = np.sqrt(max(0.0, 1.0 + vinf2 * h2 / (gm * gm)))
    out[3] = h2 / (gm * (1.0 + e))
    out[0], out[1], out[2] = np.nan, np.nan, 0.0
    if vinf2 <= 0.0:
        return
    vinf = np.sqrt(vinf2)
    out[2] = vinf
    # Eccentricity vector, and its normal in the plane of motion: h x e / |h|.
    h = np.sqrt(h2)
    ex = (v[1] * hz - v[2] * hy) / gm - r[0] / d
    ey = (v[2] * hx - v[0] * hz) / gm - r[1] / d
    ez = (v[0] * hy - v[1] * hx) / gm - r[2] / d
    sx, sy, sz = ex / e, ey / e, ez / e
    if h > 0.0:
        nx, ny, nz = (hy * sz - hz * sy) / h, (hz * sx - hx * sz) / h, (hx * sy - hy * sx) / h
    else:
        nx, ny, nz = 0.0, 0.0, 0.0
    cos, sin = 1.0 / e, np.sqrt(max(0.0, 1.0 - 1.0 / (e * e)))
    ux, uy, uz = cos * sx + sin * nx, cos * sy + sin * ny, cos * sz + sin * nz
    bx, by, bz = (uy * hz - uz * hy) / vinf, (uz * hx - ux * hz) / vinf, (ux * hy - uy * hx) / vinf
    along = body_v[0] * ux + body_v[1] * uy + body_v[2] * uz
    zx, zy, zz = along * ux - body_v[0], along * uy - body_v[1], along * uz - body_v[2]
    size = np.sqrt(zx * zx + zy * zy + zz * zz)
    zx, zy, zz = zx / size, zy / size, zz / size
    out[0] = bx * (uy * zz - uz * zy) + by * (uz * zx - ux * zz) + bz * (ux * zy - uy * zx)
    out[1] = bx * zx + by * zy + bz * zz


@kernel
def _encounters(r: F64, v: F64, body_v: F64, gm: float, out: F64) -> None:
    for k in range(len(r)):
        encounter(r[k], v[k], body_v[k], gm, out[k])


def target_plane(
    relative: npt.ArrayLike, body_velocity_au_d: npt.ArrayLike, gm_au3_d2: float
) -> TargetPlane:
    """Return where encounters meet the target plane.

    Parameters
    ----------
    relative : array-like, shape (n, 6)
        States relative to the body, near the encounter [au, au/d], ecliptic J2000.
    body_velocity_au_d : array-like, shape (n, 3) or (3,)
        Heliocentric velocity of the body [au/d].
    gm_au3_d2 : float
        Of the body [au^3/d^2].

    Returns
    -------
    TargetPlane
        Arrays of shape (n,); the impact parameter is ``hypot(xi_au, zeta_au)``.
    """
    y = np.array(relative, dtype=np.float64, ndmin=2)
    r, v = np.ascontiguousarray(y[:, :3]), np.ascontiguousarray(y[:, 3:])
    velocity = np.array(np.broadcast_to(np.asarray(body_velocity_au_d, dtype=np.float64), r.shape))
    out = np.empty((len(y), 4))
    _encounters(r, v, velocity, float(gm_au3_d2), out)
    return TargetPlane(*out.T)

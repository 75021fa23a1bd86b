"""Where passages pierce the target plane, in units of the capture radius.

The target plane (b-plane) is normal to the incoming asymptote. A passage with impact parameter b
hits a sphere of radius R when b <= R sqrt(1 + v_esc^2 / v_inf^2); dividing b by that radius makes
the target a unit disc whatever the speed, which is what the probability levels integrate over.
Unlike `bplane`, which reports single encounters, every passage gets a point here, bound ones too,
so that clouds have no holes.

References
----------
.. [1] Valsecchi, Milani, Gronchi & Chesley (2003), A&A 408, 1179 (the plane and its axes).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from skywright.orbits.constants import AU_KM, DAY_S
from skywright.orbits.ephemeris import body_state
from skywright.orbits.impact_search import Passages, Search

F64 = npt.NDArray[np.float64]

_SLOWEST = 0.02
"""Approaches slower than this part of the escape speed count as this fast: a captured orbit has no
asymptote."""


class PlanePoints(NamedTuple):
    """Passages on the target plane."""

    point: F64
    """(xi, zeta) over the capture radius, shape (m, 2) [-]; a hit is inside the unit circle."""
    capture_km: F64
    """Capture radius R sqrt(1 + v_esc^2/v_inf^2), shape (m,) [km]."""
    v_inf_km_s: F64
    """Speed at infinity, shape (m,) [km/s]."""


def pierce(passages: Passages, search: Search) -> PlanePoints:
    """Return where passages pierce their target planes.

    Parameters
    ----------
    passages : Passages
        States relative to the target [km, km/s], at the closest point or at the surface.
    search : Search
        Names the target and its radius.

    Returns
    -------
    PlanePoints
        zeta points against the heliocentric motion of the target, xi completes the frame [1]_.
    """
    r, v = passages.relative_km[:, :3], passages.relative_km[:, 3:]
    gm, radius = search.gm_km3_s2, search.surface_km
    v_esc2 = 2.0 * gm / radius
    distance = np.linalg.norm(r, axis=1)
    v_inf2 = np.maximum(np.sum(v * v, axis=1) - 2.0 * gm / distance, _SLOWEST**2 * v_esc2)
    h = np.cross(r, v)
    incoming = _asymptote(r, v, h, gm)
    b = np.cross(incoming, h) / np.sqrt(v_inf2)[:, None]
    capture = radius * np.sqrt(1.0 + v_esc2 / v_inf2)
    xi, zeta = _axes(incoming, passages.jd_tdb, search.body)
    point = np.stack([np.sum(b * xi, axis=1), np.sum(b * zeta, axis=1)], axis=1)
    return PlanePoints(point / capture[:, None], capture, np.sqrt(v_inf2))


def _asymptote(r: F64, v: F64, h: F64, gm: float) -> F64:
    """Direction of motion long before the passage; of the apse line where the orbit is bound."""
    e_vector = np.cross(v, h) / gm - r / np.linalg.norm(r, axis=1)[:, None]
    e = np.linalg.norm(e_vector, axis=1)[:, None]
    apse = e_vector / e
    side = np.cross(h / np.linalg.norm(h, axis=1)[:, None], apse)
    cosine = 1.0 / np.maximum(e, 1.0)
    return np.asarray(cosine * apse + np.sqrt(1.0 - cosine**2) * side, np.float64)


def _axes(incoming: F64, jd_tdb: F64, body: str) -> tuple[F64, F64]:
    center = "barycenter" if body == "sun" else "sun"
    motion = body_state(body, jd_tdb, center=center)[:, 3:] * (AU_KM / DAY_S)
    zeta = np.sum(motion * incoming, axis=1)[:, None] * incoming - motion
    zeta /= np.linalg.norm(zeta, axis=1)[:, None]
    return np.cross(incoming, zeta), zeta

"""Points along an orbit, for a drawing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

_FARTHEST_AU = 6.0


def orbit_polyline(elements: Mapping[str, Any], points: int = 361) -> npt.NDArray[np.float64]:
    """Return points along an orbit, evenly spaced in true anomaly.

    Parameters
    ----------
    elements : mapping
        ``q_au`` [au], ``e``, ``i_deg``, ``node_deg``, ``peri_deg`` [deg].
    points : int
        Number of points.

    Returns
    -------
    ndarray, shape (points, 3)
        Heliocentric ecliptic J2000 [au]; open orbits and far aphelia are cut at 6 au.
    """
    q, e = elements["q_au"], elements["e"]
    limit = np.pi
    p = q * (1 + e)
    if e > 0 and (e >= 1 or q * (1 + e) / (1 - e) > _FARTHEST_AU):
        limit = float(np.arccos(np.clip((p / max(_FARTHEST_AU, 1.5 * q) - 1) / e, -1, 1)))
    nu = np.linspace(-limit, limit, points)
    r = p / (1 + e * np.cos(nu))
    i, node = np.radians(elements["i_deg"]), np.radians(elements["node_deg"])
    u = nu + np.radians(elements["peri_deg"])
    x = np.cos(node) * np.cos(u) - np.sin(node) * np.sin(u) * np.cos(i)
    y = np.sin(node) * np.cos(u) + np.cos(node) * np.sin(u) * np.cos(i)
    return np.column_stack([r * x, r * y, r * np.sin(u) * np.sin(i)])

"""What to look at beside a slow neighbour, of which one encounter's probability says little.

The least separation across the flight direction is that of D'Amico and Montenbruck (2006, J.
Guidance 29, 554, eq. 13): while it is kept, an error in-track cannot make two satellites meet.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from skywright.ssa.conjunction.conjunction import Conjunction
from skywright.ssa.conjunction.equinoctial import GM_KM3_S2, states_of
from skywright.ssa.conjunction.nc3d import pair_of
from skywright.ssa.relative_elements import relative_elements

F64 = npt.NDArray[np.float64]

SLOW_KM_S = 0.1
"""Below this relative speed a neighbour is slow [km/s]."""

KEEP_OUT_KM = 1.0
"""Range whose hours are told [km]."""

_STEP_S = 10.0
_DAY_S = 86400.0


@dataclass(frozen=True, slots=True)
class Neighbour:
    """The next day beside each other, on two-body orbits."""

    separation_across_km: float
    """Least distance in the radial and cross-track plane for any shift in-track."""
    eccentricity_separation_km: float
    """Length of the relative eccentricity vector times the axis."""
    inclination_separation_km: float
    """Length of the relative inclination vector times the axis."""
    least_range_km: float
    """Least distance of the next day."""
    least_range_at_s: float
    """When, after the closest approach of the message."""
    inside_keep_out_s: float
    """Time within `KEEP_OUT_KM` of the next day."""


def slow_neighbour(conjunction: Conjunction) -> Neighbour:
    """Return the measures of a slow neighbour."""
    elements = pair_of(conjunction).elements
    relative = relative_elements(*(_classical(one) for one in elements))
    e, i = np.linalg.norm(relative[2:4]), np.linalg.norm(relative[4:6])
    times = np.arange(0.0, _DAY_S + _STEP_S, _STEP_S)
    both = [states_of(np.tile(one, (len(times), 1)), times)[:, :3] for one in elements]
    distance = np.linalg.norm(both[1] - both[0], axis=1)
    nearest = int(distance.argmin())
    return Neighbour(
        separation_across(relative[2:4], relative[4:6]),
        float(e),
        float(i),
        float(distance[nearest]),
        float(times[nearest]),
        float((distance < KEEP_OUT_KM).sum() * _STEP_S),
    )


def separation_across(eccentricity_km: F64, inclination_km: F64) -> float:
    """Return the least distance across the flight direction of two relative vectors [km]."""
    e, i = np.asarray(eccentricity_km), np.asarray(inclination_km)
    plus, minus = np.linalg.norm(e + i), np.linalg.norm(e - i)
    below = float(np.sqrt(e @ e + i @ i + plus * minus))
    return float(np.sqrt(2.0) * abs(e @ i) / below) if below > 0.0 else 0.0


def _classical(elements: F64) -> F64:
    """Return axis [km], eccentricity, inclination, node, perigee and mean anomaly [rad]."""
    n, af, ag, chi, psi, longitude = elements
    node, perigee = np.arctan2(chi, psi), np.arctan2(ag, af)
    axis = (GM_KM3_S2 / n**2) ** (1.0 / 3.0)
    tilt = 2.0 * np.arctan(np.hypot(chi, psi))
    return np.array([axis, np.hypot(af, ag), tilt, node, perigee - node, longitude - perigee])

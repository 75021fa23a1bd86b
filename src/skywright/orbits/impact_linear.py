"""Impact probability, first level: the covariance carried linearly to the target plane.

One block of thirteen orbits (the nominal one and a pair along each axis of the cloud) is flown on
common steps, so that errors of integration cancel in the differences. At each passage of the
nominal orbit the differences give the Gaussian on the target plane, which is integrated over the
capture disc. Wrong where the cloud is so long that it bends, or where an earlier passage scatters
it: see `impact_lov`.

References
----------
.. [1] Milani, Chesley, Chodas & Valsecchi (2002), Asteroids III, 55 (target plane analysis).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from skywright.orbits.constants import AU_KM
from skywright.orbits.covariance import OrbitCloud
from skywright.orbits.gaussian_disc import disc_probability
from skywright.orbits.impact_search import YEAR_D, Flight, Search, fly
from skywright.orbits.kepler import propagate_two_body
from skywright.orbits.target_plane import pierce

F64 = npt.NDArray[np.float64]

_STEP = 0.1  # sigma; small against the bend of a cloud, large against errors of integration
_NOMINAL_AU, _OTHERS_AU = 0.2, 0.3  # passages of the pair may lie a little farther than the nominal
_SAME_PASSAGE_D = 20.0
_WEAK_SPAN_YR = 10.0  # after this, drift along the track dominates every other error


@dataclass(frozen=True, slots=True)
class LinearPassage:
    """One passage of the nominal orbit and the cloud's image on its target plane."""

    jd_tdb: float
    """Time of the nominal passage or impact [JD TDB]."""
    point: F64
    """Nominal (xi, zeta), shape (2,) [capture radii]."""
    jacobian: F64
    """d(point)/dz for unit steps of sigma along the axes of the cloud, shape (2, 6)."""
    capture_km: float
    """Capture radius [km]."""
    probability: float
    """Probability of impact at this passage [-]."""

    @property
    def sigmas_km(self) -> tuple[float, float]:
        """Short and long semi-axis of the one-sigma ellipse [km]."""
        spread = np.linalg.svd(self.jacobian, compute_uv=False) * self.capture_km
        return float(spread[1]), float(spread[0])


@dataclass(frozen=True, slots=True)
class LinearResult:
    """First level for one cloud."""

    probability: float
    """Of impact within the span [-]: the sum over passages, which exclude each other, up to 1."""
    passages: tuple[LinearPassage, ...]
    """In order of time."""
    nominal_jd_tdb: float
    """Time of the nominal impact [JD TDB]; NaN if the nominal orbit misses."""
    nominal_speed_km_s: float
    """Speed of the nominal orbit at the surface [km/s]; NaN if it misses."""
    weak_direction: F64
    """Unit vector, shape (6,): the axis of the cloud that matters most for an impact."""


def linear_probability(cloud: OrbitCloud, search: Search) -> LinearResult:
    """Estimate the probability of impact linearly.

    Parameters
    ----------
    cloud : OrbitCloud
        Nominal orbit and covariance.
    search : Search
        Target and span.

    Returns
    -------
    LinearResult

    Raises
    ------
    EphemerisRangeError
        If the span leaves DE440.
    """
    passages, flight = passages_about(cloud, np.zeros(6), search)
    best = max(passages, key=_promise, default=None)
    weak = weak_direction(cloud, search.years) if best is None else _leading(best.jacobian)
    return LinearResult(
        probability=min(1.0, sum(p.probability for p in passages)),
        passages=tuple(passages),
        nominal_jd_tdb=float(flight.jd_tdb[0]) if flight.hit[0] else float("nan"),
        nominal_speed_km_s=float(flight.speed_km_s[0]),
        weak_direction=weak,
    )


def passages_about(cloud: OrbitCloud, z: F64, search: Search) -> tuple[list[LinearPassage], Flight]:
    """Linearise the passages of the orbit at ``z`` of a cloud.

    Parameters
    ----------
    cloud : OrbitCloud
        Nominal orbit and covariance.
    z : ndarray, shape (6,)
        Point of the cloud about which to linearise [sigma]; zero is the nominal orbit.
    search : Search
        Target and span.

    Returns
    -------
    list of LinearPassage, Flight
        Passages within 0.2 au, and the flight of the 13 orbits (row 0 is the one at ``z``).
    """
    steps = np.concatenate([np.zeros((1, 6)), _STEP * np.eye(6), -_STEP * np.eye(6)])
    flight = fly(cloud.states(z + steps), cloud.epoch_jd_tdb, replace(search, within_au=_OTHERS_AU))
    seen = flight.passages
    plane = pierce(seen, search)
    near = np.linalg.norm(seen.relative_km[:, :3], axis=1) < _NOMINAL_AU * AU_KM
    result = []
    for row in np.flatnonzero((seen.clone == 0) & near):
        partners = [_partner(seen.clone, seen.jd_tdb, k, seen.jd_tdb[row]) for k in range(1, 13)]
        if min(partners) < 0:
            continue
        ends = plane.point[partners]
        jacobian = ((ends[:6] - ends[6:]) / (2.0 * _STEP)).T
        chance = disc_probability(plane.point[row], jacobian @ jacobian.T, 1.0)
        result.append(
            LinearPassage(
                float(seen.jd_tdb[row]),
                plane.point[row],
                jacobian,
                float(plane.capture_km[row]),
                chance,
            )
        )
    return result, flight


def _partner(clone: npt.NDArray[np.int64], jd_tdb: F64, k: int, when: float) -> int:
    """Row of the passage of clone k nearest in time, or -1."""
    rows = np.flatnonzero(clone == k)
    if rows.size == 0:
        return -1
    best = rows[np.argmin(np.abs(jd_tdb[rows] - when))]
    return int(best) if abs(jd_tdb[best] - when) < _SAME_PASSAGE_D else -1


def _promise(passage: LinearPassage) -> tuple[float, float]:
    """Order passages by probability, then by how few sigma away the disc is."""
    long = max(float(np.linalg.norm(passage.jacobian, 2)), 1e-12)
    return passage.probability, -max(0.0, float(np.linalg.norm(passage.point)) - 1.0) / long


def _leading(jacobian: F64) -> F64:
    u = np.linalg.svd(jacobian)[2][0]
    return np.asarray(u * np.sign(u[np.argmax(np.abs(u))]), np.float64)


def weak_direction(cloud: OrbitCloud, years: float) -> F64:
    """Return the axis of a cloud along which two-body positions spread most.

    Parameters
    ----------
    cloud : OrbitCloud
        Nominal orbit and covariance.
    years : float
        Time over which they spread, at most ten are taken [Julian years].

    Returns
    -------
    ndarray, shape (6,)
        Unit vector [-].
    """
    step = 1e-3
    states = cloud.states(np.concatenate([step * np.eye(6), -step * np.eye(6)]))
    later = propagate_two_body(states, min(years, _WEAK_SPAN_YR) * YEAR_D)[:, :3]
    return _leading((later[:6] - later[6:]).T)

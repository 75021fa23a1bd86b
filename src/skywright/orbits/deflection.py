"""How much an impactor must be pushed, and when, to miss; and what a kinetic impactor gives.

A change of velocity at a date moves the point where the orbit pierces the target plane, linearly
for the small changes that count. Three pairs of pushed orbits, along R, T and N, measure that
motion.

References
----------
.. [1] Izzo (2007), Journal of Guidance, Control, and Dynamics 30, 1290 (deflection on the b-plane).
.. [2] Cheng et al. (2023), Nature 616, 457 (momentum enhancement beta measured by DART).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from skywright.errors import InputError
from skywright.orbits.constants import AU_KM, DAY_S
from skywright.orbits.dynamics import ForceModel
from skywright.orbits.frames import inertial_from_rtn
from skywright.orbits.impact_search import Passages, Search, fly
from skywright.orbits.integrator import propagate
from skywright.orbits.target_plane import pierce

F64 = npt.NDArray[np.float64]

_PUSH_M_S = 1e-3  # small against what a deflection needs, large against errors of integration
_WITHIN_AU = 0.1
_SAME_PASSAGE_D = 20.0
_M_S = DAY_S / AU_KM / 1000.0  # au/d per m/s


@dataclass(frozen=True, slots=True)
class Deflection:
    """What it takes to miss at one passage."""

    at_jd_tdb: float
    """Date of the push [JD TDB]."""
    passage_jd_tdb: float
    """Date of the passage or impact that is to be missed [JD TDB]."""
    miss_km: float
    """Impact parameter without a push [km]."""
    capture_km: float
    """Impact parameter at which it would graze the surface [km]."""
    shift_km_per_m_s: F64
    """Motion on the target plane (xi, zeta) for a push along R, T, N, shape (2, 3) [km s/m]."""
    along_track_m_s: float
    """Least push along the track that misses, signed [m/s]; 0 if it misses anyway; infinite if a
    push along the track moves nothing."""
    least_m_s: float
    """Least push in any direction that misses [m/s]."""
    least_direction_rtn: F64
    """Unit vector of that push along R, T, N, shape (3,)."""


def delta_v_to_miss(
    state: npt.ArrayLike,
    epoch_jd_tdb: float,
    at_jd_tdb: float,
    search: Search,
    *,
    clearance: float = 1.0,
) -> Deflection:
    """Find the change of velocity at a date that turns an impact into a miss.

    Parameters
    ----------
    state : array-like, shape (6,)
        Heliocentric ecliptic J2000 [au, au/d].
    epoch_jd_tdb, at_jd_tdb : float
        Epoch of the state and date of the push [JD TDB].
    search : Search
        Target; ``years`` count from the date of the push.
    clearance : float
        Impact parameter to reach [capture radii]; 1 grazes the surface.

    Returns
    -------
    Deflection
        For the impact, or for the nearest passage within 0.1 au if the orbit misses.

    Raises
    ------
    InputError
        If the orbit has no passage within 0.1 au in the span, or the clearance is not positive.
    EphemerisRangeError
        If the span leaves DE440.
    """
    if not clearance > 0.0:
        message = f"clearance must be positive (1 grazes the surface), got {clearance:g}."
        raise InputError(message)
    model = ForceModel(nongrav=np.array(search.nongrav))
    start = propagate(np.atleast_2d(state), epoch_jd_tdb, at_jd_tdb, model)[0]
    pushes = np.concatenate([np.zeros((1, 3)), _PUSH_M_S * np.eye(3), -_PUSH_M_S * np.eye(3)])
    states = np.repeat(start[None, :], 7, axis=0)
    states[:, 3:] += inertial_from_rtn(states, pushes * _M_S)
    seen = fly(states, at_jd_tdb, replace(search, within_au=_WITHIN_AU)).passages
    plane = pierce(seen, search)
    rows = _rows_of_passage(seen, np.linalg.norm(plane.point, axis=1), search)
    ends = plane.point[rows[1:]]
    matrix = ((ends[:3] - ends[3:]) / (2.0 * _PUSH_M_S)).T
    point, capture = plane.point[rows[0]], float(plane.capture_km[rows[0]])
    least = _least_push(point, matrix, clearance)
    size = float(np.linalg.norm(least))
    return Deflection(
        at_jd_tdb=float(at_jd_tdb),
        passage_jd_tdb=float(seen.jd_tdb[rows[0]]),
        miss_km=float(np.linalg.norm(point)) * capture,
        capture_km=capture,
        shift_km_per_m_s=matrix * capture,
        along_track_m_s=_along(point, matrix[:, 1], clearance),
        least_m_s=size,
        least_direction_rtn=least / size if size > 0.0 else np.array([0.0, 1.0, 0.0]),
    )


def kinetic_impactor_m_s(
    asteroid_kg: float, spacecraft_kg: float, speed_km_s: float, beta: float = 1.0
) -> float:
    """Return the change of velocity that a kinetic impactor gives an asteroid.

    Parameters
    ----------
    asteroid_kg, spacecraft_kg : float
        Masses [kg].
    speed_km_s : float
        Speed of the spacecraft relative to the asteroid [km/s].
    beta : float
        Momentum enhancement by ejecta [-]: 1 for none; DART measured 3.6 (2.2 to 4.9 over the
        densities allowed) [2]_.

    Returns
    -------
    float
        beta m v / (M + m) [m/s], along the direction of the spacecraft.

    Raises
    ------
    InputError
        If a value is not positive, or ``beta`` is below 1.
    """
    given = {"asteroid_kg": asteroid_kg, "spacecraft_kg": spacecraft_kg, "speed_km_s": speed_km_s}
    for name, value in given.items():
        if not (np.isfinite(value) and value > 0.0):
            message = f"{name} must be positive, got {value:g}."
            raise InputError(message)
    if not beta >= 1.0:
        message = f"beta must be at least 1 (no ejecta), got {beta:g}."
        raise InputError(message)
    return beta * spacecraft_kg * speed_km_s * 1000.0 / (asteroid_kg + spacecraft_kg)


def _rows_of_passage(seen: Passages, miss: F64, search: Search) -> list[int]:
    """Rows of one passage for the orbit as it is and the six pushed ones."""
    own = np.flatnonzero(seen.clone == 0)
    if own.size == 0:
        message = (
            f"the orbit does not come within {_WITHIN_AU} au of the {search.body} in "
            f"{search.years:.4g} years from the push, so there is nothing to deflect."
        )
        raise InputError(message)
    first = int(own[np.argmin(miss[own])])
    rows = [first]
    for k in range(1, 7):
        mine = np.flatnonzero(seen.clone == k)
        gap = np.abs(seen.jd_tdb[mine] - seen.jd_tdb[first])
        if gap.size == 0 or gap.min() > _SAME_PASSAGE_D:
            message = (
                f"an encounter before JD {seen.jd_tdb[first]:.1f} scatters the orbit so much that "
                f"a push of {_PUSH_M_S} m/s has no linear effect; choose a later date of the push."
            )
            raise InputError(message)
        rows.append(int(mine[np.argmin(gap)]))
    return rows


def _along(point: F64, motion: F64, clearance: float) -> float:
    """Solve |point + motion v| = clearance for the smaller v, once around the disc of capture."""
    c = float(point @ point) - clearance**2
    if c >= 0.0:
        return 0.0
    a, b = float(motion @ motion), float(point @ motion)
    if a < 1e-24:
        return float("inf")
    root = np.sqrt(b * b - a * c)
    return float(min((-b - root) / a, (-b + root) / a, key=abs))


def _least_push(point: F64, matrix: F64, clearance: float) -> F64:
    """Shortest vector that takes the point to the rim, by search along the rim."""
    if float(point @ point) >= clearance**2:
        return np.zeros(3)
    inverse = np.linalg.pinv(matrix)
    angle, width = np.linspace(0.0, 2.0 * np.pi, 721), np.radians(0.5)
    for _ in range(8):
        rim = clearance * np.stack([np.cos(angle), np.sin(angle)], axis=1)
        pushes = (rim - point) @ inverse.T
        best = int(np.argmin(np.linalg.norm(pushes, axis=1)))
        angle = angle[best] + np.linspace(-width, width, 41)
        width /= 20.0
    return np.asarray(pushes[best], np.float64)

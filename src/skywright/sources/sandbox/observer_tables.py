"""Where a planet is seen from the Earth's centre: the columns of Horizons' OBSERVER tables.

Positions are astrometric: the body as its light left it, the Earth as it is. They are in the ICRF,
without aberration and refraction, as quantity 1 of Horizons. Magnitudes are not computed.

References
----------
.. [1] Urban & Seidelmann (2013), Explanatory Supplement, section 7.2 (light time).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from skywright.orbits.constants import AU_KM, C_AU_D
from skywright.orbits.ephemeris import body_state
from skywright.orbits.frames import equatorial_from_ecliptic
from skywright.orbits.timescales import tdb_from_utc

_F64 = npt.NDArray[np.float64]
_KM_S = AU_KM / 86_400.0
_ROUNDS = 4  # each leaves some 1e-4 of the light time's error
_NONE = "n.a."

TITLES = {
    1: ("R.A._(ICRF)", "DEC_(ICRF)"),
    9: ("APmag", "S-brt"),
    19: ("r", "rdot"),
    20: ("delta", "deldot"),
    23: ("S-O-T", "/r"),
}
"""Columns of the quantities that are known here, by Horizons' numbers."""


def observed(body: str, epochs_utc_jd: Sequence[float]) -> dict[int, list[tuple[str, str]]]:
    """Return the cells of every quantity, one pair for each epoch.

    Parameters
    ----------
    body : str
        A name of `skywright.orbits.ephemeris.BODIES` other than the Earth.
    epochs_utc_jd : sequence of float
        Times of observation [JD UTC].

    Raises
    ------
    EphemerisRangeError
        If a date lies outside DE440.
    """
    seen_tdb_jd = tdb_from_utc(np.asarray(epochs_utc_jd, np.float64))
    earth = body_state("earth", seen_tdb_jd, "barycenter")
    left_d, target = _as_seen(body, seen_tdb_jd, earth)
    sun = _as_seen("sun", seen_tdb_jd, earth)[1]
    from_sun = target - body_state("sun", left_d, "barycenter")
    line = target[:, :3] - earth[:, :3]
    r_au, r_rate = _distance(from_sun, 0.0)
    delta_au, delta_rate = _distance(target - earth, target[:, 3:])
    x, y, z = equatorial_from_ecliptic(line).T
    ra_deg, dec_deg = (
        np.degrees(np.arctan2(y, x)) % 360.0,
        np.degrees(np.arctan2(z, np.hypot(x, y))),
    )
    to_sun = sun[:, :3] - earth[:, :3]
    return {
        1: [(f"{a:.9f}", f"{d:.9f}") for a, d in zip(ra_deg, dec_deg, strict=True)],
        9: [(_NONE, _NONE)] * len(ra_deg),
        19: _pairs(r_au, r_rate * _KM_S),
        20: _pairs(delta_au, delta_rate * _KM_S),
        23: _elongations(line, to_sun),
    }


def _as_seen(body: str, seen_tdb_jd: _F64, earth: _F64) -> tuple[_F64, _F64]:
    """Return when the light left a body [JD TDB], and the state that it had then."""
    left_d = seen_tdb_jd
    for _ in range(_ROUNDS):
        state = body_state(body, left_d, "barycenter")
        left_d = seen_tdb_jd - np.linalg.norm(state[:, :3] - earth[:, :3], axis=1) / C_AU_D
    return left_d, state


def _distance(relative: _F64, light_velocity: _F64 | float) -> tuple[_F64, _F64]:
    """Return a distance [au] and its rate [au/d], which the growing light time slows."""
    far = np.linalg.norm(relative[:, :3], axis=1)
    unit = relative[:, :3] / np.where(far > 0.0, far, 1.0)[:, None]
    slowed = 1.0 + np.sum(unit * light_velocity, axis=1) / C_AU_D
    return far, np.sum(unit * relative[:, 3:], axis=1) / slowed


def _pairs(au: _F64, km_s: _F64) -> list[tuple[str, str]]:
    return [(f"{a:.14f}", f"{b:.7f}") for a, b in zip(au, km_s, strict=True)]


def _elongations(line: _F64, to_sun: _F64) -> list[tuple[str, str]]:
    """Return the angles from the Sun; ``/T`` follows it into the evening, ``/L`` leads it."""
    across = np.linalg.norm(np.cross(line, to_sun), axis=1)
    angle_deg = np.degrees(np.arctan2(across, np.sum(line * to_sun, axis=1)))
    east = to_sun[:, 0] * line[:, 1] - to_sun[:, 1] * line[:, 0]
    return [
        (f"{angle:.4f}", "/T" if one >= 0.0 else "/L")
        for angle, one in zip(angle_deg, east, strict=True)
    ]

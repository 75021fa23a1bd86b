"""What acts on a satellite besides the Earth's field: Sun, Moon, and air warmed by the Sun.

Density is Vallado's exponential atmosphere (2013, table 8-4; CIRA-72 above 500 km), scaled by how
the thermosphere of the IPS Radio and Space Services (1999, "Satellite orbital decay calculations")
answers to F10.7 and Ap: T = 900 + 2.5 (F10.7 - 70) + 1.5 Ap [K], m = 27 - 0.012 (h - 200),
density ~ exp(-(h - 175) m / T). The scaling is one at F10.7 = 120 and Ap = 10.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import erfa
import numpy as np
import numpy.typing as npt

F64 = npt.NDArray[np.float64]

TABLE_STEP_S = 3600.0
"""Spacing of the tables of Sun, Moon and thermosphere [s]."""

LOWEST_KM, HIGHEST_KM, HEIGHT_STEP_KM = 100.0, 1400.0, 10.0
"""Heights of the table of densities [km]; above it there is no air."""

EARTH_RATE_RAD_S = 7.292115146706979e-5
"""Rotation of the Earth against inertial space (Vallado 2013, appendix D)."""

_AU_KM = 149_597_870.7
_KELVIN_AT_REFERENCE = 900.0 + 2.5 * (120.0 - 70.0) + 1.5 * 10.0
_J2000 = datetime(2000, 1, 1, 12)  # noqa: DTZ001 - times inside are UTC without a zone
_J2000_JD = 2451545.0

# Vallado (2013), table 8-4: base height [km], density [kg/m3], scale height [km].
_EXPONENTIAL = np.array([
    (100, 5.297e-7, 5.877), (110, 9.661e-8, 7.263), (120, 2.438e-8, 9.473),
    (130, 8.484e-9, 12.636), (140, 3.845e-9, 16.149), (150, 2.070e-9, 22.523),
    (180, 5.464e-10, 29.740), (200, 2.789e-10, 37.105), (250, 7.248e-11, 45.546),
    (300, 2.418e-11, 53.628), (350, 9.518e-12, 53.298), (400, 3.725e-12, 58.515),
    (450, 1.585e-12, 60.828), (500, 6.967e-13, 63.822), (600, 1.454e-13, 71.835),
    (700, 3.614e-14, 88.667), (800, 1.170e-14, 124.64), (900, 5.245e-15, 181.05),
    (1000, 3.019e-15, 268.00),
])  # fmt: skip


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Tables over the time of a scenario, in seconds from its start."""

    start_utc: datetime
    sidereal_rad: float
    """Greenwich mean sidereal time at the start."""
    bodies_km: F64
    """Sun (3) and Moon (3) from the Earth's centre each `TABLE_STEP_S`; (n, 6)."""
    inverse_kelvin: F64
    """1/T - 1/T_reference of the thermosphere each `TABLE_STEP_S`; (n,)."""
    log_density: F64
    """Natural logarithm of the density [kg/m3] at the reference, by height."""


def surroundings(start_utc: datetime, days: float, flux_sfu: F64, ap: F64) -> Surroundings:
    """Return the tables of a scenario.

    Parameters
    ----------
    start_utc : datetime
        Start, UTC without a zone.
    days : float
        How long the tables last [d].
    flux_sfu, ap : arrays
        F10.7 [1e-22 W/m2/Hz] and Ap each three hours from the start.
    """
    jd = _J2000_JD + (start_utc - _J2000).total_seconds() / 86400.0
    hours = np.arange(int(days * 24.0) + 3) * (TABLE_STEP_S / 86400.0)
    moon = erfa.moon98(jd, hours)["p"] * _AU_KM
    # Axes of J2000 stand for those of date: a third of a degree in 24 years.
    sun = -erfa.epv00(jd, hours)[0]["p"] * _AU_KM
    kelvin = 900.0 + 2.5 * (flux_sfu - 70.0) + 1.5 * ap
    inverse = np.interp(hours * 8.0, np.arange(len(kelvin)), 1.0 / kelvin)
    return Surroundings(
        start_utc=start_utc,
        sidereal_rad=float(erfa.gmst82(jd, 0.0)),
        bodies_km=np.ascontiguousarray(np.concatenate([sun, moon], axis=1)),
        inverse_kelvin=inverse - 1.0 / _KELVIN_AT_REFERENCE,
        log_density=log_density(np.arange(LOWEST_KM, HIGHEST_KM + 1.0, HEIGHT_STEP_KM)),
    )


def log_density(height_km: F64) -> F64:
    """Return the natural logarithm of the reference density [kg/m3] from 100 km up."""
    base, density, scale = _EXPONENTIAL.T
    row = np.clip(np.searchsorted(base, height_km, side="right") - 1, 0, len(base) - 1)
    return np.asarray(np.log(density[row]) - (height_km - base[row]) / scale[row])


def solar_weather(days: float, random: np.random.Generator) -> tuple[F64, F64]:
    """Draw F10.7 [1e-22 W/m2/Hz] and Ap each three hours.

    A level of any phase of the cycle, a 27-day swing, day-to-day noise, and rare storms whose Ap
    decays within a day.
    """
    n = int(days * 8.0) + 2
    t = np.arange(n) / 8.0
    level = random.uniform(70.0, 190.0)
    swing = random.uniform(0.02, 0.18) * (level - 60.0)
    rotation = np.sin(2.0 * np.pi * (t / 27.0 + random.random()))
    drift = np.cumsum(random.normal(0.0, 0.01 * (level - 55.0), n)) * 0.35
    flux = np.clip(level + swing * rotation + drift - drift.mean(), 64.0, 300.0)
    ap = random.lognormal(1.7, 0.6, n)
    for start in np.flatnonzero(random.random(n) < 1.0 / (8.0 * 25.0)):
        ap[start:] += random.lognormal(4.0, 0.5) * np.exp(-(t[start:] - t[start]) / 0.6)
    return flux, np.minimum(ap, 300.0)

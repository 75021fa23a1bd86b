"""Physical constants, each with its source.

GM values are those of the DE440 header (Park et al. 2021, AJ 161, 105, Table 2), so that the force
model agrees with the ephemeris it reads. Lengths in km or au, times in s or days of TDB.
"""

from __future__ import annotations

AU_KM = 149_597_870.7
"""Astronomical unit [km], IAU 2012 Resolution B2 (exact)."""

DAY_S = 86_400.0
"""Day [s]."""

C_KM_S = 299_792.458
"""Speed of light [km/s] (exact)."""

C_AU_D = C_KM_S * DAY_S / AU_KM
"""Speed of light [au/d]."""

J2000_JD = 2_451_545.0
"""Epoch J2000.0 [JD TDB]."""

OBLIQUITY_ARCSEC = 84_381.448
"""Obliquity of the ecliptic at J2000.0 [arcsec], IAU 1976, as JPL uses for element tables."""

GM_KM3_S2 = {
    "sun": 132_712_440_041.279419,
    "mercury": 22_031.868551,
    "venus": 324_858.592000,
    "earth": 398_600.435507,
    "moon": 4_902.800118,
    "mars": 42_828.375816,
    "jupiter": 126_712_764.100000,
    "saturn": 37_940_584.841800,
    "uranus": 5_794_556.400000,
    "neptune": 6_836_527.100580,
    "pluto": 975.500000,
}
"""GM of the Sun, planets (planetary systems from Mars outwards), the Moon and Pluto [km^3/s^2]."""

KM3_S2_TO_AU3_D2 = DAY_S**2 / AU_KM**3
"""Factor from km^3/s^2 to au^3/d^2."""

GM_SUN = GM_KM3_S2["sun"] * KM3_S2_TO_AU3_D2
"""GM of the Sun [au^3/d^2]."""

RADIUS_KM = {
    "sun": 695_700.0,
    "mercury": 2_439.7,
    "venus": 6_051.8,
    "earth": 6_378.137,
    "moon": 1_737.4,
    "mars": 3_396.19,
    "jupiter": 71_492.0,
    "saturn": 60_268.0,
    "uranus": 25_559.0,
    "neptune": 24_764.0,
    "pluto": 1_188.3,
}
"""Equatorial radii [km] (Archinal et al. 2018, IAU WGCCRE 2015); the Earth's is of WGS 84."""

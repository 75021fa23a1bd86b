"""Flux densities of magnitude zero in the usual bands, and where the bands lie.

References
----------
U to I: Bessell, Castelli & Plez (1998), A&A 333, 231, table A2.
J, H, K: Cohen, Wheaton & Megeath (2003), AJ 126, 1090, table 2 (2MASS).
G, BP, RP: Riello et al. (2021), A&A 649, A3, Vega system, as the SVO Filter Profile Service lists
them (GAIA/GAIA3).
u to z: Fukugita et al. (1996), AJ 111, 1748; AB magnitudes, 3631 Jy, with the effective wavelengths
that the SDSS measured.
"""

from __future__ import annotations

from dataclasses import dataclass

AB_JY = 3631.0
"""Flux density of AB magnitude zero in every band [Jy]."""


@dataclass(frozen=True, slots=True)
class Band:
    """A band of photometry."""

    system: str
    """Whose zero point is taken."""
    wavelength_um: float
    """Effective wavelength [um]."""
    zero_jy: float
    """Flux density of magnitude zero [Jy]."""

    def flux_jy(self, magnitude: float) -> float:
        """Return the flux density of a magnitude [Jy]."""
        return float(self.zero_jy * 10 ** (-0.4 * magnitude))


_BESSELL, _2MASS, _GAIA, _SDSS = "Johnson-Cousins", "2MASS", "Gaia DR3", "SDSS (AB)"

BANDS = {
    "U": Band(_BESSELL, 0.366, 1790.0),
    "B": Band(_BESSELL, 0.438, 4063.0),
    "V": Band(_BESSELL, 0.545, 3636.0),
    "R": Band(_BESSELL, 0.641, 3064.0),
    "I": Band(_BESSELL, 0.798, 2416.0),
    "J": Band(_2MASS, 1.235, 1594.0),
    "H": Band(_2MASS, 1.662, 1024.0),
    "K": Band(_2MASS, 2.159, 666.7),
    "BP": Band(_GAIA, 0.5110, 3552.01),
    "G": Band(_GAIA, 0.6218, 3228.75),
    "RP": Band(_GAIA, 0.7769, 2554.95),
    "u": Band(_SDSS, 0.3551, AB_JY),
    "g": Band(_SDSS, 0.4686, AB_JY),
    "r": Band(_SDSS, 0.6165, AB_JY),
    "i": Band(_SDSS, 0.7481, AB_JY),
    "z": Band(_SDSS, 0.8931, AB_JY),
}
"""Bands by their letters."""

"""Flux densities of magnitude zero in the usual bands, and where the bands lie.

References
----------
U to I: Bessell, Castelli & Plez (1998), A&A 333, 231, table A2.
J, H, K: Cohen, Wheaton & Megeath (2003), AJ 126, 1090, table 2 (2MASS).
G, BP, RP: Riello et al. (2021), A&A 649, A3, table 3, zero points of Vega and of AB magnitudes;
pivot wavelengths of the SVO Filter Profile Service (GAIA/GAIA3).
u to z: Fukugita et al. (1996), AJ 111, 1748; AB magnitudes, 3631 Jy, with the effective
wavelengths of the imaging camera of the SDSS.
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


def _of_gaia(wavelength_um: float, vega_mag: float, ab_mag: float) -> Band:
    # The SVO's own flux densities (3228.75 Jy in G) are 1 to 2 % lower: they take the spectrum of
    # Vega itself, while Gaia's zero magnitude is a star of V = 0, where Vega has 0.023.
    return Band(_GAIA, wavelength_um, AB_JY * 10 ** (-0.4 * (ab_mag - vega_mag)))


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
    "BP": _of_gaia(0.5110, 25.3385422158, 25.3539555559),
    "G": _of_gaia(0.6218, 25.6873668671, 25.8010446445),
    "RP": _of_gaia(0.7769, 24.7478955012, 25.1039837393),
    "u": Band(_SDSS, 0.3551, AB_JY),
    "g": Band(_SDSS, 0.4686, AB_JY),
    "r": Band(_SDSS, 0.6166, AB_JY),
    "i": Band(_SDSS, 0.7480, AB_JY),
    "z": Band(_SDSS, 0.8932, AB_JY),
}
"""Bands by their letters."""

"""How large an object is, as an interval: H and an albedo that is hardly ever known.

References
----------
.. [1] Wright, Mainzer, Masiero, Grav & Bauer (2016), AJ 152, 79: the albedo distribution of
   near-Earth asteroids, two Rayleigh distributions.
.. [2] Pravec & Harris (2007), Icarus 190, 250: D = 1329 km / sqrt(p_V) 10^(-H/5).
.. [3] Carry (2012), Planetary and Space Science 73, 98: densities, 1.3 to 3.3 g/cm^3 for the
   classes C and S.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.stats import norm

from skywright.orbits.risk import impact_energy_mt

F64 = npt.NDArray[np.float64]

_DARK_SHARE, _DARK, _BRIGHT = 0.253, 0.030, 0.168  # [1], equation 1
_KNOWN_ALBEDO_DEX = 0.10  # typical one-sigma error of a thermal albedo, 25 %
_KNOWN_DIAMETER_DEX = 0.05  # typical one-sigma error of a thermal diameter, 12 %
_H_SIGMA = 0.3  # error of H against its photometric value where none is given [mag]
_DENSITY_KG_M3 = (1300.0, 2200.0, 3300.0)  # 16, 50, 84 %; [3]
QUANTILES = (0.16, 0.50, 0.84)
"""Probabilities at which sizes are told."""
_Z = np.asarray(norm.ppf(QUANTILES), np.float64)


class Sizes(NamedTuple):
    """Quantiles of size, shape (n, 3) each, at 16, 50 and 84 %; NaN without H and diameter."""

    diameter_km: F64
    """Diameter [km]."""
    mass_kg: F64
    """Mass of a sphere [kg]."""
    energy_mt: F64
    """Energy of an impact at 20 km/s [Mt TNT]."""


def sizes(h_mag: F64, albedo: F64, diameter_km: F64, h_sigma: F64 | None = None) -> Sizes:
    """Return intervals of diameter, mass and energy.

    Parameters
    ----------
    h_mag, albedo, diameter_km : ndarray, shape (n,)
        Absolute magnitude [mag], geometric albedo [-] and measured diameter [km]; NaN where
        unknown. A diameter counts more than an albedo, an albedo more than the distribution [1].
    h_sigma : ndarray, shape (n,), optional
        One-sigma error of H [mag]; 0.3 where it is not given.

    Returns
    -------
    Sizes
    """
    error = np.full_like(h_mag, _H_SIGMA)
    if h_sigma is not None:
        error = np.where(np.isfinite(h_sigma), h_sigma, error)
    table = np.array([albedo_quantile(1 - p) for p in QUANTILES])
    centre = np.where(albedo > 0, albedo, table[1])[:, None]
    from_table = -0.5 * np.log10(table[None, :] / table[1])
    from_known = _Z[None, :] * 0.5 * _KNOWN_ALBEDO_DEX
    shape = np.where((albedo > 0)[:, None], from_known, from_table)
    noise = _Z[None, :] * error[:, None] / 5.0
    spread = np.sign(shape) * np.hypot(shape, noise)
    with np.errstate(invalid="ignore"):
        log_d = np.log10(1329.0) - 0.5 * np.log10(centre) - h_mag[:, None] / 5.0 + spread
        known = np.log10(np.where(diameter_km > 0, diameter_km, np.nan))[:, None]
    known = known + _Z[None, :] * _KNOWN_DIAMETER_DEX
    log_d = np.where(np.isfinite(known), known, log_d)
    return _with_mass(log_d)


def _with_mass(log_d: F64) -> Sizes:
    """Add mass and energy: errors of size and density add in the logarithm."""
    density = np.log10(np.array(_DENSITY_KG_M3))
    middle = 3 * (log_d[:, 1:2] + 3.0) + density[1] + np.log10(np.pi / 6)
    spread = np.hypot(3 * (log_d - log_d[:, 1:2]), density - density[1])
    mass = 10 ** (middle + np.array([-1.0, 0.0, 1.0]) * spread)
    energy = np.full_like(mass, np.nan)
    given = np.isfinite(mass)
    energy[given] = impact_energy_mt(mass[given], 20.0)
    return Sizes(10**log_d, mass, energy)


@lru_cache(maxsize=64)
def albedo_quantile(p: float) -> float:
    """Return the quantile of the albedo distribution of near-Earth asteroids of [1].

    Parameters
    ----------
    p : float
        Probability, 0 < p < 1.
    """
    grid = np.linspace(1e-4, 1.2, 60_001)
    below = 1 - np.exp(-(grid**2) / (2 * _DARK**2)), 1 - np.exp(-(grid**2) / (2 * _BRIGHT**2))
    cdf = _DARK_SHARE * below[0] + (1 - _DARK_SHARE) * below[1]
    return float(np.interp(p, cdf, grid))

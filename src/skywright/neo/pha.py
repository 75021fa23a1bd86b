"""Potentially hazardous by definition, and how sure that is.

The definition is a rule of two numbers: MOID <= 0.05 au and H <= 22.0 (JPL CNEOS, "NEO groups").
Near its edges the flag changes when orbit or H are measured better; the probability here says how
likely. Its scatter was fitted to what became of the orbits of 2019 by 2024; ``bench/neo_models.py``
prints the Brier score beside that of the flag.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

F64 = npt.NDArray[np.float64]

MOID_LIMIT_AU = 0.05
"""Largest MOID of a potentially hazardous asteroid [au]."""

H_LIMIT = 22.0
"""Largest absolute magnitude of a potentially hazardous asteroid [mag]."""

_MOID_SIGMA_AU = ((2.5, 0.0020), (5.5, 0.0030), (np.inf, 0.0040))
"""Change of the MOID in five years [au] by the largest condition code it holds for: planetary
perturbations for the well-known orbits, better observations for the others."""
_MOID_SIGMA_UNKNOWN_AU = 0.0030
_H_SIGMA = 0.10
"""Change of H in five years [mag]."""


def is_hazardous(moid_au: F64, h_mag: F64) -> npt.NDArray[np.bool_]:
    """Apply the definition; False where H is unknown, shape (n,)."""
    return np.asarray((moid_au <= MOID_LIMIT_AU) & (h_mag <= H_LIMIT))


def hazard_probability(
    moid_au: F64, h_mag: F64, condition_code: F64, orbit_sigma_au: F64, h_sigma: F64
) -> F64:
    """Return the probability that the definition holds once orbit and H are known well.

    Parameters
    ----------
    moid_au : ndarray, shape (n,)
        MOID of the nominal orbit [au].
    h_mag : ndarray, shape (n,)
        Absolute magnitude [mag]; NaN gives NaN.
    condition_code : ndarray, shape (n,)
        0 (well known) to 9; NaN where unknown.
    orbit_sigma_au : ndarray, shape (n,)
        One-sigma error of the MOID from a covariance [au]; NaN where there is none.
    h_sigma : ndarray, shape (n,)
        One-sigma error of H [mag]; NaN where unknown.

    Returns
    -------
    ndarray, shape (n,)
        Probability; MOID normal and folded at zero, H normal, independent.
    """
    scatter = np.full(moid_au.shape, _MOID_SIGMA_UNKNOWN_AU)
    for largest, value in reversed(_MOID_SIGMA_AU):
        scatter = np.where(condition_code <= largest, value, scatter)
    sigma = np.where(np.isfinite(orbit_sigma_au), np.hypot(orbit_sigma_au, scatter), scatter)
    near = ndtr((MOID_LIMIT_AU - moid_au) / sigma) - ndtr((-MOID_LIMIT_AU - moid_au) / sigma)
    error = np.where(np.isfinite(h_sigma), np.hypot(h_sigma, _H_SIGMA), _H_SIGMA)
    return np.asarray(near * ndtr((H_LIMIT - h_mag) / error), np.float64)

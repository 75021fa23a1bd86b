"""The largest probability that any scaling of the covariance could give, and dilution.

Alfano (2005, J. Spacecraft 42, 444): if the largest lies at a smaller covariance than the one at
hand, the probability is low for want of knowledge, and better tracking may raise it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from skywright.ssa.conjunction.foster import pc_2d

F64 = npt.NDArray[np.float64]

_SMALLEST, _LARGEST = -2.0, 2.0
_POINTS = 81
_REFINED = 41
_DILUTED_BELOW = 0.99


@dataclass(frozen=True, slots=True)
class Maximum:
    """The worst case over scalings of the combined covariance."""

    probability: float
    scale: float
    """Factor of the standard deviations at which it is reached."""
    diluted: bool
    """Whether it lies at a smaller covariance than the one at hand."""


def maximum(miss_km: F64, covariance_km2: F64, hbr_km: float) -> Maximum:
    """Return the largest two-dimensional probability over scalings of 0.01 to 100.

    Parameters
    ----------
    miss_km, covariance_km2 : (2,) and (2, 2) arrays
        In the encounter plane.
    hbr_km : float
        Radius [km].
    """
    low, high = _SMALLEST, _LARGEST
    for points in (_POINTS, _REFINED):
        scales = np.linspace(low, high, points)
        covariances = covariance_km2[None] * (10.0 ** (2.0 * scales))[:, None, None]
        found = pc_2d(np.tile(miss_km, (points, 1)), covariances, hbr_km)
        best = int(np.nan_to_num(found).argmax())
        low, high = scales[max(best - 1, 0)], scales[min(best + 1, points - 1)]
    scale = float(10.0 ** scales[best])
    return Maximum(min(float(found[best]), 1.0), scale, scale < _DILUTED_BELOW)

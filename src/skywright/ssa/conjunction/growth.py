"""How far public element sets are off when they grow old.

In-track the error of Sentinels' public sets grows from 0.3 to 0.7 km after a day over 2 to 7 km
after a week to 18 to 24 km after two; radially and across it stays 10 to 100 times smaller. A
probability from these sigmas is an order of magnitude, and is marked as such wherever it is told.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

F64 = npt.NDArray[np.float64]

ALONG_KM, POWER, START_KM = 0.5, 1.35, 0.3
"""In-track sigma: START_KM + ALONG_KM age^POWER [km, d]."""

ACROSS_SHARE, LEAST_ACROSS_KM = 1.0 / 15.0, 0.1
"""Radial and cross-track sigma as a share of that, and at least [km]."""


def position_sigmas_km(age_d: float) -> F64:
    """Return the radial, in-track and cross-track sigma of a set of some age [km]; (3,).

    Parameters
    ----------
    age_d : float
        Days from the epoch, before or after.
    """
    along = START_KM + ALONG_KM * abs(age_d) ** POWER
    across = max(LEAST_ACROSS_KM, ACROSS_SHARE * along)
    return np.array([across, along, across])

"""Element sets of one object as arrays: taken out of their table once, propagated together."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from skywright.orbits.sgp4_near_earth import prepared, states
from skywright.ssa.element_sets import (
    MINUTES_PER_DAY,
    SGP4_EPOCH_JD,
    epochs_jd,
    optional,
    sgp4_elements,
    sgp4_propagator,
)
from skywright.ssa.relative_elements import brouwer_axis_km

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

_EXACT = 1e8  # of the decimals that a line has


@dataclass(frozen=True)
class Sets:
    """Sets of one object, sorted by epoch."""

    jd: F64
    """Epochs, Julian dates UTC: midnight part [d]; (n,)."""
    fraction: F64
    """Epochs: fraction of the day [d]; (n,)."""
    mean_motion_rev_day: F64
    """Kozai's; (n,)."""
    given: F64
    """What SGP4 takes: mean motion [rad/min], eccentricity, angles [rad], B* [1/R]; (n, 7)."""
    ndot_rev_day2: F64 | None = None
    """Rate of the mean motion as told, 0 where it is not; None if the table does not tell it."""

    @classmethod
    def of(cls, history: pl.DataFrame) -> Sets:
        """Take them out of a history of one object, checked and sorted."""
        ndot = None
        if "ndot_rev_day2" in history.columns:
            ndot = optional(history, "ndot_rev_day2")
        motion = history["mean_motion_rev_day"].to_numpy()
        return cls(*epochs_jd(history), motion, sgp4_elements(history), ndot)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.jd)

    def rows(self, chosen: slice | npt.NDArray[Any]) -> Sets:
        """Return some of them."""
        ndot = None if self.ndot_rev_day2 is None else self.ndot_rev_day2[chosen]
        motion, given = self.mean_motion_rev_day[chosen], self.given[chosen]
        return Sets(self.jd[chosen], self.fraction[chosen], motion, given, ndot)

    @cached_property
    def days(self) -> F64:
        """Epochs as single Julian dates, good to 40 microseconds [d]; (n,)."""
        return self.jd + self.fraction

    @property
    def bstar(self) -> F64:
        """Drag terms [1/R]; (n,)."""
        return self.given[:, 6]

    @cached_property
    def elements(self) -> F64:
        """Mean elements, as ``relative_elements.mean_elements`` tells them; (n, 6)."""
        told = self.given[:, :6].copy()
        told[:, 0] = brouwer_axis_km(self.mean_motion_rev_day, told[:, 1], told[:, 2])
        return told

    @cached_property
    def _epochs(self) -> tuple[F64, F64]:
        """Epochs in two parts, as the library rounds those of lines (eight decimals) [d]."""
        days = (self.jd - SGP4_EPOCH_JD) + self.fraction
        whole = np.floor(days)
        left = days - whole
        exact = np.round(days * _EXACT) == days * _EXACT
        return whole + SGP4_EPOCH_JD, np.where(exact, np.round(left * _EXACT) / _EXACT, left)

    @cached_property
    def _prepared(self) -> npt.NDArray[Any]:
        return prepared(self.given)

    def latest(self, jd: F64, fraction: F64) -> I64:
        """Return for each time the row of the latest set with an epoch not after it; else row 0."""
        start = self.jd[0]
        own, asked = (self.jd - start) + self.fraction, (jd - start) + fraction
        return np.asarray(np.maximum(np.searchsorted(own, asked, side="right") - 1, 0))

    def states(self, rows: I64, jd: F64, fraction: F64) -> F64:
        """Propagate sets to times, each to its own.

        Parameters
        ----------
        rows : (m,) array of int
            Which set each time asks.
        jd, fraction : (m,) arrays
            Julian dates UTC in two parts [d].

        Returns
        -------
        (m, 6) array
            Position [km] and velocity [km/s], TEME of date; NaN where SGP4 gives an error.
        """
        whole, part = self._epochs
        minutes = (jd - whole[rows]) * MINUTES_PER_DAY + (fraction - part[rows]) * MINUTES_PER_DAY
        out = states(self._prepared, rows, minutes)
        far = self._prepared["near"] == 0.0
        if far.any():
            for row in np.flatnonzero(far).tolist():
                here = np.flatnonzero(rows == row)
                out[here] = self._by_library(row, jd[here], fraction[here])
        return out

    def _by_library(self, row: int, jd: F64, fraction: F64) -> F64:
        epoch_d = float((self.jd[row] - SGP4_EPOCH_JD) + self.fraction[row])
        one = sgp4_propagator(epoch_d, self.given[row])
        error, r, v = one.sgp4_array(jd, fraction)
        return np.where((error == 0)[:, None], np.hstack([r, v]), np.nan)

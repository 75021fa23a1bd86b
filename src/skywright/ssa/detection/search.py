"""The gaps of one object with their scores: looked at once, told in several ways."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from skywright.ssa.detection.detector import Operating, detector_in_use, peaks
from skywright.ssa.detection.features import Candidates, candidates
from skywright.ssa.detection.series import Series, series_of
from skywright.ssa.sets import Sets

F64 = npt.NDArray[np.float64]


class Finds(Protocol):
    """What is asked of a detector of manoeuvres."""

    @property
    def operating(self) -> Mapping[str, Operating]:
        """Where a score becomes a manoeuvre, by regime."""

    def scores(self, regime: str, candidates: Candidates) -> F64:
        """Return the probability of a manoeuvre in each gap; (m,)."""


@dataclass(frozen=True, slots=True)
class Search:
    """What was looked at, and what was found."""

    series: Series
    gaps: Candidates
    scores: F64
    """Probability of a manoeuvre in each gap; (m,)."""
    places: npt.NDArray[np.int64]
    """Gaps that are manoeuvres, in order of time."""

    @property
    def times(self) -> F64:
        """When they were, Julian dates UTC [d]."""
        return self.gaps.at[self.places]


def search_of(sets: Sets, detector: Finds | None = None) -> Search | None:
    """Look for manoeuvres of one object, or return None if it has too few sets.

    Parameters
    ----------
    sets : Sets
        Of one object.
    detector : Finds, optional
        Instead of the one in use.
    """
    series = series_of(sets)
    if series is None:
        return None
    gaps = candidates(series)
    used: Finds = detector or detector_in_use()
    scores = used.scores(series.regime, gaps)
    places = peaks(gaps.at, scores, used.operating[series.regime])
    return Search(series, gaps, scores, places)

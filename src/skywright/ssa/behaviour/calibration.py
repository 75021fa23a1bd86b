"""From a statistic to a p-value: how many quiet windows of a regime are as unusual.

Conformal p-values (Vovk, Gammerman & Shafer 2005, Algorithmic Learning in a Random World, chapter
2), with weights so that an object with many windows counts no more than another. Windows of one
object are alike, so a p-value holds over objects, not over the days of one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from skywright.errors import InputError

F64 = npt.NDArray[np.float64]

_GRID = 400  # of levels, so that what is kept is at most 2 % off


@dataclass(frozen=True, slots=True)
class Calibration:
    """Statistics of quiet windows of one regime, as levels of p."""

    statistic: Sequence[float]
    """Growing."""
    p: Sequence[float]
    """Share of the weight at or above each; falling."""
    windows: int
    objects: int
    sources: dict[str, int]
    """Objects by source: passive, stretch, simulated."""

    @property
    def least_p(self) -> float:
        """The least p-value there is: of a window beyond all of the calibration."""
        return 1.0 / (self.windows + 2.0)

    def p_values(self, statistic: F64) -> F64:
        """Return the p-value of each; in (0, 1]."""
        places = np.searchsorted(np.asarray(self.statistic), statistic, side="left")
        return np.append(self.p, self.least_p)[places]


def calibrated(
    statistic: F64, names: npt.NDArray[np.str_], sources: npt.NDArray[np.str_]
) -> Calibration:
    """Return the calibration from quiet windows.

    Parameters
    ----------
    statistic : (n,) array
        Of windows of objects that the model was not taught with.
    names, sources : (n,) arrays
        Object of each window, and where it comes from.

    Raises
    ------
    InputError
        If there is no window.
    """
    if not len(statistic):
        message = "A calibration needs at least one quiet window."
        raise InputError(message)
    objects, place, counts = np.unique(names, return_inverse=True, return_counts=True)
    weight = 1.0 / (len(objects) * counts[place])
    order = np.argsort(statistic, kind="stable")
    above = np.cumsum(weight[order][::-1])[::-1]
    own = 1.0 / (len(statistic) + 1.0)  # the window that is asked counts as one of them
    p = np.minimum((above + own) / (1.0 + own), 1.0)
    levels = np.geomspace(own, 1.0, _GRID)
    values, first = np.unique(statistic[order], return_index=True)
    p = p[first]
    kept = np.unique(np.searchsorted(-p, -levels, side="left").clip(0, len(p) - 1))
    of = dict(zip(names.tolist(), sources.tolist(), strict=True))
    told = list(of.values())
    return Calibration(
        values[kept].tolist(),
        p[kept].tolist(),
        len(statistic),
        len(objects),
        {one: told.count(one) for one in sorted(set(told))},
    )

"""The manoeuvre detector as it is served: boosting over candidate gaps, one model a regime."""

from __future__ import annotations

import json
from bisect import bisect
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from skywright.foundry.registry import in_use
from skywright.ssa.boosting import Boosting
from skywright.ssa.detection.features import Candidates

F64 = npt.NDArray[np.float64]

MODEL = "ssa-manoeuvres"
"""Name under which it is registered."""

DETECTOR = "detector.json"
"""File with thresholds and separations."""

REGIMES = ("leo", "geo")
"""Each with a model of its own."""


@dataclass(frozen=True, slots=True)
class Operating:
    """Where a score becomes a manoeuvre."""

    threshold: float
    """Least score."""
    apart_d: float
    """Two manoeuvres nearer than this are one [d]."""


class ManoeuvreDetector:
    """Scores candidates.

    Parameters
    ----------
    folder : pathlib.Path
        Model folder.
    """

    def __init__(self, folder: Path) -> None:
        told: Mapping[str, Any] = json.loads((folder / DETECTOR).read_text(encoding="utf-8"))
        self.operating = {name: Operating(**told[name]["operating"]) for name in REGIMES}
        self.features = {name: tuple(told[name]["features"]) for name in REGIMES}
        self._models = {name: Boosting(folder / f"{name}.onnx") for name in REGIMES}

    def scores(self, regime: str, candidates: Candidates) -> F64:
        """Return the probability of a manoeuvre in each gap; (m,)."""
        if len(candidates.at) == 0:
            return np.zeros(0)
        return self._models[regime](candidates.features)[:, 1]


@lru_cache(maxsize=4)
def _opened(folder: Path) -> ManoeuvreDetector:
    return ManoeuvreDetector(folder)


def detector_in_use() -> ManoeuvreDetector:
    """Return the detector of the registry, or the one that ships."""
    return _opened(in_use(MODEL))


def peaks(at: F64, scores: F64, operating: Operating) -> npt.NDArray[np.int64]:
    """Return the places of the highest scores, no two nearer than allowed, in order of time."""
    chosen: list[int] = []
    taken: list[float] = []  # their times in order, so that only the neighbours are looked at
    times = at.tolist()
    for place in np.argsort(-scores, kind="stable").tolist():
        if scores[place] < operating.threshold:
            break
        here = bisect(taken, times[place])
        near = taken[max(here - 1, 0) : here + 1]
        if all(abs(times[place] - other) >= operating.apart_d for other in near):
            chosen.append(place)
            taken.insert(here, times[place])
    return np.array(sorted(chosen), dtype=np.int64)

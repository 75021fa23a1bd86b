"""How detections are scored: events of a day, matched one to one within a tolerance.

Manoeuvres less than a day apart are one event, since element sets cannot separate them. Each event
is matched with at most one detection, as many as possible (Hopcroft and Karp 1973 by way of
``linear_sum_assignment``). Only events inside the span of the sets count.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

F64 = npt.NDArray[np.float64]

MERGED_D = 1.0
"""Manoeuvres nearer than this are one event [d]."""

TOLERANCE_D = {"leo": 1.0, "geo": 2.0}
"""How far a detection may be off [d]."""


@dataclass(frozen=True, slots=True)
class Score:
    """One satellite."""

    hits: int
    events: int
    detections: int
    years: float

    @property
    def false_per_year(self) -> float:
        """False alarms a year."""
        return (self.detections - self.hits) / max(self.years, 1e-9)


def events_of(times: F64) -> F64:
    """Return the mean time of each run of manoeuvres less than a day apart."""
    ordered = np.sort(times)
    if not len(ordered):
        return ordered
    runs = np.split(ordered, np.flatnonzero(np.diff(ordered) >= MERGED_D) + 1)
    return np.array([run.mean() for run in runs])


def score(truth: F64, found: F64, span: tuple[float, float], tolerance_d: float) -> Score:
    """Match the detections of one satellite with its manoeuvres.

    Parameters
    ----------
    truth, found : arrays
        Times of manoeuvres and of detections [d].
    span : (float, float)
        First and last epoch of the sets [d].
    tolerance_d : float
        How far they may lie apart [d].
    """
    from scipy.optimize import linear_sum_assignment

    events = events_of(truth)
    events = events[(events >= span[0]) & (events <= span[1])]
    told = np.asarray(found, dtype=np.float64)
    hits = 0
    if len(events) and len(told):
        near = np.abs(events[:, None] - told[None, :]) <= tolerance_d
        rows, columns = linear_sum_assignment(-near.astype(np.float64))
        hits = int(near[rows, columns].sum())
    return Score(hits, len(events), len(told), (span[1] - span[0]) / 365.25)


def pooled(scores: Sequence[Score]) -> dict[str, float]:
    """Return precision, recall and F1 of all events together, and false alarms a satellite-year."""
    hits, events = sum(s.hits for s in scores), sum(s.events for s in scores)
    told, years = sum(s.detections for s in scores), sum(s.years for s in scores)
    return {
        "precision": hits / max(told, 1),
        "recall": hits / max(events, 1),
        "f1": 2.0 * hits / max(events + told, 1),
        "false_alarms_per_satellite_year": (told - hits) / max(years, 1e-9),
    }


def interval(scores: Sequence[Score], seed: int = 1, draws: int = 2000) -> tuple[float, float]:
    """Return the 95 % interval of the pooled F1, drawing satellites with replacement."""
    random = np.random.default_rng(seed)
    picked = random.integers(len(scores), size=(draws, len(scores)))
    found = [pooled([scores[k] for k in row])["f1"] for row in picked.tolist()]
    low, high = np.quantile(found, [0.025, 0.975])
    return float(low), float(high)

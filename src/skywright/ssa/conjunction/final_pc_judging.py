"""Judging the forecast of the last probability: events by models that never saw them.

Events of one secondary object stay on one side of a split, at all their hard-body radii; the level
of chance from which an event is flagged is chosen by splits within the rest; a model of one
satellite is judged on the other.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from skywright.ssa.boosting import boosted, predicted
from skywright.ssa.conjunction.final_pc import (
    FEATURES,
    LEVELS,
    QUANTILES,
    at_levels,
    known_of,
    quantiles_of,
)
from skywright.ssa.conjunction.final_pc_lessons import (
    COLUMN,
    TRAINED_AT,
    Lesson,
    examples,
    fitted,
)
from skywright.ssa.conjunction.final_pc_scoring import (
    HIGH_LOG,
    LOW_LOG,
    calibration,
    coverage,
    esa_told,
    f2,
    flags_told,
    redrawn,
)

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

POOLED = ("pc_hbr_10m", "pc_hbr_15.85m", COLUMN, "pc_hbr_50.12m")
"""Probabilities over which a level of chance is chosen, and figures pooled."""

LEAD_D = 2.0
"""Foretold from the last message at least so early [d]."""

FLAG_LOG = -5.0
"""What is flagged: a last probability of 1e-5 or more."""

_FOLDS = 5
_RECALL = 0.85  # above the promise of 0.8, as unseen events may be harder
_LEAST_HIGH = 0.1  # set beforehand, not searched
_OPEN = 0.05


class Foretells(Protocol):
    """What is judged."""

    @property
    def least_chance(self) -> float:
        """Chance from which on an event is flagged."""

    def exceedance(self, features: F64, levels: F64) -> F64:
        """Return the chance to reach each level."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What was foretold two days ahead by models that had not seen the events."""

    lessons: tuple[Lesson, ...]
    now: F64
    chance: F64
    """Chance to reach each of `LEVELS`; (n, k)."""
    least: F64
    """Chance from which on an event is flagged, as chosen without it."""

    def rows(self, column: str | None = None) -> Judged:
        """Return those of one hard-body radius."""
        keep = np.array([column in (None, one.column) for one in self.lessons])
        some = tuple(one for one, kept in zip(self.lessons, keep, strict=True) if kept)
        return Judged(some, self.now[keep], self.chance[keep], self.least[keep])

    @property
    def final(self) -> F64:
        """log10 of the last probabilities."""
        return np.array([one.final for one in self.lessons])

    @property
    def flag_chance(self) -> F64:
        """Chance of a last probability of 1e-5 or more."""
        at: F64 = self.chance[:, int(np.argmin(np.abs(LEVELS - FLAG_LOG)))]
        return at


def chosen(lessons: Sequence[Lesson]) -> float:
    """Return the largest chance at which cross-fitted flags still find most high events."""
    some = _apart(lessons, _folds(lessons, "inner"), lambda rest: fitted(rest))
    high = some.final >= FLAG_LOG
    chances = np.sort(some.flag_chance[high])[::-1]
    if not len(chances):
        return 1.0
    return float(chances[int(np.ceil(_RECALL * len(chances))) - 1])


def cross_fitted(lessons: Sequence[Lesson]) -> Judged:
    """Judge each event by model and level of chance that were made without its secondary."""
    return _apart(
        lessons,
        _folds(lessons, "outer"),
        lambda rest: fitted(rest, least_chance=chosen(rest)),
    )


def by_primary(lessons: Sequence[Lesson]) -> dict[str, Judged]:
    """Judge the events of each satellite by what was learned from the others."""
    names = sorted({one.primary for one in lessons})
    told = {}
    for name in names if len(names) > 1 else ():
        rest = [one for one in lessons if one.primary != name]
        held = [one for one in lessons if one.primary == name]
        told[name] = judged(held, fitted(rest, least_chance=chosen(rest)))
    return told


def figures(told: Judged) -> dict[str, Any]:
    """Return all figures of a judgement, persistence beside each."""
    own = told.rows(COLUMN)
    flags = flag_figures(own)
    pooled = flag_figures(told)
    open_ = own.chance[:, 0] >= _OPEN
    shares = quantiles_of(own.chance, LEVELS, QUANTILES)
    return {
        **flags["model"],
        "persistence": flags["persistence"],
        "gain": _gain(own),
        "pooled": pooled | {"gain": _gain(told)},
        "calibration": calibration(own.chance, LEVELS, own.final),
        "coverage_of_open_events": coverage(shares[open_], QUANTILES, own.final[open_]),
        "esa": _esa(own),
        "esa_pooled": _esa(told),
        "events": len(own.lessons),
    }


def flag_figures(own: Judged) -> dict[str, Any]:
    """Return the figures of flags and those of persistence."""
    high = own.final >= FLAG_LOG
    return {
        "model": flags_told(own.flag_chance >= own.least, high),
        "persistence": flags_told(own.now >= FLAG_LOG, high),
    }


def foretold(chance: F64, least_high: float) -> F64:
    """Return one log10 an event: its mean where it is high, if it is likely enough to be high.

    Parameters
    ----------
    chance : (n, k) array
        Chance to reach each of `LEVELS`.
    least_high : float
        Chance of a high event from which on it is taken for one.
    """
    first = int(np.argmin(np.abs(LEVELS - HIGH_LOG)))
    beyond = chance[:, first:]
    # The mean of a level above its start is the integral of the chance to reach further.
    mean = HIGH_LOG + np.trapezoid(beyond, LEVELS[first:], axis=1) / np.maximum(beyond[:, 0], 1e-9)
    return np.asarray(np.where(chance[:, first] >= least_high, mean, LOW_LOG))


def boosted_figures(lessons: Sequence[Lesson]) -> dict[str, float]:
    """Return what boosted trees make of the same features and splits, by average precision."""
    trees = _apart(lessons, _folds(lessons, "outer"), _Trees).rows(COLUMN)
    ours = cross_ranked(lessons).rows(COLUMN)
    high = trees.final >= FLAG_LOG
    return {
        "average_precision": average_precision(trees.flag_chance, high),
        "regression_average_precision": average_precision(ours.flag_chance, high),
        "persistence_average_precision": average_precision(trees.now, high),
    }


def cross_ranked(lessons: Sequence[Lesson]) -> Judged:
    """Judge each event by a model without its secondary, without choosing a level of chance."""
    return _apart(lessons, _folds(lessons, "outer"), lambda rest: fitted(rest))


def average_precision(score: F64, high: npt.NDArray[np.bool_]) -> float:
    """Return the mean precision at each high event, from the highest score down."""
    order = np.argsort(-score, kind="stable")
    hits = high[order]
    precision = np.cumsum(hits) / np.arange(1, len(hits) + 1)
    return float(precision[hits].mean()) if hits.any() else 0.0


class _Trees:
    """Boosted trees on the same features, the chance never rising with the level."""

    least_chance = 1.0

    def __init__(self, lessons: Sequence[Lesson]) -> None:
        x, final, weight = examples(lessons)
        table = at_levels(x, TRAINED_AT).reshape(-1, len(FEATURES))
        label = (final[:, None] >= TRAINED_AT).ravel().astype(np.int64)
        rises = [1 if name in ("now", "now_above", "peak", "last_day") else 0 for name in FEATURES]
        rises[FEATURES.index("level")] = -1
        params = {
            "objective": "binary", "learning_rate": 0.05, "num_leaves": 8,
            "min_data_in_leaf": 200, "feature_fraction": 0.6, "bagging_fraction": 0.7,
            "lambda_l2": 5.0, "seed": 1, "monotone_constraints": rises,
        }  # fmt: skip
        weights = np.repeat(weight, len(TRAINED_AT))
        self._model = boosted(table, label, params, rounds=120, weight=weights)

    def exceedance(self, known: F64, levels: F64) -> F64:
        """As of the regression."""
        table = at_levels(known, levels)
        chance = predicted(self._model, table.reshape(-1, len(FEATURES))).reshape(table.shape[:2])
        return np.asarray(np.minimum.accumulate(chance, axis=1))


def _apart(
    lessons: Sequence[Lesson], fold: list[int], fit_on: Callable[[list[Lesson]], Foretells]
) -> Judged:
    parts = []
    for k in range(_FOLDS):
        rest = [one for one, own in zip(lessons, fold, strict=True) if own != k]
        held = [one for one, own in zip(lessons, fold, strict=True) if own == k]
        parts.append(judged(held, fit_on(rest)))
    return Judged(
        tuple(one for part in parts for one in part.lessons),
        np.concatenate([part.now for part in parts]),
        np.concatenate([part.chance for part in parts]),
        np.concatenate([part.least for part in parts]),
    )


def judged(held: Sequence[Lesson], model: Foretells) -> Judged:
    """Foretell those events that had a message two days ahead, and another after it."""
    some = tuple(
        one
        for one in held
        if one.column in POOLED and 0 < one.event.known_at(LEAD_D) < len(one.event.days)
    )
    known = known_of([one.event.until(one.event.known_at(LEAD_D)) for one in some])
    return Judged(
        some,
        known[:, 0],
        model.exceedance(known, LEVELS),
        np.full(len(some), model.least_chance),
    )


def _folds(lessons: Sequence[Lesson], salt: str) -> list[int]:
    return [
        int(hashlib.sha256(f"{salt} {one.group}".encode()).hexdigest()[:8], 16) % _FOLDS
        for one in lessons
    ]


def _gain(own: Judged) -> dict[str, list[float]]:
    """Return intervals of what is gained on persistence, events redrawn."""
    high = own.final >= FLAG_LOG
    ours, theirs = own.flag_chance >= own.least, own.now >= FLAG_LOG

    def precision(rows: I64) -> float:
        a, b = ours[rows], theirs[rows]
        if not (a.any() and b.any()):
            return float("nan")
        return float(high[rows][a].mean() - high[rows][b].mean())

    def recall(rows: I64) -> float:
        bad = rows[high[rows]]
        return float(ours[bad].mean() - theirs[bad].mean()) if len(bad) else float("nan")

    groups = [one.event.name for one in own.lessons]
    return {
        "precision": list(redrawn(groups, precision)),
        "recall": list(redrawn(groups, recall)),
        "f2": list(
            redrawn(groups, lambda rows: f2(ours[rows], high[rows]) - f2(theirs[rows], high[rows]))
        ),
    }


def _esa(own: Judged) -> dict[str, Any]:
    """Return the challenge's score, persistence beside it, with the interval of the difference."""
    told = foretold(own.chance, _LEAST_HIGH)
    final, now = own.final, own.now
    low, high = redrawn(
        [one.event.name for one in own.lessons],
        lambda r: esa_told(told[r], final[r])["score"] - esa_told(now[r], final[r])["score"],
    )
    return {
        "model": esa_told(told, final),
        "persistence": esa_told(now, final),
        "difference_low": low,
        "difference_high": high,
    }

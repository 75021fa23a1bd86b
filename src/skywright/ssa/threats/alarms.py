"""How well threatening behaviour is told from the rest, beside an isolation forest.

The forest (Liu, Ting and Zhou 2008, ICDM, 413) sees the same features but no labels: it learns
what is usual from scenarios in which nothing approaches or stays, and calls the rest strange. It is
given as many alarms as the detector raises, so that recall is compared at one rate.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import stats

from skywright.ssa.behaviour import yardsticks
from skywright.ssa.behaviours import Behaviour

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

THREATENING = (Behaviour.APPROACH, Behaviour.PROXIMITY_STAY)
"""Behaviours of which an alarm is wanted."""

_DRAWS = 500


def strangeness(train: F64, classes: I64, asked: F64, seed: int) -> F64:
    """Return how strange features look to a forest grown on what does not threaten; (n,).

    Parameters
    ----------
    train : (m, k) array
        Features to learn from; NaN is not known, for which the median stands.
    classes : (m,) array of int
        Their behaviours; threatening ones are left out.
    asked : (n, k) array
        Features to judge.
    seed : int
        Of the forest.
    """
    usual = train[~np.isin(classes, THREATENING)]
    filling = yardsticks.filling_of(usual)
    forest = yardsticks.grown_forest(usual, np.ones(len(usual)), filling, seed)
    return yardsticks.isolation(forest, asked, filling)


def told_apart(
    truth: I64, chances: F64, strange: F64, clusters: npt.NDArray[Any]
) -> dict[str, Any]:
    """Compare a detector and a forest on the same rows.

    Parameters
    ----------
    truth : (n,) array of int
        Behaviours.
    chances : (n, 6) array
        Of the detector; it raises an alarm where a threatening one is likeliest.
    strange : (n,) array
        Of the forest.
    clusters : (n,) array
        Groups that are drawn as a whole for the intervals.

    Returns
    -------
    dict
        ``rows``, ``threatening`` and ``alarms`` among them; for ``detector``, ``forest`` and
        ``difference`` area under the curve and recall, each with its 95 % interval.
    """
    wanted = np.isin(truth, THREATENING)
    alarms = np.isin(chances.argmax(axis=1), THREATENING)
    scores = chances[:, list(THREATENING)].sum(axis=1), strange
    point = _measured(wanted, alarms, scores)
    random = np.random.default_rng(1)
    names = np.unique(clusters)
    rows = {name: np.flatnonzero(clusters == name) for name in names.tolist()}
    drawn = []
    for _ in range(_DRAWS):
        some = np.concatenate([rows[n] for n in random.choice(names, len(names)).tolist()])
        if 0 < wanted[some].sum() < len(some):
            drawn.append(_measured(wanted[some], alarms[some], tuple(s[some] for s in scores)))
    low, high = np.quantile(np.array(drawn), [0.025, 0.975], axis=0)
    told: dict[str, Any] = {
        "rows": len(truth), "threatening": int(wanted.sum()), "alarms": int(alarms.sum())
    }  # fmt: skip
    for k, name in enumerate(("detector", "forest", "difference")):
        told[name] = {
            measure: {
                "value": float(point[k, j]),
                "interval": [float(low[k, j]), float(high[k, j])],
            }
            for j, measure in enumerate(("auroc", "recall"))
        }
    return told


def _measured(wanted: Flags, alarms: Flags, scores: tuple[F64, ...]) -> F64:
    """Area under the curve and recall of detector and forest, and the differences; (3, 2)."""
    as_many = np.zeros(len(wanted), bool)
    as_many[np.argsort(-scores[1], kind="stable")[: int(alarms.sum())]] = True
    ours, theirs = (
        np.array([_auroc(wanted, score), raised[wanted].mean()])
        for score, raised in zip(scores, (alarms, as_many), strict=True)
    )
    return np.stack([ours, theirs, ours - theirs])


def _auroc(wanted: Flags, score: F64) -> float:
    ranks = stats.rankdata(score)
    hits = int(wanted.sum())
    return float((ranks[wanted].sum() - hits * (hits + 1) / 2) / (hits * (len(wanted) - hits)))

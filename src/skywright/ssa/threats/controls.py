"""What the network is compared with: boosting on all features, on the cadence alone, one threshold.

Boosting is LightGBM, the threshold looks at one slot. What an isolation forest does without labels
is in ``alarms``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from skywright.ssa.behaviours import Behaviour
from skywright.ssa.boosting import boosted

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

_ROUNDS = 250
_PARAMS: dict[str, Any] = {
    "objective": "multiclass",
    "num_class": len(Behaviour),
    "learning_rate": 0.05,
    "num_leaves": 15,
    "min_data_in_leaf": 10,
    "feature_fraction": 0.6,
    "bagging_fraction": 0.8,
    "lambda_l2": 5.0,
}


def boosted_features(features: F64, classes: I64, seed: int) -> Any:
    """Return boosting trained on features, rare classes weighing as much as common ones."""
    counts = np.bincount(classes, minlength=len(Behaviour))
    weight = (len(classes) / np.maximum(counts, 1))[classes]
    return boosted(features, classes, {**_PARAMS, "seed": seed}, rounds=_ROUNDS, weight=weight)


def one_threshold(slot: F64, manoeuvres: npt.NDArray[np.bool_]) -> float:
    """Return the threshold of one slot that best tells rows with manoeuvres from those without.

    Best by the sum of sensitivity and specificity (Youden 1950); rows without a value count as
    below every threshold.
    """
    x = np.where(np.isfinite(slot), slot, -np.inf)
    order = np.argsort(-x, kind="stable")
    hits = np.cumsum(manoeuvres[order]) / max(int(manoeuvres.sum()), 1)
    false = np.cumsum(~manoeuvres[order]) / max(int((~manoeuvres).sum()), 1)
    return float(x[order][int(np.argmax(hits - false))])


def macro_f1(truth: I64, told: I64) -> float:
    """Return the mean F1 over the classes that occur among the truth."""
    scores = []
    for k in np.unique(truth):
        hit = int(np.sum((truth == k) & (told == k)))
        scores.append(2.0 * hit / max(int(np.sum(truth == k) + np.sum(told == k)), 1))
    return float(np.mean(scores))


def clustered_interval(
    truth: I64, told: I64, clusters: npt.NDArray[Any], seed: int, draws: int = 500
) -> tuple[float, float]:
    """Return the 95 % interval of macro-F1 by drawing whole clusters with replacement."""
    random = np.random.default_rng(seed)
    names = np.unique(clusters)
    rows = {name: np.flatnonzero(clusters == name) for name in names.tolist()}
    found = []
    for _ in range(draws):
        chosen = np.concatenate([rows[n] for n in random.choice(names, len(names)).tolist()])
        found.append(macro_f1(truth[chosen], told[chosen]))
    low, high = np.quantile(found, [0.025, 0.975])
    return float(low), float(high)

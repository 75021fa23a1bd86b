"""What the encoder is compared with, and how well a score tells windows with a manoeuvre.

One threshold on one slot, an isolation forest on the same slots (Liu, Ting & Zhou 2008, ICDM,
413), the same forest on the cadence alone, and boosted trees that are told the labels. Figures
are those of windows of one satellite among each other, so that its orbit helps nobody.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import stats

from skywright.errors import MissingExtraError
from skywright.ssa.behaviour.slots import SLOTS
from skywright.ssa.boosting import boosted, predicted

F64 = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Texts = npt.NDArray[np.str_]

CADENCE = np.array([k for k, one in enumerate(SLOTS) if one.group == "cadence"])
"""Places of the slots of the schedule of sets."""

TREES = 200
"""Of the isolation forest."""

_ROUNDS = 150
_DRAWS = 1000
_BOOSTING: dict[str, Any] = {
    "objective": "binary",
    "learning_rate": 0.05,
    "num_leaves": 8,
    "min_data_in_leaf": 30,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.8,
    "lambda_l2": 5.0,
}


def filling_of(vectors: F64) -> F64:
    """Return what stands for slots that are not known: the median, 0 where nothing is; (k,)."""
    columns = (column[np.isfinite(column)] for column in vectors.T)
    return np.array([float(np.median(one)) if len(one) else 0.0 for one in columns])


def grown_forest(vectors: F64, weight: F64, filling: F64, seed: int) -> Any:
    """Return an isolation forest on rows drawn by their weight.

    Raises
    ------
    MissingExtraError
        If scikit-learn is not installed.
    """
    try:
        from sklearn.ensemble import IsolationForest
    except ImportError as error:
        message = "The isolation forest beside the encoder"
        raise MissingExtraError(message, "train") from error
    drawn = np.random.default_rng(seed).choice(len(weight), len(weight), p=weight / weight.sum())
    forest = IsolationForest(n_estimators=TREES, random_state=seed)
    return forest.fit(_filled(vectors[drawn], filling))


def isolation(forest: Any, vectors: F64, filling: F64) -> F64:
    """Return the score of a forest: larger is sooner isolated; (n,)."""
    return -np.asarray(forest.score_samples(_filled(vectors, filling)), dtype=np.float64)


def export_forest(forest: Any, path: Path, width: int) -> None:
    """Write a forest as ONNX; its second output is 0.5 less what `isolation` tells."""
    from skl2onnx import convert_sklearn
    from skl2onnx.common.data_types import FloatTensorType

    graph = convert_sklearn(
        forest,
        initial_types=[("slots", FloatTensorType([None, width]))],
        target_opset={"": 15, "ai.onnx.ml": 3},
    )
    path.write_bytes(graph.SerializeToString())


def told_labels(train: F64, moved: Flags, asked: F64, seed: int) -> F64:
    """Return the chances by boosted trees that learned from windows with labels; (n,)."""
    model = boosted(train, moved.astype(np.int64), {**_BOOSTING, "seed": seed}, rounds=_ROUNDS)
    return predicted(model, asked)


def auroc(score: F64, moved: Flags) -> float:
    """Return the area under the ROC curve: the chance that a pair is in the right order."""
    ranks = stats.rankdata(score)
    hits, rest = int(moved.sum()), int((~moved).sum())
    return float((ranks[moved].sum() - hits * (hits + 1) / 2) / (hits * rest))


def average_precision(score: F64, moved: Flags) -> float:
    """Return the mean precision over the windows with a manoeuvre, ties in one step."""
    order = np.argsort(-score, kind="stable")
    hits = np.cumsum(moved[order])
    last = np.append(np.diff(score[order]) != 0.0, True)
    places = np.flatnonzero(last)
    precision = hits[places] / (places + 1.0)
    gained = np.diff(np.append(0, hits[places]))
    return float((precision * gained).sum() / moved.sum())


def by_object(score: F64, moved: Flags, names: Texts) -> dict[str, tuple[float, float]]:
    """Return area and mean precision among the windows of each object that has both kinds."""
    told = {}
    for name in np.unique(names).tolist():
        rows = names == name
        if moved[rows].any() and not moved[rows].all():
            own = score[rows], moved[rows]
            told[name] = (auroc(*own), average_precision(*own))
    return told


def summary(told: dict[str, tuple[float, float]], seed: int = 1) -> dict[str, Any]:
    """Return the means over objects, with 95 % intervals by drawing objects with replacement."""
    table = np.array(list(told.values())).reshape(-1, 2)
    random = np.random.default_rng(seed)
    drawn = table[random.integers(len(table), size=(_DRAWS, len(table)))].mean(axis=1)
    low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
    return {
        "auroc": float(table[:, 0].mean()),
        "auroc_interval": [float(low[0]), float(high[0])],
        "average_precision": float(table[:, 1].mean()),
        "average_precision_interval": [float(low[1]), float(high[1])],
        "objects": len(table),
    }


def difference(
    one: dict[str, tuple[float, float]], other: dict[str, tuple[float, float]], seed: int = 1
) -> dict[str, Any]:
    """Return how much larger the mean area of one score is, with its paired interval."""
    gap = np.array([one[name][0] - other[name][0] for name in one])
    random = np.random.default_rng(seed)
    drawn = gap[random.integers(len(gap), size=(_DRAWS, len(gap)))].mean(axis=1)
    low, high = np.quantile(drawn, [0.025, 0.975])
    return {"auroc": float(gap.mean()), "interval": [float(low), float(high)]}


def _filled(vectors: F64, filling: F64) -> npt.NDArray[np.float32]:
    return np.where(np.isfinite(vectors), vectors, filling).astype(np.float32)

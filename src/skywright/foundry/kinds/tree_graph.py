"""Histogram-boosted trees of scikit-learn as an ONNX graph.

Thresholds are rounded down to float32, never to the nearest: for a float32 value x and a float64
threshold t, x <= t exactly where x <= floor32(t), so that every row takes the same branches.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from skywright.foundry.kinds.preparation_graph import FEATURES, ML_OPSET, OPSET

_RAW, _MODEL = "raw", "boosted_trees"


def floor32(threshold: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    """Return the greatest float32 that is not above each threshold; same shape."""
    near = threshold.astype(np.float32)
    return np.where(near > threshold, np.nextafter(near, np.float32(-np.inf)), near)


def boosted_graph(estimator: Any, width: int, n_classes: int) -> Any:
    """Return the graph of a fitted HistGradientBoosting estimator.

    Parameters
    ----------
    estimator : HistGradientBoostingClassifier or HistGradientBoostingRegressor
        Fitted, without categorical features of its own.
    width : int
        Number of features.
    n_classes : int
        Number of classes; 0 for numbers.
    """
    from onnx import TensorProto, helper

    targets = n_classes if n_classes > 2 else 1
    trees = helper.make_node(
        "TreeEnsembleRegressor", [FEATURES], [_RAW], domain="ai.onnx.ml", n_targets=targets,
        base_values=np.ravel(estimator._baseline_prediction).astype(np.float32).tolist(),
        **_attributes(estimator._predictors),
    )  # fmt: skip
    output = "probabilities" if n_classes else "value"
    exponential = type(getattr(estimator, "_loss", None)).__name__ in {
        "HalfPoissonLoss",
        "HalfGammaLoss",
    }
    nodes = [trees, *_finish(n_classes, exponential=exponential)]
    wide = max(n_classes, 1)
    body = helper.make_graph(
        nodes,
        _MODEL,
        [helper.make_tensor_value_info(FEATURES, TensorProto.FLOAT, [None, width])],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, [None, wide])],
        [helper.make_tensor("one", TensorProto.FLOAT, [1], [1.0])],
    )
    imports = [helper.make_opsetid("", OPSET), helper.make_opsetid("ai.onnx.ml", ML_OPSET)]
    return helper.make_model(body, opset_imports=imports, ir_version=9)


def _finish(n_classes: int, *, exponential: bool) -> list[Any]:
    from onnx import helper

    if not n_classes:
        return [helper.make_node("Exp" if exponential else "Identity", [_RAW], ["value"])]
    if n_classes > 2:
        return [helper.make_node("Softmax", [_RAW], ["probabilities"], axis=1)]
    return [
        helper.make_node("Sigmoid", [_RAW], ["chance"]),
        helper.make_node("Sub", ["one", "chance"], ["rest"]),
        helper.make_node("Concat", ["rest", "chance"], ["probabilities"], axis=1),
    ]


def _attributes(rounds: Any) -> dict[str, Any]:
    """Return the nodes of all trees as the flat lists of TreeEnsembleRegressor."""
    told: dict[str, list[Any]] = {name: [] for name in (*_NODES, *_LEAVES)}
    number = 0
    for predictors in rounds:
        for target, predictor in enumerate(predictors):
            _add(told, predictor.nodes, number, target)
            number += 1
    return told


_NODES = (
    "nodes_treeids", "nodes_nodeids", "nodes_featureids", "nodes_modes", "nodes_values",
    "nodes_truenodeids", "nodes_falsenodeids", "nodes_missing_value_tracks_true",
)  # fmt: skip
_LEAVES = ("target_treeids", "target_nodeids", "target_ids", "target_weights")


def _add(told: dict[str, list[Any]], nodes: npt.NDArray[Any], number: int, target: int) -> None:
    leaf = nodes["is_leaf"].astype(bool)
    thresholds = np.where(leaf, 0.0, nodes["num_threshold"])
    columns: tuple[npt.NDArray[Any], ...] = (
        np.full(len(nodes), number),
        np.arange(len(nodes)),
        np.where(leaf, 0, nodes["feature_idx"]),
        np.where(leaf, "LEAF", "BRANCH_LEQ"),
        floor32(thresholds),
        np.where(leaf, 0, nodes["left"]),
        np.where(leaf, 0, nodes["right"]),
        np.where(leaf, 0, nodes["missing_go_to_left"]).astype(np.int64),
    )
    for name, column in zip(_NODES, columns, strict=True):
        told[name] += column.tolist()
    places = np.flatnonzero(leaf).tolist()
    told["target_treeids"] += [number] * len(places)
    told["target_nodeids"] += places
    told["target_ids"] += [target] * len(places)
    told["target_weights"] += nodes["value"][leaf].astype(np.float32).tolist()

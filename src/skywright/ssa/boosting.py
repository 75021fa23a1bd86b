"""Boosted trees that are trained by LightGBM and served by ONNX Runtime."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from skywright.errors import MissingExtraError

F64 = npt.NDArray[np.float64]

_INPUT, _OUTPUT = "features", "probabilities"
_SETTINGS: dict[str, Any] = {
    "verbosity": -1,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
    "bagging_freq": 1,
}


def boosted(
    features: F64,
    classes: npt.NDArray[np.int64],
    params: dict[str, Any],
    *,
    rounds: int,
    weight: F64 | None = None,
) -> Any:
    """Train on features as the served graph will see them, in float32; NaN is not known.

    Raises
    ------
    MissingExtraError
        If LightGBM is not installed.
    """
    try:
        import lightgbm
    except ImportError as error:
        message = "Training boosted trees"
        raise MissingExtraError(message, "train") from error
    data = lightgbm.Dataset(features.astype(np.float32), classes, weight=weight)
    return lightgbm.train({**_SETTINGS, **params}, data, rounds)


def predicted(model: Any, features: F64) -> F64:
    """Return what a trained model says: (n,) of two classes, (n, k) of more."""
    return np.asarray(model.predict(features.astype(np.float32)), dtype=np.float64)


def export(model: Any, path: Path, width: int) -> None:
    """Write a model as ONNX: (n, width) float32 in, probabilities of all classes out."""
    from onnxmltools import convert_lightgbm
    from onnxmltools.convert.common.data_types import FloatTensorType

    graph = convert_lightgbm(
        model,
        initial_types=[(_INPUT, FloatTensorType([None, width]))],
        target_opset=15,
        zipmap=False,
    )
    told = graph.graph.output[-1].name
    for node in graph.graph.node:
        node.output[:] = [_OUTPUT if name == told else name for name in node.output]
    graph.graph.output[-1].name = _OUTPUT
    path.write_bytes(graph.SerializeToString(deterministic=True))


class Boosting:
    """A graph that `export` wrote."""

    def __init__(self, path: Path) -> None:
        from onnxruntime import InferenceSession, SessionOptions

        options = SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 3
        self._session = InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def __call__(self, features: F64) -> F64:
        """Return the probabilities of all classes; (n, k)."""
        given = {_INPUT: features.astype(np.float32)}
        return np.asarray(self._session.run([_OUTPUT], given)[0], dtype=np.float64)

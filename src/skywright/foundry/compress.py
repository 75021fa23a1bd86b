"""Smaller copies of nets: int8 and pruned, each with what it costs measured on given rows.

Both work on the exported graph and leave the original as it is; ``load_onnx(folder, INT8)`` serves
a copy. Trees and linear models hold nothing that could be made smaller this way, and are told so.
"""

from __future__ import annotations

import gzip
import logging
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from skywright.errors import InputError, MissingExtraError
from skywright.foundry.evaluate.answers import answers_of
from skywright.foundry.evaluate.metrics import measure
from skywright.foundry.kind import Predict, Rows
from skywright.foundry.onnx_model import MODEL, compared, graph_feeds, load_onnx
from skywright.foundry.signature import Signature

INT8 = "model.int8.onnx"
"""File of a model folder with weights of eight bits."""

PRUNED = "model.pruned.onnx"
"""File of a model folder whose smallest weights are zero."""

_LAYERS = {"Gemm", "MatMul", "Conv"}
_CALIBRATED_ON = 256  # rows that set the ranges of activations; more change the third digit only
_REPEATS = 50


def quantise(folder: Path, rows: Rows, metric: str) -> dict[str, Any]:
    """Write ``model.int8.onnx`` and measure what it costs.

    Weights become int8 channel by channel. Activations of convolutions are quantised by ranges
    seen on the rows, those of linear layers as they come.

    Parameters
    ----------
    folder : pathlib.Path
        Model folder with ``model.onnx``.
    rows : sequence of mappings
        Rows with the target, to calibrate and to measure on.
    metric : str
        Metric that is measured before and after.

    Returns
    -------
    dict
        ``file``, ``bytes``, ``bytes_before``, ``gzip_bytes``, ``gzip_bytes_before``,
        ``max_abs_error``, ``labels_equal``, ``metric``, ``before``, ``after``, ``latency_ratio``
        (of one row, after to before); or ``skipped`` with the reason where there is no net.

    Raises
    ------
    InputError
        If there are no rows.
    """
    model = _opened(folder, rows)
    if reason := _nothing_in(model):
        return {"skipped": reason}
    _quantised(model, folder, rows)
    return _cost(folder, INT8, rows, metric)


def prune(folder: Path, share: float, rows: Rows, metric: str) -> dict[str, Any]:
    """Write ``model.pruned.onnx`` with the smallest weights set to zero, and measure what it costs.

    Parameters
    ----------
    folder, rows, metric
        As of `quantise`.
    share : float
        Share of the weights of all layers together that become zero [-], 0 <= share < 1.

    Returns
    -------
    dict
        As of `quantise`, and ``sparsity``, the share of weights that are zero. The file is smaller
        only when it is compressed, and no faster.

    Raises
    ------
    InputError
        If the share is not below 1, or there are no rows.

    References
    ----------
    .. [1] Han et al. (2015), arXiv:1506.02626 (magnitude pruning; here without retraining).
    """
    if not 0.0 <= share < 1.0:
        message = f"The share of weights to prune is {share:g}; it must be at least 0 and below 1."
        raise InputError(message)
    model = _opened(folder, rows)
    if reason := _nothing_in(model):
        return {"skipped": reason}
    sparsity = _zeroed(model, share)
    (folder / PRUNED).write_bytes(model.SerializeToString(deterministic=True))
    return {"sparsity": sparsity} | _cost(folder, PRUNED, rows, metric)


def _opened(folder: Path, rows: Rows) -> Any:
    try:
        import onnx
    except ImportError as error:
        what = "Compressing models"
        raise MissingExtraError(what, "train") from error
    if not len(rows):
        message = "Compression needs rows to measure its loss on, and there are none."
        raise InputError(message)
    load_onnx(folder)
    return onnx.load(folder / MODEL)


def _nothing_in(model: Any) -> str:
    if _layers(model):
        return ""
    kinds = sorted({node.op_type for node in model.graph.node if node.domain == "ai.onnx.ml"})
    return (
        f"There is nothing to compress: the model has no layers of weights ({', '.join(kinds)}). "
        "Fewer or smaller trees make a smaller model."
    )


def _layers(model: Any) -> list[Any]:
    """Return the constants that are the weights of linear layers and convolutions."""
    named = {one.name: one for one in model.graph.initializer}
    used = [node.input[1] for node in model.graph.node if node.op_type in _LAYERS]
    return [named[name] for name in dict.fromkeys(used) if name in named]


def _zeroed(model: Any, share: float) -> float:
    from onnx import numpy_helper

    layers = _layers(model)
    arrays = [numpy_helper.to_array(layer).copy() for layer in layers]
    sizes = np.concatenate([np.abs(array).ravel() for array in arrays])
    gone = np.zeros(len(sizes), bool)
    gone[np.argsort(sizes, kind="stable")[: int(share * len(sizes))]] = True
    start = 0
    for layer, array in zip(layers, arrays, strict=True):
        array[gone[start : start + array.size].reshape(array.shape)] = 0.0
        start += array.size
        layer.CopyFrom(numpy_helper.from_array(array, layer.name))
    return float(np.mean(np.concatenate([array.ravel() for array in arrays]) == 0.0))


def _quantised(model: Any, folder: Path, rows: Rows) -> None:
    from onnxruntime import quantization

    # It says at each call that the model could be optimised first, through the root logger.
    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.ERROR)
    try:
        if any(node.op_type == "Conv" for node in model.graph.node):
            quantization.quantize_static(
                model,
                folder / INT8,
                _Calibration(Signature.of(folder), rows),
                op_types_to_quantize=["Conv", "Gemm"],
                per_channel=True,
            )
        else:
            quantization.quantize_dynamic(
                model, folder / INT8, op_types_to_quantize=["MatMul"], per_channel=True
            )
    finally:
        root.setLevel(level)


class _Calibration:
    """Gives the quantiser rows, one batch at a time, as it wants them."""

    def __init__(self, signature: Signature, rows: Rows) -> None:
        few = rows[:_CALIBRATED_ON]
        self._feeds: Iterator[dict[str, npt.NDArray[Any]]] = (
            graph_feeds(signature, few[start : start + 32]) for start in range(0, len(few), 32)
        )

    def get_next(self) -> dict[str, npt.NDArray[Any]] | None:
        return next(self._feeds, None)


def _cost(folder: Path, name: str, rows: Rows, metric: str) -> dict[str, Any]:
    predictors = load_onnx(folder), load_onnx(folder, name)
    told = [predict(rows) for predict in predictors]
    signature = Signature.of(folder)
    truth = [row[signature.target] for row in rows]
    judged = {"task": signature.task, "classes": list(signature.classes)}
    before, after = (measure(metric, answers_of(judged, truth, one)) for one in told)
    difference = compared(told[1], told[0])
    return {
        "file": name,
        **_sizes(folder, name),
        "rows": len(rows),
        "max_abs_error": difference["max_abs_error"],
        "labels_equal": difference["labels_equal"],
        "metric": metric,
        "before": before,
        "after": after,
        "latency_ratio": _latency_ratio(predictors, rows),
    }


def _sizes(folder: Path, name: str) -> Mapping[str, int]:
    before, after = (folder / MODEL).read_bytes(), (folder / name).read_bytes()
    return {
        "bytes": len(after),
        "bytes_before": len(before),
        "gzip_bytes": len(gzip.compress(after)),
        "gzip_bytes_before": len(gzip.compress(before)),
    }


def _latency_ratio(predictors: tuple[Predict, Predict], rows: Rows) -> float:
    """Return how long one row takes the second predictor, in times of the first.

    They take turns, and the least time of each counts, which is the least disturbed.
    """
    least = [float("inf"), float("inf")]
    for _ in range(_REPEATS):
        for place, predict in enumerate(predictors):
            start = time.perf_counter()
            predict(rows[:1])
            least[place] = min(least[place], time.perf_counter() - start)
    return least[1] / least[0]

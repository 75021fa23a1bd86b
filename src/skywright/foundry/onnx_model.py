"""Models as ONNX: predicting without the library that trained them, and the proof that it agrees.

The base install has onnxruntime and numpy, and nothing else is needed here.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from skywright.errors import InputError, NotFoundError
from skywright.foundry.kind import Predict, Rows
from skywright.foundry.onnx_session import session
from skywright.foundry.signature import Feeds, Signature

MODEL = "model.onnx"
"""File of a model folder that ONNX Runtime serves."""

AGREEMENT = "onnx.json"
"""File of a model folder that tells how well the export agrees with the original."""

TOLERANCE = 1e-4
"""Largest difference of a probability, or of a value relative to its size, that counts as equal."""


def load_onnx(folder: Path, name: str = MODEL) -> Predict:
    """Return the predictor of an exported model.

    Parameters
    ----------
    folder : pathlib.Path
        Model folder with ``signature.json``.
    name : str
        File of the graph, such as ``model.int8.onnx`` for a smaller copy.

    Raises
    ------
    NotFoundError
        If the folder holds no such file.
    """
    path = folder / name
    if not path.is_file():
        message = f"The model {folder} holds no {name}, so ONNX Runtime cannot serve it."
        raise NotFoundError(message)
    signature = Signature.of(folder)
    if signature.task == "policy":
        from skywright.foundry.kinds.policy_answers import load_policy

        return load_policy(folder, name)
    # Federated rounds write other weights into the same folder.
    runs = session(path, path.stat().st_mtime_ns)
    outputs = [one.name for one in runs.get_outputs()][:1]

    def predict(rows: Rows) -> list[dict[str, Any]]:
        if not len(rows):
            return []
        return signature.answers(runs.run(outputs, graph_feeds(signature, rows))[0])

    return predict


def graph_feeds(signature: Signature, rows: Rows) -> Feeds:
    """Return the columns of rows under the names that the graph knows them by."""
    feeds = signature.feeds(rows)
    for column in signature.inputs:
        if (name := column.graph_name) != column.name:
            feeds[name] = feeds.pop(column.name)
    return feeds


def agreement(folder: Path, original: Predict, rows: Rows) -> dict[str, Any]:
    """Compare the exported model with the original, and write ``onnx.json``.

    Parameters
    ----------
    folder : pathlib.Path
        Model folder with ``model.onnx``.
    original : callable
        Predictor of the library that trained it.
    rows : sequence of mappings
        Rows to compare on, those of the evaluation.

    Returns
    -------
    dict
        ``rows``, ``max_abs_error`` (of probabilities, or of values), ``labels_equal`` (share),
        ``agrees``.

    Raises
    ------
    InputError
        If there are no rows.
    """
    if not len(rows):
        message = "Agreement needs at least one row to compare on."
        raise InputError(message)
    told = compared(load_onnx(folder)(rows), original(rows))
    text = json.dumps(told, indent=1) + "\n"
    (folder / AGREEMENT).write_text(text, encoding="utf-8")
    return told


def compared(answers: list[dict[str, Any]], truth: list[dict[str, Any]]) -> dict[str, Any]:
    """Return how far answers lie from those of the original."""
    ours, theirs = _numbers(answers), _numbers(truth)
    errors = np.abs(ours - theirs)
    scale = np.maximum(1.0, np.abs(theirs)) if "value" in truth[0] else 1.0
    equal = [
        one.get("label") == other.get("label") for one, other in zip(answers, truth, strict=True)
    ]
    return {
        "rows": len(answers),
        "max_abs_error": float(errors.max()),
        "labels_equal": float(np.mean(equal)),
        "agrees": bool(np.all(errors / scale <= TOLERANCE)),
    }


def _numbers(answers: list[dict[str, Any]]) -> np.ndarray[Any, np.dtype[np.float64]]:
    if "value" in answers[0]:
        return np.array([[one["value"]] for one in answers], float)
    return np.array([list(one["probabilities"].values()) for one in answers], float)

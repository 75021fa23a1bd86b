"""Trivial baselines: what one would answer without having learned anything about a row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import polars as pl

from skywright.errors import InputError
from skywright.foundry.evaluate.answers import class_name, task_of
from skywright.foundry.kind import Predict, Rows

_OF_TASK = {
    "binary": ("prior", "majority", "stratified"),
    "multiclass": ("prior", "majority", "stratified"),
    "regression": ("mean", "median", "last_value"),
    "text": ("majority",),
    "policy": (),
}
_MEDIAN_METRICS = {"mae", "medae", "mape"}


def trivial_names(task: str) -> tuple[str, ...]:
    """Return the names of the trivial baselines of a task."""
    return _OF_TASK[task]


def is_trivial(name: str) -> bool:
    """Return whether a name is that of a trivial baseline of any task."""
    return any(name in names for names in _OF_TASK.values())


def usual_baseline(task: str, metric: str | None) -> str:
    """Return the hardest trivial baseline of a task to beat by a metric.

    Class frequencies for classes; the median for metrics of absolute errors, else the mean.
    """
    if task == "regression":
        return "median" if metric in _MEDIAN_METRICS else "mean"
    return _OF_TASK[task][0]


def baseline(name: str, signature: Mapping[str, Any], taught: pl.Series, seed: int = 1) -> Predict:
    """Make a trivial baseline.

    Parameters
    ----------
    name : str
        One of `trivial_names`.
    signature : mapping
        Signature of the model it stands beside: task and classes.
    taught : polars.Series
        The target of the training rows, in their order.
    seed : int
        Seed of ``stratified``.

    Raises
    ------
    InputError
        If the task has no such baseline, or there are no training rows.
    """
    task = task_of(signature)
    if name not in _OF_TASK[task]:
        message = (
            f"There is no baseline {name!r} for {task}; there are {', '.join(_OF_TASK[task])}."
        )
        raise InputError(message, hint="A model in use is written NAME@champion.")
    known = taught.drop_nulls()
    if known.is_empty():
        message = f"The baseline {name} needs training rows with a target, and there are none."
        raise InputError(message)
    if task == "regression":
        return _constant({"value": _number(name, known)})
    if task == "text":
        return _constant({"text": str(known.mode().sort()[0])})
    return _classes(name, [class_name(one) for one in signature["classes"]], known, seed)


def _number(name: str, known: pl.Series) -> float:
    ways: dict[str, Callable[[], Any]] = {
        "mean": known.mean,
        "median": known.median,
        "last_value": lambda: known[-1],
    }
    return float(ways[name]())


def _classes(name: str, classes: list[str], known: pl.Series, seed: int) -> Predict:
    seen = [class_name(value) for value in known]
    shares = np.array([seen.count(one) for one in classes], float) / len(seen)
    most = classes[int(shares.argmax())]
    if name == "prior":
        return _constant(_answer(most, dict(zip(classes, shares.tolist(), strict=True))))
    if name == "majority":
        return _constant(_answer(most, {one: float(one == most) for one in classes}))
    return _drawn(classes, shares / shares.sum(), seed)


def _drawn(classes: list[str], shares: Any, seed: int) -> Predict:
    random = np.random.default_rng(seed)

    def predict(rows: Rows) -> list[dict[str, Any]]:
        picked = random.choice(len(classes), size=len(rows), p=shares)
        return [
            _answer(classes[one], {name: float(name == classes[one]) for name in classes})
            for one in picked
        ]

    return predict


def _answer(label: str, chances: dict[str, float]) -> dict[str, Any]:
    return {"label": label, "probabilities": chances}


def _constant(answer: dict[str, Any]) -> Predict:
    def predict(rows: Rows) -> list[dict[str, Any]]:
        return [answer] * len(rows)

    return predict

"""What an answer was worth once the truth is known: a reward from 0 to 1."""

from __future__ import annotations

import math
from typing import Any

from skywright.errors import InputError
from skywright.foundry.signature import Signature

_SCALES = ("mae", "rmse")


def truth_of_label(signature: Signature, label: Any) -> Any:
    """Return a label as the model would say it: the name of a class, a number, or a text.

    Raises
    ------
    InputError
        If it is none of the model's classes, or not a finite number.
    """
    if signature.classes:
        return _class(signature, label)
    if signature.task.endswith("regression"):
        if isinstance(label, bool) or not isinstance(label, int | float):
            message = f"label = {label!r} is not allowed: this model answers with a number."
            raise InputError(message)
        if not math.isfinite(label):
            message = f"label = {label} is not allowed: it must be finite."
            raise InputError(message)
        return float(label)
    return str(label)


def reward_of(output: dict[str, Any], truth: Any, scale: float) -> float:
    """Return what an answer was worth.

    Parameters
    ----------
    output : dict
        The answer.
    truth : str or float
        As `truth_of_label` gives it.
    scale : float
        Error of a number at which it is worth a half, in its unit.

    Returns
    -------
    float
        Of a class or a text 1 if it is right, else 0; of a number scale / (scale + error).
    """
    if "value" in output:
        return scale / (scale + abs(float(output["value"]) - float(truth)))
    told = output.get("label", output.get("text", output.get("action")))
    return float(str(told).strip() == str(truth).strip())


def scale_of(facts: dict[str, Any]) -> float:
    """Return the error that the champion was registered with, 1 if it told none."""
    metrics = facts.get("metrics") or {}
    for name in _SCALES:
        value = metrics.get(name)
        if isinstance(value, int | float) and math.isfinite(value) and value > 0:
            return float(value)
    return 1.0


def _class(signature: Signature, label: Any) -> str:
    spelt = [str(label), str(label).lower(), str(label).capitalize()]
    if isinstance(label, float) and label.is_integer():
        spelt.append(str(int(label)))
    if isinstance(label, int):
        spelt += [str(int(label)), str(float(label))]
    for text in spelt:
        if text in signature.classes:
            return text
    message = f"label = {label!r} is not allowed: the model's classes are "
    raise InputError(message + f"{', '.join(signature.classes)}.")

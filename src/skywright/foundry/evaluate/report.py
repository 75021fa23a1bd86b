"""What a judgement needs beside the run, and what it leaves behind."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from skywright.errors import InputError
from skywright.foundry.evaluate.answers import Answers
from skywright.foundry.kind import SIGNATURE, Predict
from skywright.foundry.recipe import Recipe


@dataclass(frozen=True, slots=True)
class Champion:
    """A model in use, asked the same questions."""

    name: str
    """Name of the model."""
    version: str
    """Its version in the registry."""
    predict: Predict
    """Its answers."""
    recipe: Recipe | None = None
    """What it was trained by."""
    dataset_id: str | None = None
    """What it was trained on."""
    seed: int | None = None
    """Seed of its run; that of its recipe if it is not named."""
    taught: pl.DataFrame | None = None
    """Rows that it learned from, if they are at hand: they do not judge it."""


@dataclass(frozen=True, slots=True)
class Context:
    """What else is known of a run."""

    dataset_id: str | None = None
    """What the candidate was trained on."""
    rivals: Mapping[str, Champion] = field(default_factory=dict)
    """Models named under ``evaluate.baseline`` as ``NAME@champion``."""


@dataclass(frozen=True, slots=True)
class Arrays:
    """What the pictures are drawn from."""

    candidate: Answers
    """Answers to the rows that judge."""
    others: Mapping[str, Answers]
    """Answers of ``baseline``, ``champion`` and others to the same rows."""
    curves: Mapping[str, list[tuple[float, float]]]
    """Step and value of each number that the kind logged."""


def signature_of(folder: Path) -> dict[str, Any]:
    """Read the signature of a model folder.

    Raises
    ------
    InputError
        If the kind wrote none, or it is no JSON object.
    """
    path = folder / SIGNATURE
    if not path.is_file():
        message = f"The kind wrote no {SIGNATURE}, without which its model cannot be judged."
        raise InputError(message, hint="Write one in fit(run), or return metrics from it.")
    found = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(found, dict):
        message = f"{SIGNATURE} holds a JSON object, not {type(found).__name__}."
        raise InputError(message)
    return found


def curves_of(log: Path) -> dict[str, list[tuple[float, float]]]:
    """Return the curves of a run's log: each number that was logged with a step."""
    curves: dict[str, list[tuple[float, float]]] = {}
    if not log.is_file():
        return curves
    for line in log.read_text(encoding="utf-8").splitlines():
        told = json.loads(line)
        step = told.pop("step", None)
        told.pop("t_s", None)
        if "fold" in told:  # how far the folds are is no curve of the model
            continue
        for name, value in told.items():
            if isinstance(value, (int, float)) and math.isfinite(value) and step is not None:
                curves.setdefault(name, []).append((float(step), float(value)))
    return curves


def jsonable(value: Any) -> Any:
    """Return a value that JSON can hold: numbers that are not finite become null."""
    if isinstance(value, Mapping):
        return {str(key): jsonable(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [jsonable(one) for one in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value

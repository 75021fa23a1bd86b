"""The gate: a candidate that is worse than the model in use is kept back, and says so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from skywright.errors import InputError
from skywright.foundry.recipe import Recipe


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gate decided."""

    passed: bool
    """Whether the candidate goes into use."""
    reason: str
    """A sentence with both numbers."""


def judge(
    recipe: Recipe, candidate: Mapping[str, Any], champion: Mapping[str, Any] | None
) -> Verdict:
    """Compare a candidate with the model in use by the metric of the recipe.

    Parameters
    ----------
    recipe : Recipe
        Names the metric, its direction and the tolerance.
    candidate, champion : mapping
        Metrics; None if there is no model in use.

    Raises
    ------
    InputError
        If the candidate lacks the metric.
    """
    metric = recipe.judge
    if metric is None or metric not in candidate:
        message = f"The run of {recipe.name} measured no {metric!r}, by which it is judged."
        raise InputError(message)
    new = float(candidate[metric])
    if not np.isfinite(new):
        return Verdict(False, f"{metric} of the candidate is {new}.")
    if champion is None or metric not in champion:
        return Verdict(True, f"{metric} = {new:.6g}; there is no model in use to compare with.")
    old = float(champion[metric])
    worse_by = (old - new) if recipe.higher_is_better is not False else (new - old)
    told = f"{metric} of the candidate is {new:.6g}, of the model in use {old:.6g}"
    if worse_by > recipe.tolerance:
        return Verdict(False, f"{told}: worse by more than {recipe.tolerance:g}.")
    return Verdict(True, f"{told}.")

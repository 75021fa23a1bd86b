"""Silicate or carbonaceous, given a measured albedo; without one nothing useful can be said."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import norm

from skywright.errors import InputError
from skywright.foundry.registry import in_use

F64 = npt.NDArray[np.float64]

NAME = "neo-taxonomy"
"""Name of the model in the registry."""

GROUPS = {
    "silicate": ("S", "Q", "V", "A", "R", "O"),
    "carbonaceous": ("B", "C", "D", "P", "Z"),
    "other": ("E", "K", "L", "M", "X"),
}
"""Groups of the classes of Mahlke, Carry & Mattei (2022), A&A 665, A26."""


def group_probabilities(albedo: npt.ArrayLike, folder: Path | None = None) -> F64:
    """Return the probability of each group of `GROUPS`, shape (n, 3).

    Parameters
    ----------
    albedo : array-like, shape (n,)
        Measured geometric albedo [-].
    folder : pathlib.Path, optional
        A model folder; by default the model in use.

    Raises
    ------
    InputError
        If an albedo is not in (0, 1.2].
    """
    given = np.atleast_1d(np.asarray(albedo, np.float64))
    bad = given[~((given > 0) & (given <= 1.2))]
    if bad.size:
        message = f"albedo = {bad[0]:g} must be a measured geometric albedo in (0, 1.2]."
        raise InputError(message)
    place = folder or in_use(NAME)
    return probabilities(np.log10(given), _card(place)["groups"])


def probabilities(log_albedo: F64, groups: dict[str, dict[str, float]]) -> F64:
    """Return normalised share x Gaussian likelihood of each group, shape (n, 3)."""
    weight = np.column_stack(
        [g["share"] * norm.pdf(log_albedo, g["mean_dex"], g["sd_dex"]) for g in groups.values()]
    )
    return np.asarray(weight / weight.sum(axis=1, keepdims=True), np.float64)


@lru_cache(maxsize=8)
def _card(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "card.json").read_text(encoding="utf-8")))

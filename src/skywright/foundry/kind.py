"""A kind is two functions: ``fit(run)`` writes a model, ``load(folder)`` gives a predictor.

Kinds are found through the entry points ``skywright.kinds``; our own use the same door as those of
third parties, so the foundry never names a domain.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Protocol, cast

from skywright.errors import NotFoundError
from skywright.foundry.run import Run

GROUP = "skywright.kinds"
"""Name of the group of entry points."""


class Kind(Protocol):
    """What a module must offer to be a kind."""

    def fit(self, run: Run) -> dict[str, Any]:
        """Train, write the model to ``run.out`` and return its metrics."""

    def load(self, folder: Path) -> Callable[..., Any]:
        """Return the predictor of a model folder."""


def kind_named(name: str) -> Kind:
    """Find a kind.

    Raises
    ------
    NotFoundError
        If no installed package offers it; lists those that are.
    """
    found = entry_points(group=GROUP)
    for entry in found:
        if entry.name == name:
            return cast("Kind", entry.load())
    known = ", ".join(sorted(entry.name for entry in found)) or "none"
    message = f"There is no kind {name!r}; installed kinds are {known}."
    raise NotFoundError(message, hint=f"A package offers one through the entry points {GROUP}.")

"""A kind is two functions: ``fit(run)`` writes a model, ``load(folder)`` gives a predictor.

Kinds are found through the entry points ``skywright.kinds``; our own use the same door as those of
third parties, so the foundry never names a domain.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Protocol, cast

from skywright.errors import NotFoundError
from skywright.foundry.run import Run

GROUP = "skywright.kinds"
"""Name of the group of entry points."""

SIGNATURE = "signature.json"
"""File of a model folder that names its task, inputs and classes."""

Rows = Sequence[Mapping[str, Any]]
"""Inputs of a predictor: one mapping a row, from column to value."""

Predict = Callable[[Rows], list[dict[str, Any]]]
"""Rows in, one answer a row out, in their order."""


class Kind(Protocol):
    """What a module must offer to be a kind.

    A module may offer more: ``weights(folder) -> dict of arrays`` and
    ``put_weights(folder, weights)`` make a kind federated; ``DISTRIBUTED = True`` says that it
    shares a run among several processes.
    """

    def fit(self, run: Run) -> Mapping[str, Any] | None:
        """Train and write the model to ``run.out``.

        A kind that judges itself returns its metrics; one that returns None is judged by the
        foundry on the rows that it did not see.
        """

    def load(self, folder: Path) -> Predict:
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
    known = ", ".join(kind_names()) or "none"
    message = f"There is no kind {name!r}; installed kinds are {known}."
    raise NotFoundError(message, hint=f"A package offers one through the entry points {GROUP}.")


def kind_names() -> list[str]:
    """Return the names of all installed kinds."""
    return sorted(entry.name for entry in entry_points(group=GROUP))

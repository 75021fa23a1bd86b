"""Calls of tools in their order, or the question that has to be asked first."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from skywright.assistant.messages import ToolRun

Arguments = Callable[[Sequence[ToolRun]], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Step:
    """A call; its arguments may depend on what came of those before it."""

    tool: str
    arguments: Arguments


@dataclass(frozen=True, slots=True)
class Plan:
    """Calls in their order, and what was assumed for them."""

    steps: tuple[Step, ...] = ()
    remarks: tuple[str, ...] = ()
    """Sentences that say what was taken where the question left it open."""
    missing: str = ""
    """The question to ask back instead."""


def step(tool: str, **arguments: Any) -> Step:
    """Return a call whose arguments are known."""
    return Step(tool, lambda _runs: arguments)

"""A tool is a typed function that a person, an assistant or another program may call by name.

Tools are found through the entry points ``skywright.tools``; ours use the same door as those of
third parties. What a tool does is the first line of its docstring, what it takes its signature.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import EntryPoints, entry_points
from typing import Any

from skywright.errors import InputError, NotFoundError

GROUP = "skywright.tools"
"""Name of the group; an entry names a function, such as ``mine.tools:look_up``."""


@dataclass(frozen=True, slots=True)
class Tool:
    """One function under its name."""

    name: str
    """Name of the entry point."""
    title: str
    """What it does, in one line."""
    call: Callable[..., Any]
    """The function."""


def tool_named(name: str) -> Tool:
    """Find a tool.

    Raises
    ------
    NotFoundError
        If no installed package offers it; lists those that are.
    InputError
        If the entry point names no function with annotations and a docstring.
    """
    for entry in _entries(tuple(sys.path)):
        if entry.name == name:
            return _tool(name, entry.load())
    message = f"There is no tool {name!r}; installed are {', '.join(tool_names()) or 'none'}."
    raise NotFoundError(message, hint=f"A package offers one through the entry points {GROUP}.")


def tool_names() -> list[str]:
    """Return the names of all installed tools."""
    return sorted(entry.name for entry in _entries(tuple(sys.path)))


@lru_cache(maxsize=8)
def _entries(_places: tuple[str, ...]) -> EntryPoints:
    """Return the entry points, read once for each set of places: reading them takes 0.05 s."""
    return entry_points(group=GROUP)


def _tool(name: str, function: Any) -> Tool:
    title = (inspect.getdoc(function) or "").partition("\n")[0]
    typed = callable(function) and all(
        one.annotation is not inspect.Parameter.empty
        for one in inspect.signature(function).parameters.values()
    )
    if not (typed and title):
        message = f"The tool {name!r} is no function with a docstring and types of all it takes."
        raise InputError(message, hint="An assistant calls it by what these say.")
    return Tool(name, title, function)

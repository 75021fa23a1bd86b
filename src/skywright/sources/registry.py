"""All sources that are installed, ours and those of others, by the entry points of one group."""

from __future__ import annotations

from importlib.metadata import entry_points

from skywright.errors import InputError, NotFoundError
from skywright.sources.state import SourceState

GROUP = "skywright.sources"
"""Name of the group; an entry names the `SourceState` of a module, such as ``mine:STATE``."""


def source_states() -> dict[str, SourceState]:
    """Return what every installed source declares of itself, by name.

    Raises
    ------
    InputError
        If an entry point does not name a `SourceState`.
    """
    found = {}
    for entry in sorted(entry_points(group=GROUP), key=lambda one: one.name):
        state = entry.load()
        if not isinstance(state, SourceState):
            message = (
                f"The entry point {entry.name} of {GROUP} names {entry.value}, no SourceState."
            )
            raise InputError(message, hint="Name the state of the module, such as mine:STATE.")
        found[entry.name] = state
    return found


def source_named(name: str) -> SourceState:
    """Return the state of a source; raises NotFoundError naming those installed."""
    states = source_states()
    if name not in states:
        message = f"There is no source {name!r}; installed are {', '.join(states)}."
        raise NotFoundError(message, hint=f"A package offers one through the entry points {GROUP}.")
    return states[name]

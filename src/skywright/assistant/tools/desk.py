"""What a tool finds beside its arguments: settings, tables so far, a place for files."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from skywright.errors import NotFoundError
from skywright.errors import StoppedError as StoppedError  # raised here and by the sources
from skywright.settings import Settings, get_settings


@dataclass(slots=True)
class Desk:
    """Where the tools of one conversation work; a tool asks for it by a parameter of this type.

    The parameter is left out of what callers see: it is filled in by whoever runs the tool.
    """

    folder: Path
    """Files that tools make; it is made when the first is written."""
    settings: Settings = field(default_factory=get_settings)
    tables: dict[str, pl.DataFrame] = field(default_factory=dict)
    """Tables of the conversation by name, the newest last."""
    target: str = ""
    """The object that was last spoken of."""
    stop: threading.Event = field(default_factory=threading.Event)
    """Set when the user stops the answer."""
    progress: Callable[[str], None] = lambda _: None
    """Told what a long tool is doing."""

    def table(self, name: str = "") -> tuple[str, pl.DataFrame]:
        """Return a table by its name, the newest without one.

        Raises
        ------
        NotFoundError
            If there is none; the hint says how one is made.
        """
        if not self.tables:
            message = "There is no table in this conversation yet."
            raise NotFoundError(message, hint="Ask for a catalogue search first, such as a cone.")
        name = name or next(reversed(self.tables))
        if name not in self.tables:
            message = f"There is no table {name!r}; there are {', '.join(self.tables)}."
            raise NotFoundError(message)
        return name, self.tables[name]

    def check_stop(self) -> None:
        """Raise StoppedError if the user has stopped the answer; long tools call it often."""
        if self.stop.is_set():
            message = "The answer was stopped."
            raise StoppedError(message)

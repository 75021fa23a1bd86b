"""An attempt on machines far away: asked about from time to time, never followed."""

from __future__ import annotations

import time
from typing import Protocol

from skywright.foundry.jobs.lines import Event, Reader


class FarPlace(Protocol):
    """A service that runs attempts under names."""

    ask_every_s: float
    """Least time between two questions about an attempt [s]."""

    def code_of(self, name: str) -> int | None:
        """Return the exit code of an attempt; None while it runs."""

    def log_of(self, name: str) -> str:
        """Return all that an attempt has logged so far."""

    def end(self, name: str) -> int | None:
        """End an attempt, and return its exit code once it has one."""


class FarAttempt:
    """An attempt under its name at a service, by which it is found again after a restart."""

    def __init__(self, place: FarPlace, name: str) -> None:
        self.handle: str | None = name
        self._place = place
        self._name = name
        self._asked = 0.0
        self._read = 0
        self._code: int | None = None
        self._reader = Reader()

    def read(self, wait_s: float) -> tuple[list[Event], list[str]]:
        """Return what was told since the last call; see `Attempt`."""
        if self._code is None and time.monotonic() - self._asked < self._place.ask_every_s:
            time.sleep(wait_s)
            return [], []
        self._asked = time.monotonic()
        if self._code is None:
            self._code = self._place.code_of(self._name)
        told = self._place.log_of(self._name).encode()
        piece, self._read = told[self._read :], max(self._read, len(told))
        events, lines = self._reader.feed(piece)
        if self._code is not None and not piece:
            more, rest = self._reader.end()
            return events + more, lines + rest
        return events, lines

    def feed(self) -> None:
        """Do nothing: a job far away has no leash; the fence holds a zombie off."""

    def exit_code(self) -> int | None:
        """Return the exit code; None while it runs."""
        return self._code

    def kill(self) -> None:
        """End it; see `Attempt`."""
        self._code = self._place.end(self._name)

    def close(self) -> None:
        """Nothing is held."""

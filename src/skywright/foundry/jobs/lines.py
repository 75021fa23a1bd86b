"""What a child tells its supervisor: JSON after one control character, anything else is log.

The mark is the record separator of RFC 7464. It passes through ``ray job logs`` and
``kubectl logs`` unharmed, so that a child far away needs no way to the database.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from typing import Any

MARK = "\x1e"
"""First character of a line that is an event."""

_LONGEST_LINE = 1 << 20

Event = dict[str, Any]
"""One told fact; ``event`` names it: progress, error or done."""


def emitter(descriptor: int) -> Callable[[Event], None]:
    """Return a function that writes events to a file descriptor, whole lines only."""
    lock = threading.Lock()

    def emit(event: Event) -> None:
        line = (MARK + json.dumps(event, default=str) + "\n").encode()
        with lock:
            while line:
                line = line[os.write(descriptor, line) :]

    return emit


class Reader:
    """Turns pieces of a stream into events and lines of log."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, piece: bytes) -> tuple[list[Event], list[str]]:
        """Return the events and the log lines that a piece completes."""
        *whole, self._rest = (self._rest + piece).split(b"\n")
        if len(self._rest) > _LONGEST_LINE:
            whole, self._rest = [*whole, self._rest], b""
        return _sorted_out(whole)

    def end(self) -> tuple[list[Event], list[str]]:
        """Return what an unfinished last line holds."""
        rest, self._rest = self._rest, b""
        return _sorted_out([rest] if rest else [])


def _sorted_out(lines: list[bytes]) -> tuple[list[Event], list[str]]:
    events: list[Event] = []
    log: list[str] = []
    for raw in lines:
        text = raw.decode("utf-8", errors="replace").rstrip("\r")
        event = _event(text)
        if event is None:
            log.append(text)
        else:
            events.append(event)
    return events, log


def _event(text: str) -> Event | None:
    if not text.startswith(MARK):
        return None
    try:
        event = json.loads(text[1:])
    except ValueError:
        return None
    return event if isinstance(event, dict) else None

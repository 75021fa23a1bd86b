"""One request to a language model: made in an event loop of its own, ended by a stop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator, Sequence
from typing import Any

from skywright.assistant.engine.apart import made_apart
from skywright.assistant.engine.model import Piece
from skywright.errors import StoppedError

HandOver = Callable[[Piece], None]
"""Takes the next piece of a response."""

_LOOK_S = 0.1
_MOST_S = 3600.0
"""Longest time of one response [s]; a model on a slow machine writes for many minutes."""


def pieces_of(
    ask: Callable[[HandOver], Coroutine[Any, Any, None]], stop: threading.Event
) -> Iterator[Piece]:
    """Yield what a request hands over, while it still runs.

    Parameters
    ----------
    ask : callable
        Makes the coroutine of the request, which hands pieces over.
    stop : threading.Event
        Cancels the request when it is set; so does closing the iterator.

    Raises
    ------
    StoppedError
        If it was stopped.
    TimeoutError
        If it took longer than an hour.
    """
    given_up = threading.Event()

    def work(hand_over: HandOver) -> None:
        # One event loop for each request: its connections are closed with it.
        asyncio.run(_watched(ask(hand_over), (stop, given_up)))

    try:
        yield from made_apart(work, stop)
    finally:
        given_up.set()


async def _watched(work: Coroutine[Any, Any, None], ended: Sequence[threading.Event]) -> None:
    """Await work, and cancel it when one of the events is set."""
    task = asyncio.ensure_future(asyncio.wait_for(work, _MOST_S))
    while not task.done():
        await asyncio.wait({task}, timeout=_LOOK_S)
        if any(one.is_set() for one in ended):
            task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        if not any(one.is_set() for one in ended):
            raise
        message = "The answer was stopped."
        raise StoppedError(message) from None

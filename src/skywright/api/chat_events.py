"""An answer as server-sent events: made in a thread of its own, stopped when nobody listens."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import threading
from collections.abc import AsyncGenerator, Callable, Iterator
from typing import Any

from starlette.requests import Request

from skywright.api.answers import json_bytes
from skywright.api.work import BusyError
from skywright.errors import SkywrightError
from skywright.logs import get_logger

MOST_AT_ONCE = 32
"""Answers that one server gives at the same time."""

_KEEP_ALIVE_S = 15.0
_log = get_logger("skywright.chat")
_places = threading.BoundedSemaphore(MOST_AT_ONCE)

Say = tuple[str, Any]
"""Kind of an event, and its data."""


async def told(
    make: Callable[[], Iterator[Say]], stop: Callable[[], object]
) -> AsyncGenerator[Say, None]:
    """Yield what an iterator gives that is run in a thread; a pause is an event without a kind.

    Parameters
    ----------
    make : callable
        Makes the iterator, within the thread.
    stop : callable
        Called when the events are no longer wanted; the iterator has to end soon after.

    Raises
    ------
    BusyError
        If too many answers are being given.
    """
    if not _places.acquire(blocking=False):
        message = f"{MOST_AT_ONCE} answers are being given at the moment."
        raise BusyError(message, hint="Try again in a moment.")
    loop = asyncio.get_running_loop()
    box: asyncio.Queue[Say | None] = asyncio.Queue()

    def hand_over(say: Say | None) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody listens any more
            loop.call_soon_threadsafe(box.put_nowait, say)

    thread = threading.Thread(
        target=contextvars.copy_context().run, args=(_run, make, hand_over), daemon=True
    )
    thread.start()
    try:
        while True:
            try:
                say = await asyncio.wait_for(box.get(), _KEEP_ALIVE_S)
            except TimeoutError:
                yield "", None
                continue
            if say is None:
                return
            yield say
    finally:
        stop()


def sse(say: Say) -> bytes:
    """Return an event in the form of server-sent events; a pause is a comment."""
    kind, data = say
    if not kind:
        return b": still here\n\n"
    return b"event: " + kind.encode() + b"\ndata: " + json_bytes(data) + b"\n\n"


async def watch(request: Request, stop: Callable[[], object]) -> None:
    """Call `stop` when the connection of a request is closed; its body must have been read."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
    stop()


def failure(error: Exception) -> Say:
    """Return what went wrong as an event; a fault of ours is logged and not shown."""
    if isinstance(error, SkywrightError):
        return "error", {"code": error.code, "message": error.message, "hint": error.hint}
    _log.error("answer failed", error=type(error).__name__, exc_info=error)
    message = "Something went wrong inside the server."
    return "error", {"code": "internal", "message": message, "hint": "Tell the operator."}


def _run(make: Callable[[], Iterator[Say]], hand_over: Callable[[Say | None], None]) -> None:
    try:
        for say in make():
            hand_over(say)
    except Exception as error:  # told to whoever listens; nobody waits for this thread
        hand_over(failure(error))
    finally:
        _places.release()
        hand_over(None)

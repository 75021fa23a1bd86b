"""What a tool says it is doing, passed on to whoever called it through MCP."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import anyio

_LEAST_APART_S = 0.1


class Telling:
    """Takes words from the thread of a tool and sends the newest, ten times a second at most.

    Parameters
    ----------
    send : callable
        Gets how many were sent with this one, and the words.
    """

    def __init__(self, send: Callable[[int, str], Awaitable[None]]) -> None:
        self._send = send
        self._loop = asyncio.get_running_loop()
        self._new = anyio.Event()
        self._words = ""
        self._sent = 0

    def say(self, words: str) -> None:
        """Take the next words; may be called in any thread, also when nobody listens any more."""
        with contextlib.suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(self._take, words)

    async def pass_on(self) -> None:
        """Send what comes until it is cancelled."""
        while True:
            await self._new.wait()
            await self.send_rest()
            await anyio.sleep(_LEAST_APART_S)

    async def send_rest(self) -> None:
        """Send what was not sent yet."""
        if not self._new.is_set():
            return
        self._new = anyio.Event()
        self._sent += 1
        # Who has gone away needs no words; the call itself is ended by its own means.
        with contextlib.suppress(anyio.BrokenResourceError, anyio.ClosedResourceError):
            await self._send(self._sent, self._words)

    def _take(self, words: str) -> None:
        self._words = words
        self._new.set()

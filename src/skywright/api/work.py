"""Work off the event loop: quick answers on one small pool, those that may take seconds on another.

A newer request of the same caller and ``client_id`` cancels an older one that is not done, so that
a person who drags a slider waits for the last position only.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from starlette.requests import Request

from skywright.errors import ConflictError, LimitError
from skywright.orbits.threads import CancelledError

_T = TypeVar("_T")
_QUICK_THREADS = 4  # enough to keep two cores busy while one waits for the disk
_LONG_THREADS = 3  # each may use every core by itself; more would only make all of them late
_MOST_WAITING = 256

Cancelled = Callable[[], bool]


class BusyError(LimitError):
    """More work is waiting than this server takes on."""

    code = "busy"
    http_status = 429


class SupersededError(ConflictError):
    """A newer request of the same client took the place of this one."""

    code = "superseded"


class Work:
    """Runs short work in threads and remembers what may be superseded."""

    def __init__(self) -> None:
        self._quick = ThreadPoolExecutor(_QUICK_THREADS, thread_name_prefix="quick")
        self._long = ThreadPoolExecutor(_LONG_THREADS, thread_name_prefix="long")
        self._waiting = 0
        self._newest: dict[tuple[str, str], threading.Event] = {}

    async def call(self, function: Callable[..., _T], *args: object) -> _T:
        """Run a function that takes milliseconds in a thread; raises like ``call_long``."""
        return await self._in(self._quick, function, *args)

    async def call_long(self, function: Callable[..., _T], *args: object) -> _T:
        """Run a function that may take seconds in a thread.

        Raises
        ------
        BusyError
            If too many calls are waiting already.
        """
        return await self._in(self._long, function, *args)

    async def _in(self, pool: ThreadPoolExecutor, function: Callable[..., _T], *args: object) -> _T:
        if self._waiting >= _MOST_WAITING:
            message = f"{self._waiting} requests are waiting for a free thread."
            raise BusyError(message, hint="Try again in a moment.")
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(pool, function, *args)
        finally:
            self._waiting -= 1

    async def call_cancellable(
        self, function: Callable[[Cancelled], _T], client: tuple[str, str] | None, request: Request
    ) -> _T:
        """Run ``function(cancelled)``; stop it when superseded or when the caller hangs up.

        Raises
        ------
        SupersededError
            If a newer request of the same client came.
        """
        stop = self.supersede(client)
        gone = asyncio.ensure_future(_hung_up(request, stop))
        try:
            return await self.call_long(_unless_stopped, function, stop.is_set)
        except CancelledError as error:
            message = "A newer request of this client took the place of this one."
            raise SupersededError(message) from error
        finally:
            gone.cancel()
            if client is not None and self._newest.get(client) is stop:
                del self._newest[client]

    def supersede(self, client: tuple[str, str] | None) -> threading.Event:
        """Tell the client's older work to stop, and return the signal of the new one."""
        stop = threading.Event()
        if client is not None:
            older = self._newest.get(client)
            if older is not None:
                older.set()
            self._newest[client] = stop
        return stop

    def close(self) -> None:
        """Let running calls end; take no more."""
        for pool in (self._quick, self._long):
            pool.shutdown(wait=False, cancel_futures=True)


def _unless_stopped(function: Callable[[Cancelled], _T], cancelled: Cancelled) -> _T:
    """Run a function that may have been superseded while it waited for its thread."""
    if cancelled():
        raise CancelledError
    return function(cancelled)


async def _hung_up(request: Request, stop: threading.Event) -> None:
    """Set the signal when the connection closes; the body must have been read before."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
    stop.set()

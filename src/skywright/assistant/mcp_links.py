"""Connections to the MCP servers that a user added, held by one thread of this process."""

from __future__ import annotations

import asyncio
import atexit
import concurrent.futures
import contextlib
import os
import sys
import threading
import time
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from skywright import __version__
from skywright.assistant.mcp_allowed import AddedServer
from skywright.errors import MissingExtraError, SkywrightError, StoppedError

if TYPE_CHECKING:
    from mcp.client import Client
    from mcp_types import CallToolResult, Tool

MOST_TO_CONNECT_S = 20.0
"""Longest time to start a server and shake hands [s]."""

_T = TypeVar("_T")
_LOOK_S = 0.05
_LAST_WORDS_S = 5.0
_MOST_PAGES = 10


class AddedServerError(SkywrightError):
    """A server that a user added cannot be reached, or does not do what is asked."""

    exit_code = 3
    http_status = 502
    code = "mcp_server"


class Link:
    """One connection, opened when it is first needed and opened anew where it is gone.

    Parameters
    ----------
    name : str
        What the user calls the server.
    server : AddedServer
        Where it is.
    is_heard : bool
        Whether what it writes to standard error is shown.
    """

    def __init__(self, name: str, server: AddedServer, *, is_heard: bool = False) -> None:
        self.name = name
        self.server = server
        self._is_heard = is_heard
        self._lock = threading.Lock()
        self._held: concurrent.futures.Future[None] | None = None
        self._client: Client | None = None
        self._ends: asyncio.Event | None = None

    def tools(self) -> list[Tool]:
        """Return what the server offers; raises AddedServerError if it cannot."""
        nobody_stops = threading.Event()
        return self._done(self._list(self._opened(nobody_stops)), nobody_stops, MOST_TO_CONNECT_S)

    def call(
        self, tool: str, arguments: dict[str, Any], stop: threading.Event, most_s: float
    ) -> CallToolResult:
        """Call a tool.

        Parameters
        ----------
        tool : str
            As the server names it.
        arguments : dict
            The server checks them.
        stop : threading.Event
            Gives the call up, which is told to the server.
        most_s : float
            Longest time [s].

        Raises
        ------
        AddedServerError
            If the server cannot be reached, refuses, or takes too long.
        StoppedError
            If it was stopped.
        """
        client = self._opened(stop)
        try:
            return self._done(client.call_tool(tool, arguments), stop, most_s)
        except AddedServerError as error:
            if _is_gone(error.__cause__):
                self.close()
            raise

    def close(self) -> None:
        """End the connection, and the server if it was started here."""
        held, self._held = self._held, None
        if held is None or held.done():
            return
        if self._ends is not None:
            _loop().call_soon_threadsafe(self._ends.set)
        with contextlib.suppress(Exception):  # it was to end anyway
            held.result(_LAST_WORDS_S)

    def _opened(self, stop: threading.Event) -> Client:
        with self._lock:
            if self._held is None or self._held.done():
                opened: concurrent.futures.Future[Client] = concurrent.futures.Future()
                self._held = asyncio.run_coroutine_threadsafe(self._hold(opened), _loop())
                _open_links.add(self)
                try:
                    self._client = self._waited(opened, stop, MOST_TO_CONNECT_S)
                except SkywrightError:
                    self._held.cancel()
                    raise
        assert self._client is not None  # noqa: S101  (or waiting had raised)
        return self._client

    async def _hold(self, opened: concurrent.futures.Future[Client]) -> None:
        """Keep the connection open: it has to be closed by the task that opened it."""
        self._ends = asyncio.Event()
        try:
            async with _connected(self.server, is_heard=self._is_heard) as client:
                opened.set_result(client)
                await self._ends.wait()
        except BaseException as error:
            if not opened.done():
                opened.set_exception(error)
            raise

    async def _list(self, client: Client) -> list[Tool]:
        tools: list[Tool] = []
        cursor: str | None = None
        for _ in range(_MOST_PAGES):
            page = await client.list_tools(cursor=cursor)
            tools += page.tools
            cursor = page.next_cursor
            if not cursor:
                break
        return tools

    def _done(self, work: Coroutine[Any, Any, _T], stop: threading.Event, most_s: float) -> _T:
        return self._waited(asyncio.run_coroutine_threadsafe(work, _loop()), stop, most_s)

    def _waited(
        self, future: concurrent.futures.Future[_T], stop: threading.Event, most_s: float
    ) -> _T:
        until = time.monotonic() + most_s
        while not _is_done(future):
            if stop.is_set():
                future.cancel()
                message = "The answer was stopped."
                raise StoppedError(message)
            if time.monotonic() > until:
                future.cancel()
                message = f"The MCP server {self.name} did not answer within {most_s:g} s."
                raise AddedServerError(message, hint="Ask for less, or look whether it runs.")
        try:
            return future.result()
        except SkywrightError:
            raise
        except Exception as error:  # whatever a transport raises
            message = f"The MCP server {self.name} failed: {_told(error)}."
            raise AddedServerError(message, hint="See `skywright mcp-servers`.") from error


@asynccontextmanager
async def _connected(server: AddedServer, *, is_heard: bool) -> AsyncIterator[Client]:
    try:
        from mcp.client import Client
        from mcp_types import Implementation
    except ImportError as error:
        message = "Calling tools of MCP servers"
        raise MissingExtraError(message, "mcp") from error
    us = Implementation(name="skywright", version=__version__)
    way = _over_http(server) if server.url else _over_stdio(server, is_heard=is_heard)
    # Nothing is given but calls: no files, no language model, no answers in the user's name.
    async with Client(way, client_info=us, cache=None) as client:
        yield client


@asynccontextmanager
async def _over_http(server: AddedServer) -> AsyncIterator[Any]:
    import httpx2
    from mcp.client.streamable_http import streamable_http_client

    async with (
        httpx2.AsyncClient(headers=server.headers, timeout=60, trust_env=False) as client,
        streamable_http_client(server.url, http_client=client) as streams,
    ):
        yield streams


@asynccontextmanager
async def _over_stdio(server: AddedServer, *, is_heard: bool) -> AsyncIterator[Any]:
    from mcp.client.stdio import StdioServerParameters, stdio_client

    # Of our environment it gets no more than a home and a path: keys are not its business.
    started = StdioServerParameters(
        command=server.command, args=list(server.args), env=server.env, cwd=server.cwd or None
    )
    with open(os.devnull, "w", encoding="utf-8") as nobody:  # noqa: PTH123
        shown = sys.__stderr__ if is_heard else None
        async with stdio_client(started, errlog=shown or nobody) as streams:
            yield streams


def _is_done(future: concurrent.futures.Future[Any]) -> bool:
    concurrent.futures.wait([future], timeout=_LOOK_S)
    return future.done()


def _is_gone(error: BaseException | None) -> bool:
    """Tell whether a connection broke; a server that refuses or is slow is there still."""
    from mcp import MCPError
    from mcp_types import CONNECTION_CLOSED

    if isinstance(error, MCPError):
        return error.error.code == CONNECTION_CLOSED
    return error is not None


def _told(error: BaseException) -> str:
    """Return what went wrong in the first of the errors that a group of tasks raised."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    words = " ".join(str(error).split())[:300].rstrip(".")
    return words or type(error).__name__


_loops: list[asyncio.AbstractEventLoop] = []
_open_links: set[Link] = set()
_starting = threading.Lock()


def _loop() -> asyncio.AbstractEventLoop:
    """Return the event loop of all connections, in a thread of its own."""
    with _starting:
        if not _loops:
            loop = asyncio.new_event_loop()
            threading.Thread(target=loop.run_forever, name="mcp-links", daemon=True).start()
            _loops.append(loop)
        return _loops[0]


@atexit.register
def close_links() -> None:
    """End every connection, and the servers that were started here."""
    while _open_links:
        _open_links.pop().close()

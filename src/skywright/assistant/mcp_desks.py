"""Desks of those who call through MCP: one for each session, the oldest cleared away."""

from __future__ import annotations

import shutil
import threading
from collections import OrderedDict
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio

from skywright.assistant.mcp_progress import Telling
from skywright.assistant.messages import Artifact, ToolCall, ToolRun
from skywright.assistant.tools.desk import Desk
from skywright.assistant.tools.running import run
from skywright.settings import Settings

if TYPE_CHECKING:
    from mcp.server import ServerRequestContext

MOST_SESSIONS = 64
"""Sessions whose tables are kept, those used last."""
MOST_TABLES = 8
"""Tables kept for a session, the newest."""
MOST_FILES = 32
"""Files of a session that can be read, the newest."""
MOST_AT_ONCE = 8
"""Tools at work at the same time, of all sessions together."""


@dataclass(slots=True)
class Place:
    """The desk of one session, where one call is worked on after the other."""

    desk: Desk
    files: tuple[Artifact, ...] = ()
    """Files that tools made, the newest last."""
    _turn: anyio.Lock = field(default_factory=anyio.Lock)

    async def run(
        self, call: ToolCall, telling: Telling, limiter: anyio.CapacityLimiter, most_s: float
    ) -> ToolRun:
        """Run a tool in a thread; it is told to stop where nobody waits for it any more."""
        async with self._turn:
            own = replace(self.desk, stop=threading.Event(), progress=telling.say)

            def work() -> ToolRun:
                return run(call, own, most_s=most_s)

            async with anyio.create_task_group() as beside:
                beside.start_soon(telling.pass_on)
                try:
                    ended = await anyio.to_thread.run_sync(
                        work, abandon_on_cancel=True, limiter=limiter
                    )
                finally:
                    own.stop.set()
                    beside.cancel_scope.cancel()
            await telling.send_rest()
            self._keep(own, ended)
            return ended

    def _keep(self, own: Desk, ended: ToolRun) -> None:
        self.desk.target = own.target
        for name in list(self.desk.tables)[:-MOST_TABLES]:
            del self.desk.tables[name]
        made = ended.result.artifacts if ended.result else ()
        new = {one.id for one in made}
        old = (one for one in self.files if one.id not in new)
        self.files = (*old, *made)[-MOST_FILES:]


class Desks:
    """Desks by session; only whom a session belongs to finds it.

    Parameters
    ----------
    settings : Settings
        Which services are asked.
    folder : Path
        Files of a session lie in a folder of their own within.
    """

    def __init__(self, settings: Settings, folder: Path) -> None:
        self._settings = settings
        self._folder = folder
        self._places: OrderedDict[tuple[str, str], Place] = OrderedDict()
        self._opened = 0

    def of(self, context: ServerRequestContext[Any, Any]) -> Place:
        """Return the place of the session that a request belongs to, a new one if there is none."""
        key = _session_of(context)
        if key not in self._places:
            self._opened += 1
            desk = Desk(self._folder / f"session-{self._opened}", settings=self._settings)
            self._places[key] = Place(desk)
        self._places.move_to_end(key)
        while len(self._places) > MOST_SESSIONS:
            _, oldest = self._places.popitem(last=False)
            shutil.rmtree(oldest.desk.folder, ignore_errors=True)
        return self._places[key]


def _session_of(context: ServerRequestContext[Any, Any]) -> tuple[str, str]:
    """Return caller and session: an id that is not the caller's own leads to nobody's tables."""
    if context.request is None:  # standard input and output: one client
        return "", ""
    caller = context.request.scope.get("state", {}).get("caller")
    given = context.request.headers.get("mcp-session-id", "")
    if not given and (client := context.session.client_params):
        # Since 2026-07-28 the protocol has no sessions over HTTP; the client is the next best.
        given = f"{client.client_info.name} {client.client_info.version}"
    return caller.name if caller else "", given

"""Tools of the MCP servers that a user added, beside ours: those that were allowed, by name.

What they give is data written by strangers, bounded and cited like every other result.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from skywright.assistant.engine.offered import InstalledTools
from skywright.assistant.engine.wording import without_roles
from skywright.assistant.mcp_allowed import AddedServer
from skywright.assistant.mcp_links import Link
from skywright.assistant.messages import Origin, ToolCall, ToolResult, ToolRun
from skywright.assistant.tools.bounding import bounded, size
from skywright.assistant.tools.desk import Desk
from skywright.assistant.tools.running import MOST_S, ToolSpec
from skywright.assistant.tools.wrapping import told_values
from skywright.errors import SkywrightError
from skywright.logs import get_logger

if TYPE_CHECKING:
    from mcp_types import CallToolResult, Tool

APART = "__"
"""Between the name of a server and that of its tool."""

_NO_SIGN = re.compile(r"[^A-Za-z0-9_-]")
_LONGEST_NAME = 64  # what services of language models take
_LONGEST_DESCRIPTION = 1000
_LARGEST_SCHEMA = 16 * 1024
_LARGEST_ARGUMENTS = 64 * 1024
_LONGEST_FAILURE = 500
_WAIT_AFTER_FAILURE_S = 60.0
_FRESH_S = 600.0
_log = get_logger("skywright.mcp")


def shown_name(server: str, tool: str) -> str:
    """Return the name under which a tool stands beside ours.

    Examples
    --------
    >>> shown_name("weather", "forecast.daily")
    'weather__forecast_daily'
    """
    return _NO_SIGN.sub("_", f"{server}{APART}{tool}")[:_LONGEST_NAME]


@dataclass(slots=True)
class _Known:
    """A server with its connection, and what it offers as far as it was asked."""

    link: Link
    specs: dict[str, ToolSpec] = field(default_factory=dict)
    asks_again_at: float = 0.0


class AddedTools:
    """Our tools and those of added servers, as the loop has them.

    Parameters
    ----------
    servers : dict
        By the names that the user gave them.
    most_s : float
        Longest time of one call [s].
    """

    def __init__(self, servers: dict[str, AddedServer], most_s: float = MOST_S) -> None:
        self._ours = InstalledTools()
        self._most_s = most_s
        self._meant = {
            shown_name(name, tool): (name, tool)
            for name, server in servers.items()
            for tool in server.allow
        }
        self._known = {name: _known_of(name, one) for name, one in servers.items() if one.allow}

    def names(self) -> tuple[str, ...]:
        """Return the names of what may run."""
        return (*self._ours.names(), *self._meant)

    def specs(self) -> Sequence[ToolSpec]:
        """Return what a model is told of; tools of a server that does not answer are left out."""
        return _Lazily(self._all_specs)

    def run(self, call: ToolCall, desk: Desk) -> ToolRun:
        """Run a call; what goes wrong is a sentence in the run."""
        if call.tool not in self._meant:
            return self._ours.run(call, desk)
        started = time.perf_counter()
        result, error = None, ""
        try:
            result = self._asked(call, desk.stop)
        except SkywrightError as failure:
            error = str(failure)
        seconds = round(time.perf_counter() - started, 3)
        return ToolRun(call=call, result=result, error=error, seconds=seconds)

    def _asked(self, call: ToolCall, stop: threading.Event) -> ToolResult:
        name, tool = self._meant[call.tool]
        if size(call.arguments) > _LARGEST_ARGUMENTS:
            message = f"The arguments of {call.tool} are larger than {_LARGEST_ARGUMENTS} bytes."
            raise SkywrightError(message)
        link = self._known[name].link
        told = link.call(tool, call.arguments, stop, self._most_s)
        words, left_out = _words(told)
        if told.is_error:
            message = f"{call.tool} failed: {words[:_LONGEST_FAILURE] or 'it does not say why'}"
            raise SkywrightError(message)
        data = told.structured_content if isinstance(told.structured_content, dict) else {}
        return bounded(
            ToolResult(
                text=words or (f"{call.tool} answered: {told_values(data)}." if data else _NOTHING),
                data=data,
                origins=(_origin(name, call, link.server),),
                warnings=left_out,
            )
        )

    def _all_specs(self) -> list[ToolSpec]:
        specs = list(self._ours.specs())
        for name, known in self._known.items():
            self._learn(name, known)
            specs += known.specs.values()
        return specs

    def _learn(self, name: str, known: _Known) -> None:
        if time.monotonic() < known.asks_again_at:
            return
        known.specs = {}
        try:
            offered = known.link.tools()
        except SkywrightError as error:
            known.asks_again_at = time.monotonic() + _WAIT_AFTER_FAILURE_S
            _log.warning("mcp_server_left_out", server=name, reason=str(error))
            return
        known.asks_again_at = time.monotonic() + _FRESH_S
        for tool in offered:
            shown = shown_name(name, tool.name)
            if self._meant.get(shown) == (name, tool.name):
                known.specs[shown] = spec_of(name, tool)


def spec_of(server: str, tool: Tool) -> ToolSpec:
    """Return what a model is told of a tool that a stranger described."""
    shown = shown_name(server, tool.name)
    words = without_roles(" ".join((tool.description or tool.title or tool.name).split()))
    schema = dict(tool.input_schema)
    if size(schema) > _LARGEST_SCHEMA:
        schema = {"type": "object"}
    told = f"{words[:_LONGEST_DESCRIPTION]} (Of the server {server}, which the user added.)"
    return ToolSpec(shown, words[:80], told, schema)


class _Lazily(Sequence[ToolSpec]):
    """Descriptions that are read at the first look: the rules never look."""

    def __init__(self, read: Callable[[], list[ToolSpec]]) -> None:
        self._read = read

    def __len__(self) -> int:
        return len(self._read())

    def __bool__(self) -> bool:
        return True

    def __getitem__(self, index: Any) -> Any:
        return self._read()[index]


def _words(told: CallToolResult) -> tuple[str, tuple[str, ...]]:
    """Return the text of a result, and a sentence on what else it held."""
    texts: list[str] = []
    others = 0
    for one in told.content:
        resource = getattr(one, "resource", None)
        text = getattr(one, "text", None) or getattr(resource, "text", None)
        if isinstance(text, str):
            texts.append(text)
        else:
            others += 1
    warning = f"{others} parts that are no text were left out." if others else ""
    return "\n".join(texts).strip(), (warning,) if warning else ()


def _origin(server: str, call: ToolCall, added: AddedServer) -> Origin:
    parts = urlsplit(added.url)
    return Origin(
        service=server,
        title=f"{call.tool}, of a server that the user added",
        query=json.dumps(call.arguments, ensure_ascii=False)[:2000],
        url=f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}" if added.url else "",
        retrieved_utc=datetime.now(UTC).isoformat(timespec="seconds"),
    )


_NOTHING = "The tool answered with nothing that is text."
_all_known: dict[str, _Known] = {}
_making = threading.Lock()


def _known_of(name: str, server: AddedServer) -> _Known:
    """Return the connection of this process to a server, kept from one answer to the next."""
    with _making:
        known = _all_known.get(name)
        if known is None or known.link.server != server:
            if known is not None:
                known.link.close()
            known = _all_known[name] = _Known(Link(name, server))
        return known


@dataclass(frozen=True, slots=True)
class Seen:
    """A tool of an added server as it shows itself, or why the server does not."""

    server: str
    tool: str = ""
    shown: str = ""
    """Name beside our tools."""
    is_allowed: bool = False
    title: str = ""
    error: str = ""


def look_at(servers: dict[str, AddedServer]) -> Iterator[Seen]:
    """Connect to each server and tell what it offers; its standard error is shown."""
    for name, server in servers.items():
        link = Link(name, server, is_heard=True)
        try:
            for tool in link.tools():
                told = spec_of(name, tool)
                yield Seen(name, tool.name, told.name, tool.name in server.allow, told.title)
        except SkywrightError as error:
            yield Seen(name, error=str(error))
        finally:
            link.close()

"""Servers of others that a user added, and which of their tools may be called: a file says it.

The file has the form that most clients of the Model Context Protocol read; ``allow`` is ours.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from skywright.errors import InputError
from skywright.security.perimeter import is_loopback
from skywright.settings import Settings

MOST_SERVERS = 16
"""Servers that one file may name."""
MOST_TOOLS = 64
"""Tools of one server that may be allowed."""

_NAME = re.compile(r"[A-Za-z0-9-]{1,20}")
_LARGEST_FILE = 256 * 1024


class AddedServer(BaseModel):
    """A server that a user added; it is started by a command, or answers at an address."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: Literal["stdio", "http", "streamable-http", ""] = ""
    command: str = Field(default="", max_length=1000)
    args: tuple[str, ...] = ()
    env: dict[str, str] = Field(default_factory=dict, repr=False)
    cwd: str = ""
    url: str = Field(default="", max_length=2000)
    headers: dict[str, str] = Field(default_factory=dict, repr=False)
    allow: tuple[str, ...] = Field(default=(), max_length=MOST_TOOLS)
    """Names of the tools that may be called; none without it."""

    @model_validator(mode="after")
    def _has_one_way(self) -> AddedServer:
        if bool(self.command) == bool(self.url):
            message = "it needs a command or an url, and not both"
            raise ValueError(message)
        if self.url:
            parts = urlsplit(self.url)
            is_here = is_loopback(parts.hostname or "")
            if parts.scheme != "https" and not (parts.scheme == "http" and is_here):
                message = "its url has to begin with https://, or with http:// on this machine"
                raise ValueError(message)
        return self


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    mcpServers: dict[str, AddedServer] = Field(max_length=MOST_SERVERS)  # noqa: N815  (as clients)


def added_servers(settings: Settings) -> dict[str, AddedServer]:
    """Return the servers of the file that the settings name; none without one.

    Raises
    ------
    InputError
        If the file is not there or not of the form.
    """
    if not settings.mcp_servers:
        return {}
    path = Path(settings.mcp_servers).expanduser()
    try:
        stamp = path.stat()
    except OSError as error:
        message = f"SKYWRIGHT_MCP_SERVERS names {str(path)!r}, which cannot be read: {error}."
        raise InputError(message) from error
    return _read(path, stamp.st_mtime_ns, stamp.st_size)


@lru_cache(maxsize=4)
def _read(path: Path, _changed_ns: int, size: int) -> dict[str, AddedServer]:
    if size > _LARGEST_FILE:
        message = f"{path} has {size} bytes; a list of servers has {_LARGEST_FILE} at most."
        raise InputError(message)
    try:
        told = _File.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        raise InputError(_sentence(path, error), hint=_HINT) from error
    except (ValueError, OSError) as error:
        message = f"{path} is no JSON of servers: {error}."
        raise InputError(message, hint=_HINT) from error
    wrong = next((name for name in told.mcpServers if not _NAME.fullmatch(name)), None)
    if wrong is not None:
        message = f"{path}: the name {wrong[:60]!r} of a server is not allowed."
        raise InputError(message, hint="Up to 20 letters, digits and hyphens.")
    return told.mcpServers


def _sentence(path: Path, error: ValidationError) -> str:
    first = error.errors()[0]
    where = ".".join(map(str, first["loc"])) or "the file"
    words = str(first["msg"]).removeprefix("Value error, ").rstrip(".")
    return f"{path}: {where} is not allowed: {words}."


_HINT = 'It is {"mcpServers": {"NAME": {"command": "...", "args": [], "allow": ["TOOL"]}}}.'

"""Parsing in a process of its own: what it needs goes in by a pipe, rows come out by another."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import IO, Any, BinaryIO

from skywright.errors import InputError, SkywrightError
from skywright.foundry.collect.media import Media
from skywright.foundry.collect.parsed import Limits, Rows
from skywright.foundry.collect.parsing_child import ERROR, FACTS, ROW

_CHUNK = 1 << 20
_START_S = 10.0  # to start the process and read the content
_MODULE = "skywright.foundry.collect.parsing_child"
_PASSED_ON = ("PATH", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH")


class MissingParserError(SkywrightError):
    """The parser of a type needs an extra that is not installed."""

    code = "missing_extra"
    http_status = 501


@dataclass
class Parsing:
    """Rows of one file as a process of its own reads them; facts are there after the last row."""

    stream: BinaryIO
    """The file, from its start."""
    media: Media
    """Its type."""
    limits: Limits
    """What the process may take."""
    facts: dict[str, Any] = field(default_factory=dict)
    """Filled by the last line."""

    def rows(self) -> Rows:
        """Yield the rows.

        Raises
        ------
        InputError
            If the file is damaged, or larger or slower to read than the limits.
        MissingParserError
            If an extra is not installed.
        """
        with _child(self.media, self.limits) as process:
            timer = threading.Timer(self.limits.seconds + _START_S, process.kill)
            timer.start()
            try:
                _feed(self.stream, process.stdin)
                yield from self._heard(process.stdout)
            finally:
                process.kill()
                timer.cancel()

    def _heard(self, out: IO[bytes] | None) -> Rows:
        told = 0
        for line in out or ():
            told += len(line)
            if told > self.limits.output_bytes or not line.endswith(b"\n"):
                break
            value = json.loads(line)
            if ERROR in value:
                raise _error(value[ERROR])
            if FACTS in value:
                self.facts.update(value[FACTS])
                return
            part, row = value[ROW]
            yield part, row
        message = f"Reading the content as {self.media.title} took more than is allowed."
        hint = "It may be made to do that; otherwise give it in smaller parts."
        raise InputError(message, hint=hint)


def _child(media: Media, limits: Limits) -> subprocess.Popen[bytes]:
    order = json.dumps({"type": media.type, "limits": asdict(limits)})
    environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    environment["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
    environment["POLARS_MAX_THREADS"] = "1"  # a thread takes 8 MiB of the memory that is allowed
    return subprocess.Popen(  # noqa: S603  (our own module)
        [sys.executable, "-m", _MODULE, order],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
        cwd=os.sep,
    )


def _feed(stream: BinaryIO, target: IO[bytes] | None) -> None:
    if target is None:
        return
    try:
        for chunk in _chunks(stream):
            target.write(chunk)
        target.close()
    except BrokenPipeError:
        pass  # it ended early, and says why on its other pipe


def _chunks(stream: BinaryIO) -> Iterator[bytes]:
    stream.seek(0)
    while chunk := stream.read(_CHUNK):
        yield chunk


def _error(told: dict[str, Any]) -> SkywrightError:
    kind = MissingParserError if told.get("missing") else InputError
    return kind(told["message"], hint=told["hint"])

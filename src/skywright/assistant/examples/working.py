"""What a build has tried so far, kept beside its output, so that one that was stopped goes on."""

from __future__ import annotations

import fcntl
import json
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from skywright.assistant.examples.example import Example, Message, RefusedError
from skywright.errors import ConflictError, InputError


@dataclass(frozen=True, slots=True)
class Tried:
    """One attempt and what came of it."""

    named: str
    """Category and number of the attempt."""
    template: str
    outcome: Example | RefusedError
    """An example that passed the gates, or why one refused it."""


class WorkingFile:
    """The attempts of one build, a line of JSON each; a context manager.

    A line is written as soon as an attempt is over, so that whatever ends the build costs no more
    than the attempts that were under way.

    Parameters
    ----------
    path : pathlib.Path
        Where they are kept.
    build : mapping
        What the build depends on; attempts of any other build are thrown away.

    Raises
    ------
    ConflictError
        If another build is writing there.
    InputError
        If nothing can be written there.
    """

    def __init__(self, path: Path, build: Mapping[str, Any]) -> None:
        self.path = path
        self._turn = threading.Lock()
        self._file = _opened(path)
        self._lock()
        head = json.dumps({"build": dict(build)}, sort_keys=True)
        self._known = _read(self._file, head)
        self.found = len(self._known)
        """Attempts of a build that was stopped."""
        self._is_empty = not self._known
        if not self._known:
            self._file.truncate(0)
            self._add(head)

    def __enter__(self) -> WorkingFile:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()
        if self._is_empty:  # nothing was tried: what was asked for was not allowed
            self.remove()

    def tried(self, named: str) -> Tried | None:
        """Return an attempt that was made before, if it was."""
        return self._known.get(named)

    def keep(self, tried: Tried) -> None:
        """Keep an attempt."""
        outcome = tried.outcome
        if isinstance(outcome, RefusedError):
            told: dict[str, Any] = {"gate": outcome.gate, "reason": str(outcome)}
        else:
            told = {"example": _to_dict(outcome)}
        line = {"named": tried.named, "template": tried.template, **told}
        with self._turn:
            self._is_empty = False
            self._add(json.dumps(line, ensure_ascii=False))

    def remove(self) -> None:
        """Remove the file: the output is whole."""
        self.path.unlink(missing_ok=True)

    def _add(self, line: str) -> None:
        self._file.write(line + "\n")
        self._file.flush()

    def _lock(self) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._file.close()
            message = f"Another build is writing {self.path.name.removesuffix('.working')}."
            raise ConflictError(message, hint="Wait for it, or name another --out.") from error


def _opened(path: Path) -> IO[str]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("a+", encoding="utf-8")
    except OSError as error:
        message = f"{path} cannot be written: {error.strerror}."
        raise InputError(message, hint="Name another --out.") from error


def _read(file: IO[str], head: str) -> dict[str, Tried]:
    """Read the attempts, and cut off a last line that was not written whole."""
    file.seek(0)
    lines = file.read().split("\n")
    torn = lines.pop()
    if not lines or lines[0] != head:
        return {}
    if torn:
        whole = sum(len(line.encode()) + 1 for line in lines)
        file.truncate(whole)
    attempts = (_tried(json.loads(line)) for line in lines[1:])
    return {one.named: one for one in attempts}


def _tried(line: Mapping[str, Any]) -> Tried:
    told = line.get("example")
    if told is None:
        outcome: Example | RefusedError = RefusedError(line["reason"], gate=line["gate"])
    else:
        messages = tuple(Message(**one) for one in told["messages"])
        given = {**told, "messages": messages, "subjects": tuple(told["subjects"])}
        outcome = Example(**given)
    return Tried(line["named"], line["template"], outcome)


def _to_dict(example: Example) -> dict[str, Any]:
    """Return what is written of an example; the runs behind it were for the gates alone."""
    return {
        "category": example.category,
        "template": example.template,
        "subjects": example.subjects,
        "part": example.part,
        "messages": [asdict(one) for one in example.messages],
    }

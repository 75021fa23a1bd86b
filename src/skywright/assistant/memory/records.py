"""A conversation and its messages as data, and as the versioned JSON they are kept in."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from skywright.assistant.engine.model import Asked, Replied
from skywright.assistant.messages import Answer
from skywright.errors import InputError

VERSION = 1
"""Of the bodies of messages; older ones are read, newer ones refused."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """What is known of a conversation beside its messages."""

    id: str
    title: str
    target: str
    """The object that was last spoken of."""
    branched_from: str
    """The conversation it was branched from, if any."""
    created_at_utc: str
    changed_at_utc: str
    messages: int


@dataclass(frozen=True, slots=True)
class Message:
    """A question or an answer."""

    id: int
    kind: Literal["asked", "replied"]
    turn: Asked | Replied
    created_at_utc: str
    rating: int | None = None
    """1 good, -1 bad, None where nobody said."""
    comment: str = ""

    @property
    def text(self) -> str:
        """What was asked or answered."""
        return self.turn.text if isinstance(self.turn, Asked) else self.turn.answer.text

    @property
    def answer(self) -> Answer | None:
        """The answer, if it is one."""
        return self.turn.answer if isinstance(self.turn, Replied) else None


def body_of(turn: Asked | Replied) -> str:
    """Return the JSON of a turn."""
    if isinstance(turn, Replied):
        return turn.answer.model_dump_json()
    value = {"text": turn.text, "target": turn.target, "tables": list(turn.tables)}
    return json.dumps(value, ensure_ascii=False)


def turn_of(kind: str, version: int, body: str, folder: Path) -> Asked | Replied:
    """Return the turn of a body; its files lie in `folder`, wherever they were made.

    Raises
    ------
    InputError
        If it was written by a newer version, or is damaged.
    """
    if version > VERSION:
        message = f"The message is of version {version}; this installation reads up to {VERSION}."
        raise InputError(message, hint="Update skywright.")
    try:
        if kind == "replied":
            return Replied(_placed(Answer.model_validate_json(body), folder))
        value: dict[str, Any] = json.loads(body)
        return Asked(str(value["text"]), str(value["target"]), tuple(map(str, value["tables"])))
    except (ValidationError, ValueError, KeyError, TypeError) as error:
        message = f"A message of kind {kind!r} cannot be read: {error}."
        raise InputError(message) from error


def _placed(answer: Answer, folder: Path) -> Answer:
    """Return an answer whose files are named where they lie now."""
    artifacts = {one.id: str(folder / Path(one.id).name) for one in answer.artifacts}
    if not artifacts:
        return answer
    runs = []
    for run in answer.tool_runs:
        result = run.result
        if result and result.artifacts:
            moved = tuple(
                one.model_copy(update={"path": str(folder / Path(one.id).name)})
                for one in result.artifacts
            )
            run = run.model_copy(update={"result": result.model_copy(update={"artifacts": moved})})
        runs.append(run)
    placed = tuple(one.model_copy(update={"path": artifacts[one.id]}) for one in answer.artifacts)
    return answer.model_copy(update={"artifacts": placed, "tool_runs": tuple(runs)})

"""One training example: the messages of a conversation, and the runs it was written from."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

from skywright.assistant.messages import ToolRun
from skywright.errors import SkywrightError

Category = Literal["catalogue-queries", "data-reduction", "plotting", "literature", "object-types"]
Part = Literal["train", "validation", "test"]
CATEGORIES: tuple[Category, ...] = get_args(Category)
LEAST: Mapping[Category, int] = {
    "catalogue-queries": 200,
    "data-reduction": 150,
    "plotting": 100,
    "literature": 100,
    "object-types": 150,
}
"""Examples of each category in a whole build."""

CALL = re.compile(r"<tool_call>(.*?)</tool_call>", re.DOTALL)
CITE = re.compile(r'<cite of="([^"]+)">(.*?)</cite>', re.DOTALL)
CODE = re.compile(r"```python\n(.*?)```", re.DOTALL)
QUERY = re.compile(r"```sql\n(.*?)\n```", re.DOTALL)
ENTRY = re.compile(r"```bibtex\n(.*?)\n```", re.DOTALL)
_FENCED = re.compile(r"```.*?```", re.DOTALL)
_MARK = re.compile(r"<(?:not-found|ask-back)/>")


class RefusedError(SkywrightError):
    """An example does not pass a gate."""

    code = "refused"

    def __init__(self, reason: str, *, gate: str) -> None:
        super().__init__(reason)
        self.gate = gate


@dataclass(frozen=True, slots=True)
class Message:
    """One turn, as language models are trained on it."""

    role: Literal["system", "user", "assistant", "tool"]
    content: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """What one pair of axes of a plot shows."""

    x: str
    """Label of the horizontal axis, with its unit."""
    y: str
    points: int
    """Points of scatter plots and lines, or what the bars of a histogram count."""
    is_x_inverted: bool = False
    is_y_inverted: bool = False


@dataclass(frozen=True, slots=True)
class CodeRun:
    """A block of Python and what came of it."""

    source: str
    printed: str = ""
    error: str = ""
    """Last line of the traceback, or why it was ended."""
    drawings: tuple[Drawing, ...] = ()


@dataclass(frozen=True, slots=True)
class Example:
    """A conversation with what stands behind it."""

    category: Category
    template: str
    subjects: tuple[str, ...]
    """Keys of the objects it is about; no key is in two parts."""
    part: Part
    messages: tuple[Message, ...]
    runs: tuple[ToolRun, ...] = ()
    """Of the calls in the messages, in their order."""
    codes: tuple[CodeRun, ...] = ()
    drawings: tuple[Drawing, ...] = ()
    """What the plots must show, as the numbers of the run have it."""

    def with_messages(self, *messages: Message) -> Example:
        """Return the same with other messages."""
        return replace(self, messages=messages)

    def calls(self) -> list[str]:
        """Return the calls that the assistant writes, as JSON."""
        said = (one.content for one in self.messages if one.role == "assistant")
        return [call for text in said for call in CALL.findall(text)]

    def tools(self) -> set[str]:
        """Return the names of the tools that the assistant calls."""
        return {json.loads(call)["name"] for call in self.calls()}

    def has_code(self) -> bool:
        """Tell whether the assistant shows a block of Python."""
        return any(CODE.search(one) for one in self.said())

    def said(self) -> list[str]:
        """Return what the assistant says, without its calls."""
        turns = (one.content for one in self.messages if one.role == "assistant")
        return [one for one in turns if not CALL.search(one)]

    def asked(self) -> list[str]:
        """Return what the user says."""
        return [one.content for one in self.messages if one.role == "user"]

    def prose(self) -> str:
        """Return questions and answers as words: no code, no quotes, no marks."""
        return "\n".join(map(plain, [*self.asked(), *self.said()]))

    def row(self) -> dict[str, Any]:
        """Return the line of the file."""
        messages = [{"role": one.role, "content": one.content} for one in self.messages]
        told = json.dumps(messages, ensure_ascii=False, sort_keys=True)
        return {
            "id": f"{self.template}-{_digest(told)}",
            "category": self.category,
            "template": self.template,
            "object": "; ".join(self.subjects),
            "split": self.part,
            "messages": messages,
        }


def plain(text: str) -> str:
    """Return the words of an answer: no code, no quotes, no marks."""
    for pattern in (_FENCED, CITE, _MARK):
        text = pattern.sub("", text)
    return text.strip()


def _digest(text: str) -> str:
    import hashlib

    return hashlib.sha256(text.encode()).hexdigest()[:10]

"""What decides the next step of an answer, and the data it is asked with and answers in.

A model is our rules or a language model. It sees the turns so far and the tools there are, and
gives pieces: words of the answer, quotes that back them, wishes to run a tool. It runs nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from skywright.assistant.messages import Answer, ToolCall, ToolRun
from skywright.assistant.tools.running import ToolSpec as ToolSpec
from skywright.errors import SkywrightError


class ModelError(SkywrightError):
    """A language model could not be reached, refused, or broke off."""

    exit_code = 3
    http_status = 502
    code = "model"


class ContextTooLongError(ModelError):
    """The turns are longer than the model can read; the loop drops the oldest and asks again."""

    code = "context"


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, with what the conversation was about when it was asked."""

    text: str
    target: str = ""
    """The object that was last spoken of."""
    tables: tuple[str, ...] = ()
    """Names of the tables there are, the newest last."""


@dataclass(frozen=True, slots=True)
class Called:
    """What a model wished to run before it could answer."""

    calls: tuple[ToolCall, ...]
    text: str = ""
    """What it said beside."""


@dataclass(frozen=True, slots=True)
class Returned:
    """What came of the calls before, in their order."""

    runs: tuple[ToolRun, ...]


@dataclass(frozen=True, slots=True)
class Replied:
    """An answer of this conversation, with its runs and citations."""

    answer: Answer


Turn = Asked | Called | Returned | Replied
"""Questions and answers so far, then the last question and what was run for it."""


@dataclass(frozen=True, slots=True)
class Said:
    """The next characters of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class Quote:
    """A verbatim quote with where it is said to stand; checked before anybody sees it."""

    quote: str
    kind: Literal["chunk", "tool"]
    id: str
    """Number of the chunk, or id of the call as `Returned` has it."""


@dataclass(frozen=True, slots=True)
class Quoted:
    """Backs what was said since the last quote."""

    quotes: tuple[Quote, ...]


@dataclass(frozen=True, slots=True)
class Stated:
    """Something said, whole, with what it rests on."""

    text: str
    quotes: tuple[Quote, ...] = ()


@dataclass(frozen=True, slots=True)
class Wanted:
    """A tool that should run; its id is given by the loop, whatever stands here."""

    call: ToolCall


@dataclass(frozen=True, slots=True)
class Verdict:
    """What kind of answer this is, where it is no plain one."""

    is_found: bool = True
    is_question: bool = False
    warnings: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Counted:
    """Tokens of one request."""

    input_tokens: int = 0
    output_tokens: int = 0


Piece = Said | Quoted | Stated | Wanted | Verdict | Counted


class Model(Protocol):
    """Decides what is said or run next."""

    @property
    def name(self) -> str:
        """``rules``, or the language model with its provider."""

    def respond(self, history: Sequence[Turn], tools: Sequence[ToolSpec]) -> Iterator[Piece]:
        """Give the next step: an answer, or calls that are run before it is asked again.

        Parameters
        ----------
        history : sequence of Turn
            The conversation; it ends with a question or with what calls returned.
        tools : sequence of ToolSpec
            What may be called; none where the limit of calls is reached.

        Raises
        ------
        ContextTooLongError
            If the history is too long for it.
        ModelError
            If it fails in another way.
        """

"""What clients of OpenAI's chat completions send, and what is refused of it in a sentence."""

from __future__ import annotations

import re
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from skywright.errors import InputError

ENGINE = "skywright"
"""Name of our own engine among the models."""

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_MOST_STOPS = 4
_LONGEST_STOP = 200


class CompletionMessage(BaseModel):
    """One message of a conversation."""

    model_config = ConfigDict(extra="allow")

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | list[dict[str, Any]] | None = None
    tool_calls: list[dict[str, Any]] | None = None
    tool_call_id: str | None = None

    @property
    def text(self) -> str:
        """The words of the message."""
        if isinstance(self.content, list):
            return "\n".join(str(one.get("text", "")) for one in self.content)
        return self.content or ""


class CompletionRequest(BaseModel):
    """A conversation to go on with; fields that are not listed are ignored."""

    model_config = ConfigDict(extra="allow")

    model: str = Field(max_length=200, examples=[ENGINE])
    messages: list[CompletionMessage] = Field(min_length=1, max_length=1000)
    stream: bool = False
    stream_options: dict[str, Any] | None = None
    temperature: float | None = Field(default=None, ge=0, le=5)
    max_tokens: int | None = Field(default=None, ge=1)
    max_completion_tokens: int | None = Field(default=None, ge=1)
    seed: int | None = Field(default=None, ge=0)
    stop: str | list[str] | None = None
    n: int | None = Field(default=None, ge=1)
    response_format: dict[str, Any] | None = None
    tools: list[dict[str, Any]] | None = Field(default=None, max_length=128)
    tool_choice: str | dict[str, Any] | None = None
    parallel_tool_calls: bool | None = None

    @property
    def most_tokens(self) -> int | None:
        """Longest answer that is wanted."""
        return self.max_completion_tokens or self.max_tokens

    @property
    def stops(self) -> tuple[str, ...]:
        """Texts before which the answer ends."""
        return (self.stop,) if isinstance(self.stop, str) else tuple(self.stop or ())

    @property
    def functions(self) -> list[dict[str, Any]]:
        """Descriptions of the tools that may be called; none where the client wants no call."""
        given = [] if self.tool_choice == "none" else self.tools or []
        return [one["function"] for one in given]


class CompletionAnswer(BaseModel):
    """A whole completion."""

    id: str = Field(examples=["chatcmpl-9f86d081884c7d65"])
    object: str = Field(examples=["chat.completion"])
    created: int = Field(description="Unix time [s].")
    model: str = Field(examples=[ENGINE])
    choices: list[dict[str, Any]]
    usage: dict[str, int]


class CompletionModelAnswer(BaseModel):
    """A model that completes conversations."""

    id: str = Field(examples=[ENGINE])
    object: str = Field(examples=["model"])
    created: int
    owned_by: str


class CompletionModelsAnswer(BaseModel):
    """Models that complete conversations."""

    object: str = Field(examples=["list"])
    data: list[CompletionModelAnswer]


def check_options(asked: CompletionRequest) -> None:
    """Refuse what no model here does.

    Raises
    ------
    InputError
        Names the field, what was given and what is done instead.
    """
    _check_form(asked)
    _check_stops(asked)
    _check_tools(asked)
    for number, one in enumerate(asked.messages):
        _check_parts(number, one)


def _check_form(asked: CompletionRequest) -> None:
    if (asked.n or 1) > 1:
        message = f"n = {asked.n} is not allowed: a question has one answer."
        raise InputError(message, hint="Leave n out, or ask again.")
    form = (asked.response_format or {}).get("type", "text")
    if form != "text":
        message = f"response_format = {str(form)[:60]!r} is not given; answers are text."
        raise InputError(
            message, hint="Leave response_format out; /api/chat gives answers as JSON."
        )
    extra = asked.model_extra or {}
    if extra.get("logprobs") or extra.get("top_logprobs"):
        message = "logprobs are not given."
        raise InputError(message, hint="Leave logprobs out.")
    if extra.get("audio") or (extra.get("modalities") or ["text"]) != ["text"]:
        message = f"modalities = {str(extra.get('modalities'))[:60]}: answers are text."
        raise InputError(message, hint="Leave modalities and audio out.")
    if extra.get("functions") or extra.get("function_call"):
        message = "functions and function_call are the old form of tools, which is not read."
        raise InputError(message, hint="Send tools and tool_choice.")


def _check_stops(asked: CompletionRequest) -> None:
    if len(asked.stops) > _MOST_STOPS:
        message = f"stop has {len(asked.stops)} texts; {_MOST_STOPS} are allowed."
        raise InputError(message)
    if not all(0 < len(one) <= _LONGEST_STOP for one in asked.stops):
        message = f"A text of stop has 1 to {_LONGEST_STOP} characters."
        raise InputError(message)


def _check_tools(asked: CompletionRequest) -> None:
    names = [_checked_name(number, one) for number, one in enumerate(asked.tools or [])]
    twice = next((one for one in names if names.count(one) > 1), None)
    if twice:
        message = f"tools has two of the name {twice!r}."
        raise InputError(message)
    if asked.tool_choice not in (None, "none", "auto"):
        message = f"tool_choice = {str(asked.tool_choice)[:80]} is not done: no call can be forced."
        raise InputError(message, hint="Send auto or none, or leave tool_choice out.")


def _checked_name(number: int, tool: dict[str, Any]) -> str:
    function = tool.get("function")
    name = function.get("name") if isinstance(function, dict) else None
    if not isinstance(function, dict) or not isinstance(name, str) or not name:
        message = f"tools[{number}].function.name is missing."
        raise InputError(message, hint='A tool is {"type": "function", "function": {...}}.')
    if not _NAME.fullmatch(name):
        message = f"tools[{number}].function.name = {name[:80]!r} is not allowed."
        raise InputError(message, hint="Up to 64 letters, digits, and the signs _ . -")
    if not isinstance(function.get("parameters", {}), dict):
        message = f"tools[{number}].function.parameters is no JSON schema."
        raise InputError(message, hint='Send an object, such as {"type": "object"}.')
    return name


def _check_parts(number: int, message: CompletionMessage) -> None:
    parts = message.content if isinstance(message.content, list) else []
    for place, part in enumerate(parts):
        if part.get("type", "text") not in {"text", "refusal"}:
            told = f"messages[{number}].content[{place}] is of the type {part['type']!r}"
            sentence = f"{told}; only text is read."
            raise InputError(sentence, hint="Describe it in words, or leave it out.")

"""OpenAI's chat completions as data: turns into messages, and what comes back into pieces.

Servers that say they speak it differ in small things: calls without ids or numbers, arguments as
an object, usage in every chunk or in none, errors in the midst of a stream. All are read here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from skywright.assistant.engine.model import (
    Asked,
    Called,
    Counted,
    Piece,
    Replied,
    Returned,
    Turn,
    Wanted,
)
from skywright.assistant.engine.reading import Reader
from skywright.assistant.engine.wording import as_data
from skywright.assistant.engine.written_calls import arguments_of, offered_name
from skywright.assistant.messages import ToolCall
from skywright.assistant.tools.running import ToolSpec


def messages_of(history: Sequence[Turn], told: str, nonce: str) -> list[dict[str, Any]]:
    """Return a conversation as messages; the task stands first, results are wrapped as data."""
    messages: list[dict[str, Any]] = [{"role": "system", "content": told}]
    for turn in history:
        match turn:
            case Asked(text):
                messages.append({"role": "user", "content": text})
            case Replied(answer):
                messages.append({"role": "assistant", "content": answer.text})
            case Called(calls, text):
                wished = [_call(one) for one in calls]
                said = text if text.strip() else None
                messages.append({"role": "assistant", "content": said, "tool_calls": wished})
            case Returned(runs):
                messages += [
                    {"role": "tool", "tool_call_id": run.call.id, "content": as_data(run, nonce)}
                    for run in runs
                ]
    return messages


def tools_of(specs: Sequence[ToolSpec]) -> list[dict[str, Any]]:
    """Return tools as a service wants them described."""
    return [
        {
            "type": "function",
            "function": {
                "name": one.name,
                "description": one.description,
                "parameters": dict(one.parameters),
            },
        }
        for one in specs
    ]


def _call(one: ToolCall) -> dict[str, Any]:
    function = {"name": one.tool, "arguments": json.dumps(one.arguments, ensure_ascii=False)}
    return {"id": one.id, "type": "function", "function": function}


class Response:
    """One response, whole or in chunks, read as pieces.

    Parameters
    ----------
    tools : sequence of str
        Names that may be called.
    """

    def __init__(self, tools: Sequence[str]) -> None:
        self._tools = tools
        self._reader = Reader(tools)
        self._calls = _Calls()
        self._counted = Counted()
        self._reason = ""
        self._is_whole = False

    @property
    def is_ended(self) -> bool:
        """Whether the service has said why it stopped, or answered whole."""
        return bool(self._reason) or self._is_whole

    def take(self, value: Mapping[str, Any]) -> Iterator[Piece]:
        """Read a chunk, or a response that came whole."""
        usage = value.get("usage")
        if isinstance(usage, Mapping):
            self._counted = Counted(_count(usage, "prompt"), _count(usage, "completion"))
        choices = value.get("choices")
        if not isinstance(choices, list) or not choices:
            return
        said = choices[0].get("delta") or choices[0].get("message") or {}
        self._is_whole = self._is_whole or "message" in choices[0]
        self._reason = choices[0].get("finish_reason") or self._reason
        yield from self._reader.feed(_words(said.get("content")) or said.get("refusal") or "")
        self._calls.take(said.get("tool_calls") or ())

    def finish(self) -> Iterator[Piece]:
        """Give what was held back, then the calls and the count of tokens."""
        calls = self._calls.whole
        yield from self._reader.finish(self._reason if not calls else "")
        for call in calls:
            name = offered_name(call.name, self._tools)
            yield Wanted(ToolCall(id="", tool=name, arguments=arguments_of(call.arguments)))
        yield self._counted


@dataclass(slots=True)
class _Call:
    """A call of a tool that grows."""

    id: str = ""
    name: str = ""
    arguments: str = ""

    def is_other(self, id_: str, name: str) -> bool:
        """Tell whether a part with this id and name begins another call."""
        if id_ and self.id:
            return id_ != self.id
        return bool(name and self.name) and _is_json(self.arguments)


class _Calls:
    """Calls put together from their parts."""

    def __init__(self) -> None:
        self._all: list[_Call] = []
        self._at: dict[Any, _Call] = {}

    @property
    def whole(self) -> list[_Call]:
        """The calls in their order; what never had a name is none."""
        return [one for one in self._all if one.name]

    def take(self, parts: Sequence[Mapping[str, Any]]) -> None:
        """Add the next parts."""
        for part in parts:
            function = part.get("function") or {}
            id_, name = part.get("id") or "", function.get("name") or ""
            call = self._meant(part.get("index"), id_, name)
            call.id = call.id or id_
            call.name = call.name or name
            given = function.get("arguments")
            call.arguments += given if isinstance(given, str) else _as_json(given)

    def _meant(self, number: Any, id_: str, name: str) -> _Call:
        """Return the call that a part belongs to: that of its number, or the last without one."""
        call = self._at.get(number)
        begins = call is None or call.is_other(id_, name) or (number is None and bool(name))
        if call is None or begins:
            call = _Call()
            self._all.append(call)
        self._at[number] = call
        return call


def _words(content: Any) -> str:
    if isinstance(content, list):
        return "".join(str(one.get("text", "")) for one in content if isinstance(one, Mapping))
    return content if isinstance(content, str) else ""


def _count(usage: Mapping[str, Any], what: str) -> int:
    counted = usage.get(f"{what}_tokens")
    return counted if isinstance(counted, int) else 0


def _as_json(given: Any) -> str:
    return "" if given is None else json.dumps(given)


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True

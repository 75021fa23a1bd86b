"""Calls of tools that a language model wrote as text, in the shapes that small models use."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from typing import Any

from skywright.assistant.messages import ToolCall

_BEGINNINGS = ("{", "[{", "[TOOL_CALLS]", "<|python_tag|>", "<function=", "<tool_call", "```")
_FUNCTION = re.compile(r"<function=([\w.-]+)>(.*?)(?:</function>|$)", re.DOTALL)
_WRAPPING = re.compile(r"```[a-z_]*|\[TOOL_CALLS\]|<\|[a-z_]+\|>|</?tool_call>")
_NAMES = ("name", "tool", "tool_name", "function_name")
_ARGUMENTS = ("arguments", "parameters", "args", "input", "kwargs")


def looks_like_calls(text: str) -> bool:
    """Tell whether a response may be calls from its first characters on."""
    text = text.lstrip()
    if text in {"[", "<", "`", "``", "<|"}:
        return True
    return text.startswith(_BEGINNINGS) or any(one.startswith(text) for one in _BEGINNINGS)


def written_calls(text: str, tools: Collection[str]) -> list[ToolCall]:
    """Return the calls if the text is nothing but calls of offered tools, else none.

    Examples
    --------
    >>> written_calls('{"name": "resolve_name", "arguments": {"name": "M31"}}', ["resolve-name"])
    [ToolCall(id='', tool='resolve-name', arguments={'name': 'M31'})]
    """
    functions = _FUNCTION.findall(text)
    if functions:
        values: list[Any] = [{"name": name, "arguments": given} for name, given in functions]
    else:
        values = _values(_WRAPPING.sub(" ", text))
    calls = [_call(value, tools) for value in _flat(values)]
    return [call for call in calls if call] if all(calls) else []


def offered_name(name: str, tools: Collection[str]) -> str:
    """Return the name of an offered tool that is meant: many models write ``_`` for ``-``."""
    if name in tools:
        return name
    plain = name.removeprefix("functions.").replace("_", "-").lower()
    return plain if plain in tools else name


def arguments_of(given: Any) -> dict[str, Any]:
    """Return arguments given as an object, or as its JSON; what is neither is told as it is."""
    if isinstance(given, str):
        try:
            given = json.loads(given) if given.strip() else {}
        except ValueError:
            return {"arguments": given[:1000]}
    if given is None:
        return {}
    return given if isinstance(given, dict) else {"arguments": given}


def _call(value: Any, tools: Collection[str]) -> ToolCall | None:
    if isinstance(value, dict) and isinstance(value.get("function"), dict):
        value = value["function"]
    if not isinstance(value, dict):
        return None
    name = next((value[one] for one in _NAMES if isinstance(value.get(one), str)), "")
    if not name and isinstance(value.get("function"), str):
        name = value["function"]
    tool = offered_name(name, tools)
    if tool not in tools:
        return None
    given: Any = next((value[one] for one in _ARGUMENTS if one in value), {})
    return ToolCall(id="", tool=tool, arguments=arguments_of(given))


def _values(text: str) -> list[Any]:
    """Return the JSON values that a text consists of; none, if there is anything else in it."""
    decoder, values, place = json.JSONDecoder(), [], 0
    text = text.strip().rstrip(";")
    while place < len(text):
        if text[place] in " \n\r\t,;":
            place += 1
            continue
        try:
            value, place = decoder.raw_decode(text, place)
        except ValueError:
            return []
        values.append(value)
    return values


def _flat(values: list[Any]) -> Iterator[Any]:
    for value in values:
        if isinstance(value, list):
            yield from value
        elif isinstance(value, dict) and isinstance(value.get("tool_calls"), list):
            yield from value["tool_calls"]
        else:
            yield value

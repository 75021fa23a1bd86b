"""Request bodies: read once, checked by pydantic, refused in one sentence."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Mapping
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails, from_json
from starlette.requests import Request

from skywright.errors import InputError

_T = TypeVar("_T")
_LONGEST_VALUE = 60


async def read_json(request: Request) -> Any:
    """Parse the body of a request.

    Raises
    ------
    InputError
        If it is empty, not JSON, or holds NaN or Infinity, which JSON does not have.
    """
    body = await request.body()
    if not body:
        message = "The request has no body; send JSON with Content-Type: application/json."
        raise InputError(message)
    try:
        return from_json(body, allow_inf_nan=False, cache_strings="keys")
    except ValueError as error:
        message = f"The body is not valid JSON: {error}."
        hint = "NaN and Infinity are not JSON; leave a value out, or send null."
        raise InputError(message, hint=hint) from error


def check(adapter: TypeAdapter[_T], value: Any) -> _T:
    """Check a parsed body against its type.

    Raises
    ------
    InputError
        Names the first bad field, its value, and what is allowed.
    """
    try:
        return adapter.validate_python(value)
    except ValidationError as error:
        details = error.errors(include_url=False, include_context=True)
        message = sentence(details[0])
        more = len(details) - 1
        hint = f"{more} more values are not allowed." if more else ""
        raise InputError(message, hint=hint) from error


def sentence(detail: ErrorDetails | Mapping[str, Any]) -> str:
    """Say one validation error in a sentence: field, value, what is allowed."""
    name = _path([part for part in detail["loc"] if _is_name(part)])
    reason = str(detail["msg"]).removeprefix("Value error, ").rstrip(".")
    kind = detail["type"]
    if kind == "missing":
        return f"{name} is missing."
    if kind in ("too_long", "too_short"):
        return f"{name} {_length(detail.get('ctx', {}))}."
    if kind == "extra_forbidden":
        return f"{name} is not a field of this request."
    if not name:
        return f"{reason[:1].upper()}{reason[1:]}."
    return f"{name} = {_shown(detail.get('input'))} is not allowed: {_lower(reason)}."


def refuse_misspelt(names: Collection[str], known: Collection[str]) -> None:
    """Refuse an unknown name that is nearly a known one; truly foreign names pass.

    Raises
    ------
    InputError
        Says which name was probably meant.
    """
    for name in names:
        near = difflib.get_close_matches(str(name)[:_LONGEST_VALUE], known, n=1, cutoff=0.8)
        if near and not str(name).startswith(near[0] + "_"):
            message = f"{str(name)[:_LONGEST_VALUE]} is not a field. Did you mean {near[0]}?"
            raise InputError(message)


def _length(context: Mapping[str, Any]) -> str:
    most, least = context.get("max_length"), context.get("min_length")
    bound = f"at most {most}" if most is not None else f"at least {least}"
    return f"holds {context.get('actual_length')} entries; it must hold {bound}"


def _is_name(part: object) -> bool:
    """Tell a field or a position from what pydantic adds: where it was, and types of a union."""
    return part not in ("body", "query", "path") and not re.search(r"[\[(-]", str(part))


def _path(parts: list[Any]) -> str:
    text = ""
    for part in parts:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 3] + "..."


def _lower(reason: str) -> str:
    return reason.replace("Input should be", "it should be", 1)

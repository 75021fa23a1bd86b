"""Results of functions that know nothing of assistants, in words and values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import polars as pl
from pydantic import BaseModel

from skywright import __version__
from skywright.assistant.messages import Origin, ToolResult
from skywright.assistant.tools.bounding import plain_json
from skywright.foundry.tool import Tool

_MOST_ROWS_TOLD = 5
_MOST_VALUES_TOLD = 30
_LONGEST_VALUE = 200


def wrapped(tool: Tool, value: Any) -> ToolResult:
    """Return what a tool gave back as a result.

    Parameters
    ----------
    tool : Tool
        That gave it.
    value : Any
        A result already, a table, a model, a mapping, a list of mappings, or anything with a text.
        A mapping may say what it holds in its own sentences, as ``text``, and the object that it
        is about, as ``target``.
    """
    if isinstance(value, ToolResult):
        return value
    data = _data(value)
    own = data.pop("text", None) if len(data) > 1 else None
    return ToolResult(
        text=own if isinstance(own, str) and own.strip() else _text(tool, data),
        data=data,
        origins=(
            Origin(
                service=tool.name,
                title=f"{tool.title.rstrip('.')}, computed by skywright {__version__}",
                retrieved_utc=datetime.now(UTC).isoformat(timespec="seconds"),
            ),
        ),
    )


def target_of(value: Any) -> str:
    """Return the object that a mapping says it is about, as ``target``; empty if it says none."""
    said = value.get("target") if isinstance(value, dict) else None
    return said if isinstance(said, str) else ""


def _data(value: Any) -> dict[str, Any]:
    if isinstance(value, pl.DataFrame):
        value = value.to_dicts()
    if isinstance(value, BaseModel):
        value = value.model_dump(mode="json")
    plain = plain_json(value)
    if isinstance(plain, dict):
        return plain
    return {"rows": plain} if isinstance(plain, list) else {"value": plain}


def _text(tool: Tool, data: Mapping[str, Any]) -> str:
    if set(data) == {"value"}:
        return f"{tool.name} answered: {data['value']}."
    rows = data.get("rows") if set(data) == {"rows"} else None
    if not isinstance(rows, list):
        return f"{tool.name} answered: {told_values(data)}."
    lines = [f"{tool.name} answered with {len(rows)} row{'' if len(rows) == 1 else 's'}."]
    lines += [f"Row {k}: {_row(row)}." for k, row in enumerate(rows[:_MOST_ROWS_TOLD], 1)]
    if len(rows) > _MOST_ROWS_TOLD:
        lines.append(f"The other {len(rows) - _MOST_ROWS_TOLD} rows are in the values.")
    return "\n".join(lines)


def _row(row: Any) -> str:
    return told_values(row) if isinstance(row, Mapping) else str(row)[:_LONGEST_VALUE]


def told_values(data: Mapping[str, Any]) -> str:
    """Return the values of a mapping as ``name = value, ...``, nested ones with dots."""
    told = [f"{name} = {_value(value)}" for name, value in _flat(data) if value is not None]
    more = len(told) - _MOST_VALUES_TOLD
    shown = ", ".join(told[:_MOST_VALUES_TOLD]) or "nothing"
    return f"{shown} and {more} more values" if more > 0 else shown


def _flat(data: Mapping[str, Any], before: str = "") -> list[tuple[str, Any]]:
    flat: list[tuple[str, Any]] = []
    for name, value in data.items():
        if isinstance(value, Mapping):
            flat += _flat(value, f"{before}{name}.")
        elif isinstance(value, Sequence) and not isinstance(value, str) and _is_long(value):
            flat.append((f"number of {before}{name}", len(value)))
        else:
            flat.append((f"{before}{name}", value))
    return flat


def _is_long(values: Sequence[Any]) -> bool:
    return len(values) > 6 or any(isinstance(one, Mapping | list) for one in values)


def _value(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    text = str(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}..."

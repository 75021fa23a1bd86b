"""What a parser makes of a file: rows, each of a part such as a table or a page, and facts."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from skywright.errors import InputError

Rows = Iterator[tuple[str, dict[str, Any]]]
"""Pairs of a part's name and a row of it."""

_LONGEST_PART = 100


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a parser may make of one file."""

    rows: int = 200_000
    """Most rows."""
    pixels: int = 100_000_000
    """Most pixels of an image."""
    seconds: float = 120.0
    """Longest time [s]."""
    memory_bytes: int = 4 << 30
    """Most memory of the process that parses."""
    output_bytes: int = 1 << 30
    """Most bytes of rows as JSON."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """Rows that come as they are asked for; the facts are complete after the last one."""

    rows: Rows
    facts: dict[str, Any] = field(default_factory=dict)


def refuse_rows(count: int, limits: Limits) -> None:
    """Refuse more rows than are allowed.

    Raises
    ------
    InputError
        If there are.
    """
    if count > limits.rows:
        message = f"The file has more than the {limits.rows} rows that are allowed."
        hint = "Raise SKYWRIGHT_MAX_UPLOAD_ROWS, or give it in smaller parts."
        raise InputError(message, hint=hint)


def plain_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row of values that JSON has; dates become ISO 8601, NaN and infinity null."""
    return {str(name): plain(value) for name, value in row.items()}


def plain(value: Any) -> Any:
    """Return one value as JSON has it; bytes become hexadecimal text."""
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dt.datetime | dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, Mapping):
        return plain_row(value)
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return str(value)


def part_name(name: str) -> str:
    """Return a name of a part as it fits its column."""
    return name[:_LONGEST_PART] or "rows"

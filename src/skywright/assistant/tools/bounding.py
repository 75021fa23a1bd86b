"""How much of a result is handed on: long lists and texts are cut, and it is said."""

from __future__ import annotations

import json
import math
from typing import Any

from skywright.assistant.messages import ToolResult

MOST_DATA_BYTES = 64 * 1024
"""Largest ``data`` of a result, as JSON."""
MOST_TEXT = 20_000
"""Longest text of a result [characters]."""
MOST_FIELD = 4_000
"""Longest text within ``data``, once ``data`` is too large [characters]."""


def bounded(result: ToolResult) -> ToolResult:
    """Return a result that is not too large and holds what JSON can hold."""
    data, warnings = bounded_data(result.data)
    text = result.text
    if len(text) > MOST_TEXT:
        warnings.append(f"The text was cut at {MOST_TEXT} of {len(text)} characters.")
        text = text[:MOST_TEXT]
    return result.model_copy(
        update={"text": text, "data": data, "warnings": (*result.warnings, *warnings)}
    )


def bounded_data(data: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return ``data`` small enough, and a sentence for each list that was cut."""
    plain: dict[str, Any] = plain_json(data)
    rows = 100
    told: list[str] = []
    while size(plain) > MOST_DATA_BYTES and rows:
        cut: dict[str, int] = {}
        plain = _cut(plain, rows, "", cut)
        told = [
            f"Of the {n} entries of {name}, {rows} are shown here." for name, n in cut.items()
        ] or told
        rows //= 2
    if size(plain) > MOST_DATA_BYTES:
        return {}, [f"The values were left out: they are larger than {MOST_DATA_BYTES} bytes."]
    return plain, told


def size(data: Any) -> int:
    """Return the size of a value as JSON [bytes]."""
    return len(json.dumps(data, ensure_ascii=False).encode())


def plain_json(value: Any) -> Any:
    """Return a value with what JSON can hold: no NaN, no infinity, dates as text."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(key): plain_json(one) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain_json(one) for one in value]
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    if hasattr(value, "tolist"):
        return plain_json(value.tolist())
    return str(value)


def _cut(value: Any, rows: int, name: str, cut: dict[str, int]) -> Any:
    if isinstance(value, dict):
        return {key: _cut(one, rows, key, cut) for key, one in value.items()}
    if isinstance(value, list):
        if len(value) > rows:
            cut[name or "a list"] = max(len(value), cut.get(name, 0))
        return [_cut(one, rows, name, cut) for one in value[:rows]]
    if isinstance(value, str) and len(value) > MOST_FIELD:
        return value[:MOST_FIELD] + "..."
    return value

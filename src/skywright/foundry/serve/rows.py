"""Rows of a request against the signature of a model: what fits goes on, the rest is told why."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from skywright.errors import InputError, LimitError
from skywright.foundry.signature import Input, Signature

_LONGEST_SHOWN = 60
_MOST_NAMES = 12
_TOLD = {
    "number": "a finite number, or null where it is not known",
    "boolean": "true or false, or null where it is not known",
    "category": "a text, or null where it is not known",
    "text": "a text",
}


class TooManyRowsError(LimitError):
    """A request holds more rows than the server takes at once."""

    http_status = 413
    code = "too_large"


@dataclass(frozen=True, slots=True)
class Sorted:
    """Rows of a batch: those that fit, and why the others do not."""

    rows: list[dict[str, Any]]
    """Rows that fit."""
    places: list[int]
    """Where they stood in the request."""
    errors: list[dict[str, Any]]
    """``row`` and ``message`` of each of the others."""


def refuse_too_many(count: int, most: int) -> None:
    """Refuse a request without rows, or with more than allowed.

    Raises
    ------
    InputError
        If there are none.
    TooManyRowsError
        If there are more than ``most``.
    """
    if count == 0:
        message = "rows is empty; give at least one row."
        raise InputError(message)
    if count > most:
        message = f"rows holds {count} rows; it must hold at most {most}."
        raise TooManyRowsError(message, hint="Send several requests, or raise the limit "
                               "SKYWRIGHT_MAX_OBJECTS.")  # fmt: skip


def checked_row(signature: Signature, row: Any, place: str = "inputs") -> dict[str, Any]:
    """Return a row in the order and the types of the signature.

    Parameters
    ----------
    signature : Signature
        What the model takes.
    row : mapping
        Column to value.
    place : str
        Where the row stands in the request, for the sentence.

    Raises
    ------
    InputError
        If a column is missing or unknown, or a value is of the wrong type or not finite.
    """
    if not isinstance(row, Mapping):
        message = f"{place} = {_shown(row)} is not allowed: it must be an object of columns."
        raise InputError(message, hint=_takes(signature))
    names = [column.name for column in signature.inputs]
    absent = [one.name for one in signature.inputs if one.name not in row and not one.optional]
    if absent:
        message = f"{place} lacks {', '.join(absent[:_MOST_NAMES])}."
        raise InputError(message, hint="Send null where a value is not known.")
    if not row.keys() <= set(names):
        _refuse_foreign(signature, row, names, place)
    return {
        column.name: _value(column, row[column.name], place)
        for column in signature.inputs
        if column.name in row
    }


def sorted_rows(signature: Signature, rows: list[Any]) -> Sorted:
    """Part the rows of a batch into those that fit and those that do not."""
    good: list[dict[str, Any]] = []
    places: list[int] = []
    errors: list[dict[str, Any]] = []
    for number, row in enumerate(rows):
        try:
            good.append(checked_row(signature, row, f"rows[{number}]"))
            places.append(number)
        except InputError as error:
            errors.append({"row": number, "message": str(error)})
    return Sorted(good, places, errors)


def _refuse_foreign(
    signature: Signature, row: Mapping[str, Any], names: list[str], place: str
) -> None:
    foreign = [str(name)[:_LONGEST_SHOWN] for name in row if name not in names]
    near = difflib.get_close_matches(foreign[0], names, n=1)
    meant = f"Did you mean {near[0]}? " if near else ""
    verb = "is not an input" if len(foreign) == 1 else "are not inputs"
    message = f"{', '.join(foreign[:_MOST_NAMES])} of {place} {verb} of this model."
    raise InputError(message, hint=f"{meant}{_takes(signature)}")


def _value(column: Input, value: Any, place: str) -> Any:
    if value is None and column.type != "text":
        return None
    if column.type == "number":
        fits = type(value) in (int, float) and _finite(value)
        return float(value) if fits else _refuse(column, value, place)
    if column.type == "boolean":
        return value if isinstance(value, bool) else _refuse(column, value, place)
    if column.type == "category":
        fits = isinstance(value, str) or type(value) is int
        return str(value) if fits else _refuse(column, value, place)
    if column.type == "text":
        return value if isinstance(value, str) else _refuse(column, value, place)
    return value  # sequences and images have shapes, which the model checks itself


def _finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # an integer beyond the range of a float
        return False


def _refuse(column: Input, value: Any, place: str) -> Any:
    told = _TOLD[column.type]
    message = f"{place}.{column.name} = {_shown(value)} is not allowed: it must be {told}."
    raise InputError(message)


def _takes(signature: Signature) -> str:
    names = [f"{column.name} ({column.type})" for column in signature.inputs]
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return f"The model takes {', '.join(names[:_MOST_NAMES])}{more}."


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 3] + "..."

"""Records of a provider as a table: our names, and cells of the type they should have."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from skywright.errors import SourceError
from skywright.sources.http import parse_json
from skywright.sources.state import SourceState


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table."""

    name: str
    """Ours."""
    path: str
    """Where it stands in a record, ``rocket.name`` say; with ``|``, the first that is there."""
    kind: type[pl.DataType] = pl.String
    """String, Float64, Int64, Boolean or List (of texts)."""
    needed: bool = False
    """Whether a record without it is none."""


def read_json_records(
    content: bytes, state: SourceState, columns: Sequence[Column], *, under: str = ""
) -> pl.DataFrame:
    """Turn a JSON answer into a table.

    Parameters
    ----------
    content : bytes
        A list of records, one record, or an object that holds the list.
    state : SourceState
        Whose answer it is.
    columns : sequence of Column
        What is taken from each record.
    under : str
        Name under which the list stands, where it does.

    Raises
    ------
    SourceError
        If it is no JSON, or of another shape; names record and field.
    """
    payload = parse_json(content, state.title)
    if under:
        payload = payload.get(under) if isinstance(payload, dict) else None
    if isinstance(payload, dict):
        payload = [payload]
    if not isinstance(payload, list):
        what = f"no list of records{f' under {under!r}' if under else ''}"
        raise unknown_shape(state, what)
    return table_of(payload, state, columns)


def table_of(records: Sequence[Any], state: SourceState, columns: Sequence[Column]) -> pl.DataFrame:
    """Turn parsed records into a table; raises like ``read_json_records``."""
    for k, record in enumerate(records):
        if not isinstance(record, dict):
            raise unknown_shape(state, f"record {k + 1} is {str(record)[:40]!r}")
    return pl.DataFrame(
        [
            pl.Series(
                column.name,
                [_cell(record, column, k + 1, state) for k, record in enumerate(records)],
                pl.List(pl.String) if column.kind is pl.List else column.kind,
            )
            for column in columns
        ]
    )


def unknown_shape(state: SourceState, what: str) -> SourceError:
    """Return the error of an answer that our reader does not know."""
    message = f"{state.title} answered in an unknown shape: {what}."
    return SourceError(message, hint=f"See {state.documentation}.")


def _cell(record: Mapping[str, Any], column: Column, k: int, state: SourceState) -> Any:
    found = (_at(record, path) for path in column.path.split("|"))
    value = next((value for value in found if value is not None), None)
    if value is None or (value == "" and column.kind is not pl.String):
        if column.needed:
            raise unknown_shape(state, f"record {k} has no {column.path}")
        return None
    try:
        return _KINDS[column.kind](value)
    except (TypeError, ValueError) as error:
        what = f"record {k} has {column.path} = {str(value)[:40]!r}"
        raise unknown_shape(state, what) from error


def _at(record: Mapping[str, Any], path: str) -> Any:
    value: Any = record
    for step in path.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    return value


def _text(value: Any) -> str:
    return json.dumps(value) if isinstance(value, dict | list) else str(value)


def _texts(value: Any) -> list[str]:
    if not isinstance(value, list):
        raise TypeError
    return [_text(one) for one in value]


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _number(value: Any) -> float:
    if isinstance(value, bool):
        raise TypeError
    return float(value)


def _whole(value: Any) -> int:
    number = _number(value)
    if number != int(number):
        raise ValueError
    return int(value) if isinstance(value, int) else int(number)


_KINDS: dict[type[pl.DataType], Callable[[Any], Any]] = {
    pl.String: _text,
    pl.Float64: _number,
    pl.Int64: _whole,
    pl.Boolean: _truth,
    pl.List: _texts,
}

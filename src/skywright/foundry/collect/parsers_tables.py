"""Tables: CSV, TSV, JSON, JSON Lines and Parquet."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from typing import Any, NoReturn, TypeVar

import polars as pl

from skywright.errors import InputError
from skywright.foundry.collect.decoding import decode
from skywright.foundry.collect.parsed import (
    Limits,
    Parsed,
    Rows,
    part_name,
    plain,
    plain_row,
    refuse_rows,
)

_PART = "rows"
_SEPARATORS = (",", ";", "\t", "|")
_SCANNED_ROWS = 10_000
_PARQUET_MARK = b"PAR1"
_MOST_SAID = 200
_T = TypeVar("_T")


def parse_csv(content: bytes, limits: Limits) -> Parsed:
    """Read a table of separated values with a header line."""
    text, encoding = decode(content)
    separator = _separator(text)
    frame = _readable(lambda: _csv(text, separator), "CSV table")
    return _parsed(frame, limits, {"encoding": encoding, "separator": separator})


def parse_tsv(content: bytes, limits: Limits) -> Parsed:
    """Read a table of values between tabs, with a header line."""
    text, encoding = decode(content)
    frame = _readable(lambda: _csv(text, "\t"), "TSV table")
    return _parsed(frame, limits, {"encoding": encoding})


def parse_parquet(content: bytes, limits: Limits) -> Parsed:
    """Read a Parquet table; its number of rows is checked before any is read."""
    if content[-4:] != _PARQUET_MARK:
        message = "The Parquet table is cut short: it does not end with PAR1."
        raise InputError(message, hint="Send the whole file.")
    count = _readable(lambda: _height(content), "Parquet table")
    refuse_rows(count, limits)
    frame = _readable(lambda: pl.read_parquet(io.BytesIO(content)), "Parquet table")
    return _parsed(frame, limits, {})


def parse_json(content: bytes, limits: Limits) -> Parsed:
    """Read JSON: a list of rows, or an object whose lists of rows are its parts, or one row."""
    text, encoding = decode(content)
    return Parsed(_limited(_json_rows(_loads(text, "The file")), limits), {"encoding": encoding})


def parse_json_lines(content: bytes, limits: Limits) -> Parsed:
    """Read one JSON value a line; empty lines are passed over."""
    text, encoding = decode(content)
    values = (
        _loads(line, f"Line {number}")
        for number, line in enumerate(text.split("\n"), start=1)
        if line.strip()
    )
    return Parsed(
        _limited(((_PART, _row(value)) for value in values), limits), {"encoding": encoding}
    )


def rows_of_value(value: Any, limits: Limits) -> Parsed:
    """Make rows of a JSON value that was parsed already."""
    return Parsed(_limited(_json_rows(value), limits))


def _csv(text: str, separator: str) -> pl.DataFrame:
    raw = text.encode()
    try:
        return pl.read_csv(raw, separator=separator, infer_schema_length=_SCANNED_ROWS)
    except pl.exceptions.ComputeError:  # a column that turns from numbers to text further down
        return pl.read_csv(raw, separator=separator, infer_schema_length=None)


def _separator(text: str) -> str:
    """Return what separates the names in the header; the comma unless another comes more often."""
    header = text.lstrip().partition("\n")[0]
    return max(_SEPARATORS, key=header.count)


def _height(content: bytes) -> int:
    return int(pl.scan_parquet(io.BytesIO(content)).select(pl.len()).collect().item())


def _parsed(frame: pl.DataFrame, limits: Limits, facts: dict[str, Any]) -> Parsed:
    if frame.is_empty():
        message = "The table has columns but no rows."
        raise InputError(message, hint="Give a table with at least one row.")
    refuse_rows(frame.height, limits)
    rows = ((_PART, plain_row(row)) for row in frame.iter_rows(named=True))
    return Parsed(rows, {**facts, "columns": {n: str(k) for n, k in frame.schema.items()}})


def _readable(read: Callable[[], _T], what: str) -> _T:
    try:
        return read()
    except (pl.exceptions.PolarsError, ValueError, OSError, OverflowError) as error:
        first = (str(error).strip().splitlines() or ["it is damaged"])[0]
        message = f"The file is no readable {what}: {first[:_MOST_SAID].rstrip('.')}."
        raise InputError(message) from error


def _json_rows(value: Any) -> Rows:
    if isinstance(value, list):
        yield from ((_PART, _row(item)) for item in value)
    elif isinstance(value, dict) and value and all(_is_table(item) for item in value.values()):
        for name, table in value.items():
            yield from ((part_name(name), _row(item)) for item in table)
    else:
        yield _PART, _row(value)


def _is_table(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(v, dict) for v in value)


def _row(value: Any) -> dict[str, Any]:
    return plain_row(value) if isinstance(value, dict) else {"value": plain(value)}


def _limited(rows: Rows, limits: Limits) -> Iterator[tuple[str, dict[str, Any]]]:
    count = 0
    for count, row in enumerate(rows, start=1):
        refuse_rows(count, limits)
        yield row
    if not count:
        message = "The JSON holds no rows."
        raise InputError(message, hint="Give a list of objects, or one object a line.")


def _loads(text: str, where: str) -> Any:
    try:
        return json.loads(text, parse_constant=_no_constant)
    except RecursionError as error:
        message = f"{where} is nested too deeply to be read."
        raise InputError(message) from error
    except ValueError as error:
        message = f"{where} is not valid JSON: {error}."
        raise InputError(message) from error


def _no_constant(name: str) -> NoReturn:
    message = f"{name} is not JSON; leave the value out, or write null"
    raise ValueError(message)

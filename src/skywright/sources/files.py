"""Objects from a file of one's own: the format is told by the content, not by the name."""

from __future__ import annotations

import gzip
import io
import json
import zlib
from pathlib import Path
from typing import Any

import polars as pl

from skywright.errors import InputError
from skywright.sources.columns import with_our_names
from skywright.sources.mpcorb import looks_like_mpcorb, read_mpcorb
from skywright.sources.oef import looks_like_oef, read_oef
from skywright.sources.sbdb_json import read_sbdb_object, read_sbdb_query

FORMATS = (
    "Parquet",
    "CSV (comma, semicolon or tab, with a heading)",
    "MPCORB (MPCORB.DAT, NEA.txt)",
    "JPL SBDB JSON (object or query service), or a JSON list of rows",
    "OEF 2.0 (.ke0, .ke1 of ESA NEOCC and NEODyS)",
)
"""What ``read_objects`` knows."""

_TEXT_COLUMNS = ("designation", "pdes", "des", "covariance")
_PARQUET_MAGIC = b"PAR1"
_GZIP_MAGIC = b"\x1f\x8b"


def read_objects(path: Path | str) -> pl.DataFrame:
    """Read a table of objects.

    Parameters
    ----------
    path : Path or str
        File in one of ``FORMATS``; gzip is undone.

    Returns
    -------
    polars.DataFrame
        Columns of the file, with ours added where it uses other names: heliocentric mean ecliptic
        and equinox of J2000, TDB, degrees, au, days. Rows keep their order.

    Raises
    ------
    InputError
        If the file is missing, empty, of an unknown format or malformed; names line or row.
    """
    path = Path(path).expanduser()
    content = _content(path)
    if content.startswith(_PARQUET_MAGIC):
        return with_our_names(_parquet(content, path))
    return _from_text(_text(content, path), path)


def _content(path: Path) -> bytes:
    if not path.is_file():
        message = f"The file {path} does not exist (or is a folder); check the path."
        raise InputError(message)
    content = path.read_bytes()
    if content.startswith(_GZIP_MAGIC):
        try:
            content = gzip.decompress(content)
        except (OSError, EOFError, zlib.error) as error:
            message = f"The file {path} is gzip but damaged ({error}); fetch it again."
            raise InputError(message) from error
    if not content.strip():
        message = f"The file {path} is empty."
        raise InputError(message)
    return content


def _text(content: bytes, path: Path) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _unknown(path, f"byte {error.start} is not UTF-8 text") from error


def _unknown(path: Path, reason: str) -> InputError:
    message = f"The file {path} is of no known format: {reason}."
    return InputError(message, hint=f"Known are {'; '.join(FORMATS)}.")


def _parquet(content: bytes, path: Path) -> pl.DataFrame:
    try:
        return pl.read_parquet(io.BytesIO(content))
    except pl.exceptions.PolarsError as error:
        message = f"The Parquet file {path} is damaged: {_first_line(error)}."
        raise InputError(message) from error


def _from_text(text: str, path: Path) -> pl.DataFrame:
    if text.lstrip()[:1] in {"{", "["}:
        return _json(text, path)
    if text.lstrip()[:1] == "<":
        raise _unknown(path, "it is a web page (HTML or XML), perhaps an error page")
    if looks_like_oef(text):
        return read_oef(text)
    if looks_like_mpcorb(text):
        return read_mpcorb(text)
    return with_our_names(_csv(text, path), first_line=2)


def _csv(text: str, path: Path) -> pl.DataFrame:
    heading = text.lstrip("\r\n").partition("\n")[0]
    separator = max(",;\t", key=heading.count)
    if separator not in heading:
        raise _unknown(path, f"its first line is {heading[:60]!r}")
    names = [name.strip().strip('"') for name in heading.rstrip("\r").split(separator)]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        message = f"The heading of {path} names the column {twice!r} twice; rename one."
        raise InputError(message)
    as_text: dict[str, type[pl.DataType]] = {n: pl.String for n in _TEXT_COLUMNS if n in names}
    try:
        table = pl.read_csv(
            io.StringIO(text),
            separator=separator,
            infer_schema_length=None,
            schema_overrides=as_text,
            null_values=["", "NA", "N/A", "null", "None"],
        )
    except pl.exceptions.PolarsError as error:
        raise InputError(_csv_sentence(text, separator, path, error)) from error
    table = table.rename({name: name.strip() for name in table.columns})
    if table.height == 0:
        message = f"The CSV file {path} has a heading but no rows."
        raise InputError(message)
    return table


def _csv_sentence(text: str, separator: str, path: Path, error: Exception) -> str:
    """Find the first line with another number of cells than the heading."""
    import csv

    reader = csv.reader(io.StringIO(text), delimiter=separator)
    width = len(next(reader))
    for cells in reader:
        if cells and len(cells) != width:
            return (
                f"Line {reader.line_num} of {path} has {len(cells)} cells, but the heading has "
                f"{width}; a covariance in a cell must stand in quotation marks."
            )
    return f"The CSV file {path} cannot be read: {_first_line(error)}."


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0].rstrip(".")


def _json(text: str, path: Path) -> pl.DataFrame:
    try:
        payload = json.loads(text)
    except json.JSONDecodeError as error:
        message = (
            f"The JSON file {path} is malformed at line {error.lineno}, column {error.colno}: "
            f"{error.msg}. It may be cut short."
        )
        raise InputError(message) from error
    return table_from_json(payload, str(path))


def table_from_json(payload: Any, name: str = "the JSON") -> pl.DataFrame:
    """Turn parsed JSON (SBDB object or query answers, or rows) into a table of objects.

    Raises
    ------
    InputError
        If the shape is unknown.
    """
    if isinstance(payload, dict):
        if "orbit" in payload:
            return _rows([read_sbdb_object(payload)])
        if "fields" in payload:
            return read_sbdb_query(payload)
        payload = payload.get("rows", payload)
    if isinstance(payload, list) and payload and all(isinstance(row, dict) for row in payload):
        if all("orbit" in row for row in payload):
            return _rows([read_sbdb_object(row) for row in payload])
        return with_our_names(_rows(payload))
    found = ", ".join(list(payload)[:8]) if isinstance(payload, dict) else type(payload).__name__
    message = f"{name} has none of the known JSON shapes (found: {found})."
    raise InputError(message, hint=f"Known are {FORMATS[3]}.")


def _rows(rows: list[dict[str, Any]]) -> pl.DataFrame:
    lists = {"covariance": pl.List(pl.Float64)} if "covariance" in rows[0] else {}
    try:
        return pl.DataFrame(rows, infer_schema_length=None, schema_overrides=lists)
    except (pl.exceptions.PolarsError, TypeError) as error:
        message = f"The JSON rows do not form a table: {_first_line(error)}."
        raise InputError(message) from error

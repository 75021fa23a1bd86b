"""Tables from files: CSV, JSON, JSON Lines, Parquet, text; each fault is a sentence."""

from __future__ import annotations

import codecs
from collections.abc import Callable
from pathlib import Path

import polars as pl

from skywright.errors import InputError

_PARQUET_MAGIC = b"PAR1"
_CHUNK = 1 << 20
_MISSING = ("NA", "N/A", "n/a", "NaN", "nan", "null", "NULL", "None", "-", "--", "?")


def read_table(path: Path) -> pl.DataFrame:
    """Read a table by the extension of its file.

    Raises
    ------
    InputError
        If the file is missing, empty, of an unknown type, or not what its name says.
    """
    if not path.is_file():
        message = f"There is no file {path}."
        raise InputError(message)
    if path.stat().st_size == 0:
        message = f"The file {path.name} is empty."
        raise InputError(message, hint="Give a file with at least one row.")
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        kinds = ", ".join(sorted(_READERS))
        message = f"The file {path.name} is of an unknown type; {kinds} are known."
        raise InputError(message)
    try:
        if reader is not _parquet:
            _refuse_other_encodings(path)
        frame = reader(path)
    except UnicodeDecodeError as error:
        message = f"The file {path.name} is not UTF-8 text."
        raise InputError(message, hint="Save it as UTF-8.") from error
    except (pl.exceptions.PolarsError, ValueError) as error:
        first = str(error).strip().splitlines()[0][:200]
        message = f"The file {path.name} is not a readable {path.suffix[1:]} table: {first}."
        raise InputError(message) from error
    if frame.is_empty():
        message = f"The file {path.name} has columns but no rows."
        raise InputError(message)
    return frame


def _refuse_other_encodings(path: Path) -> None:
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            decoder.decode(chunk)
    decoder.decode(b"", final=True)


def _csv(path: Path) -> pl.DataFrame:
    return _separated(path, ",")


def _tsv(path: Path) -> pl.DataFrame:
    return _separated(path, "\t")


def _separated(path: Path, separator: str) -> pl.DataFrame:
    frame = pl.read_csv(
        path, separator=separator, infer_schema_length=None, try_parse_dates=True, glob=False
    )
    return frame.with_columns(_numbers_with_gaps(frame[name]) for name in frame.columns)


def _numbers_with_gaps(values: pl.Series) -> pl.Series:
    """Read a column of numbers that marks what is missing by a word, which alone proves nothing."""
    if values.dtype != pl.String:
        return values
    known = values.set(values.str.strip_chars().is_in(_MISSING), None)
    for kind in (pl.Int64, pl.Float64):
        numbers = known.str.strip_chars().cast(kind, strict=False)
        if known.null_count() < len(known) and numbers.null_count() == known.null_count():
            return numbers
    return values


def _json(path: Path) -> pl.DataFrame:
    return pl.read_json(path, infer_schema_length=None)


def _json_lines(path: Path) -> pl.DataFrame:
    return pl.read_ndjson(path, infer_schema_length=None)


def _parquet(path: Path) -> pl.DataFrame:
    with path.open("rb") as file:
        if file.read(4) != _PARQUET_MAGIC:
            message = "it does not begin with PAR1"
            raise ValueError(message)
    return pl.read_parquet(path)


def _text(path: Path) -> pl.DataFrame:
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    return pl.DataFrame({"text": [line for line in lines if line.strip()]})


_READERS: dict[str, Callable[[Path], pl.DataFrame]] = {
    ".csv": _csv,
    ".tsv": _tsv,
    ".json": _json,
    ".jsonl": _json_lines,
    ".ndjson": _json_lines,
    ".parquet": _parquet,
    ".txt": _text,
}

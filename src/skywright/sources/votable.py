"""VOTable, the format of the Virtual Observatory: an answer becomes a table, or a sentence.

References
----------
IVOA VOTable 1.4; IVOA DALI 1.1, section 4.4 (QUERY_STATUS: OK, ERROR, OVERFLOW).
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from skywright.errors import SourceError
from skywright.sources.state import SourceState

_LONGEST_WORDS = 400
_STATUS = "QUERY_STATUS"


@dataclass(frozen=True, slots=True)
class VoTable:
    """The first table of an answer."""

    table: pl.DataFrame
    """What is masked, NaN or an empty text is null."""
    units: dict[str, str]
    """Of the columns that have one, as the provider writes them."""
    is_cut: bool
    """True where the provider says that rows were left out (OVERFLOW)."""


def read_votable(content: bytes, state: SourceState) -> VoTable:
    """Read the first table of an answer.

    Parameters
    ----------
    content : bytes
        TABLEDATA, BINARY or BINARY2.
    state : SourceState
        Whose answer it is.

    Raises
    ------
    SourceError
        If the provider refused (its words are passed on), or this is a web page, cut short, or
        no VOTable with a table.
    """
    document = _parsed(content, state)
    refused = _refusal(document)
    if refused is not None:
        message = f"{state.title} refused the query and said: {refused}."
        raise SourceError(message, hint=f"See {state.documentation}.")
    first = next(document.iter_tables(), None)
    if first is None:
        message = f"{state.title} answered with a VOTable that holds no table."
        raise SourceError(message, hint=f"See {state.documentation}.")
    names = _distinct([str(field.name) for field in first.fields])
    series = [
        _series(name, first.array[key])
        for name, key in zip(names, first.array.dtype.names or (), strict=True)
    ]
    told = [value.upper() for name, value, _ in _infos(document) if name == _STATUS]
    return VoTable(pl.DataFrame(series), _units(names, first.fields), "OVERFLOW" in told)


def refusal_in(content: bytes, state: SourceState) -> str | None:
    """Return the words of an answer that is an error document, None where it is something else."""
    try:
        return _refusal(_parsed(content, state))
    except SourceError:
        return None


def _parsed(content: bytes, state: SourceState) -> Any:
    from astropy.io import votable

    start = content[:2000].lstrip().lower()
    if b"<html" in start or start.startswith(b"<!doctype html"):
        message = f"{state.title} answered with a web page instead of a VOTable."
        raise SourceError(message, hint="It may be down for maintenance; try again later.")
    if b"votable" not in start:
        begins = content[:40].decode("utf-8", "replace").strip()
        message = f"{state.title} answered with something that is no VOTable: {begins!r}."
        raise SourceError(message, hint=f"See {state.documentation}.")
    try:
        return votable.parse(io.BytesIO(content), verify="ignore")
    except (OSError, ValueError, TypeError, LookupError, EOFError, SyntaxError) as error:
        said = " ".join(str(error).split())[:_LONGEST_WORDS]
        message = f"{state.title} answered with a VOTable that is damaged or cut short: {said}."
        raise SourceError(message, hint="Try again.") from error


def _infos(document: Any) -> Iterator[tuple[str, str, str]]:
    """Yield name, value and words of every INFO; a status may stand at any level."""
    levels = [document, *document.resources]
    levels += [inner for one in document.resources for inner in one.resources]
    levels += list(document.iter_tables())
    for level in levels:
        for info in level.infos:
            yield str(info.name or ""), str(info.value or ""), str(info.content or "")


def _refusal(document: Any) -> str | None:
    for name, value, words in _infos(document):
        if name == _STATUS and value.upper() == "ERROR":
            said = words.strip() if words.strip().upper() != "ERROR" else ""
            return _sentence(said or _other_words(document) or "nothing about the reason")
        if name.upper() == "ERROR":  # simple cone search 1.03, section 2.3
            return _sentence(value or words)
    for level in [document, *document.resources]:
        for parameter in getattr(level, "params", ()):
            if str(parameter.name).upper() == "ERROR":
                return _sentence(str(parameter.value))
    return None


def _other_words(document: Any) -> str:
    descriptions = (one.description for one in (document, *document.resources))
    return next((str(words) for words in descriptions if words), "")


def _sentence(words: str) -> str:
    return " ".join(words.split())[:_LONGEST_WORDS].rstrip(".")


def _distinct(names: list[str]) -> list[str]:
    """Return the names; one that stands before gets a number, as a table needs them distinct."""
    taken: set[str] = set()
    for k, name in enumerate(names):
        number, chosen = 2, name
        while chosen in taken:
            number, chosen = number + 1, f"{name}_{number}"
        names[k] = chosen
        taken.add(chosen)
    return names


def _units(names: list[str], fields: Any) -> dict[str, str]:
    """Return the units as they were written; some services put quotes around them."""
    written = {
        name: "" if field.unit is None else str(field.unit).strip("'\" ")
        for name, field in zip(names, fields, strict=True)
    }
    return {name: unit for name, unit in written.items() if unit.strip("-")}


def _series(name: str, column: Any) -> pl.Series:
    values, mask = np.ma.getdata(column), np.ma.getmaskarray(column)
    if values.dtype.kind in "iuf" and values.ndim == 1:
        kind = values.dtype.newbyteorder("=")
        series = pl.Series(name, np.ascontiguousarray(values.astype(kind)))
        if mask.any():
            series = pl.select(pl.when(pl.Series(~mask)).then(series).alias(name)).to_series()
        return series.fill_nan(None) if series.dtype.is_float() else series
    hidden = [bool(np.all(one)) for one in mask]
    cells = [None if no else _cell(v) for v, no in zip(values, hidden, strict=True)]
    if values.dtype.kind == "b" and values.ndim == 1:
        return pl.Series(name, cells, pl.Boolean)
    if any(isinstance(cell, list) for cell in cells):
        return pl.Series(name, cells, strict=False)
    return pl.Series(name, cells, pl.String)


def _cell(value: Any) -> Any:
    """Return a text, a truth, or a list of numbers; nothing for an empty one."""
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if isinstance(value, np.ma.MaskedArray | np.ndarray):
        return [None if item != item else item for item in value.tolist()] or None
    if isinstance(value, np.bool_ | bool):
        return bool(value)
    return str(value) or None if value is not None else None

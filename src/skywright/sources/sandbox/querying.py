"""Run a statement over the tables of a service, within its limits, and describe the answer."""

from __future__ import annotations

import io
import re
import sqlite3
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from skywright.sources.sandbox.adql import RefusedQueryError, Translated, translate
from skywright.sources.sandbox.holdings import Field, Holdings, Table, only_read, write_table
from skywright.sources.sandbox.votable import Answer, typed

_LONGEST_S = 60.0
_STEPS = 20_000  # of SQLite's machine between two looks at the clock
_UNKNOWN = re.compile(r"no such (table|column|function): (.+)", re.IGNORECASE)


@dataclass(slots=True)
class Question:
    """A statement and what comes with it."""

    adql: str
    most_rows: int
    uploads: Mapping[str, bytes] = field(default_factory=dict)
    """VOTables by the name they get in ``tap_upload``."""
    started: Callable[[sqlite3.Connection], None] = lambda _: None
    """Gets the connection, so that the query can be interrupted."""


def answer(holdings: Holdings, question: Question) -> Answer:
    """Parse, translate and run a question.

    Raises
    ------
    RefusedQueryError
        If it is no ADQL, names what does not exist, or takes too long.
    """
    translated = translate(question.adql)
    with holdings.connection() as connection:
        is_named = "ident" in holdings.tables  # then names given by a user are those of objects
        uploaded = [_uploaded(*sent, is_named=is_named) for sent in question.uploads.items()]
        for table in uploaded:
            write_table(connection, table, "tap_upload")
        only_read(connection)
        question.started(connection)
        deadline = time.monotonic() + _LONGEST_S
        connection.set_progress_handler(lambda: time.monotonic() > deadline, _STEPS)
        try:
            cursor = connection.execute(translated.sql)
            names = [column[0] for column in cursor.description]
            rows = cursor.fetchmany(question.most_rows + 1)
        except sqlite3.Error as error:
            raise _refusal(question.adql, error) from error
    known = holdings.fields_of(translated.tables)
    for table in uploaded:
        known |= {one.name.lower(): one for one in table.fields}
    kept = rows[: question.most_rows]
    fields = _described(names, kept, known, translated)
    return Answer(fields, kept, len(rows) > question.most_rows, question.adql)


def _described(
    names: list[str], rows: list[tuple[object, ...]], known: dict[str, Field], told: Translated
) -> tuple[Field, ...]:
    described = []
    for k, name in enumerate(names):
        origin = known.get(told.origins.get(name.lower(), name.lower()), Field(name, "double"))
        named = Field(name, origin.datatype, origin.unit, origin.ucd, origin.description)
        described.append(typed(named, [row[k] for row in rows]))
    return tuple(described)


def _refusal(adql: str, error: sqlite3.Error) -> RefusedQueryError:
    text = str(error)
    if "interrupted" in text:
        return RefusedQueryError(f"The query was stopped after {_LONGEST_S:.0f} s or by its owner.")
    found = _UNKNOWN.search(text)
    if found is None:
        return RefusedQueryError(f"The query cannot be run: {text}.")
    kind, name = found[1].lower(), found[2].strip("`\"'")
    at = adql.lower().find(name.rpartition(".")[2].lower())
    line, column = adql.count("\n", 0, at) + 1, at - adql.rfind("\n", 0, at)
    where = f" (line {line}, column {column})" if at >= 0 else ""
    return RefusedQueryError(f"Unknown {kind} {name!r}{where}.")


def _uploaded(name: str, body: bytes, *, is_named: bool) -> Table:
    from astropy.io.votable import parse_single_table

    try:
        table = parse_single_table(io.BytesIO(body)).to_table()
    except Exception as error:  # its reader raises of many kinds
        message = f"The uploaded table {name!r} is no VOTable: {error}."
        raise RefusedQueryError(message) from error
    kinds = {"f": "double", "i": "long", "u": "long"}
    fields = tuple(
        Field(column, kinds.get(table[column].dtype.kind, "char"), is_identifier=is_named)
        for column in table.colnames
    )
    rows = [
        tuple(
            value if value is None or isinstance(value, int | float) else str(value)
            for value in row
        )
        for row in zip(*(table[column].tolist() for column in table.colnames), strict=True)
    ]
    return Table("tap_upload", name, fields, lambda: rows, "")

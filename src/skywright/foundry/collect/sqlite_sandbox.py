"""SQLite in memory that can do nothing but hold tables: for databases and dumps of strangers."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from skywright.errors import InputError
from skywright.foundry.collect.parsed import Limits

_STEPS = 10_000  # virtual machine instructions between two looks at the clock
_MOST_LENGTH = 64 << 20  # bytes of one value, row or statement
_READING = frozenset({sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ})
_FILLING = _READING | {
    sqlite3.SQLITE_INSERT,
    sqlite3.SQLITE_UPDATE,  # SQLite's own, on its list of tables, when one is made
    sqlite3.SQLITE_CREATE_TABLE,
    sqlite3.SQLITE_TRANSACTION,
}
_LIMITS = (
    (sqlite3.SQLITE_LIMIT_ATTACHED, 0),
    (sqlite3.SQLITE_LIMIT_LENGTH, _MOST_LENGTH),
    (sqlite3.SQLITE_LIMIT_SQL_LENGTH, _MOST_LENGTH),
    (sqlite3.SQLITE_LIMIT_COLUMN, 2_000),
    (sqlite3.SQLITE_LIMIT_EXPR_DEPTH, 100),
    (sqlite3.SQLITE_LIMIT_COMPOUND_SELECT, 10),
    (sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH, 1),
    (sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 100),
)


@contextmanager
def sandbox(limits: Limits, image: bytes | None = None) -> Iterator[sqlite3.Connection]:
    """Open a database in memory, empty and to be filled, or an image of a file to be read.

    Attached files, pragmas, functions, views, triggers, virtual tables and extensions are refused,
    and so is work beyond the time limit. A refusal is a ``sqlite3.DatabaseError``.
    """
    connection = sqlite3.connect(":memory:", isolation_level=None)
    try:
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA cell_size_check = ON")
        if image is not None:
            connection.deserialize(_without_log(image))
        for limit, value in _LIMITS:
            connection.setlimit(limit, value)
        connection.set_authorizer(_authorizer(_FILLING if image is None else _READING))
        end = time.monotonic() + limits.seconds
        connection.set_progress_handler(lambda: time.monotonic() > end, _STEPS)
        yield connection
    finally:
        connection.close()


def quoted(name: str) -> str:
    """Return a name as SQL quotes it."""
    return '"' + name.replace('"', '""') + '"'


def rows_of(connection: sqlite3.Connection, table: str) -> Iterator[dict[str, Any]]:
    """Yield the rows of a table.

    Raises
    ------
    InputError
        If it cannot be read.
    """
    query = f"SELECT * FROM {quoted(table)}"  # noqa: S608  (a quoted name, in a sandbox)
    try:
        cursor = connection.execute(query)
        names = [column[0] for column in cursor.description]
        for row in cursor:
            yield dict(zip(names, row, strict=True))
    except (sqlite3.Error, UnicodeDecodeError) as error:
        message = f"The table {table[:60]!r} cannot be read: {refusal(error)}."
        raise InputError(message) from error


def tables_of(connection: sqlite3.Connection) -> list[str]:
    """Return the names of plain tables; views and virtual tables are left out.

    Raises
    ------
    InputError
        If the list of tables cannot be read.
    """
    try:
        found = connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'table'"
        ).fetchall()
    except sqlite3.Error as error:
        message = f"The database cannot be read: {refusal(error)}."
        raise InputError(message, hint="It may be damaged, encrypted or cut short.") from error
    return [
        str(name)
        for name, made_by in found
        if not str(name).startswith("sqlite_")
        and not str(made_by or "").upper().lstrip().startswith("CREATE VIRTUAL")
    ]


def refusal(error: Exception) -> str:
    """Return why SQLite refused, in words."""
    text = str(error)
    if "interrupted" in text:
        return "it takes too long"
    if "not authorized" in text or "prohibited" in text:
        return "it asks for more than tables may"
    return text[:200].rstrip(".") or "it is damaged"


def _authorizer(allowed: frozenset[int]) -> Callable[..., int]:
    def authorize(action: int, *_: object) -> int:
        return sqlite3.SQLITE_OK if action in allowed else sqlite3.SQLITE_DENY

    return authorize


def _without_log(image: bytes) -> bytes:
    """Mark the image as one without a log: one in memory cannot have any (file format, 1.3.3)."""
    return image[:18] + b"\x01\x01" + image[20:] if image[18:20] == b"\x02\x02" else image

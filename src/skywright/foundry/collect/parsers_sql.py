"""Databases: SQLite files, and dumps of SQLite, MySQL and PostgreSQL.

Of a dump only tables, their rows and COPY blocks are taken. A table is made anew from the names and
kinds of its columns, so that defaults, checks, keys and triggers of the dump never come to life.
"""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from collections.abc import Iterator
from typing import Any

from skywright.errors import InputError
from skywright.foundry.collect.decoding import decode
from skywright.foundry.collect.parsed import (
    Limits,
    Parsed,
    Rows,
    part_name,
    plain_row,
    refuse_rows,
)
from skywright.foundry.collect.sql_statements import Statement, columns_of, statements
from skywright.foundry.collect.sqlite_sandbox import quoted, refusal, rows_of, sandbox, tables_of

_NAME = r'(?:"(?:[^"]|"")+"|`(?:[^`]|``)+`|\[[^\]]+\]|[\w$]+)'
_QUALIFIED = rf"(?:{_NAME}\s*\.\s*)?(?P<name>{_NAME})"
_CREATE = re.compile(
    rf"CREATE\s+(?:UNLOGGED\s+)?TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?{_QUALIFIED}\s*\(", re.IGNORECASE
)
_INSERT = re.compile(
    rf"(?:INSERT(?:\s+OR\s+\w+)?(?:\s+IGNORE)?|REPLACE)\s+INTO\s+{_QUALIFIED}", re.IGNORECASE
)
_COPY = re.compile(
    rf"COPY\s+{_QUALIFIED}\s*(?:\((?P<columns>[^)]*)\))?\s+FROM\s+stdin\s*;?\s*\Z", re.IGNORECASE
)
_REFUSED = re.compile(
    r"(?:ATTACH|DETACH|VACUUM|LOAD|SOURCE|SYSTEM|DO|CALL|"
    r"CREATE\s+(?:OR\s+REPLACE\s+)?(?:TEMP\w*\s+)?(?:TRIGGER|VIRTUAL|FUNCTION|PROCEDURE)|"
    r"COPY\b.*\b(?:PROGRAM|TO)\b)\b|COPY\b.*\bFROM\s+'",
    re.IGNORECASE | re.DOTALL,
)
_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


def parse_sqlite(content: bytes, limits: Limits) -> Parsed:
    """Read every plain table of an SQLite file."""
    facts: dict[str, Any] = {}
    return Parsed(_sqlite_rows(content, limits, facts), facts)


def parse_sql(content: bytes, limits: Limits) -> Parsed:
    """Read the tables of a dump by filling a database in memory with them."""
    text, encoding = decode(content)
    facts: dict[str, Any] = {"encoding": encoding}
    return Parsed(_dump_rows(text, limits, facts), facts)


def _sqlite_rows(content: bytes, limits: Limits, facts: dict[str, Any]) -> Rows:
    try:
        with sandbox(limits, content) as connection:
            yield from _all_rows(connection, limits, facts)
    except sqlite3.Error as error:
        message = f"The database cannot be read: {refusal(error)}."
        raise InputError(message, hint="It may be damaged, encrypted or cut short.") from error


def _dump_rows(text: str, limits: Limits, facts: dict[str, Any]) -> Rows:
    with sandbox(limits) as connection:
        filling = _Filling(connection, limits)
        for statement in statements(text):
            filling.take(statement)
        facts["skipped"] = dict(filling.skipped)
        yield from _all_rows(connection, limits, facts)


def _all_rows(connection: sqlite3.Connection, limits: Limits, facts: dict[str, Any]) -> Rows:
    tables = tables_of(connection)
    facts["tables"] = tables
    count = 0
    for table in tables:
        for row in rows_of(connection, table):
            count += 1
            refuse_rows(count, limits)
            yield part_name(table), plain_row(row)
    if not count:
        message = "The database has no tables with rows."
        raise InputError(message, hint="Give one with at least one row.")


class _Filling:
    """Puts the statements of a dump into a database, one after the other."""

    def __init__(self, connection: sqlite3.Connection, limits: Limits) -> None:
        self._connection, self._limits = connection, limits
        self._rows = 0
        self.skipped: Counter[str] = Counter()

    def take(self, statement: Statement) -> None:
        text = statement.text
        try:
            if created := _CREATE.match(text):
                self._create(_unquoted(created["name"]), text[created.end() :])
            elif inserted := _INSERT.match(text):
                self._insert(_unquoted(inserted["name"]), text[inserted.end() :])
            elif copied := _COPY.match(text):
                self._copy(_unquoted(copied["name"]), copied["columns"], statement.data)
            elif _REFUSED.match(text):
                why = "not authorized"
                raise sqlite3.DatabaseError(why)
            else:
                self.skipped[text.split(maxsplit=1)[0].upper()[:20]] += 1
        except (sqlite3.Error, UnicodeError) as error:
            shown = " ".join(text[:40].split())
            message = f"Line {statement.line} of the dump is not taken ({shown!r}): "
            raise InputError(message + f"{refusal(error)}.") from error

    def _create(self, name: str, rest: str) -> None:
        columns = columns_of(rest)
        if not columns:
            why = "its columns cannot be told"
            raise sqlite3.DatabaseError(why)
        parts = ", ".join(f"{quoted(_unquoted(column))} {kind}" for column, kind in columns)
        self._connection.execute(f"CREATE TABLE IF NOT EXISTS {quoted(name)} ({parts})")

    def _insert(self, name: str, rest: str) -> None:
        # The rest may be any SQL: what it may do is decided by the sandbox, not by its text.
        cursor = self._connection.execute(f"INSERT INTO {quoted(name)} {rest}")
        self._rows += max(cursor.rowcount, 0)
        refuse_rows(self._rows, self._limits)

    def _copy(self, name: str, columns: str | None, data: str) -> None:
        for values in _copied(data):
            self._rows += 1
            refuse_rows(self._rows, self._limits)
            marks = ", ".join("?" * len(values))
            named = f"({columns})" if columns else ""
            self._connection.execute(
                f"INSERT INTO {quoted(name)} {named} VALUES ({marks})",  # noqa: S608
                values,
            )


def _copied(data: str) -> Iterator[list[str | None]]:
    r"""Read PostgreSQL's text format: tabs between values, ``\N`` for null."""
    for line in data.split("\n"):
        if line:
            yield [None if v == r"\N" else _unescaped(v) for v in line.rstrip("\r").split("\t")]


def _unescaped(value: str) -> str:
    return re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[1]), value)


def _unquoted(name: str) -> str:
    if name[0] in '"`':
        return name[1:-1].replace(name[0] * 2, name[0])
    return name[1:-1] if name[0] == "[" else name

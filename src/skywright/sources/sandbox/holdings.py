"""The tables of one service, in files of SQLite that are made once for each content.

Every schema is a file, attached under its name, so that ``gaiadr3.gaia_source`` means in SQLite
what it means in ADQL. A file is named by a hash of what it was made from: the same catalogue is
read once, a changed one anew.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from skywright.sources.sandbox.identifiers import same_name
from skywright.sources.sandbox.sphere import add_functions

_FORMAT = "4"  # a new way to write the files makes new files
_AFFINITY = {"double": "REAL", "float": "REAL", "char": "TEXT"}
_READS = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, 33}  # 33: recursive

Row = Sequence[Any]


@dataclass(frozen=True, slots=True)
class Field:
    """A column as the service describes it."""

    name: str
    datatype: str = "char"
    """Of VOTable: double, float, long, int, short or char."""
    unit: str = ""
    ucd: str = ""
    description: str = ""
    is_identifier: bool = False
    """Whether ``M31`` and ``M  31`` are the same, as in SIMBAD."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table and how to get its rows."""

    schema: str
    """Empty for the schema that needs no name."""
    name: str
    fields: tuple[Field, ...]
    rows: Callable[[], Iterable[Row]]
    stamp: str
    """Hash of what the rows come from."""
    description: str = ""
    indexes: tuple[str, ...] = ()
    """Columns that are searched by value."""
    filled: int | None = None
    """How many of the first columns the rows have; the others are null. All where None."""
    view_of: str = ""
    """Name of the table of the same schema that it is another name of."""

    @property
    def full_name(self) -> str:
        """Return the name as it is listed and written in a query, without quotes."""
        return f"{self.schema}.{self.name}" if self.schema else self.name


class Holdings:
    """What one service has."""

    def __init__(self, tables: Iterable[Table], folder: Path) -> None:
        self.tables = {table.full_name: table for table in tables}
        self._folder = folder
        self._lock = threading.Lock()
        self._files: dict[str, Path] | None = None

    def fields_of(self, names: Iterable[str]) -> dict[str, Field]:
        """Return the columns of some tables by lower-case name; the first of a name counts."""
        wanted = {name.lower() for name in names}
        found: dict[str, Field] = {}
        for table in [*self.tables.values(), *_described()]:
            if table.full_name.lower() in wanted or table.name.lower() in wanted:
                for one in table.fields:
                    found.setdefault(one.name.lower(), one)
        return found

    @contextlib.contextmanager
    def connection(self) -> Iterator[sqlite3.Connection]:
        """Open the tables for reading, with the functions of ADQL."""
        with contextlib.closing(sqlite3.connect(":memory:", check_same_thread=False)) as opened:
            for schema, file in self._made().items():
                opened.execute(f"ATTACH ? AS `{schema}`", (f"{file}",))
            opened.execute("ATTACH ':memory:' AS tap_upload")
            opened.execute("PRAGMA case_sensitive_like = ON")
            opened.create_collation("identifier", same_name)
            add_functions(opened)
            yield opened

    def _made(self) -> Mapping[str, Path]:
        with self._lock:
            if self._files is None:
                self._folder.mkdir(parents=True, exist_ok=True)
                schemas = {table.schema for table in self.tables.values()}
                self._files = {
                    schema or "public": self._make(
                        [table for table in self.tables.values() if table.schema == schema]
                    )
                    for schema in sorted(schemas)
                }
                self._files["tap_schema"] = self._make(_tap_schema(list(self.tables.values())))
            return self._files

    def _make(self, tables: Sequence[Table]) -> Path:
        named = repr(
            [(_FORMAT, t.full_name, list(map(astuple, t.fields)), t.stamp) for t in tables]
        )
        file = self._folder / f"{hashlib.sha256(named.encode()).hexdigest()[:24]}.sqlite"
        if file.exists():
            return file
        partial = file.with_suffix(f".{os.getpid()}-{threading.get_ident()}.partial")
        try:
            with contextlib.closing(sqlite3.connect(partial)) as connection:
                connection.create_collation("identifier", same_name)
                connection.execute("PRAGMA journal_mode = OFF")
                for table in tables:
                    write_table(connection, table)
                connection.commit()
            partial.replace(file)
        finally:
            partial.unlink(missing_ok=True)
        return file


def write_table(connection: sqlite3.Connection, table: Table, schema: str = "main") -> None:
    """Make a table with its rows and indexes."""
    columns = ", ".join(
        f"{_quoted(one.name)} {_AFFINITY.get(one.datatype, 'INTEGER')}"
        + (" COLLATE identifier" if one.is_identifier else "")
        for one in table.fields
    )
    name = _quoted(table.name)
    if table.view_of:
        rows = f"SELECT * FROM {_quoted(table.view_of)}"  # noqa: S608
        connection.execute(f"CREATE VIEW {schema}.{name} AS {rows}")
        return
    connection.execute(f"CREATE TABLE {schema}.{name} ({columns})")
    filled = [_quoted(one.name) for one in table.fields[: table.filled]]
    into = f"{schema}.{name} ({', '.join(filled)})"
    marks = ", ".join("?" * len(filled))
    connection.executemany(f"INSERT INTO {into} VALUES ({marks})", table.rows())  # noqa: S608
    for k, column in enumerate(table.indexes):
        index = _quoted(f"{table.name} {k}")
        connection.execute(f"CREATE INDEX {schema}.{index} ON {name} ({_quoted(column)})")


def only_read(connection: sqlite3.Connection) -> None:
    """Refuse everything but reading from here on."""
    connection.set_authorizer(
        lambda action, *_: sqlite3.SQLITE_OK if action in _READS else sqlite3.SQLITE_DENY
    )


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _text(*names: str) -> tuple[Field, ...]:
    return tuple(Field(name) for name in names)


def _described(tables: Sequence[Table] = ()) -> list[Table]:
    """Return the tables of TAP_SCHEMA itself, which describe the others and themselves."""
    whole = [*tables]
    listed = [
        Table("tap_schema", "schemas", _text("schema_name", "utype", "description"), list, ""),
        Table(
            "tap_schema",
            "tables",
            _text("schema_name", "table_name", "table_type", "utype", "description"),
            list,
            "",
        ),
        Table(
            "tap_schema",
            "columns",
            (
                *_text("table_name", "column_name", "datatype"),
                *(Field("arraysize"), Field("size", "int"), Field("xtype")),
                *_text("description", "utype", "unit", "ucd"),
                *(Field(name, "int") for name in ("principal", "indexed", "std")),
            ),
            list,
            "",
        ),
        Table(
            "tap_schema",
            "keys",
            _text("key_id", "from_table", "target_table", "description", "utype"),
            list,
            "",
        ),
        Table(
            "tap_schema", "key_columns", _text("key_id", "from_column", "target_column"), list, ""
        ),
    ]
    return [*listed, *whole]


def _tap_schema(tables: Sequence[Table]) -> list[Table]:
    everything = _described(tables)
    rows: dict[str, list[Row]] = {
        "schemas": [
            (schema, None, None)
            for schema in sorted({one.schema or "public" for one in everything})
        ],
        "tables": [
            (one.schema or "public", one.full_name, "table", None, one.description)
            for one in everything
        ],
        "columns": [_told(table, one) for table in everything for one in table.fields],
        "keys": [
            (f"{k}", table.full_name, target.full_name, None, None)
            for k, (table, _, target, _) in enumerate(_keys(tables))
        ],
        "key_columns": [
            (f"{k}", column, other) for k, (_, column, _, other) in enumerate(_keys(tables))
        ],
    }
    stamp = hashlib.sha256(repr(rows).encode()).hexdigest()
    return [
        Table(one.schema, one.name, one.fields, partial(rows.__getitem__, one.name), stamp)
        for one in _described()
    ]


def _keys(tables: Sequence[Table]) -> Iterator[tuple[Table, str, Table, str]]:
    """Tell which column refers to which, where the names say so as in SIMBAD."""
    basic = next((table for table in tables if table.full_name == "basic"), None)
    for table in tables:
        if basic is not None and any(one.name == "oidref" for one in table.fields):
            yield table, "oidref", basic, "oid"


def _told(table: Table, one: Field) -> Row:
    size = "*" if one.datatype == "char" else None
    indexed = int(one.name in table.indexes)
    return (
        *(table.full_name, one.name, one.datatype, size, None, None),
        *(one.description, None, one.unit or None, one.ucd or None, 1, indexed, 0),
    )

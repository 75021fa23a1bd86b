"""Tables of a conversation as files, so that "plot it" has its meaning tomorrow too."""

from __future__ import annotations

import io
import secrets
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import polars as pl

from skywright.assistant.memory.memory import Memory
from skywright.assistant.tools.desk import Desk
from skywright.errors import InputError
from skywright.logs import get_logger
from skywright.settings import Settings

MOST_TABLES = 8
"""Tables kept for a conversation, the newest."""

MOST_CELLS = 20_000_000
"""Of a table that is taken in: ten times what the tools make, some 160 MB in memory."""

TABLES_FOLDER = "tables"
_log = get_logger("skywright.memory")


def open_desk(memory: Memory, id_: str, settings: Settings) -> Desk:
    """Return the desk of a conversation as it was left: its target and newest tables."""
    folder = memory.files(id_)
    with memory.file.read() as connection:
        known = memory.found(connection, id_)
        names = _names(connection, id_)
    tables: dict[str, pl.DataFrame] = {}
    for name, file in names.items():
        try:
            tables[name] = pl.read_parquet(folder / TABLES_FOLDER / file)
        except (OSError, pl.exceptions.PolarsError) as error:
            _log.warning("table_lost", conversation=id_, table=name, reason=str(error))
    return Desk(folder, settings, tables=tables, target=known.target)


def keep_tables(memory: Memory, id_: str, desk: Desk, before: dict[str, pl.DataFrame]) -> None:
    """Keep the tables of a desk; those that are the same objects as `before` are not written again.

    The files are written first and named by the database after: a crash leaves no table half kept.
    """
    wanted = dict(list(desk.tables.items())[-MOST_TABLES:])
    folder = memory.files(id_) / TABLES_FOLDER
    with memory.file.read() as connection:
        known = _names(connection, id_)
    kept = {
        name: known[name]
        if name in known and table is before.get(name)
        else _written(folder, table.write_parquet)
        for name, table in wanted.items()
    }
    if list(kept.items()) != list(known.items()):
        with memory.file.write() as connection:
            memory.found(connection, id_)
            connection.execute("DELETE FROM shelf WHERE conversation_id = ?", (id_,))
            name_tables(connection, id_, kept)
        for file in set(known.values()) - set(kept.values()):
            (folder / file).unlink(missing_ok=True)


def copy_files(source: Path, target: Path) -> None:
    """Copy the files and tables of a conversation for a branch of it."""
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True)


def packed_tables(memory: Memory, id_: str) -> Iterator[tuple[str, bytes]]:
    """Yield name and Parquet file of each table, the newest last; what is lost is left out."""
    with memory.file.read() as connection:
        names = _names(connection, id_)
    for name, file in names.items():
        path = memory.files(id_) / TABLES_FOLDER / file
        if path.is_file():
            yield name, path.read_bytes()


def unpack_table(content: bytes, folder: Path) -> str:
    """Write a Parquet file among the tables of a conversation, and return what it is called there.

    Raises
    ------
    InputError
        If it is no Parquet file, or has more than 20 million cells.
    """
    try:
        columns = len(pl.read_parquet_schema(io.BytesIO(content)))
        rows = pl.scan_parquet(io.BytesIO(content)).select(pl.len()).collect().item()
    except pl.exceptions.PolarsError as error:
        message = f"The table is no Parquet file that can be read: {error}."
        raise InputError(message) from error
    if rows * columns > MOST_CELLS:
        message = f"The table has {rows:,} rows of {columns}; {MOST_CELLS:,} cells are taken in."
        raise InputError(message)
    return _written(folder / TABLES_FOLDER, lambda path: path.write_bytes(content))


def name_tables(connection: sqlite3.Connection, id_: str, files: Mapping[str, str]) -> None:
    """Say which file each table is in, the newest last."""
    connection.executemany(
        "INSERT INTO shelf VALUES (?, ?, ?, ?)",
        [(id_, place, *one) for place, one in enumerate(files.items())],
    )


def _names(connection: sqlite3.Connection, id_: str) -> dict[str, str]:
    rows = connection.execute(
        "SELECT name, file FROM shelf WHERE conversation_id = ? ORDER BY place", (id_,)
    )
    return {row["name"]: row["file"] for row in rows}


def _written(folder: Path, write: Callable[[Path], object]) -> str:
    """Write a file under a new name; one that is there by half never has its name."""
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{secrets.token_hex(8)}.parquet"
    partial = folder / f"{name}.partial"
    try:
        write(partial)
        partial.replace(folder / name)
    finally:
        partial.unlink(missing_ok=True)
    return name

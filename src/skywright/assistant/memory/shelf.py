"""Tables of a conversation as files, so that "plot it" has its meaning tomorrow too."""

from __future__ import annotations

import secrets
import shutil
from pathlib import Path

import polars as pl

from skywright.assistant.memory.memory import Memory
from skywright.assistant.tools.desk import Desk
from skywright.logs import get_logger
from skywright.settings import Settings

MOST_TABLES = 8
"""Tables kept for a conversation, the newest."""

_TABLES = "tables"
_log = get_logger("skywright.memory")


def open_desk(memory: Memory, id_: str, settings: Settings) -> Desk:
    """Return the desk of a conversation as it was left: its target and newest tables."""
    folder = memory.files(id_)
    with memory.file.read() as connection:
        known = memory.found(connection, id_)
        rows = connection.execute(
            "SELECT name, file FROM shelf WHERE conversation_id = ? ORDER BY place", (id_,)
        ).fetchall()
    tables: dict[str, pl.DataFrame] = {}
    for row in rows:
        path = folder / _TABLES / row["file"]
        try:
            tables[row["name"]] = pl.read_parquet(path)
        except (OSError, pl.exceptions.PolarsError) as error:
            _log.warning("table_lost", conversation=id_, table=row["name"], reason=str(error))
    return Desk(folder, settings, tables=tables, target=known.target)


def keep_tables(memory: Memory, id_: str, desk: Desk, before: dict[str, pl.DataFrame]) -> None:
    """Keep the tables of a desk; those that are the same objects as `before` are not written again.

    The files are written first and named by the database after: a crash leaves no table half kept.
    """
    wanted = dict(list(desk.tables.items())[-MOST_TABLES:])
    folder = memory.files(id_) / _TABLES
    with memory.file.read() as connection:
        rows = connection.execute(
            "SELECT name, file FROM shelf WHERE conversation_id = ? ORDER BY place", (id_,)
        ).fetchall()
    known = {row["name"]: row["file"] for row in rows}
    kept = {
        name: known[name] if name in known and table is before.get(name) else _write(table, folder)
        for name, table in wanted.items()
    }
    if list(kept.items()) != list(known.items()):
        with memory.file.write() as connection:
            memory.found(connection, id_)
            connection.execute("DELETE FROM shelf WHERE conversation_id = ?", (id_,))
            connection.executemany(
                "INSERT INTO shelf VALUES (?, ?, ?, ?)",
                [(id_, place, *one) for place, one in enumerate(kept.items())],
            )
        for file in set(known.values()) - set(kept.values()):
            (folder / file).unlink(missing_ok=True)


def copy_files(source: Path, target: Path) -> None:
    """Copy the files and tables of a conversation for a branch of it."""
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True)


def _write(table: pl.DataFrame, folder: Path) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{secrets.token_hex(8)}.parquet"
    partial = folder / f"{name}.partial"
    try:
        table.write_parquet(partial)
        partial.replace(folder / name)
    finally:
        partial.unlink(missing_ok=True)
    return name

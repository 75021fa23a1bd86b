"""A copy of the database taken while others use it, and the way back."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Connection, create_engine, func, inspect, select, table, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError

from skywright.errors import SkywrightError
from skywright.security.archive import BackupError
from skywright.store.audit import verify_audit
from skywright.store.database import Database

_TIMEOUT_S = 3600


def is_sqlite(database: Database) -> bool:
    """Tell whether a database is a file of SQLite."""
    return make_url(database.url).get_backend_name() == "sqlite"


def sqlite_path(database: Database) -> Path:
    """Return the file of a SQLite database."""
    return Path(make_url(database.url).database or "")


def copy_database(database: Database, target: Path) -> tuple[str, dict[str, int]]:
    """Copy a database at one moment of its life and return its revision and rows by table."""
    database.upgrade()
    if is_sqlite(database):
        copy_sqlite(sqlite_path(database), target)
        return count_sqlite(target)
    return _dump_postgres(database, target)


def count_sqlite(path: Path) -> tuple[str, dict[str, int]]:
    """Return revision and rows by table of a SQLite file.

    Raises
    ------
    BackupError
        If SQLite finds it damaged.
    """
    engine = create_engine(f"sqlite:///{path}")
    try:
        with engine.connect() as connection:
            _refuse_damaged(connection, "the database")
            return _count(connection)
    finally:
        engine.dispose()


def check_whole(path: Path) -> None:
    """Read all of a SQLite file; raises BackupError if SQLite finds it damaged."""
    engine = create_engine(f"sqlite:///{path}")
    try:
        with engine.connect() as connection:
            _refuse_damaged(connection, path.name)
    finally:
        engine.dispose()


def check_audit(path: Path) -> int | None:
    """Return the first broken row of the audit trail of a SQLite file, or None."""
    database = Database(f"sqlite:///{path}")
    try:
        return verify_audit(database)
    finally:
        database.close()


def restore_postgres(database: Database, dump: Path) -> None:
    """Put a dump in place of what a PostgreSQL database holds, all or nothing."""
    url = make_url(database.url)
    _run(
        "pg_restore", url, "--clean", "--if-exists", "--no-owner", "--single-transaction", str(dump)
    )


@contextlib.contextmanager
def trial_database(database: Database) -> Iterator[Database]:
    """Make an empty database beside a PostgreSQL one, and drop it at the end."""
    url = make_url(database.url)
    name = f"skywright_trial_{os.urandom(4).hex()}"
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    try:
        try:
            with engine.connect() as connection:
                connection.execute(text(f"CREATE DATABASE {name}"))
        except DBAPIError as error:
            message = f"No database could be made to try the backup in: {error.orig}."
            raise SkywrightError(message, hint="The user needs the right CREATEDB.") from error
        trial = Database(url.set(database=name).render_as_string(hide_password=False))
        try:
            yield trial
        finally:
            trial.close()
            with engine.connect() as connection:
                connection.execute(text(f"DROP DATABASE {name}"))
    finally:
        engine.dispose()


def count_rows(database: Database) -> tuple[str, dict[str, int]]:
    """Return revision and rows by table."""
    with database.read() as connection:
        return _count(connection)


def is_empty(database: Database) -> bool:
    """Tell whether a PostgreSQL database holds no table; it is not brought up to date."""
    engine = create_engine(database.url)
    try:
        return not inspect(engine).get_table_names()
    finally:
        engine.dispose()


def _count(connection: Connection) -> tuple[str, dict[str, int]]:
    revision = str(connection.scalar(text("SELECT version_num FROM alembic_version")))
    names = sorted(inspect(connection).get_table_names())
    queries = {name: select(func.count()).select_from(table(name)) for name in names}
    return revision, {name: int(connection.scalar(q) or 0) for name, q in queries.items()}


def _refuse_damaged(connection: Connection, name: str) -> None:
    try:
        told = connection.scalar(text("PRAGMA integrity_check"))
    except DBAPIError as error:
        told = error.orig
    if told != "ok":
        message = f"The copy of {name} is damaged: {told}."
        raise BackupError(message)


def copy_sqlite(source: Path, target: Path) -> None:
    """Copy by SQLite's own backup, which sees one state while others write."""
    with (
        contextlib.closing(
            sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)
        ) as old,
        contextlib.closing(sqlite3.connect(target)) as new,
    ):
        old.backup(new)
        new.execute("PRAGMA journal_mode = DELETE")  # one file, without a log beside it


def _dump_postgres(database: Database, target: Path) -> tuple[str, dict[str, int]]:
    """Dump and count in one snapshot."""
    url = make_url(database.url)
    engine = create_engine(url, isolation_level="REPEATABLE READ")
    try:
        with engine.connect() as connection:
            snapshot = connection.scalar(text("SELECT pg_export_snapshot()"))
            told = _count(connection)
            where = f"--file={target}"
            _run("pg_dump", url, "--format=custom", f"--snapshot={snapshot}", where)
    finally:
        engine.dispose()
    return told


def _run(program: str, url: URL, *arguments: str) -> None:
    """Run a program of PostgreSQL; the password goes by the environment, where ps does not look."""
    path = shutil.which(program)
    if path is None:
        message = f"{program} is not on the path; it is needed for a PostgreSQL database."
        raise SkywrightError(message, hint="Debian: apt install postgresql-client")
    plain = url.set(drivername="postgresql", password=None).render_as_string()
    environment = {**os.environ, **({"PGPASSWORD": str(url.password)} if url.password else {})}
    done = subprocess.run(  # noqa: S603  (our own arguments, no shell)
        [path, f"--dbname={plain}", "--no-password", *arguments],
        env=environment, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False,
    )  # fmt: skip
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["no reason given"]
        message = f"{program} failed: {lines[0]}"
        raise BackupError(message, hint="Nothing was changed.")

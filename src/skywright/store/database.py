"""The database: opened and brought up to date on first use, not before."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, NoSuchModuleError

from skywright.errors import InputError, SkywrightError
from skywright.settings import Settings, get_settings

HEAD = "0004"
"""The newest migration; a database that has it need not load Alembic at all."""

_FILE_NAME = "skywright.db"
_BUSY_TIMEOUT_MS = 10_000
_PATIENCE_S = 5  # for a server that is only asked whether it is there
_MIGRATIONS = Path(__file__).parent / "migrations"


class StoreError(SkywrightError):
    """The database cannot be opened."""

    exit_code = 3
    http_status = 503
    code = "store"


def utc_now() -> str:
    """Return the time as ISO 8601 text in UTC, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


class Database:
    """One database by its URL; nothing is touched until the first connection."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._engine: Engine | None = None
        self._lock = threading.Lock()

    @classmethod
    def of(cls, settings: Settings | None = None) -> Database:
        """Return the database of the settings; SQLite in the data folder unless a URL is given."""
        chosen = settings or get_settings()
        path = chosen.data_dir.expanduser().absolute() / _FILE_NAME
        return cls(chosen.database_url or f"sqlite:///{path}")

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Open a transaction: all of it is kept, or nothing."""
        with self._opened().begin() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Open a connection for reading."""
        with self._opened().connect().execution_options(reading=True) as connection:
            yield connection

    def upgrade(self) -> str:
        """Bring the schema up to date and return its revision."""
        with self.read() as connection:
            return _revision(connection)

    def revision(self) -> str:
        """Return the revision as it is, without making or changing anything; empty if none.

        Raises
        ------
        StoreError
            If the database cannot be reached.
        """
        engine = _create_engine(self.url, patience_s=_PATIENCE_S)
        try:
            if engine.dialect.name == "sqlite" and not Path(engine.url.database or "").is_file():
                return ""
            with engine.connect().execution_options(reading=True) as connection:
                return _revision(connection)
        except (DatabaseError, OSError) as error:
            raise _unusable(engine, error) from error
        finally:
            engine.dispose()

    def settle(self) -> None:
        """Empty SQLite's log into the file, so that what was deleted is not left in the log."""
        engine = self._opened()
        if engine.dialect.name == "sqlite":
            connection = engine.raw_connection()  # a checkpoint cannot run in a transaction
            try:
                connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            finally:
                connection.close()

    def close(self) -> None:
        """Close all connections; the next use opens the database again."""
        with self._lock:
            if self._engine is not None:
                self._engine.dispose()
                self._engine = None

    def _opened(self) -> Engine:
        if self._engine is None:
            with self._lock:
                if self._engine is None:
                    self._engine = _open(self.url)
        return self._engine


def _open(url: str) -> Engine:
    engine = _create_engine(url)
    try:
        if engine.dialect.name == "sqlite" and engine.url.database:
            Path(engine.url.database).parent.mkdir(parents=True, exist_ok=True)
        with engine.connect().execution_options(reading=True) as connection:
            current = _revision(connection)
        if current != HEAD:
            _migrate(engine)
    except (DatabaseError, OSError) as error:
        engine.dispose()
        raise _unusable(engine, error) from error
    return engine


def _unusable(engine: Engine, error: Exception) -> StoreError:
    reason = error.orig if isinstance(error, DatabaseError) else error
    message = f"The database {engine.url.render_as_string()} cannot be opened: {reason}."
    hint = "Check SKYWRIGHT_DATABASE_URL and SKYWRIGHT_DATA_DIR, and that the folder is writable."
    return StoreError(message, hint=hint)


def _create_engine(url: str, *, patience_s: int | None = None) -> Engine:
    try:
        parsed = make_url(url)
        options: dict[str, Any] = {"pool_pre_ping": parsed.get_backend_name() != "sqlite"}
        if patience_s is not None and parsed.get_backend_name() == "postgresql":
            options["connect_args"] = {"connect_timeout": patience_s}
        engine = create_engine(parsed, **options)
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
        message = f"SKYWRIGHT_DATABASE_URL is not usable: {error}."
        hint = "Use sqlite:///path/file.db, or install the driver that the URL names."
        raise InputError(message, hint=hint) from error
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _set_pragmas)
        event.listen(engine, "begin", _begin_immediately)
    return engine


def _set_pragmas(connection: Any, _record: object) -> None:
    """Readers beside one writer; writers wait for each other; a power cut loses no schema."""
    connection.isolation_level = None  # transactions are begun by us, see _begin_immediately
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {_BUSY_TIMEOUT_MS}")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = NORMAL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA secure_delete = ON")  # a deleted key must not linger in the file
    cursor.close()


def _begin_immediately(connection: Connection) -> None:
    """Take the write lock at the start where a write may come: an upgrade of a lock cannot wait."""
    reading = connection.get_execution_options().get("reading", False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


def _revision(connection: Connection) -> str:
    if not inspect(connection).has_table("alembic_version"):
        return ""
    return str(connection.scalar(text("SELECT version_num FROM alembic_version")) or "")


def _migrate(engine: Engine) -> None:
    """Run the migrations that are missing; of several processes one does it, the others wait."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")

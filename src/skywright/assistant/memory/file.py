"""The file that conversations rest in; threads and processes may share it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from skywright.assistant.memory.schema import upgrade
from skywright.store.database import StoreError

_BUSY_TIMEOUT_S = 30.0


class MemoryFile:
    """One SQLite file; what a `write` has done when it ends is on the disk."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._is_ready = False

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """Open a connection that sees one state, whatever others write meanwhile."""
        with self._connected() as connection:
            connection.execute("BEGIN")
            yield connection
            connection.execute("ROLLBACK")

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """Open a transaction: all of it is kept, or nothing."""
        with self._connected() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    def settle(self) -> None:
        """Write the file anew, so that what was deleted is neither in it, its index nor its log."""
        with self._connected() as connection:
            connection.execute("INSERT INTO message_words (message_words) VALUES ('optimize')")
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(
                self.path, timeout=_BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
            )
        except (OSError, sqlite3.OperationalError) as error:
            raise self._unusable(error) from error
        try:
            connection.row_factory = sqlite3.Row
            self._prepare(connection)
            yield connection
        except sqlite3.DatabaseError as error:
            raise self._unusable(error) from error
        finally:
            connection.close()

    def _prepare(self, connection: sqlite3.Connection) -> None:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = FULL")
        if not self._is_ready:
            connection.execute("PRAGMA journal_mode = WAL")
            upgrade(connection)
            self._is_ready = True

    def _unusable(self, error: Exception) -> StoreError:
        message = f"The conversations in {self.path} cannot be used: {error}."
        hint = "Check SKYWRIGHT_DATA_DIR, that the folder is writable and its disk has room."
        return StoreError(message, hint=hint)

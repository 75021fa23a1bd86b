"""A SQLite file whose tables grow by append-only steps; threads and processes may share it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from skywright.store.database import StoreError

_BUSY_TIMEOUT_S = 30.0
_HINT = "Check SKYWRIGHT_DATA_DIR, that the folder is writable and its disk has room."


class SqliteFile:
    """One file, opened anew by every call; what a `write` has done when it ends is on the disk.

    Parameters
    ----------
    path : pathlib.Path
        The file; it is made with its folder when it is first used.
    steps : sequence of str
        SQL that makes and changes its tables; the file's ``user_version`` counts those applied.
    name : str
        What the file is, as a sentence begins with it.
    """

    def __init__(self, path: Path, steps: Sequence[str], name: str) -> None:
        self.path = path
        self._steps = steps
        self._name = name
        self._is_ready = False

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """Open a connection that sees one state, whatever others write meanwhile.

        Raises
        ------
        StoreError
            If the file cannot be used, or a newer program wrote it.
        """
        with self.connected() as connection:
            connection.execute("BEGIN")
            yield connection
            connection.execute("ROLLBACK")

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """Open a transaction: all of it is kept, on the disk, or nothing; raises like `read`."""
        with self.connected() as connection, _transaction(connection):
            yield connection

    @contextmanager
    def connected(self) -> Iterator[sqlite3.Connection]:
        """Open a connection outside any transaction; raises like `read`."""
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
        connection.execute("PRAGMA synchronous = FULL")  # what was acknowledged is on the disk
        if not self._is_ready:
            connection.execute("PRAGMA journal_mode = WAL")
            self._upgrade(connection)
            self._is_ready = True

    def _upgrade(self, connection: sqlite3.Connection) -> None:
        """Apply the steps that are missing; of several processes one does it, the others wait."""
        if _done(connection) == len(self._steps):
            return
        with _transaction(connection):
            done = _done(connection)
            if done > len(self._steps):
                message = f"{self._name} {self.path} was written by a newer version of skywright."
                raise StoreError(message, hint="Install that version, or name another data folder.")
            for step in self._steps[done:]:
                for statement in _statements(step):
                    connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {len(self._steps)}")

    def _unusable(self, error: Exception) -> StoreError:
        return StoreError(f"{self._name} {self.path} cannot be used: {error}.", hint=_HINT)


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _done(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _statements(step: str) -> list[str]:
    """Split a step at complete statements; ``executescript`` would end the transaction."""
    statements, held = [], ""
    for line in step.splitlines(keepends=True):
        held += line
        if sqlite3.complete_statement(held):
            statements.append(held)
            held = ""
    return statements

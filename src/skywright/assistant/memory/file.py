"""The file that conversations rest in; threads and processes may share it."""

from __future__ import annotations

from pathlib import Path

from skywright.assistant.memory.schema import STEPS
from skywright.store.sqlite_file import SqliteFile


class MemoryFile(SqliteFile):
    """One SQLite file of conversations."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, STEPS, "The conversations in")

    def settle(self) -> None:
        """Write the file anew, so that what was deleted is neither in it, its index nor its log."""
        with self.connected() as connection:
            connection.execute("INSERT INTO message_words (message_words) VALUES ('optimize')")
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

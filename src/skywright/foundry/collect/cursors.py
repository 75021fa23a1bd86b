"""How far a collection came, and what it has: what a crash leaves is gone on with."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import delete, insert, select

from skywright.store.database import Database, utc_now
from skywright.store.foundry_schema import collector_cursors

_DIGITS = 16


def digest_of(wish: Mapping[str, Any]) -> str:
    """Return a short name of what is wished for, the same whenever the same is wished for."""
    text = json.dumps(wish, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]


class Cursor:
    """The state of one collection, in the database.

    Parameters
    ----------
    database : Database
        Where it rests.
    collector : str
        Name of the collection, at most 60 letters.
    """

    def __init__(self, database: Database, collector: str) -> None:
        self._database = database
        self._collector = collector

    def load(self) -> dict[str, Any] | None:
        """Return the state, or None at the beginning."""
        query = select(collector_cursors.c.state_json).where(self._mine())
        with self._database.read() as connection:
            text = connection.scalar(query)
        return None if text is None else dict(json.loads(text))

    def save(self, state: Mapping[str, Any]) -> None:
        """Put the state on record; the records it speaks of must be on disk before."""
        row = {
            "collector": self._collector,
            "state_json": json.dumps(state),
            "updated_at": utc_now(),
        }
        with self._database.write() as connection:
            connection.execute(delete(collector_cursors).where(self._mine()))
            connection.execute(insert(collector_cursors).values(**row))

    def clear(self) -> None:
        """Forget the state, when the collection is complete."""
        with self._database.write() as connection:
            connection.execute(delete(collector_cursors).where(self._mine()))

    def _mine(self) -> Any:
        return collector_cursors.c.collector == self._collector


class Harvest:
    """Records by their id, in a file that only grows: what comes again is the same record.

    Parameters
    ----------
    path : Path
        JSON Lines; a last line cut off by a crash is passed over.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.records: dict[str, dict[str, Any]] = {}
        if path.is_file():
            _end_line(path)
            with path.open(encoding="utf-8") as lines:
                for line in lines:
                    self._merge(line)

    def add(self, records: Iterable[Mapping[str, Any]]) -> int:
        """Write records down, or more of those that are there; return how many were new."""
        before = len(self.records)
        lines = [json.dumps(record, ensure_ascii=False) + "\n" for record in records]
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8", errors="surrogatepass") as file:
            file.writelines(lines)
            file.flush()
            os.fsync(file.fileno())
        for line in lines:
            self._merge(line)
        return len(self.records) - before

    def discard(self) -> None:
        """Delete the file, when its records are safe elsewhere."""
        self._path.unlink(missing_ok=True)

    def _merge(self, line: str) -> None:
        try:
            record = json.loads(line)
            known = self.records.setdefault(str(record["id"]), {})
        except (ValueError, TypeError, KeyError):
            return
        # What was seen first stays, for a page that is asked for again after a crash.
        known.update({name: value for name, value in record.items() if name not in known})


def _end_line(path: Path) -> None:
    """Close a line that a crash cut off, so that the next one is not glued to it."""
    with path.open("rb+") as file:
        if file.seek(0, os.SEEK_END) and (file.seek(-1, os.SEEK_END), file.read(1))[1] != b"\n":
            file.write(b"\n")

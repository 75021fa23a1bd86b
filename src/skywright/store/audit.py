"""The audit trail: one row per write, in the transaction of the write itself; rows are only added.

Each row holds the SHA-256 of itself and of the row before, so that a row changed, removed or put in
between shows. Triggers refuse to change or remove rows. Neither stops someone who may do anything
with the database from writing a whole new trail: note the head of the chain somewhere else.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, insert, select, text

from skywright.store.database import Database, utc_now
from skywright.store.schema import audit

_CHAINED = ("at", "actor", "action", "target", "detail", "previous_sha256")
_ADVISORY_LOCK = 0x736B7977  # "skyw": one number of ours among the locks of a PostgreSQL database
_PAGE = 5_000
_SHOWN = ("id", "at", "actor", "action", "target", "detail")
_INSERT = insert(audit)  # made once: building a statement takes longer than running it
_LAST = select(audit.c.sha256).order_by(audit.c.id.desc()).limit(1)


@dataclass(frozen=True, slots=True)
class AuditState:
    """What a walk along the chain found."""

    rows: int
    """Rows that are chained."""
    unchained: int
    """Rows of before there was a chain."""
    head: str
    """SHA-256 of the last row; empty if there is none."""
    broken_id: int | None
    """First row that does not fit the one before or itself, or None."""
    holds_noted: bool
    """Whether the head that was noted elsewhere is in the chain; true if none was given."""

    @property
    def good(self) -> bool:
        """Whether nothing is wrong."""
        return self.broken_id is None and self.holds_noted


def add_audit_row(
    connection: Connection, actor: str, action: str, target: str, detail: str = ""
) -> None:
    """Note a write.

    Parameters
    ----------
    connection : Connection
        The transaction that writes, so that neither is kept without the other.
    actor : str
        Prefix of the key in use, a pseudonym, or ``command line``.
    action : str
        Noun and verb, such as ``key.create``.
    target : str
        What was written. It stays for ever, so nothing that a person may ask to have erased.
    detail : str
        One more fact, if there is one; the same holds.
    """
    row = {"at": utc_now(), "actor": actor, "action": action, "target": target, "detail": detail}
    row["previous_sha256"] = _head(connection)
    connection.execute(_INSERT, {**row, "sha256": row_sha256(row)})


def row_sha256(row: dict[str, Any]) -> str:
    """Return the SHA-256 of a row: of its JSON, keys in order and without blanks."""
    chained = {name: row[name] for name in _CHAINED}
    plain = json.dumps(chained, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(plain.encode("utf-8", "surrogatepass")).hexdigest()


def _head(connection: Connection) -> str:
    """Return the hash of the last row, holding off other writers until the transaction ends.

    SQLite has one writer at a time anyway. PostgreSQL is asked in a statement of its own, so that
    the next one sees what the holder before has written.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": _ADVISORY_LOCK})
    return str(connection.scalar(_LAST) or "")


def read_audit(database: Database, *, before: int | None, limit: int) -> list[dict[str, Any]]:
    """Return rows of the trail, the newest first.

    Parameters
    ----------
    database : Database
        Where the trail is.
    before : int or None
        Return rows older than the one with this id.
    limit : int
        Most rows to return.

    Returns
    -------
    list of dict
        With id, at [UTC, ISO 8601], actor, action, target, detail.
    """
    query = select(*(audit.c[name] for name in _SHOWN)).order_by(audit.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(audit.c.id < before)
    with database.read() as connection:
        return [dict(row) for row in connection.execute(query).mappings()]


def verify_audit(database: Database) -> int | None:
    """Return the id of the first row that breaks the chain, or None if it holds."""
    return walk_audit(database).broken_id


def walk_audit(database: Database, noted_head: str = "") -> AuditState:
    """Follow the chain from its beginning.

    Parameters
    ----------
    database : Database
        Where the trail is.
    noted_head : str
        A head told by an earlier walk and kept elsewhere. A trail that was written anew, or lost
        its end, does not hold it.
    """
    previous, rows, unchained = "", 0, 0
    held = not noted_head
    with database.read() as connection:
        for row in _rows(connection):
            if not row["sha256"] and not rows:
                unchained += 1
                continue
            if row["previous_sha256"] != previous or row["sha256"] != row_sha256(row):
                return AuditState(rows, unchained, previous, int(row["id"]), held)
            previous = row["sha256"]
            rows += 1
            held = held or previous == noted_head
    return AuditState(rows, unchained, previous, None, held)


def _rows(connection: Connection) -> Iterator[dict[str, Any]]:
    """Yield all rows in order, a page at a time."""
    after = -1
    while True:
        page = select(audit).where(audit.c.id > after).order_by(audit.c.id).limit(_PAGE)
        found = connection.execute(page).mappings().all()
        if not found:
            return
        yield from map(dict, found)
        after = found[-1]["id"]

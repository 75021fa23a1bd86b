"""The audit trail: one row per write, in the transaction of the write itself."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, insert, select

from skywright.store.database import Database, utc_now
from skywright.store.schema import audit


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
        What was written.
    detail : str
        One more fact, if there is one.
    """
    connection.execute(
        insert(audit).values(at=utc_now(), actor=actor, action=action, target=target, detail=detail)
    )


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
    query = select(audit).order_by(audit.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(audit.c.id < before)
    with database.read() as connection:
        return [dict(row) for row in connection.execute(query).mappings()]

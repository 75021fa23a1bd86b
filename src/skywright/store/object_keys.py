"""The wrapped key of every encrypted object; without its row an object cannot be read again."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, delete, insert, select

from skywright.store.database import Database, utc_now
from skywright.store.foundry_schema import object_keys


def add_object_key(connection: Connection, object_id: str, wrapped_key: bytes) -> None:
    """Put the wrapped key of a new object on record, within a transaction."""
    row = {"object_id": object_id, "wrapped_key": wrapped_key, "created_at": utc_now()}
    connection.execute(insert(object_keys).values(**row))


def find_object_key(database: Database, object_id: str) -> bytes | None:
    """Return the wrapped key of an object, or None."""
    query = select(object_keys.c.wrapped_key).where(object_keys.c.object_id == object_id)
    with database.read() as connection:
        found = connection.scalar(query)
    return None if found is None else bytes(found)


def remove_object_keys(connection: Connection, object_ids: Sequence[str]) -> int:
    """Delete the keys of objects within a transaction and return how many there were."""
    gone = 0
    for object_id in object_ids:
        rows = delete(object_keys).where(object_keys.c.object_id == object_id)
        gone += connection.execute(rows).rowcount
    return gone

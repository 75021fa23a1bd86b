"""API keys on record: made, listed, looked up by hash, revoked; never their text."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy import Row, exists, insert, select, update

from skywright.errors import ConflictError, InputError, NotFoundError
from skywright.store.audit import add_audit_row
from skywright.store.database import Database, utc_now
from skywright.store.schema import api_keys

_LONGEST_NAME = 100


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """What is known of a key."""

    prefix: str
    """First characters of the key."""
    name: str
    """What the key is for."""
    role: str
    """viewer, analyst, trainer or admin."""
    created_at: str
    """Time of making [UTC, ISO 8601]."""
    revoked_at: str | None
    """Time of revoking [UTC, ISO 8601], or None while the key is good."""
    expires_at: str | None = None
    """Time from which it is refused [UTC, ISO 8601], or None if there is none."""


def add_key(
    database: Database,
    *,
    prefix: str,
    sha256: str,
    name: str,
    role: str,
    expires_at: str | None = None,
) -> KeyRecord:
    """Put a key on record; ``expires_at`` is the time from which it is refused [UTC, ISO 8601].

    Raises
    ------
    InputError
        If the name is empty or longer than 100 characters.
    """
    if not 0 < len(name.strip()) <= _LONGEST_NAME:
        message = f"The name of a key has 1 to {_LONGEST_NAME} characters, not {len(name.strip())}."
        raise InputError(message)
    record = KeyRecord(prefix, name.strip(), role, utc_now(), None, expires_at)
    with database.write() as connection:
        connection.execute(
            insert(api_keys).values(
                prefix=prefix,
                sha256=sha256,
                name=record.name,
                role=role,
                created_at=record.created_at,
                expires_at=expires_at,
            )
        )
        detail = f"role {role}, expires {expires_at or 'never'}"
        add_audit_row(connection, "command line", "key.create", prefix, detail)
    return record


def list_keys(database: Database) -> list[KeyRecord]:
    """Return all keys on record, the oldest first, revoked ones included."""
    with database.read() as connection:
        rows = connection.execute(select(api_keys).order_by(api_keys.c.created_at)).all()
    return [_record(row) for row in rows]


def find_key(database: Database, sha256: str) -> KeyRecord | None:
    """Return the key with this hash, revoked or not, or None."""
    with database.read() as connection:
        row = connection.execute(select(api_keys).where(api_keys.c.sha256 == sha256)).first()
    return _record(row) if row else None


def any_key(database: Database) -> bool:
    """Tell whether a key was ever made; revoking the last one must not open the door to all."""
    with database.read() as connection:
        return bool(connection.scalar(select(exists(select(api_keys.c.prefix)))))


def revoke_key(database: Database, prefix: str) -> KeyRecord:
    """Revoke a key by its prefix or its name.

    Raises
    ------
    NotFoundError
        If no key is called so; lists the prefixes on record.
    ConflictError
        If several keys share the name, or the key is revoked already.
    """
    records = list_keys(database)
    found = [r for r in records if r.prefix == prefix] or [r for r in records if r.name == prefix]
    if not found:
        known = ", ".join(f"{r.prefix} ({r.name})" for r in records) or "none"
        message = f"There is no key {prefix!r}; on record: {known}."
        raise NotFoundError(message)
    good = [r for r in found if r.revoked_at is None]
    if len(good) != 1:
        state = "is revoked already" if not good else "names several keys; use the prefix"
        message = f"Key {prefix} {state}."
        raise ConflictError(message)
    with database.write() as connection:
        prefix, now = good[0].prefix, utc_now()
        connection.execute(
            update(api_keys).where(api_keys.c.prefix == prefix).values(revoked_at=now)
        )
        add_audit_row(connection, "command line", "key.revoke", prefix)
    return replace(good[0], revoked_at=now)


def _record(row: Row[tuple[str, ...]]) -> KeyRecord:
    return KeyRecord(row.prefix, row.name, row.role, row.created_at, row.revoked_at, row.expires_at)

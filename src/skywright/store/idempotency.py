"""Answers kept by ``Idempotency-Key``, so that a request that is sent again is not done again."""

from __future__ import annotations

import time
from dataclasses import dataclass

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from skywright.store.database import Database
from skywright.store.foundry_schema import idempotency_keys

KEPT_S = 86_400.0
"""How long an answer is kept [s]."""

ABANDONED_S = 600.0
"""Age at which a request without an answer counts as interrupted by a stop of the server [s]."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One request with a key."""

    caller: str
    """Who asks; keys of different callers are different keys."""
    key: str
    """As sent."""
    route: str
    """Method and path."""
    body_sha256: str
    """Hash of the body."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """What is known of an earlier request with the same key."""

    route: str
    """Method and path."""
    body_sha256: str
    """Hash of its body."""
    status: int | None
    """Status of its answer; None while it is under way."""
    answer: bytes
    """Body of its answer."""


def claim_key(database: Database, claim: Claim) -> Earlier | None:
    """Put a key on record as under way; returns the earlier request if there was one."""
    c, now = idempotency_keys.c, time.time()
    here = (c.caller == claim.caller, c.key == claim.key)
    try:
        with database.write() as connection:
            row = connection.execute(select(idempotency_keys).where(*here)).first()
            if row is not None and not _over(row.created_at, row.status, now):
                return Earlier(row.route, row.body_sha256, row.status, bytes(row.answer or b""))
            connection.execute(delete(idempotency_keys).where(*here))
            connection.execute(
                insert(idempotency_keys).values(
                    caller=claim.caller,
                    key=claim.key,
                    route=claim.route,
                    body_sha256=claim.body_sha256,
                    created_at=now,
                )
            )
    except IntegrityError:  # another server was faster by a moment
        return Earlier(claim.route, claim.body_sha256, None, b"")
    return None


def settle_key(database: Database, claim: Claim, status: int, answer: bytes) -> None:
    """Keep the answer to a claimed key."""
    c = idempotency_keys.c
    with database.write() as connection:
        connection.execute(
            update(idempotency_keys)
            .where(c.caller == claim.caller, c.key == claim.key)
            .values(status=status, answer=answer)
        )


def release_key(database: Database, claim: Claim) -> None:
    """Forget a claimed key, so that the request may be sent again."""
    c = idempotency_keys.c
    with database.write() as connection:
        connection.execute(
            delete(idempotency_keys).where(c.caller == claim.caller, c.key == claim.key)
        )


def forget_old_keys(database: Database) -> int:
    """Delete answers that were kept long enough; returns how many."""
    with database.write() as connection:
        done = connection.execute(
            delete(idempotency_keys).where(idempotency_keys.c.created_at < time.time() - KEPT_S)
        )
    return int(done.rowcount)


def _over(created_at: float, status: int | None, now: float) -> bool:
    return now - created_at > (ABANDONED_S if status is None else KEPT_S)

"""Jobs on record: what was asked, how it went; results rest among the blobs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, insert, select, update

from skywright.errors import NotFoundError
from skywright.store.audit import add_audit_row
from skywright.store.database import Database, utc_now
from skywright.store.schema import jobs

FINAL = frozenset({"done", "failed", "cancelled"})
"""States that a job does not leave."""

_RESTARTED = (
    '{"code": "restarted", "message": "The server was restarted before the job was done.", \
"hint": "Send the request again."}'
)


@dataclass(frozen=True, slots=True)
class JobRecord:
    """One row of the table."""

    id: str
    """Random name, 32 hexadecimal digits."""
    kind: str
    """What the job does, such as ``simulate``."""
    owner: str
    """Who started it: prefix of a key, or ``local``."""
    status: str
    """waiting, running, done, failed or cancelled."""
    created_at: str
    """Time of asking [UTC, ISO 8601]."""
    finished_at: str | None
    """Time of the end [UTC, ISO 8601]."""
    result_sha256: str | None
    """Blob of the result, JSON."""
    error_json: str | None
    """Why it failed: code, message, hint."""


def add_job(database: Database, *, job_id: str, kind: str, owner: str, request_json: str) -> None:
    """Put a waiting job on record."""
    with database.write() as connection:
        connection.execute(
            insert(jobs).values(
                id=job_id,
                kind=kind,
                owner=owner,
                status="waiting",
                request_json=request_json,
                created_at=utc_now(),
            )
        )
        add_audit_row(connection, owner, "job.create", job_id, kind)


def start_job(database: Database, job_id: str) -> None:
    """Mark a waiting job as running."""
    with database.write() as connection:
        connection.execute(update(jobs).where(jobs.c.id == job_id).values(status="running"))


def finish_job(
    database: Database,
    job_id: str,
    status: str,
    *,
    result_sha256: str | None = None,
    error_json: str | None = None,
) -> None:
    """Mark a job as done, failed or cancelled; the first end that is written stays."""
    with database.write() as connection:
        connection.execute(
            update(jobs)
            .where(jobs.c.id == job_id, jobs.c.status.not_in(FINAL))
            .values(
                status=status,
                finished_at=utc_now(),
                result_sha256=result_sha256,
                error_json=error_json,
            )
        )


def fail_interrupted_jobs(database: Database) -> int:
    """Mark jobs that a stopped server left unfinished as failed; return how many."""
    with database.write() as connection:
        done = connection.execute(
            update(jobs)
            .where(jobs.c.status.not_in(FINAL))
            .values(status="failed", finished_at=utc_now(), error_json=_RESTARTED)
        )
    return int(done.rowcount)


def find_job(database: Database, job_id: str) -> JobRecord:
    """Return a job by its id.

    Raises
    ------
    NotFoundError
        If there is none.
    """
    with database.read() as connection:
        row = connection.execute(select(jobs).where(jobs.c.id == job_id)).first()
    if row is None:
        message = f"There is no job {job_id[:64]!r}."
        raise NotFoundError(message, hint="A job's id is in the answer that started it.")
    return _record(row)


def _record(row: Row[tuple[Any, ...]]) -> JobRecord:
    names = JobRecord.__dataclass_fields__
    return JobRecord(**{name: getattr(row, name) for name in names})

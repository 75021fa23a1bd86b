"""The queue: one table, an atomic claim, a lease, and an end that only the owner can write.

Every claim raises ``attempt``, which is the fence: a worker that was thought dead and comes back
finds that the number has moved on, and nothing it writes counts. Times are Unix seconds of the
database's clock on PostgreSQL and of this machine's on SQLite.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import time
from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Float,
    and_,
    delete,
    func,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from skywright.errors import ConflictError, NotFoundError
from skywright.foundry.jobs import claiming
from skywright.foundry.jobs.job import FINAL, Beat, Job, JobRequest, Slots, job_of, row_of
from skywright.foundry.jobs.journal import Journal
from skywright.store.audit import add_audit_row
from skywright.store.database import utc_now
from skywright.store.foundry_schema import job_dependencies, job_log, job_metrics, training_jobs

_FIRST_BACK_OFF_S = 0.2
_BACK_OFF_FACTOR = 4.0
_LONGEST_BACK_OFF_S = 600.0
_columns = training_jobs.c


class Queue(Journal):
    """The jobs of one database."""

    def submit(self, request: JobRequest) -> Job:
        """Put a job on record.

        Raises
        ------
        ConflictError
            If there is a job of that id.
        NotFoundError
            If a job to wait for does not exist.
        """
        job_id = request.job_id or secrets.token_hex(16)
        for needed in request.after:
            self.find(needed)
        try:
            with self.database.write() as connection:
                connection.execute(insert(training_jobs).values(row_of(job_id, request)))
                for needed in dict.fromkeys(request.after):
                    connection.execute(
                        insert(job_dependencies).values(job_id=job_id, needs_id=needed)
                    )
                add_audit_row(connection, request.owner, "training.submit", job_id, request.name)
        except IntegrityError as error:
            message = f"There is a job {job_id!r} already."
            raise ConflictError(message) from error
        return self.find(job_id)

    def claim(
        self, worker: str, lease_s: float, offer: Slots, only: str | None = None
    ) -> Job | None:
        """Take the next job that fits, or one whose worker died; None if there is none.

        Parameters
        ----------
        worker : str
            Name of the worker.
        lease_s : float
            How long it is the worker's without a beat [s].
        offer : Slots
            What is free.
        only : str, optional
            Take this job or none.
        """
        asked = claiming.room(offer)
        with self.database.read() as connection:  # an idle worker takes no lock
            dialect = connection.dialect.name
            if not connection.scalar(claiming.probe(dialect), asked | claiming.clock(dialect)):
                return None
        asked |= {"by": worker, "lease_s": lease_s, "at": utc_now()}
        asked |= {} if only is None else {"only": only}
        with self.database.write() as connection:
            asked |= claiming.clock(dialect)
            row = connection.execute(claiming.take(dialect, only=only is not None), asked).first()
        return None if row is None else job_of(row)

    def bury(self) -> int:
        """Give up jobs over which too many workers have died; returns how many."""
        with self.database.write() as connection:
            dialect = connection.dialect.name
            worn = _columns.attempt >= _columns.max_attempts + claiming.LOST_WORKERS
            message = f"{claiming.LOST_WORKERS} workers have died over it."
            rows = connection.scalars(
                update(training_jobs)
                .where(claiming.dead(dialect), worn)
                .values(
                    status="failed",
                    completed_at=utc_now(),
                    error_json=json.dumps({"code": "lost", "message": message}),
                )
                .returning(_columns.id),
                claiming.clock(dialect),
            ).all()
            for job_id in rows:
                _cancel_dependents(connection, job_id)
        return len(rows)

    def beat(self, job: Job, lease_s: float) -> Beat:
        """Prolong the lease; tells whether the job is still this worker's and wanted."""
        with self.database.write() as connection:
            row = connection.execute(
                update(training_jobs)
                .where(_mine(job))
                .values(lease_until=_now(connection) + lease_s)
                .returning(_columns.cancel_requested)
            ).first()
        return Beat(False, False) if row is None else Beat(True, bool(row.cancel_requested))

    def wanted(self, job: Job) -> Beat:
        """Tell what a beat would, without writing."""
        with self.database.read() as connection:
            row = connection.execute(select(_columns.cancel_requested).where(_mine(job))).first()
        return Beat(False, False) if row is None else Beat(True, bool(row.cancel_requested))

    def attach(self, job: Job, handle: str) -> bool:
        """Keep the name of the attempt at a remote launcher; False if the job is another's now."""
        with self.database.write() as connection:
            done = connection.execute(update(training_jobs).where(_mine(job)).values(handle=handle))
        return done.rowcount == 1

    def complete(self, job: Job, result: Mapping[str, Any]) -> bool:
        """Mark a job as completed; False if it is another's now, and nothing is written."""
        with self.database.write() as connection:
            return complete_in(connection, job, result)

    def fail(self, job: Job, error: Mapping[str, Any], *, progress: str = "") -> str:
        """Note a failed attempt: it is tried again later, parked, or has failed for good.

        Parameters
        ----------
        job : Job
            The attempt.
        error : mapping
            ``code``, ``message``, ``hint``, ``log``; ``retry`` False gives up at once.
        progress : str
            How far the attempt came; the same error further on is not the same error.

        Returns
        -------
        str
            The new status, ``fenced`` if the job is another's now.
        """
        digest = hashlib.sha256(
            f"{error.get('code')}\n{error.get('message')}\n{progress}".encode()
        ).hexdigest()
        with self.database.write() as connection:
            row = connection.execute(
                select(_columns.error_digest, _columns.failures, _columns.max_attempts).where(
                    _mine(job)
                )
            ).first()
            if row is None:
                return "fenced"
            failures = row.failures + 1
            status = _after_failure(
                error, failures, row.max_attempts, same=row.error_digest == digest
            )
            connection.execute(
                update(training_jobs)
                .where(_mine(job))
                .values(
                    status=status,
                    failures=failures,
                    error_json=json.dumps(dict(error)),
                    error_digest=digest,
                    handle=None,
                    worker=None,
                    lease_until=None,
                    run_after=_now(connection) + _back_off_s(failures),
                    completed_at=utc_now() if status == "failed" else None,
                )
            )
            if status == "failed":
                _cancel_dependents(connection, job.id)
        return status

    def release(self, job: Job) -> bool:
        """Give a job back unharmed, as a worker does that is told to stop."""
        with self.database.write() as connection:
            done = connection.execute(
                update(training_jobs)
                .where(_mine(job))
                .values(status="pending", worker=None, lease_until=None, run_after=0.0)
            )
        return done.rowcount == 1

    def stopped(self, job: Job) -> bool:
        """Mark a running job as cancelled, after its process has ended."""
        with self.database.write() as connection:
            done = connection.execute(
                update(training_jobs)
                .where(_mine(job))
                .values(status="cancelled", completed_at=utc_now(), lease_until=None, worker=None)
            )
            if done.rowcount:
                _cancel_dependents(connection, job.id)
        return done.rowcount == 1

    def cancel(self, job_id: str, by: str = "local") -> Job:
        """Stop a job: at once if it waits, through its worker if it runs.

        Raises
        ------
        NotFoundError
            If there is no such job.
        """
        self.find(job_id)
        with self.database.write() as connection:
            waiting = connection.execute(
                update(training_jobs)
                .where(_columns.id == job_id, _columns.status.in_(["pending", "parked"]))
                .values(status="cancelled", completed_at=utc_now())
            )
            if waiting.rowcount:
                _cancel_dependents(connection, job_id)
            connection.execute(
                update(training_jobs)
                .where(_columns.id == job_id, _columns.status == "running")
                .values(cancel_requested=1)
            )
            add_audit_row(connection, by, "training.cancel", job_id)
        return self.find(job_id)

    def retry(self, job_id: str, by: str = "local") -> Job:
        """Send a parked, failed or cancelled job off again, from its last checkpoint.

        Raises
        ------
        NotFoundError
            If there is no such job.
        ConflictError
            If it is pending, running or completed.
        """
        job = self.find(job_id)
        with self.database.write() as connection:
            done = connection.execute(
                update(training_jobs)
                .where(
                    _columns.id == job_id, _columns.status.in_(["parked", "failed", "cancelled"])
                )
                .values(
                    status="pending",
                    failures=0,
                    cancel_requested=0,
                    error_digest=None,
                    run_after=0.0,
                    completed_at=None,
                )
            )
            add_audit_row(connection, by, "training.retry", job_id)
        if not done.rowcount:
            message = f"Job {job_id} is {job.status}, so it cannot go again."
            raise ConflictError(message, hint="A parked, failed or cancelled job can.")
        return self.find(job_id)

    def find(self, job_id: str) -> Job:
        """Return a job.

        Raises
        ------
        NotFoundError
            If there is none of that id.
        """
        with self.database.read() as connection:
            row = connection.execute(select(training_jobs).where(_columns.id == job_id)).first()
        if row is None:
            message = f"There is no training job {job_id[:64]!r}."
            raise NotFoundError(message, hint="skywright jobs ls lists them.")
        return job_of(row)

    def list(self, *, status: str | None = None, limit: int = 100) -> list[Job]:
        """Return jobs, the newest first."""
        query = select(training_jobs).order_by(_columns.created_at.desc()).limit(limit)
        if status is not None:
            query = query.where(_columns.status == status)
        with self.database.read() as connection:
            return [job_of(row) for row in connection.execute(query)]

    def forget(self, job_id: str) -> None:
        """Delete a job that has ended, with its log and curves.

        Raises
        ------
        ConflictError
            If it has not ended, or another job waits for it.
        """
        job = self.find(job_id)
        if job.status not in FINAL:
            message = f"Job {job_id} is {job.status}; cancel it before it is deleted."
            raise ConflictError(message)
        try:
            with self.database.write() as connection:
                for table in (job_log, job_metrics, job_dependencies):
                    connection.execute(delete(table).where(table.c.job_id == job_id))
                connection.execute(delete(training_jobs).where(_columns.id == job_id))
        except IntegrityError as error:
            message = f"Another job came after {job_id}; delete that one first."
            raise ConflictError(message) from error


def complete_in(connection: Connection, job: Job, result: Mapping[str, Any]) -> bool:
    """Complete a job inside a transaction that publishes its model; False if it is fenced."""
    asked = {
        "job": job.id,
        "fence": job.attempt,
        "at": utc_now(),
        "result": json.dumps(dict(result)),
    }
    return connection.execute(claiming.complete(), asked).rowcount == 1


def _now(connection: Connection) -> ColumnElement[float]:
    if connection.dialect.name == "postgresql":
        return func.extract("epoch", func.clock_timestamp()).cast(Float(53))
    return literal(time.time(), Float(53))


def _mine(job: Job) -> ColumnElement[bool]:
    return and_(
        _columns.id == job.id, _columns.attempt == job.attempt, _columns.status == "running"
    )


def _after_failure(
    error: Mapping[str, Any], failures: int, max_attempts: int, *, same: bool
) -> str:
    if not error.get("retry", True) or failures >= max_attempts:
        return "parked" if same else "failed"
    return "parked" if same else "pending"


def _back_off_s(failures: int) -> float:
    return min(_LONGEST_BACK_OFF_S, _FIRST_BACK_OFF_S * _BACK_OFF_FACTOR ** (failures - 1))


def _cancel_dependents(connection: Connection, job_id: str) -> None:
    """Cancel whatever waits for a job that will never be completed, and what waits for that."""
    waiting = (
        select(job_dependencies.c.job_id)
        .join(training_jobs, _columns.id == job_dependencies.c.job_id)
        .where(job_dependencies.c.needs_id == job_id, _columns.status == "pending")
    )
    message = f"Job {job_id}, which it waits for, was not completed."
    for dependent in connection.scalars(waiting).all():
        connection.execute(
            update(training_jobs)
            .where(_columns.id == dependent)
            .values(
                status="cancelled",
                completed_at=utc_now(),
                error_json=json.dumps({"code": "dependency", "message": message}),
            )
        )
        _cancel_dependents(connection, dependent)

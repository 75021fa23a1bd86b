"""The journal of jobs: the lines they wrote and the points of their curves."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, insert, select

from skywright.foundry.jobs.job import Job
from skywright.store.database import Database, utc_now
from skywright.store.foundry_schema import job_log, job_metrics

Point = tuple[int, str, float]
"""Step, name and value."""


class Journal:
    """Logs and curves in one database."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def note(self, job: Job, lines: Sequence[str], points: Sequence[Point]) -> None:
        """Keep lines of the log and points of curves: (step, name, value)."""
        if not lines and not points:
            return
        with self.database.write() as connection:
            last = connection.scalar(
                select(func.max(job_log.c.line)).where(job_log.c.job_id == job.id)
            )
            first, now = (last or 0) + 1, utc_now()
            if lines:
                connection.execute(
                    insert(job_log),
                    [
                        {
                            "job_id": job.id,
                            "line": first + k,
                            "attempt": job.attempt,
                            "at": now,
                            "text": text.replace("\x00", ""),
                        }
                        for k, text in enumerate(lines)
                    ],
                )
            if points:
                connection.execute(
                    insert(job_metrics),
                    [
                        {
                            "job_id": job.id,
                            "attempt": job.attempt,
                            "step": step,
                            "name": name,
                            "value": value,
                            "at": time.time(),
                        }
                        for step, name, value in points
                    ],
                )

    def log(self, job_id: str, *, after: int = 0, limit: int = 10_000) -> list[dict[str, Any]]:
        """Return lines of the log beyond line number ``after``: line, attempt, at, text."""
        query = (
            select(job_log.c.line, job_log.c.attempt, job_log.c.at, job_log.c.text)
            .where(job_log.c.job_id == job_id, job_log.c.line > after)
            .order_by(job_log.c.line)
            .limit(limit)
        )
        with self.database.read() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]

    def metrics(self, job_id: str, name: str | None = None) -> list[dict[str, Any]]:
        """Return points of curves in their order: step, name, value, attempt."""
        points = job_metrics.c
        query = select(points.step, points.name, points.value, points.attempt).where(
            points.job_id == job_id
        )
        if name is not None:
            query = query.where(points.name == name)
        with self.database.read() as connection:
            rows = connection.execute(query.order_by(points.step, points.id)).mappings()
            return [dict(row) for row in rows]

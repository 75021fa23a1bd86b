"""Schedules: a tick is a job named after its time, so that the primary key makes it happen once."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from croniter import CroniterError, croniter
from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from skywright.errors import ConflictError, InputError, NotFoundError
from skywright.foundry.jobs.job import JobRequest
from skywright.foundry.jobs.queue import Queue
from skywright.store.audit import add_audit_row
from skywright.store.database import utc_now
from skywright.store.foundry_schema import schedules

NAMED = {
    "hourly": "0 * * * *",
    "daily": "0 3 * * *",
    "weekly": "0 3 * * 1",
    "monthly": "0 3 1 * *",
}
"""Words for usual times, in UTC; the small hours, when nobody waits."""

_FIELDS = 5


@dataclass(frozen=True, slots=True)
class Schedule:
    """Something that is done again and again."""

    name: str
    """Name of the schedule; its jobs are ``name@time``."""
    cron: str
    """Five fields of cron, in UTC, or a word of `NAMED`."""
    request: dict[str, Any]
    """The fields of a `JobRequest`."""
    owner: str
    """Who set it."""


def add_schedule(queue: Queue, schedule: Schedule, now: datetime | None = None) -> float:
    """Put a schedule on record; returns its first time in Unix seconds.

    Raises
    ------
    InputError
        If the cron fields are wrong.
    ConflictError
        If there is one of that name.
    """
    first = next_time(schedule.cron, now or datetime.now(UTC)).timestamp()
    row = {
        "name": schedule.name,
        "cron": schedule.cron,
        "config": json.dumps(schedule.request),
        "owner": schedule.owner,
        "next_at": first,
        "created_at": utc_now(),
    }
    try:
        with queue.database.write() as connection:
            connection.execute(insert(schedules).values(row))
            add_audit_row(connection, schedule.owner, "schedule.add", schedule.name, schedule.cron)
    except IntegrityError as error:
        message = f"There is a schedule {schedule.name!r} already."
        raise ConflictError(message, hint="Remove it first.") from error
    return first


def remove_schedule(queue: Queue, name: str, by: str = "local") -> None:
    """Remove a schedule; its jobs stay.

    Raises
    ------
    NotFoundError
        If there is none of that name.
    """
    with queue.database.write() as connection:
        done = connection.execute(delete(schedules).where(schedules.c.name == name))
        add_audit_row(connection, by, "schedule.remove", name)
    if not done.rowcount:
        message = f"There is no schedule {name!r}."
        raise NotFoundError(message)


def list_schedules(queue: Queue) -> list[dict[str, Any]]:
    """Return all schedules by name."""
    with queue.database.read() as connection:
        rows = connection.execute(select(schedules).order_by(schedules.c.name)).mappings()
        return [dict(row) | {"config": json.loads(row["config"])} for row in rows]


def tick(queue: Queue, now: datetime | None = None) -> list[str]:
    """Submit the jobs whose time has come; returns their ids.

    Any number of workers may tick at once. A time that passed while none was awake is made up for
    once, not as often as it was missed.
    """
    moment = now or datetime.now(UTC)
    c = schedules.c
    with queue.database.read() as connection:
        due = connection.execute(
            select(schedules).where(c.enabled == 1, c.next_at <= moment.timestamp())
        ).all()
    made = []
    for row in due:
        time_of = datetime.fromtimestamp(row.next_at, UTC)
        job_id = f"{row.name}@{time_of:%Y-%m-%dT%H:%MZ}"
        try:
            queue.submit(JobRequest(**json.loads(row.config), owner=row.owner, job_id=job_id))
            made.append(job_id)
        except ConflictError:
            pass  # another worker was first; all the same the next time is set below
        following = next_time(row.cron, moment).timestamp()
        with queue.database.write() as connection:
            connection.execute(
                update(schedules)
                .where(c.name == row.name, c.next_at == row.next_at)
                .values(next_at=following)
            )
    return made


def next_time(cron: str, after: datetime) -> datetime:
    """Return the first time after a moment that five fields of cron allow, in UTC.

    Raises
    ------
    InputError
        If the fields are wrong.
    """
    fields = NAMED.get(cron, cron)
    if len(fields.split()) != _FIELDS:
        words = ", ".join(NAMED)
        message = f"The schedule {cron!r} has {len(fields.split())} fields, not {_FIELDS}."
        raise InputError(message, hint=f"Write minute hour day month weekday, or one of {words}.")
    try:
        found: datetime = croniter(fields, after.astimezone(UTC)).get_next(datetime)
    except CroniterError as error:
        message = f"The schedule {cron!r} is wrong: {error}."
        raise InputError(message, hint="Write minute hour day month weekday, in UTC.") from error
    return found

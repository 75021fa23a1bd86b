"""The statements that take and end a job, built once: building costs more than running them."""

from __future__ import annotations

import time
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Float,
    Select,
    Update,
    and_,
    bindparam,
    exists,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.sql.dml import ReturningUpdate

from skywright.foundry.jobs.job import Slots
from skywright.store.foundry_schema import job_dependencies, training_jobs

LOST_WORKERS = 20
"""Workers that may die over a job before it is no longer taken: it may be what kills them."""

_NO_LIMIT = 1e300
_c = training_jobs.c


def now(dialect: str) -> ColumnElement[float]:
    """Return the time: of the server on PostgreSQL, of this machine as ``:now`` elsewhere."""
    if dialect == "postgresql":
        return func.extract("epoch", func.clock_timestamp()).cast(Float(53))
    return bindparam("now", type_=Float(53))


def clock(dialect: str) -> dict[str, float]:
    """Return the parameter that `now` needs."""
    return {} if dialect == "postgresql" else {"now": time.time()}


def room(offer: Slots) -> dict[str, Any]:
    """Return the parameters that tell what is free."""
    memory = _NO_LIMIT if offer.memory_gb == float("inf") else offer.memory_gb
    return {"free_cpus": offer.cpus, "free_gpus": offer.gpus, "free_memory_gb": memory}


@lru_cache(maxsize=8)
def probe(dialect: str) -> Select[Any]:
    """Ask whether there is a job that fits `room`."""
    return select(exists().where(_claimable(dialect)))


@lru_cache(maxsize=8)
def take(dialect: str, *, only: bool) -> ReturningUpdate[Any]:
    """Take the first job that fits, or the one named ``:only``.

    Parameters of the statement: those of `clock` and `room`, ``worker``, ``lease_s``, ``at``.
    """
    wanted = _claimable(dialect)
    if only:
        wanted = and_(wanted, _c.id == bindparam("only"))
    chosen = (
        select(_c.id)
        .where(wanted)
        .order_by(_c.priority.desc(), _c.run_after, _c.created_at)
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    return (
        update(training_jobs)
        .where(_c.id == chosen)
        .values(
            status="running",
            worker=bindparam("by"),
            attempt=_c.attempt + 1,
            lease_until=now(dialect) + bindparam("lease_s", type_=Float(53)),
            started_at=func.coalesce(_c.started_at, bindparam("at")),
        )
        .returning(*_c)
    )


@lru_cache(maxsize=1)
def complete() -> Update:
    """Complete the attempt ``:job``, ``:fence`` with ``:result`` at ``:at``."""
    return (
        update(training_jobs)
        .where(_c.id == bindparam("job"), _c.attempt == bindparam("fence"), _c.status == "running")
        .values(
            status="completed",
            completed_at=bindparam("at"),
            result_json=bindparam("result"),
            error_json=None,
            lease_until=None,
            worker=None,
        )
    )


def dead(dialect: str) -> ColumnElement[bool]:
    """Tell a running job whose lease is over."""
    return and_(_c.status == "running", _c.lease_until < now(dialect))


def _claimable(dialect: str) -> ColumnElement[bool]:
    needed = training_jobs.alias("needed")
    unmet = exists(
        select(literal(1))
        .select_from(job_dependencies.join(needed, needed.c.id == job_dependencies.c.needs_id))
        .where(job_dependencies.c.job_id == _c.id, needed.c.status != "completed")
    )
    waiting = and_(_c.status == "pending", _c.run_after <= now(dialect))
    bereft = and_(dead(dialect), _c.attempt < _c.max_attempts + LOST_WORKERS)
    fits = (
        _c.cpus <= bindparam("free_cpus", type_=Float(53)),
        _c.gpus <= bindparam("free_gpus", type_=Float(53)),
        _c.memory_gb <= bindparam("free_memory_gb", type_=Float(53)),
    )
    return and_(or_(waiting, bereft), *fits, ~unmet)

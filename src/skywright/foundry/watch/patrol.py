"""The patrol: looks at a model in use, writes down what it saw, asks for a new one if it must.

It starts an ordinary job and decides nothing else: the gate says whether what comes out is better.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import insert, select

from skywright.errors import ConflictError, NotFoundError
from skywright.foundry.data.datasets import Datasets
from skywright.foundry.jobs.job import Job, JobRequest
from skywright.foundry.jobs.queue import Queue
from skywright.foundry.recipe import Recipe, load_recipe, recipe_names, recipe_of
from skywright.foundry.registry import Registry
from skywright.foundry.watch.sights import Subject, look
from skywright.foundry.watch.traffic import read_traffic
from skywright.foundry.watch.triggers import reason_to_retrain
from skywright.settings import Settings, get_settings
from skywright.store.audit import add_audit_row
from skywright.store.database import Database, utc_now
from skywright.store.foundry_schema import watch_reports

WATCH = "watch"
"""Who asks for the jobs of the patrol."""

_OPEN = ("pending", "running", "parked")
_MOST_JOBS = 10_000


@dataclass(frozen=True, slots=True)
class Watcher:
    """What a patrol reads and writes."""

    registry: Registry
    """The models."""
    datasets: Datasets
    """What they learned from."""
    queue: Queue
    """Where retraining is asked for."""
    days: float = 7.0
    """How far back predictions count [d]."""

    @classmethod
    def of(cls, settings: Settings | None = None, database: Database | None = None) -> Watcher:
        """Return the watcher of the settings."""
        chosen = settings or get_settings()
        store = database or Database.of(chosen)
        return cls(Registry.of(chosen, store), Datasets.of(chosen, store), Queue(store))

    @property
    def database(self) -> Database:
        """Where predictions and reports are."""
        return self.queue.database


def patrol(watcher: Watcher, name: str, now: datetime | None = None) -> dict[str, Any]:
    """Look at the model in use under a name.

    Parameters
    ----------
    watcher : Watcher
        What to read and write.
    name : str
        Name of the model.
    now : datetime, optional
        Time of the patrol.

    Returns
    -------
    dict
        The report that was put on record: what `sights.look` tells, ``alarm``, ``retrain`` (why,
        or None) and ``job_id``.

    Raises
    ------
    NotFoundError
        If no such model is in use.
    """
    moment = now or datetime.now(UTC)
    folder, facts = watcher.registry.champion(name), watcher.registry.facts(name) or {}
    recipe = _recipe(name, facts)
    version = str(facts.get("version", "shipped"))
    since = (moment - timedelta(days=watcher.days)).timestamp()
    traffic = read_traffic(
        watcher.database, name, version, since=since, until=moment.timestamp() + 1.0
    )
    subject = Subject(recipe, folder, _reference(watcher, facts), traffic)
    report = {"name": name, "version": version, **look(subject)}
    why = _why(watcher, recipe, facts, moment, crossed=bool(report["crossed"]))
    report["retrain"] = why
    report["job_id"] = None if why is None else _ask(watcher, recipe, facts, (why, moment))
    _write(watcher.database, report)
    return report


def reports(database: Database, name: str | None = None, limit: int = 100) -> list[dict[str, Any]]:
    """Return what patrols saw, the newest first: id, at, name, version, alarm, report, job_id."""
    query = select(watch_reports).order_by(watch_reports.c.id.desc()).limit(limit)
    if name is not None:
        query = query.where(watch_reports.c.name == name)
    with database.read() as connection:
        rows = [dict(row) for row in connection.execute(query).mappings()]
    for row in rows:
        row["alarm"], row["report"] = bool(row["alarm"]), json.loads(row.pop("report_json"))
    return rows


def _recipe(name: str, facts: Mapping[str, Any]) -> Recipe:
    if facts.get("recipe"):
        return recipe_of(dict(facts["recipe"]), name)
    if name in recipe_names():
        return load_recipe(name)
    message = f"The model {name} names no recipe, so there is nothing to compare it with."
    raise NotFoundError(message, hint="Train it here: skywright train RECIPE.")


def _reference(watcher: Watcher, facts: Mapping[str, Any]) -> Any:
    """Return the rows that the model learned from, None if they are not here."""
    named = (facts.get("data") or {}).get("dataset_id")
    if not named:
        return None
    try:
        record = watcher.datasets.find(str(named))
    except NotFoundError:
        return None
    return watcher.datasets.read(record) if record.tabular else None


def _why(
    watcher: Watcher, recipe: Recipe, facts: Mapping[str, Any], now: datetime, *, crossed: bool
) -> str | None:
    if not recipe.watch.retrain:
        return None
    times = [datetime.fromisoformat(job.created_at) for job in _retrainings(watcher, recipe.name)]
    if facts.get("made_utc"):
        times.append(datetime.fromisoformat(str(facts["made_utc"])))
    last = max(times, default=None)
    return reason_to_retrain(recipe.watch.retrain, crossed=crossed, last=last, now=now)


def _ask(
    watcher: Watcher, recipe: Recipe, facts: Mapping[str, Any], cause: tuple[str, datetime]
) -> str | None:
    """Ask for a new model, once a day and never beside an open job; returns its id."""
    why, moment = cause
    waiting = next((job for job in _jobs(watcher, recipe.name) if job.status in _OPEN), None)
    if waiting is not None:
        return waiting.id
    job_id = f"{recipe.name}:retrain@{moment:%Y-%m-%d}"
    request = JobRequest(
        name=recipe.name,
        recipe=dict(facts.get("recipe") or recipe.model_dump(exclude_unset=True)),
        owner=WATCH,
        data=_data(watcher, recipe, facts),
        job_id=job_id,
        purpose="retrain",
        extra={"reason": why},
    )
    try:
        return watcher.queue.submit(request).id
    except ConflictError:
        return job_id  # today's was asked for already, by another patrol or an earlier one


def _data(watcher: Watcher, recipe: Recipe, facts: Mapping[str, Any]) -> str:
    """Return the newest version of what the model learned from, by its id."""
    named = (facts.get("data") or {}).get("dataset_id")
    try:
        name = watcher.datasets.find(str(named)).name if named else ""
        return watcher.datasets.find(name).id if name else recipe.data
    except NotFoundError:
        return recipe.data


def _jobs(watcher: Watcher, name: str) -> list[Job]:
    """Return the jobs that may put a model of this name into use, the newest first."""
    jobs = watcher.queue.list(limit=_MOST_JOBS)
    return [job for job in jobs if job.name == name and job.config.get("register", True)]


def _retrainings(watcher: Watcher, name: str) -> list[Job]:
    return [job for job in _jobs(watcher, name) if job.status != "cancelled"]


def _write(database: Database, report: Mapping[str, Any]) -> None:
    with database.write() as connection:
        connection.execute(
            insert(watch_reports).values(
                at=utc_now(),
                name=report["name"],
                version=report["version"],
                alarm=int(report["alarm"]),
                report_json=json.dumps(report, default=str),
                job_id=report["job_id"],
            )
        )
        if report["alarm"]:
            add_audit_row(connection, WATCH, "watch.alarm", report["name"], report["version"])

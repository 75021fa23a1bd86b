"""Publishing: the gate decides, the model moves into the registry, the job is completed.

The order makes it safe: a folder in its place without a row in the database is nothing; the row,
the alias and the end of the job are one transaction, and a worker that lost the job loses all
three.
"""

from __future__ import annotations

import json
import platform
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from skywright import __version__
from skywright.errors import ConflictError
from skywright.foundry.attempt import REPORT_FILE
from skywright.foundry.data.licences import compatible, deployment_blocked
from skywright.foundry.evaluate.card import write_card
from skywright.foundry.gate import Verdict, judge_report
from skywright.foundry.jobs.job import Job
from skywright.foundry.jobs.lines import Event
from skywright.foundry.jobs.orders import recipe_of_job
from skywright.foundry.jobs.queue import complete_in
from skywright.foundry.jobs.workplace import Workplace
from skywright.foundry.recipe import Recipe
from skywright.foundry.registry import CHALLENGER, CHAMPION, Entry
from skywright.store.audit import add_audit_row

PASSED = "passed"
KEPT_BACK = "kept back"
_TOLD_PACKAGES = ("numpy", "polars", "scikit-learn", "lightgbm", "torch", "transformers", "peft")


def publish(place: Workplace, job: Job, folder: Path, told: Event) -> str:
    """Judge what an attempt made and make it known; returns the status of the job."""
    recipe = recipe_of_job(job)
    report = json.loads((folder / REPORT_FILE).read_text(encoding="utf-8"))
    if not job.config.get("register", True):
        result = {"job_id": job.id, "model": job.name, "metrics": report["metrics"]}
        return "completed" if place.queue.complete(job, result) else "fenced"
    verdict = judge_report(recipe, report)
    facts = _facts(job, recipe, report, verdict, told)
    pictures = folder / "model" / "report"
    pictures.mkdir(exist_ok=True)
    write_card(pictures, facts)
    entry = place.registry.store(job.name, folder / "model", facts)
    try:
        with place.queue.database.write() as connection:
            _make_known(connection, place, job, entry, verdict)
    except _FencedError:
        return "fenced"
    return "completed"


class _FencedError(ConflictError):
    """The job is another worker's now, so nothing of this attempt is written."""


def _make_known(
    connection: Connection, place: Workplace, job: Job, entry: Entry, verdict: Verdict
) -> None:
    recipe = recipe_of_job(job)
    place.registry.record(connection, entry)
    blocked = _blocked(place, recipe, entry)
    alias = _alias(recipe, verdict, blocked, champion=place.registry.version(job.name))
    if alias is not None:
        place.registry.point(connection, job.name, entry.version, alias, by=job.owner)
    reason = verdict.reason if blocked is None else f"{verdict.reason} {blocked}"
    result = {
        "job_id": job.id,
        "model": job.name,
        "version": entry.version,
        "metrics": entry.facts["metrics"],
        "baseline": entry.facts["baseline"],
        "gate": PASSED if verdict.passed else KEPT_BACK,
        "reason": reason,
        "alias": alias,
    }
    if not complete_in(connection, job, result):
        raise _FencedError(f"Job {job.id} is another worker's now.")  # noqa: EM102
    add_audit_row(connection, job.owner, "model.register", entry.id, result["gate"])


def _blocked(place: Workplace, recipe: Recipe, entry: Entry) -> str | None:
    """Tell why its licences keep a model from use: one is unknown, or two contradict each other."""
    named = entry.facts["licences"]
    clash = compatible(named, recipe.licence) if recipe.licence else None
    return clash or deployment_blocked(place.queue.database, entry.id, named)


def _alias(
    recipe: Recipe, verdict: Verdict, blocked: str | None, *, champion: str | None
) -> str | None:
    """Return which alias the model gets: none if it is kept back or a person must decide."""
    if not verdict.passed or verdict.needs_person or blocked is not None:
        return None
    trial = recipe.deploy.canary or recipe.deploy.shadow
    return CHALLENGER if trial and champion is not None else CHAMPION


def _facts(
    job: Job, recipe: Recipe, report: dict[str, Any], verdict: Verdict, told: Event
) -> dict[str, Any]:
    return {
        "name": job.name,
        "kind": recipe.kind,
        "title": recipe.title,
        "specialization": recipe.specialization,
        "base_model": recipe.base_model,
        "job_id": job.id,
        "recipe": job.config["recipe"],
        "seed": job.config["seed"],
        "metrics": report["metrics"],
        "baseline": report.get("baseline"),
        "report": {k: v for k, v in report.items() if k not in {"metrics", "baseline"}},
        "gate": {
            "state": PASSED if verdict.passed else KEPT_BACK,
            "reason": verdict.reason,
            "conditions": verdict.conditions,
            "needs_person": verdict.needs_person,
        },
        "data": told.get("data", {}),
        "licences": _licences(recipe, told),
        "seconds": told.get("seconds"),
        "peak_memory_mb": told.get("peak_memory_mb"),
        "made_utc": datetime.now(UTC).isoformat(timespec="seconds"),
        "code_version": __version__,
        "environment": _environment(),
        "hardware": told.get("hardware", ""),
    }


def _licences(recipe: Recipe, told: Event) -> list[str]:
    """Return the licences that bear on the model: its own and that of its data."""
    named = [recipe.licence, str((told.get("data") or {}).get("licence") or "")]
    return [text for text in dict.fromkeys(named) if text]


def _environment() -> dict[str, str]:
    versions = {"python": platform.python_version(), "machine": platform.machine()}
    installed = {dist.name.lower() for dist in metadata.distributions()}
    return versions | {name: metadata.version(name) for name in _TOLD_PACKAGES if name in installed}

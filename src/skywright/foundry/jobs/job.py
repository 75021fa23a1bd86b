"""A job: what is asked for, and the row that keeps it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row

from skywright.errors import InputError
from skywright.foundry.recipe import recipe_of
from skywright.store.database import utc_now

FINAL = frozenset({"completed", "failed", "cancelled"})
"""States that a job does not leave; a parked one waits for a person."""


@dataclass(frozen=True, slots=True)
class JobRequest:
    """What is asked for."""

    name: str
    """Name of the model."""
    recipe: dict[str, Any]
    """The recipe, as TOML gives it."""
    owner: str
    """Who asks: prefix of a key, or ``local``."""
    data: str = ""
    """Dataset, file or folder, instead of the recipe's."""
    seed: int | None = None
    """Seed, instead of the recipe's."""
    after: Sequence[str] = ()
    """Jobs that must be completed before."""
    priority: int = 0
    """Higher goes first."""
    job_id: str | None = None
    """Id, for jobs that must exist once only; random if None."""
    purpose: str = "train"
    """Why: train, retrain, trial."""
    register: bool = True
    """Whether the model is registered; a trial's is not."""
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Further facts for the kind of purpose, kept in the config."""


@dataclass(frozen=True, slots=True)
class Slots:
    """What a worker has to offer, or a job asks for."""

    cpus: float = 1.0
    """Cores."""
    gpus: float = 0.0
    """Accelerators."""
    memory_gb: float = float("inf")
    """Memory [GB]."""


@dataclass(frozen=True, slots=True)
class Job:
    """One row of the table."""

    id: str
    """Name of the job."""
    name: str
    """Name of the model."""
    base_model: str | None
    """What it starts from."""
    training_method: str
    """full, lora, prompt."""
    status: str
    """pending, running, completed, failed, cancelled or parked."""
    config: dict[str, Any]
    """Recipe, data, seed, purpose."""
    created_at: str
    """UTC, ISO 8601."""
    started_at: str | None
    """UTC, ISO 8601, of the first attempt."""
    completed_at: str | None
    """UTC, ISO 8601, of the end."""
    owner: str
    """Who asked."""
    attempt: int
    """Number of the newest attempt; the fence."""
    failures: int
    """Attempts that failed."""
    max_attempts: int
    """Most failures."""
    worker: str | None
    """Who holds it."""
    launcher: str
    """local, ray or k8s."""
    handle: str | None
    """Name of the attempt at a remote launcher."""
    needs: Slots
    """What it asks for."""
    result: dict[str, Any] | None
    """What came of it."""
    error: dict[str, Any] | None
    """Why it failed: code, message, hint, log."""


@dataclass(frozen=True, slots=True)
class Beat:
    """Answer to a beat."""

    alive: bool
    """Whether the job still is this worker's."""
    cancel: bool
    """Whether somebody wants it stopped."""


def row_of(job_id: str, request: JobRequest) -> dict[str, Any]:
    """Return the columns of a new job; raises InputError if its recipe is wrong."""
    recipe = recipe_of(request.recipe, request.name)
    if recipe.name != request.name:
        message = f"The job is named {request.name!r} and its recipe {recipe.name!r}."
        raise InputError(message, hint="Give both the same name.")
    config = {
        "recipe": request.recipe,
        "data": request.data,
        "seed": recipe.seed if request.seed is None else request.seed,
        "purpose": request.purpose,
        "register": request.register,
        **request.extra,
    }
    return {
        "id": job_id,
        "name": request.name,
        "base_model": recipe.base_model,
        "training_method": recipe.method,
        "status": "pending",
        "config": json.dumps(config, sort_keys=True),
        "created_at": utc_now(),
        "owner": request.owner,
        "priority": request.priority,
        "max_attempts": recipe.run.attempts,
        "cpus": recipe.run.cpus,
        "gpus": recipe.run.gpus,
        "memory_gb": recipe.run.memory_gb,
        "launcher": recipe.run.on,
    }


def job_of(row: Row[Any]) -> Job:
    """Return the job of a row."""
    plain = (
        "id",
        "name",
        "base_model",
        "training_method",
        "status",
        "created_at",
        "started_at",
        "completed_at",
        "owner",
        "attempt",
        "failures",
        "max_attempts",
        "worker",
        "launcher",
        "handle",
    )
    return Job(
        **{name: getattr(row, name) for name in plain},
        config=json.loads(row.config),
        needs=Slots(row.cpus, row.gpus, row.memory_gb),
        result=json.loads(row.result_json) if row.result_json else None,
        error=json.loads(row.error_json) if row.error_json else None,
    )

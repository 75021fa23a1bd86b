"""Bodies of the training routes."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

_CONFIG = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class TrainingRequest(BaseModel):
    """What to train; either a recipe, or the parts that make one."""

    model_config = _CONFIG

    recipe: str | dict[str, Any] = ""
    """Name of a recipe that ships, TOML text, or the recipe as an object."""
    name: str = ""
    """Name of the model; that of the recipe if it is not given."""
    base_model: str = ""
    """Model to start from, for kinds that have one: ``params.base``."""
    training_method: str = ""
    """full, lora or prompt: ``params.method``."""
    config: dict[str, Any] = Field(default_factory=dict)
    """Keys of the recipe, over those of ``recipe``."""
    data: str = ""
    """Dataset, such as ``wheel-telemetry@latest``; never a path."""
    seed: int | None = Field(default=None, ge=0)
    """Seed, instead of the recipe's."""
    after: list[str] = Field(default_factory=list, max_length=100)
    """Jobs that must be completed before."""
    priority: int = Field(default=0, ge=-100, le=100)
    """Higher goes first."""


class TrainingJobAnswer(BaseModel):
    """A training job."""

    id: str
    """Name of the job."""
    name: str
    """Name of the model."""
    base_model: str | None
    """Model it starts from."""
    training_method: str
    """full, lora, prompt."""
    status: str
    """pending, running, completed, failed, cancelled or parked."""
    config: dict[str, Any]
    """Recipe, data, seed, purpose."""
    created_at: str
    """UTC, ISO 8601."""
    started_at: str | None
    """UTC, ISO 8601."""
    completed_at: str | None
    """UTC, ISO 8601."""
    attempt: int
    """Number of the newest attempt."""
    failures: int
    """Attempts that failed."""
    result: dict[str, Any] | None
    """model, version, metrics, baseline, gate, reason; null until it is completed."""
    error: dict[str, Any] | None
    """code, message, hint and the last lines of the log of the newest failure."""
    logs: str
    """Where its log is."""


class TrainingJobsAnswer(BaseModel):
    """Training jobs, the newest first."""

    jobs: list[TrainingJobAnswer]
    """The jobs."""


class TrainingLogAnswer(BaseModel):
    """The log of a training job."""

    job_id: str
    """The job."""
    status: str
    """Its status."""
    lines: list[dict[str, Any]]
    """line (number), attempt, at (UTC), text."""
    next_after: int
    """Ask with ``after`` set to this for what comes later."""

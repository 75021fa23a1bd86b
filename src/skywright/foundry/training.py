"""From a recipe to a job, and from a job to what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from skywright.errors import GateError, InputError, SkywrightError
from skywright.foundry.distributed import refuse_unfit
from skywright.foundry.evaluate.checking import check_evaluate
from skywright.foundry.jobs.job import Job, JobRequest
from skywright.foundry.jobs.tending import Listener
from skywright.foundry.jobs.worker import Worker
from skywright.foundry.jobs.workplace import Workplace
from skywright.foundry.kind import kind_named
from skywright.foundry.recipe import Recipe
from skywright.logs import get_logger

_log = get_logger("skywright.training")

KEPT_BACK = "kept back"


@dataclass(frozen=True, slots=True)
class Ask:
    """A wish to train."""

    recipe: Recipe
    """What to train."""
    data: str = ""
    """Dataset, file, or folder of the files that the recipe needs; instead of the recipe's."""
    seed: int | None = None
    """Seed, instead of the recipe's."""
    owner: str = "local"
    """Who asks."""
    after: Sequence[str] = ()
    """Jobs that must be completed before."""
    priority: int = 0
    """Higher goes first."""
    purpose: str = "train"
    """Why: train, retrain, trial."""
    job_id: str | None = None
    """Id, for a job that must exist once only."""
    paths: bool = True
    """Whether data may be a path; not for those who ask from elsewhere."""
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Further facts for the config: ``start`` names the folder of a model to begin from."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a job."""

    job_id: str
    """The job."""
    model: str
    """Name of the model."""
    version: str
    """Its version."""
    metrics: dict[str, Any]
    """What was measured on rows that nobody learned from."""
    baseline: dict[str, Any] | None
    """The trivial baseline on the same rows."""
    gate: str
    """``passed`` or ``kept back``."""
    reason: str
    """Why, with the numbers."""
    champion: str | None
    """The version in use afterwards; None if there is none or it is the one that ships."""

    def refuse_kept_back(self) -> None:
        """Raise GateError if the model did not pass; it is on record all the same."""
        if self.gate == KEPT_BACK:
            message = f"Model {self.model}@{self.version} is kept back: {self.reason}"
            hint = f"Promote it by hand with: skywright models promote {self.model} {self.version}"
            raise GateError(message, hint=hint)


def submit(place: Workplace, ask: Ask) -> Job:
    """Put a wish on record as a job, its data pinned to what they are now.

    Raises
    ------
    InputError
        If the data are missing, unreadable, or lack a column; nothing is on record then.
    NotFoundError
        If the kind or the dataset does not exist.
    """
    recipe = ask.recipe
    refuse_unfit(recipe, kind_named(recipe.kind))
    check_evaluate(recipe)
    return place.queue.submit(
        JobRequest(
            name=recipe.name,
            recipe=recipe.model_dump(mode="json", exclude_unset=True),
            owner=ask.owner,
            data=pinned(place, recipe, ask.data or recipe.data, paths=ask.paths),
            seed=ask.seed,
            after=ask.after,
            priority=ask.priority,
            job_id=ask.job_id,
            purpose=ask.purpose,
            register=ask.purpose != "trial",
            extra=ask.extra,
        )
    )


def finish(place: Workplace, job: Job, listener: Listener | None = None) -> Outcome:
    """Do a job here, or watch another worker do it, to its end.

    Raises
    ------
    SkywrightError
        If it failed, was cancelled or parked; the sentence is the job's own.
    KeyboardInterrupt
        If a person stops it; the job is cancelled then, and can go again from its last checkpoint.
    """
    worker = Worker(place, listener)
    if job.launcher == "local":
        worker.refuse_impossible(job.needs)
    try:
        worker.run(only=job.id)
    except KeyboardInterrupt:
        place.queue.cancel(job.id, job.owner)
        raise
    return outcome_of(place, job.id)


def train(place: Workplace, ask: Ask, listener: Listener | None = None) -> Outcome:
    """Submit a job and carry it through; raises like `submit` and `finish`."""
    return finish(place, submit(place, ask), listener)


def outcome_of(place: Workplace, job_id: str) -> Outcome:
    """Return what came of a job that has ended; raises like `finish`."""
    job = place.queue.find(job_id)
    if job.status != "completed" or job.result is None:
        raise _told(job)
    result = dict(job.result)
    return Outcome(
        job_id=job.id,
        model=job.name,
        version=str(result.get("version", "")),
        metrics=result["metrics"],
        baseline=result.get("baseline"),
        gate=str(result.get("gate", "passed")),
        reason=str(result.get("reason", "")),
        champion=place.registry.version(job.name),
    )


def _told(job: Job) -> SkywrightError:
    error = job.error or {}
    reason = error.get("message", "it told no reason")
    sentence = f"Job {job.id} is {job.status}: {reason}"
    hint = error.get("hint") or f"Its log: skywright jobs logs {job.id}"
    if job.status == "parked":
        hint = f"{hint} Send it off again with: skywright jobs retry {job.id}"
    return SkywrightError(sentence if sentence.endswith(".") else f"{sentence}.", hint=hint)


def pinned(place: Workplace, recipe: Recipe, data: str, *, paths: bool = True) -> str:
    """Return an absolute folder, or the id of a dataset, made from a file if one is named.

    Raises
    ------
    InputError
        If a file or a column that the recipe needs is missing.
    NotFoundError
        If there is no such dataset.
    """
    path = Path(data).expanduser()
    if paths and path.is_dir() and not recipe.reads_data:
        _log.info("data left aside", recipe=recipe.name, folder=data, reason="it makes its own")
        return ""
    if recipe.reads_files and paths and (path.is_dir() if data else recipe.needs):
        there = [name for name in recipe.needs if (path / name).is_file()]
        _refuse_missing_files(recipe, there, str(path.absolute()))
        return str(path.absolute())
    if not data and not recipe.needs:
        return ""
    if paths and path.is_file():
        record = place.datasets.register_file(path.stem, path, licence=recipe.licence)
    else:
        record = place.datasets.find(data)
    if recipe.reads_files:
        there = [file["name"] for file in record.manifest["files"]]
        _refuse_missing_files(recipe, there, record.named)
    else:
        _refuse_missing_columns(recipe, place.datasets.columns(record))
    return str(record.id)


def _refuse_missing_files(recipe: Recipe, there: Sequence[str], where: str) -> None:
    missing = [name for name in recipe.needs if name not in there]
    if missing:
        message = (
            f"The recipe {recipe.name} needs {', '.join(missing)} under {where}, "
            "which is not there."
        )
        raise InputError(message, hint="Name another folder with --data, or collect the data.")


def _refuse_missing_columns(recipe: Recipe, columns: Sequence[str]) -> None:
    wanted = [*([recipe.target] if recipe.target else []), *recipe.features, *recipe.drop]
    missing = [name for name in wanted if name not in columns]
    if missing:
        message = f"The data of {recipe.name} have no column {missing[0]!r}."
        raise InputError(message, hint=f"Their columns are {', '.join(columns)}.")

"""From a claimed job to an order: its folder, its data, its champion, its command."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

from skywright.errors import NotFoundError
from skywright.foundry.distributed import argv as launched
from skywright.foundry.distributed import is_distributed
from skywright.foundry.jobs.job import Job
from skywright.foundry.jobs.launcher import Order
from skywright.foundry.jobs.local import CHILD
from skywright.foundry.jobs.workplace import Workplace
from skywright.foundry.recipe import Recipe, recipe_of
from skywright.foundry.registry import CHAMPION

SPEC = "spec.json"
"""File of an attempt folder that the child reads."""

_PRELOAD = {
    "sklearn": ("sklearn.ensemble", "skl2onnx"),
    "lightgbm": ("lightgbm", "sklearn.pipeline", "onnxmltools"),
    "torch": ("torch", "torch.onnx", "sklearn.compose"),
    "policy": ("torch", "stable_baselines3"),
    "llm": ("torch", "transformers.trainer", "peft"),
}
_ALWAYS = ("numpy", "polars", "onnxruntime", "skywright.foundry.attempt")


def recipe_of_job(job: Job) -> Recipe:
    """Return the recipe that a job was asked with."""
    return recipe_of(dict(job.config["recipe"]), job.name)


def order_of(place: Workplace, job: Job) -> Order:
    """Prepare an attempt: its folder, seeded from the last checkpoint, and its specification.

    Raises
    ------
    SkywrightError
        If the data or the kind is missing.
    """
    recipe = recipe_of_job(job)
    folder = place.runs / _safe(job.id) / f"attempt-{job.attempt:03d}"
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "checkpoints").mkdir(parents=True)
    _seed_checkpoints(folder)
    remote = job.launcher != "local"
    spec = {
        "job_id": job.id,
        "attempt": job.attempt,
        "folder": str(folder),
        "name": job.name,
        "recipe": job.config["recipe"],
        "seed": job.config["seed"],
        "lease_s": None if remote or is_distributed(recipe) else place.lease_s,
        "data": _data(place, job, recipe, folder),
        "champion": _champion(place, recipe.name),
        "rivals": _rivals(place, recipe),
        "start": job.config.get("start"),
        "also": _also(place, job),
    }
    (folder / SPEC).write_text(json.dumps(spec, indent=1), encoding="utf-8")
    return _order(place, job, recipe, folder)


def order_again(place: Workplace, job: Job, folder: Path) -> Order:
    """Return the order of an attempt that an earlier worker began and that still runs."""
    return _order(place, job, recipe_of_job(job), folder)


def _order(place: Workplace, job: Job, recipe: Recipe, folder: Path) -> Order:
    spec = folder / SPEC
    argv: tuple[str, ...] = (sys.executable, *CHILD)
    distributed = is_distributed(recipe)
    if distributed:
        command = tuple(launched(recipe, spec, sys.executable))
        leash = (sys.executable, "-m", "skywright.foundry.jobs.leash", str(place.lease_s))
        argv = (*leash, *command) if job.launcher == "local" else command
    else:
        argv = (*argv, str(spec))
    if recipe.run.env:
        from skywright.foundry.jobs.environments import python_for

        python = python_for(recipe.run.env, place.runs.parent / "environments")
        argv = tuple(str(python) if part == sys.executable else part for part in argv)
    return Order(
        job_id=job.id,
        attempt=job.attempt,
        spec=spec,
        argv=argv,
        preload=(*_ALWAYS, *_PRELOAD.get(recipe.kind, ())),
        warm=not distributed and not recipe.run.env,
        cpus=job.needs.cpus,
        gpus=job.needs.gpus,
        memory_gb=job.needs.memory_gb,
    )


def _data(place: Workplace, job: Job, recipe: Recipe, folder: Path) -> dict[str, Any]:
    """Say where the child finds its rows or files."""
    named = str(job.config.get("data") or "")
    if recipe.reads_files and Path(named).is_absolute():
        return {"folder": named}
    if not named:
        return {}
    record = place.datasets.find(named)
    if recipe.reads_files:
        files = folder / "data"
        place.datasets.materialise(record, files)
        return {"folder": str(files), "dataset_id": record.id}
    paths = [str(path) for path in place.datasets.paths(record)]
    return {"table": paths, "dataset_id": record.id, "licence": record.licence}


def _also(place: Workplace, job: Job) -> dict[str, Any]:
    """Say where the further tables of a job are."""
    found = {}
    for name, dataset in dict(job.config.get("also") or {}).items():
        record = place.datasets.find(dataset)
        found[name] = {"path": str(place.datasets.paths(record)[0]), "dataset_id": record.id}
    return found


def _champion(place: Workplace, name: str) -> dict[str, Any] | None:
    """Say what is in use, so that the child can judge both on the same rows."""
    try:
        folder = place.registry.champion(name)
    except NotFoundError:
        return None
    facts = place.registry.facts(name) or {}
    return {
        "name": name,
        "version": str(facts.get("version", "shipped")),
        "folder": str(folder),
        "recipe": facts.get("recipe"),
        "seed": facts.get("seed"),
        "metrics": facts.get("metrics"),
        "dataset_id": (facts.get("data") or {}).get("dataset_id"),
    }


def _rivals(place: Workplace, recipe: Recipe) -> dict[str, Any]:
    """Say where the models in use are that the recipe names as baselines.

    Raises
    ------
    NotFoundError
        If one of them does not exist.
    """
    found = {}
    for text in recipe.evaluate.baseline:
        name, at, alias = text.partition("@")
        if at and alias == CHAMPION and name != recipe.name:
            place.registry.champion(name)
            found[text] = _champion(place, name)
    return found


def _seed_checkpoints(folder: Path) -> None:
    """Copy the newest complete checkpoint of earlier attempts; a copy, for zombies may write."""
    complete = [
        path
        for path in folder.parent.glob("attempt-*/checkpoints/step-*")
        if not path.is_relative_to(folder)
    ]
    if complete:
        newest = max(complete, key=lambda path: path.name)
        shutil.copytree(newest, folder / "checkpoints" / newest.name)


def _safe(job_id: str) -> str:
    return "".join(c if c.isalnum() or c in "-_@." else "-" for c in job_id)

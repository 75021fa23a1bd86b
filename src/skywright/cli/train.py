"""``skywright train`` and ``retrain``: from a recipe to a model in use, or to one kept back."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from skywright.cli.output import AsJson, emit_json
from skywright.cli.progress import told_on_stderr

if TYPE_CHECKING:
    from skywright.foundry.training import Outcome


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.command()(train)
    app.command()(retrain)


def train(
    recipe: Annotated[str, typer.Argument(help="Name of a recipe, or a TOML file.")],
    data: Annotated[
        str, typer.Option("--data", help="Dataset, file, or folder of training data.")
    ] = "",
    seed: Annotated[int | None, typer.Option(help="Instead of the recipe's.", min=0)] = None,
    on: Annotated[str | None, typer.Option(help="local, ray or k8s.")] = None,
    after: Annotated[
        list[str] | None, typer.Option(help="Job that must be completed before.")
    ] = None,
    priority: Annotated[int, typer.Option(help="Higher goes first.")] = 0,
    detach: Annotated[bool, typer.Option("--detach", help="Leave it to a worker.")] = False,
    as_json: AsJson = False,
) -> None:
    """Train a model; one that does not pass its gate is kept back (exit code 4)."""
    from skywright.foundry.jobs.workplace import Workplace
    from skywright.foundry.recipe import load_recipe, recipe_of
    from skywright.foundry.training import Ask, finish, submit

    chosen = load_recipe(recipe)
    if on is not None:
        given = chosen.model_dump(mode="json", exclude_unset=True)
        given["run"] = {**given.get("run", {}), "on": on}
        chosen = recipe_of(given, recipe)
    with Workplace.of() as place:
        job = submit(place, Ask(chosen, data, seed, after=after or (), priority=priority))
        if detach:
            _tell_job({"job_id": job.id, "status": job.status}, as_json=as_json)
            return
        with told_on_stderr(job) as listener:
            outcome = finish(place, job, listener)
    tell(outcome, as_json=as_json)


def retrain(
    data: Annotated[Path, typer.Option("--data", help="Folder of the training data.")],
    as_json: AsJson = False,
) -> None:
    """Train the hazard network again with the labels that people gave."""
    from skywright.foundry.jobs.workplace import Workplace
    from skywright.neo.retrain import retrain_with_labels

    with Workplace.of() as place:
        outcome = retrain_with_labels(data, place)
    tell(outcome, as_json=as_json)


def tell(outcome: Outcome, *, as_json: bool) -> None:
    """Print what came of a job; raises GateError if the model was kept back."""
    if as_json:
        emit_json(asdict(outcome))
    elif outcome.champion == outcome.version:
        typer.echo(f"{outcome.model}@{outcome.version} is in use: {outcome.reason}")
    else:
        typer.echo(f"{outcome.model}@{outcome.version}: {outcome.reason}")
    outcome.refuse_kept_back()


def _tell_job(told: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        emit_json(told)
    else:
        typer.echo(f"Job {told['job_id']} is {told['status']}.")

"""``skywright train`` and ``retrain``: from a recipe to a model in use, or to one kept back."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from skywright.cli.output import AsJson, emit_json
from skywright.cli.progress import told_on_stderr

if TYPE_CHECKING:
    from skywright.foundry.recipe import Recipe
    from skywright.foundry.training import Outcome


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.command()(train)
    app.command()(retrain)


def train(
    recipes: Annotated[
        list[str], typer.Argument(help="Names of recipes, or TOML files; trained one by one.")
    ],
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
    """Train models; one that does not pass its gate is kept back (exit code 4)."""
    from skywright.foundry.jobs.workplace import Workplace
    from skywright.foundry.training import Ask, finish, submit

    chosen = [_recipe_on(name, on) for name in recipes]
    outcomes: list[Outcome] = []
    submitted = []
    with Workplace.of() as place:
        for one in chosen:
            job = submit(place, Ask(one, data, seed, after=after or (), priority=priority))
            if detach:
                submitted.append({"job_id": job.id, "status": job.status})
                continue
            with told_on_stderr(job) as listener:
                outcomes.append(finish(place, job, listener))
            if not as_json:
                _tell_outcome(outcomes[-1])
    if detach:
        _tell_jobs(submitted, as_json=as_json)
    elif as_json:
        told = [asdict(outcome) for outcome in outcomes]
        emit_json(told[0] if len(told) == 1 else {"outcomes": told})
    for outcome in outcomes:
        outcome.refuse_kept_back()


def _recipe_on(name: str, on: str | None) -> Recipe:
    from skywright.foundry.recipe import load_recipe, recipe_of

    recipe = load_recipe(name)
    if on is None:
        return recipe
    given = recipe.model_dump(mode="json", exclude_unset=True)
    given["run"] = {**given.get("run", {}), "on": on}
    return recipe_of(given, name)


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
    else:
        _tell_outcome(outcome)
    outcome.refuse_kept_back()


def _tell_outcome(outcome: Outcome) -> None:
    if outcome.champion == outcome.version:
        typer.echo(f"{outcome.model}@{outcome.version} is in use: {outcome.reason}")
    else:
        typer.echo(f"{outcome.model}@{outcome.version}: {outcome.reason}")


def _tell_jobs(jobs: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        emit_json(jobs[0] if len(jobs) == 1 else {"jobs": jobs})
    else:
        for job in jobs:
            typer.echo(f"Job {job['job_id']} is {job['status']}.")

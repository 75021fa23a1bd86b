"""``skywright tune``: search for better parameters, then train with the best."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from skywright.cli.output import AsJson, emit_json


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command()(tune)


def tune(
    recipe: Annotated[str, typer.Argument(help="A recipe with a table [tune], or its TOML file.")],
    data: Annotated[str, typer.Option("--data", help="Dataset or file, not the recipe's.")] = "",
    trials: Annotated[
        int | None, typer.Option("--trials", min=1, help="Trials in all, not the recipe's.")
    ] = None,
    detach: Annotated[
        bool, typer.Option("--detach", help="Leave the jobs to workers elsewhere.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Search for better parameters; each trial is a job, and the best one trains the model."""
    from skywright.foundry.jobs.workplace import Workplace
    from skywright.foundry.recipe import load_recipe
    from skywright.foundry.tuning import tuned

    found = tuned(Workplace.of(), load_recipe(recipe), data, trials=trials, detach=detach)
    if as_json:
        emit_json(asdict(found))
        return
    for row in found.trials:
        value = "" if row["value"] is None else f"{row['value']:.6g}"
        told = row["reason"] or row["params"]
        typer.echo(f"{row['number']:4d}  {row['state']:9s} {value:>12s}  {told}")
    typer.echo(f"best {found.metric} = {found.best_value} with {found.best_params}")
    if found.job_id:
        typer.echo(f"job {found.job_id} trains the model; skywright jobs show {found.job_id}")

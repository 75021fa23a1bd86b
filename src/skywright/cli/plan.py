"""``skywright plan``: what a training needs, and whether this machine will do."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from skywright.cli.output import AsJson, emit_json

if TYPE_CHECKING:
    from skywright.foundry.plan import Plan


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command()(plan)


def plan(
    recipe: Annotated[str, typer.Argument(help="Name of a recipe, or a TOML file.")],
    data: Annotated[str, typer.Option("--data", help="Dataset or file to train on.")] = "",
    gpu_gb: Annotated[
        float | None, typer.Option(help="Memory of an accelerator [GB], as if it were here.", min=0)
    ] = None,
    most_local: Annotated[
        int | None, typer.Option(help="Parameters from which to train elsewhere.", min=0)
    ] = None,
    probe: Annotated[
        bool, typer.Option("--probe", help="Measure a few updates, to tell the time.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Tell memory, disk and time of a training, and where it should run; trains nothing."""
    from skywright.foundry.machine import this_machine
    from skywright.foundry.plan import MOST_LOCAL
    from skywright.foundry.plan import plan as planned
    from skywright.foundry.planning import table_of, timed
    from skywright.foundry.recipe import load_recipe
    from skywright.settings import get_settings

    chosen = load_recipe(recipe)
    machine = this_machine(get_settings().data_dir)
    if gpu_gb is not None:
        machine = replace(machine, gpus=max(1, int(chosen.run.gpus)), gpu_gb=gpu_gb)
        needs = chosen.run.model_copy(update={"gpus": max(1.0, chosen.run.gpus)})
        chosen = chosen.model_copy(update={"run": needs})
    table = table_of(data or chosen.data)
    told = planned(chosen, machine, table, MOST_LOCAL if most_local is None else most_local)
    told = timed(chosen, told) if probe else told
    if as_json:
        emit_json(told.told())
    else:
        _print(told)


def _print(told: Plan) -> None:
    typer.echo(f"{told.recipe}: {told.verdict}")
    for line in told.reasons:
        typer.echo(f"  {line}")
    if told.parameters is not None:
        learn = f"{told.trainable:,} of {told.parameters:,} weights learn ({told.parameters_from})"
        typer.echo(f"  {learn}")
    parts = ", ".join(f"{name} {value:.3g}" for name, value in told.memory_gb.items())
    typer.echo(f"  memory [GB]: {parts or 'unknown'}")
    for method, need in told.methods.items():
        chosen = " (the recipe's)" if method == told.method else ""
        rule = f"{need['rule']:.3g} GB by the rule of thumb"
        typer.echo(f"  {method}{chosen}: {need['derived']:.3g} GB derived, {rule}")
    typer.echo(f"  disk: {told.disk_gb:.3g} GB")
    time = "unknown" if told.seconds is None else f"{told.seconds:.0f} s at most"
    typer.echo(f"  time: {time}")
    for line in told.warnings:
        typer.echo(f"  note: {line}")

"""``skywright ssa watch``: whether behaviour drifts, and how often passive objects raise alarms."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from skywright.cli.output import AsJson, emit_json


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(watch)


def watch(
    history: Annotated[Path, typer.Option("--history", help="Element sets, one object or many.")],
    reference: Annotated[
        Path | None,
        typer.Option(
            "--reference", help="Element sets to compare with; the training's if left out."
        ),
    ] = None,
    passive: Annotated[
        list[int] | None,
        typer.Option(
            help="Number of an object that cannot manoeuvre; repeatable. "
            "Those without a detected manoeuvre if left out."
        ),
    ] = None,
    level: Annotated[float, typer.Option(help="p-value below which a window is an alarm.")] = 0.01,
    every_d: Annotated[float, typer.Option(help="Days between two windows of an object.")] = 1.0,
    as_json: AsJson = False,
) -> None:
    """Tell drift of the slots of behaviour by regime, and alarms per object-year."""
    from skywright.ssa.behaviour.drift import watch as watched
    from skywright.ssa.behaviour.encoder import MODEL, encoder_in_use
    from skywright.ssa.model_facts import facts_of
    from skywright.ssa.records.reading import read_history

    told = watched(
        encoder_in_use(),
        read_history(history),
        reference=None if reference is None else read_history(reference),
        passive=passive or None,
        level=level,
        every_d=every_d,
    )
    told["model"] = facts_of(MODEL)
    if as_json:
        emit_json(told)
        return
    typer.echo(f"{told['windows']} windows of {told['objects']} objects")
    for regime, one in told["drift"].items():
        typer.echo(f"{regime}: {_drift(one, told['residuals'][regime])}")
    for regime, least in told["least_p"].items():
        if least >= level:
            typer.echo(
                f"{regime}: no p-value is below {least:.3f}, so there is no alarm at {level:g}"
            )
    typer.echo(f"alarms, all objects: {_rate(told['alarms']['all'])}")
    if told["passive_alarms"] is None:
        typer.echo("alarms, passive objects: none is known to be passive")
    else:
        typer.echo(f"alarms, passive objects: {_rate(told['passive_alarms']['all'])}")


def _drift(slots: dict[str, Any], residuals: dict[str, Any]) -> str:
    if "note" in slots:
        return str(slots["note"])
    named = ", ".join(slots["drifted"][:5]) or "none"
    return (
        f"{len(slots['drifted'])} slots drifted ({named}); "
        f"residuals {residuals['ratio']:.2f} times those of the reference"
    )


def _rate(one: dict[str, Any]) -> str:
    low, high = one["interval"]
    return (
        f"{one['alarms']} in {one['object_years']:.2f} object-years, "
        f"{one['per_object_year']:.2f} a year ({low:.2f} to {high:.2f})"
    )

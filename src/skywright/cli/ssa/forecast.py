"""``skywright ssa forecast``: the last probability of encounters, foretold from those so far."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from skywright.cli.output import AsJson, emit_json


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(forecast)


def forecast(
    messages: Annotated[
        list[Path] | None, typer.Argument(help="Conjunction messages of one or many encounters.")
    ] = None,
    history: Annotated[
        Path | None,
        typer.Option(
            help="Instead, a row a message: event_id, created_utc, tca_utc and a probability. "
            "Parquet, CSV or JSON."
        ),
    ] = None,
    column: Annotated[
        str, typer.Option(help="Column of the probability, for one hard-body radius.")
    ] = "pc",
    flag: Annotated[
        float, typer.Option(help="Last probability whose reaching is foretold.")
    ] = 1e-5,
    lead: Annotated[
        float,
        typer.Option(help="Use only messages at least so many days before the approach.", min=0.0),
    ] = 0.0,
    hbr_m: Annotated[
        float | None, typer.Option("--hbr", help="Hard-body radius instead of the messages' [m].")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Foretell the last probability of each encounter, with quantiles and a flag."""
    from skywright.errors import InputError
    from skywright.ssa.conjunction.final_pc import forecast as told_of
    from skywright.ssa.conjunction.message_history import history_of_messages
    from skywright.ssa.conjunction.pc_history import events_of, leads, read_pc_history
    from skywright.ssa.records.cdm import read_cdm

    if (history is None) == (not messages):
        message = "Give either messages or --history, one of both."
        raise InputError(message)
    if history is not None:
        events = read_pc_history(history, column)
    else:
        events = events_of(history_of_messages([read_cdm(one) for one in messages or ()], hbr_m))
    told = told_of(leads(events, lead), flag_pc=flag)
    if as_json:
        emit_json(told)
        return
    for one in told["events"]:
        word = "flagged" if one["flagged"] else "not flagged"
        low, high = one["quantiles"]["0.05"], one["quantiles"]["0.95"]
        typer.echo(
            f"{one['event_id']}: now {one['pc_now']:.1e}, {one['days_to_tca']:.1f} d before; "
            f"{one['chance_at_least_flag']:.0%} that the last is {flag:.0e} or more ({word}); "
            f"{low:.1e} to {high:.1e}"
        )

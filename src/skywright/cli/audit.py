"""``skywright audit``: whether the trail is what was written."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from skywright.cli.output import AsJson, emit_json

app = typer.Typer(help="The audit trail.", no_args_is_help=True)


@app.callback()
def _audit() -> None:
    """Keep ``verify`` a verb of its own while it is the only one."""


@app.command()
def verify(
    head: Annotated[
        str, typer.Option(help="Head noted after an earlier check; it must be in the chain.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Follow the chain of hashes; exits with 1 where it is broken."""
    from skywright.store.audit import walk_audit
    from skywright.store.database import Database

    state = walk_audit(Database.of(), head.strip().lower())
    if as_json:
        emit_json({"good": state.good, **asdict(state)})
    elif state.broken_id is not None:
        typer.echo(
            f"The trail is broken at row {state.broken_id}: it was changed, or rows before it were "
            f"changed or removed. {state.rows} rows before it are as they were written.",
            err=True,
        )
    elif not state.holds_noted:
        typer.echo(
            f"The trail fits together, but the head {head} is not in it: its end was removed, or "
            "it was written anew.",
            err=True,
        )
    else:
        typer.echo(f"{state.rows} rows hold. Note the head elsewhere: {state.head}", err=True)
    if not state.good:
        raise typer.Exit(1)

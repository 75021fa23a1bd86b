"""``skywright backup`` and ``skywright restore``."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from skywright.cli.output import AsJson, emit_json

if TYPE_CHECKING:
    from skywright.security.restore import Restored


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command()(backup)
    app.command()(restore)


def backup(
    file: Annotated[Path, typer.Argument(help="Tar file to write.", dir_okay=False)],
    with_keys: Annotated[
        bool, typer.Option("--with-keys", help="Put master key, salt and signing key in as well.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Write database, blobs, models and encrypted files into one archive; the server may run."""
    from skywright.security.backup import make_backup
    from skywright.settings import get_settings
    from skywright.store.database import Database

    settings = get_settings()
    made = make_backup(settings, Database.of(settings), file, with_keys=with_keys)
    if as_json:
        emit_json({"file": str(file), **asdict(made)})
        return
    rows = sum(made.manifest.rows.values())
    typer.echo(f"{len(made.manifest.files)} files and {rows} rows written to {file}.", err=True)
    if with_keys:
        typer.echo("It holds the keys: who has it can read everything. Keep it safe.", err=True)
    if made.keys_elsewhere:
        told = ", ".join(made.keys_elsewhere)
        typer.echo(f"Not in it, and needed with it; keep them elsewhere: {told}.", err=True)
    if made.left_out:
        typer.echo(f"Left out: {', '.join(made.left_out)}.", err=True)


def restore(
    file: Annotated[Path, typer.Argument(help="Tar file of a backup.", dir_okay=False)],
    verify: Annotated[
        bool, typer.Option("--verify", help="Try it in a temporary place and change nothing.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Go on where data is; files are moved aside.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Put a backup in place, all of it or nothing; stop the server first."""
    from skywright.security.restore import restore_backup, verify_backup
    from skywright.settings import get_settings
    from skywright.store.database import Database

    settings = get_settings()
    database = Database.of(settings)
    if verify:
        done = verify_backup(settings, database, file)
    else:
        done = restore_backup(settings, database, file, force=force)
    if as_json:
        emit_json({"file": str(file), "changed": not verify, **asdict(done)})
    else:
        _tell(done, changed=not verify)
    if done.audit_broken_id is not None:
        raise typer.Exit(1)


def _tell(done: Restored, *, changed: bool) -> None:
    rows = sum(done.manifest.rows.values())
    verb = "restored" if changed else "checked; nothing was changed"
    lines = [f"{len(done.manifest.files)} files and {rows} rows of {done.manifest.made_at} {verb}."]
    if done.signed == "unknown":
        lines.append("It is signed by an installation that is not known here.")
    if not done.database_opened:
        lines.append(
            "The database is a dump of PostgreSQL; set SKYWRIGHT_DATABASE_URL to have it tried too."
        )
    if done.audit_broken_id is not None:
        lines.append(f"The audit trail in it is broken at row {done.audit_broken_id}.")
    if done.aside:
        lines.append(f"What was there before is in {done.aside}.")
    if done.keys_missing:
        lines.append(
            f"Missing here and in the archive: {', '.join(done.keys_missing)}. Without the master "
            "key uploads stay closed; without the salt nobody is found by name."
        )
    for line in lines:
        typer.echo(line, err=True)

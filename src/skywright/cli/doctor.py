"""``skywright doctor``: whether this machine and this installation are fit for use."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

from skywright.cli.output import AsJson, emit_json

if TYPE_CHECKING:
    from skywright.cli.checks import Check
    from skywright.store.database import Database

_MARKS = {"good": "ok  ", "note": "note", "bad": "BAD "}


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(doctor)


def doctor(as_json: AsJson = False) -> None:
    """Look at everything that use depends on, and say how to mend it; exits with 0 when usable."""
    checks = list(_checks())
    usable = all(check.state != "bad" for check in checks)
    if as_json:
        emit_json({"usable": usable, "checks": [asdict(check) for check in checks]})
    else:
        for check in checks:
            mend = f"  ->  {check.fix}" if check.fix else ""
            typer.echo(f"{_MARKS[check.state]}  {check.name:<16} {check.told}{mend}")
    if not usable:
        raise typer.Exit(1)


def _checks() -> Iterator[Check]:
    from skywright.cli import checks, store_checks
    from skywright.settings import get_settings
    from skywright.store.database import HEAD, Database

    settings = get_settings()
    database = Database.of(settings)
    yield checks.check_python()
    yield from checks.check_machine()
    yield from checks.check_disk(settings)
    yield store_checks.check_database(database)
    newest = ""
    if _is_at(database, HEAD):
        yield store_checks.check_keys(settings, database)
        yield store_checks.check_vault(settings, database)
        yield store_checks.check_audit(database)
        newest = store_checks.newest_write(database)
        database.close()
    else:
        yield store_checks.check_no_keys(settings)
    yield from store_checks.check_secrets(settings)
    yield checks.check_clock(newest)
    yield from store_checks.check_servers(settings)
    yield from checks.check_extras()


def _is_at(database: Database, head: str) -> bool:
    from skywright.errors import SkywrightError

    try:
        return database.revision() == head
    except SkywrightError:  # told by the check of the database
        return False

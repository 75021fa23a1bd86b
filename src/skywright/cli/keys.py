"""``skywright keys``: who may use the server from where."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from skywright.cli.output import AsJson, emit_json

if TYPE_CHECKING:
    from skywright.store.keys import KeyRecord

app = typer.Typer(help="API keys: make, list, revoke.", no_args_is_help=True)


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="What the key is for.")],
    role: Annotated[str, typer.Option(help="viewer, analyst, trainer or admin.")] = "analyst",
    expires: Annotated[
        str | None,
        typer.Option(help="When it ends: 12h, 30d, 8w, 1y or a date; never if left out."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a key and print it, this once only."""
    from datetime import UTC, datetime

    from skywright.security.expiry import read_expiry
    from skywright.security.keys import new_key
    from skywright.security.roles import Role
    from skywright.store.database import Database
    from skywright.store.keys import add_key

    label = Role.named(role).label
    end = read_expiry(expires, datetime.now(UTC)) if expires is not None else None
    key = new_key()
    record = add_key(
        Database.of(), prefix=key.prefix, sha256=key.sha256, name=name, role=label, expires_at=end
    )
    if as_json:
        emit_json({"key": key.secret, **asdict(record)})
        return
    typer.echo(key.secret)
    typer.echo(
        f"Key {key.prefix} ({name}, {label}, {_ending(record)}). It is shown this once; keep it "
        "safe. Requests without a key are refused from now on.",
        err=True,
    )


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """List all keys, revoked and expired ones included."""
    from skywright.store.database import Database
    from skywright.store.keys import list_keys

    records = list_keys(Database.of())
    if as_json:
        emit_json({"keys": [asdict(record) for record in records]})
        return
    for record in records:
        typer.echo(
            f"{record.prefix}  {record.role:<8}  {record.created_at}  {_state(record)}  "
            f"{record.name}"
        )
    if not records:
        typer.echo("There are no keys: only requests from this machine are answered.", err=True)


@app.command()
def revoke(
    key: Annotated[str, typer.Argument(help="Prefix or name of the key.")], as_json: AsJson = False
) -> None:
    """Revoke a key; a running server refuses it within a second."""
    from skywright.store.database import Database
    from skywright.store.keys import revoke_key

    record = revoke_key(Database.of(), key)
    if as_json:
        emit_json(asdict(record))
    else:
        typer.echo(f"Key {record.prefix} ({record.name}) is revoked.", err=True)


def _ending(record: KeyRecord) -> str:
    return f"expires {record.expires_at}" if record.expires_at else "never expires"


def _state(record: KeyRecord) -> str:
    from skywright.store.database import utc_now

    if record.revoked_at:
        return f"revoked {record.revoked_at}"
    if record.expires_at and record.expires_at <= utc_now():
        return f"expired {record.expires_at}"
    return f"good, {_ending(record)}"

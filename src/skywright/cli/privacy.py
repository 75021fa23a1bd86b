"""``skywright privacy``: what is stored of a person, taken out or erased."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from skywright.settings import Settings

from skywright.cli.output import AsJson, emit_json

app = typer.Typer(help="What is stored of a person: export, erase.", no_args_is_help=True)

User = Annotated[
    str,
    typer.Argument(
        help="Name as given to the API, a pseudonym u_..., or a key by its prefix or name."
    ),
]
Key = Annotated[
    list[str] | None,
    typer.Option("--key", help="Prefix of a key the person used; all keys and local if left out."),
]


@app.command()
def export(
    user: User,
    out: Annotated[Path, typer.Option("--out", help="ZIP file to write.", dir_okay=False)],
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Write everything stored of a person, uploads decrypted, into a ZIP file."""
    from skywright.security.privacy import export_person, find_person
    from skywright.settings import get_settings
    from skywright.store.database import Database

    settings = get_settings()
    database = Database.of(settings)
    kept = _Kept(settings)
    person = find_person(settings, database, user, key or (), kept)
    counts = export_person(settings, database, person, out, kept)
    if as_json:
        emit_json({"out": str(out), "pseudonyms": person.pseudonyms, "rows": counts})
        return
    told = ", ".join(f"{count} {name}" for name, count in counts.items())
    typer.echo(f"{told} written to {out}; it is not encrypted.", err=True)


@app.command()
def erase(user: User, key: Key = None, as_json: AsJson = False) -> None:
    """Erase everything stored of a person, and say which models learned from it."""
    from skywright.security.privacy import erase_person, find_person
    from skywright.settings import get_settings
    from skywright.store.database import Database

    settings = get_settings()
    database = Database.of(settings)
    kept = _Kept(settings)
    person = find_person(settings, database, user, key or (), kept)
    erased = erase_person(settings, database, person, kept)
    if as_json:
        emit_json({"pseudonyms": person.pseudonyms, **asdict(erased)})
        return
    told = ", ".join(f"{count} {name}" for name, count in erased.counts.items())
    typer.echo(f"Erased: {told}. Backups made before still hold them.", err=True)
    for dataset in erased.datasets:
        typer.echo(f"Dataset {dataset['name']} {dataset['version']} was made from it.", err=True)
    for model in erased.models:
        typer.echo(f"Model {model['name']} {model['version']} must be trained again.", err=True)


class _Kept:
    """Conversations by the prefix of the key that made them; ``local`` is this machine."""

    def __init__(self, settings: Settings) -> None:
        from skywright.assistant.memory.person import KeptConversations

        self._conversations = KeptConversations(settings)

    def count(self, keys: Sequence[str]) -> dict[str, int]:
        return self._conversations.count(_owners(keys))

    def members(self, keys: Sequence[str]) -> Iterator[tuple[str, bytes | Path]]:
        return self._conversations.members(_owners(keys))

    def erase(self, keys: Sequence[str]) -> dict[str, int]:
        return self._conversations.erase(_owners(keys))


def _owners(keys: Sequence[str]) -> list[str]:
    from skywright.security.callers import LOCAL

    return ["" if key == LOCAL else key for key in keys]

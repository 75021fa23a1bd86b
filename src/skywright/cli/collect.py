"""``skywright collect``: public data into the data folder."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from skywright.cli.output import AsJson, emit_json

if TYPE_CHECKING:
    from rich.progress import Progress


class _NameOrCommand(TyperGroup):
    """Takes the name of a source for a command, so that ``collect spacex`` needs no third word."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args and not args[0].startswith("-") and args[0] not in self.commands:
            args = ["source", *args]
        return super().resolve_command(ctx, args)


app = typer.Typer(help="Collect public data.", no_args_is_help=True, cls=_NameOrCommand)


@app.callback()
def _collect() -> None:
    """Collect public data: near-Earth objects, or a source by name, as in ``collect spacex``."""


@app.command()
def source(
    name: Annotated[str, typer.Argument(help="As skywright sources lists it.")],
    since: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Records of this day (UTC) and later."),
    ] = None,
    limit: Annotated[int | None, typer.Option(help="Most rows of each table.", min=1)] = None,
    text: Annotated[
        bool, typer.Option(help="Add what the rows say in words to the knowledge base.")
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Collect one source into datasets; the word ``source`` may be left out."""
    from skywright.assistant.knowledge.collected import keeper
    from skywright.foundry.collect.public import collect_public
    from skywright.settings import get_settings
    from skywright.sources.collecting import Wish

    wish = Wish(since.date() if since else None, limit)
    with _bars() as bars:
        told = collect_public(
            name,
            wish,
            get_settings(),
            progress=_Teller(bars),
            keep_texts=keeper(get_settings()) if text else None,
        )
    if as_json:
        emit_json(told)
    else:
        for one in told["datasets"]:
            rows = f"{one['dataset'] or one['part']:32s} {one['rows']:>9d} rows"
            typer.echo(rows + _texts_in_words(one.get("texts")), err=True)
        typer.echo(f"{told['state']}. {told['remark']}".rstrip(), err=True)
    _end_with_failures(told["failed"])


@app.command()
def neo(
    provider: Annotated[
        list[str] | None,
        typer.Option(help="sbdb, sentry, neocc, cad, mpc; repeatable; all but mpc if not given."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder of the result.", file_okay=False)
    ] = None,
    limit: Annotated[int | None, typer.Option(help="Most objects.", min=1)] = None,
    with_covariance: Annotated[
        int, typer.Option(help="Covariances of so many objects, the most threatening first.", min=0)
    ] = 0,
    as_json: AsJson = False,
) -> None:
    """Collect near-Earth objects from JPL, ESA and the Minor Planet Center."""
    from skywright.neo.collecting import DEFAULT, Wish, collect
    from skywright.settings import get_settings

    wish = Wish(tuple(dict.fromkeys(provider or DEFAULT)), limit, with_covariance)
    with _bars() as bars:
        manifest = collect(wish, get_settings(), out=out, progress=_Teller(bars))
    if as_json:
        emit_json(manifest)
    else:
        _say(manifest)
    _end_with_failures(manifest["failed"])


def _texts_in_words(counts: dict[str, int] | None) -> str:
    if counts is None:
        return ""
    names = {"documents": "new", "replaced": "replaced", "known_before": "there before"}
    told = ", ".join(f"{counts[key]} {words}" for key, words in names.items() if counts[key])
    return f"; in the knowledge base {told or 'nothing new'}"


def _end_with_failures(failed: dict[str, str]) -> None:
    for name, reason in failed.items():
        typer.echo(f"error: without {name}: {reason}", err=True)
    if failed:
        raise typer.Exit(3)


def _bars() -> Progress:
    """Return progress bars on standard error, so that standard output stays clean."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
    )


class _Teller:
    """Turns what the collection says into bars, one for each kind of work."""

    def __init__(self, bars: Progress) -> None:
        self._bars = bars
        self._tasks: dict[str, Any] = {}

    def __call__(self, what: str, done: int, total: int) -> None:
        if what not in self._tasks:
            self._tasks[what] = self._bars.add_task(what, total=total or None)
        self._bars.update(self._tasks[what], completed=done, total=total or None)


def _say(manifest: dict[str, Any]) -> None:
    rows = manifest["files"]["neo.parquet"]["rows"]
    dropped = sum(manifest["cleaning"]["dropped"].values())
    splits = ", ".join(f"{name} {count}" for name, count in sorted(manifest["splits"].items()))
    typer.echo(f"{rows} objects ({dropped} rows dropped); {splits}", err=True)

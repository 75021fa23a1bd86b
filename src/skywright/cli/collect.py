"""``skywright collect``: public data into the data folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from skywright.cli.output import AsJson, emit_json

if TYPE_CHECKING:
    from rich.progress import Progress

app = typer.Typer(help="Collect public data.", no_args_is_help=True)


@app.callback()
def _collect() -> None:
    """Collect public data."""


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
    if manifest["failed"]:
        for name, reason in manifest["failed"].items():
            typer.echo(f"error: without {name}: {reason}", err=True)
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

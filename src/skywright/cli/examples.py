"""``skywright assistant examples``: conversations to train language models with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from skywright.cli.output import AsJson, emit_json

if TYPE_CHECKING:
    from skywright.assistant.examples.reporting import Report

app = typer.Typer(help="Examples to train language models with.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Examples to train language models with: every step in them was really taken."""


@app.command()
def build(
    out: Annotated[Path, typer.Option(help="File of examples, one JSON a line.")],
    count: Annotated[int, typer.Option(min=5, help="Examples in all.")] = 700,
    seed: Annotated[int, typer.Option(help="Decides objects, words and parts.")] = 1,
    catalogues: Annotated[
        list[Path] | None,
        typer.Option(help="Folder of catalogue files; may be repeated. Those installed if none."),
    ] = None,
    recorded: Annotated[
        list[Path] | None,
        typer.Option(help="Folder of recorded answers of services; may be repeated."),
    ] = None,
    report: Annotated[Path | None, typer.Option(help="Write the report here, as JSON.")] = None,
    as_json: AsJson = False,
) -> None:
    """Build examples by running the tools on this machine; gates refuse what is not right.

    A build that was stopped goes on where the same command is given again.
    """
    import json

    from skywright.assistant.examples.building import build
    from skywright.assistant.examples.reporting import Order
    from skywright.settings import get_settings

    folders = tuple(catalogues or [get_settings().catalogues_dir]) + tuple(recorded or [])
    try:
        built = build(Order(out, count, seed, folders), on_progress=_progress)
    except KeyboardInterrupt:
        typer.echo("Stopped; the same command goes on with what was made so far.", err=True)
        raise
    told = built.to_dict()
    if report is not None:
        report.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    if as_json:
        emit_json(told)
    else:
        _tell(built)
    for category, missing in built.short().items():
        typer.echo(f"{category}: {missing} fewer than wanted; see what was refused.", err=True)


def _progress(category: str, done: int, of: int) -> None:
    typer.echo(f"{category}: {done} of {of}", err=True)


def _tell(built: Report) -> None:
    told = built.to_dict()
    if told["gone_on_from"]:
        typer.echo(f"Went on from {told['gone_on_from']} attempts of a stopped build.", err=True)
    for name, number in told["by_category"].items():
        typer.echo(f"{name:18s} {number}")
    splits = ", ".join(f"{name} {number}" for name, number in told["by_split"].items())
    typer.echo(f"{told['examples']} examples in {told['file']} ({splits})")
    for gate, one in told["refused"].items():
        number = sum(one["by_category"].values())
        typer.echo(f"refused by {gate}: {number}, such as: {next(iter(one['reasons']))}", err=True)

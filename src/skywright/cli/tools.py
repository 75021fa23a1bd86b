"""``skywright tools``: what an assistant may run, and the same by hand."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from skywright.cli.ask import settings_with
from skywright.cli.chat_printing import printable
from skywright.cli.output import AsJson, emit_json

if TYPE_CHECKING:
    import polars as pl

    from skywright.assistant.messages import ToolResult
    from skywright.assistant.tools.desk import Desk

app = typer.Typer(help="Tools of the assistant: list them, run one by hand.")


@app.callback(invoke_without_command=True)
def list_tools(
    context: typer.Context,
    as_json: AsJson = False,
) -> None:
    """List the installed tools; with --json what each takes, as JSON schemas."""
    if context.invoked_subcommand is not None:
        return
    from skywright.assistant.tools.running import specs

    described = specs()
    if as_json:
        told = [
            {
                "name": one.name,
                "title": one.title,
                "description": one.description,
                "parameters": one.parameters,
            }
            for one in described
        ]
        emit_json({"tools": told})
        return
    width = max((len(one.name) for one in described), default=0)
    for one in described:
        typer.echo(f"{one.name:<{width}}  {one.title}")


@app.command("run")
def run_tool(
    name: Annotated[str, typer.Argument(help="Name of the tool.")],
    arguments: Annotated[
        str, typer.Option(help='One JSON object, such as \'{"name": "M31"}\'.')
    ] = "{}",
    table: Annotated[
        Path | None,
        typer.Option(help="CSV or Parquet file that the tool works on.", exists=True),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Keep tables and pictures here.", file_okay=False)
    ] = None,
    sandbox: Annotated[
        bool, typer.Option("--sandbox", help="Ask stand-ins on this machine, not the services.")
    ] = False,
    catalogues: Annotated[
        Path | None, typer.Option(help="Folder of catalogue files.", file_okay=False)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run a tool with the arguments that an assistant would give."""
    from skywright.assistant.tools.desk import Desk

    given = _object(arguments)
    tables = {} if table is None else {table.stem: _read(table)}
    with (
        settings_with(catalogues, None, is_sandbox=sandbox) as settings,
        tempfile.TemporaryDirectory(prefix="skywright-") as passing,
    ):
        folder = out.absolute() if out else Path(passing)
        result = _result(name, given, Desk(folder, settings=settings, tables=tables))
    if out is None and result.artifacts:
        typer.echo("The files were not kept; --out DIR keeps them.", err=True)
        result = result.model_copy(update={"artifacts": ()})
    if as_json:
        emit_json(result.model_dump(mode="json"))
    else:
        _print(result)


def _object(arguments: str) -> dict[str, Any]:
    from skywright.errors import InputError

    try:
        given = json.loads(arguments)
    except ValueError as error:
        message = f"--arguments is no JSON: {error}."
        raise InputError(message, hint='Write one object, such as {"name": "M31"}.') from error
    if not isinstance(given, dict):
        message = f"--arguments is {type(given).__name__}, not an object."
        raise InputError(message, hint='Write one object, such as {"name": "M31"}.')
    return given


def _read(path: Path) -> pl.DataFrame:
    import polars as pl

    from skywright.errors import InputError

    is_csv = path.suffix.lower() == ".csv"
    try:
        return pl.read_csv(path, infer_schema_length=None) if is_csv else pl.read_parquet(path)
    except (pl.exceptions.PolarsError, OSError) as error:
        reason = str(error).partition("\n")[0].rstrip(".")
        message = f"--table {path} cannot be read: {reason}."
        raise InputError(
            message, hint="It must be CSV with a header (.csv), or Parquet."
        ) from error


def _result(name: str, given: dict[str, Any], desk: Desk) -> ToolResult:
    from skywright.assistant.messages import ToolCall
    from skywright.assistant.tools.running import run
    from skywright.errors import SkywrightError, SourceError

    ended = run(ToolCall(id="1", tool=name, arguments=given), desk)
    if ended.result is None:
        kind = SourceError if ended.error_code == SourceError.code else SkywrightError
        raise kind(ended.error)
    return ended.result


def _print(result: ToolResult) -> None:
    typer.echo(printable(result.text))
    for made in result.artifacts:
        typer.echo(f"{made.title}: {made.path}")
    for origin in result.origins:
        typer.echo(f"Source: {origin.title}", err=True)
    for warning in result.warnings:
        typer.echo(printable(f"Note: {warning}"), err=True)

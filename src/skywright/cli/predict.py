"""``skywright predict``: rows in, answers of a model out, without a server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from skywright.cli.output import AsJson, Out, emit_json, emit_table

if TYPE_CHECKING:
    import polars as pl

_AT_ONCE = 4096  # rows of one call: enough that its fixed work does not count
_TABLES = (".csv", ".jsonl", ".ndjson", ".parquet")


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command()(predict)


def predict(
    model: Annotated[str, typer.Argument(help="name, name@version or name@challenger.")],
    row: Annotated[str | None, typer.Option(help="One row as a JSON object.")] = None,
    file: Annotated[
        Path | None, typer.Option(help="Rows: .csv, .jsonl or .parquet.", dir_okay=False)
    ] = None,
    out: Out = None,
    as_json: AsJson = False,
) -> None:
    """Answer rows with a model; columns of a file that it does not take are left out."""
    import polars as pl

    from skywright.errors import InputError
    from skywright.foundry.registry import Registry
    from skywright.foundry.serve.opened import open_version
    from skywright.foundry.serve.reference import parse_reference, version_of

    if (row is None) == (file is None):
        message = "Give either --row or --file."
        raise InputError(message, hint="A row is such as '{\"column\": 1.5}'.")
    reference, registry = parse_reference(model), Registry.of()
    opened = open_version(registry, reference.name, version_of(registry, reference))
    registry.database.close()
    rows = [_parsed(row)] if row is not None else _read(Path(str(file)))
    outputs = _answers(opened, rows, strict=row is not None)
    told = {"model": opened.name, "version": opened.version, "engine": opened.engine}
    if as_json and out is None:
        emit_json({**told, "outputs": outputs})
        return
    table: pl.DataFrame = pl.from_dicts([_flat(one) for one in outputs], infer_schema_length=None)
    emit_table(table, out=out, as_json=as_json, show=table.columns)


def _answers(opened: Any, rows: list[Any], *, strict: bool) -> list[dict[str, Any]]:
    """Check every row and predict; raises InputError naming the first that does not fit."""
    from skywright.foundry.serve.rows import checked_row

    names = {column.name for column in opened.signature.inputs}
    checked = []
    for number, row in enumerate(rows):
        given = row if strict else {name: row[name] for name in row if name in names}
        place = "--row" if strict else f"row {number}"
        checked.append(checked_row(opened.signature, given, place))
    parts = (checked[k : k + _AT_ONCE] for k in range(0, len(checked), _AT_ONCE))
    return [output for part in parts for output in opened.predict(part)]


def _parsed(text: str) -> Any:
    from skywright.errors import InputError

    try:
        return json.loads(text)
    except ValueError as error:
        message = f"--row is not valid JSON: {error}."
        raise InputError(message, hint="A row is such as '{\"column\": 1.5}'.") from error


def _read(path: Path) -> list[Any]:
    import polars as pl

    from skywright.errors import InputError

    kind = path.suffix.lower()
    if kind not in _TABLES or not path.is_file():
        reason = "does not exist" if kind in _TABLES else f"is none of {', '.join(_TABLES)}"
        message = f"The file {path} {reason}."
        raise InputError(message)
    try:
        if kind == ".csv":
            table = pl.read_csv(path, infer_schema_length=None)
        elif kind == ".parquet":
            table = pl.read_parquet(path)
        else:
            table = pl.read_ndjson(path, infer_schema_length=None)
    except (pl.exceptions.PolarsError, OSError) as error:
        message = f"The file {path} cannot be read: {error}."
        raise InputError(message) from error
    return table.fill_nan(None).to_dicts()


def _flat(output: dict[str, Any]) -> dict[str, Any]:
    """Return an answer as the columns of a table: probabilities as ``p_<class>``."""
    flat = {name: value for name, value in output.items() if name != "probabilities"}
    chances = output.get("probabilities") or {}
    return flat | {f"p_{name}": value for name, value in chances.items()}

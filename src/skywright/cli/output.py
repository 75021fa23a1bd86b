"""How a command hands over its result: a file, a table for reading, or one JSON object."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    import polars as pl

_MOST_ROWS_SHOWN = 40
_WIDTH_OF_A_PIPE = 200

Out = Annotated[
    Path | None,
    typer.Option("--out", help="Write the result here: .parquet, or .csv.", dir_okay=False),
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")]


def emit_table(table: pl.DataFrame, *, out: Path | None, as_json: bool, show: list[str]) -> None:
    """Write a table to ``out``, or print it as JSON, or print the columns ``show`` for reading."""
    if out is not None:
        write_table(table, out)
        message = f"{table.height} rows written to {out}"
        if as_json:
            emit_json({"rows": table.height, "out": str(out)})
        else:
            typer.echo(message, err=True)
        return
    if as_json:
        emit_json({"rows": table.to_dicts()})
        return
    _print_for_reading(table, show)


def write_table(table: pl.DataFrame, out: Path) -> None:
    """Write by extension (CSV for .csv, else Parquet); the file appears whole or not at all.

    Raises
    ------
    InputError
        If the folder does not exist.
    """
    from skywright.errors import InputError

    if not out.parent.is_dir():
        message = f"The folder {out.parent} for --out does not exist; make it first."
        raise InputError(message)
    partial = out.with_name(out.name + ".partial")
    try:
        if out.suffix.lower() == ".csv":
            _without_lists(table).write_csv(partial)
        else:
            table.write_parquet(partial)
        partial.replace(out)
    finally:
        partial.unlink(missing_ok=True)


def emit_json(value: Any) -> None:
    """Print one JSON object; NaN and infinity become null, as JSON has neither."""
    typer.echo(json.dumps(_finite(value), default=str, ensure_ascii=False))


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value


def _without_lists(table: pl.DataFrame) -> pl.DataFrame:
    """Turn list columns into JSON text, since a CSV cell holds no list."""
    import polars as pl

    lists = [name for name, kind in table.schema.items() if isinstance(kind, pl.List | pl.Array)]
    return table.with_columns(
        pl.Series(name, [None if v is None else json.dumps(v) for v in table[name].to_list()])
        for name in lists
    )


def _print_for_reading(table: pl.DataFrame, show: list[str]) -> None:
    from rich.console import Console
    from rich.table import Table

    names = [name for name in show if name in table.columns]
    view = Table()
    for name in names:
        view.add_column(name, overflow="fold")
    for row in table.select(names).head(_MOST_ROWS_SHOWN).iter_rows():
        view.add_row(*(_cell(value) for value in row))
    # A pipe has no width: wide enough that no digit is lost.
    Console(width=None if sys.stdout.isatty() else _WIDTH_OF_A_PIPE).print(view)
    if table.height > _MOST_ROWS_SHOWN:
        hidden = table.height - _MOST_ROWS_SHOWN
        typer.echo(
            f"{hidden} more rows; --out FILE writes all of them with every column.", err=True
        )


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.6f}" if abs(value) > 1e6 else f"{value:.9g}"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)

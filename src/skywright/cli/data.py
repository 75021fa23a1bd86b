"""``skywright data``: what models learn from: kept, looked at, checked, removed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from skywright.cli import collect_training
from skywright.cli.output import AsJson, emit_json

if TYPE_CHECKING:
    from skywright.foundry.data.datasets import DatasetRecord, Datasets

app = typer.Typer(help="Datasets: add, list, look at, check, remove.", no_args_is_help=True)
app.add_typer(collect_training.app, name="collect")
app.command("upload")(collect_training.upload)

Named = Annotated[str, typer.Argument(help="NAME, NAME@VERSION or the id.")]


@app.command("ls")
def list_datasets(as_json: AsJson = False) -> None:
    """List datasets with their versions."""
    records = _datasets().list()
    if as_json:
        emit_json({"datasets": [_shown(record) for record in records]})
        return
    for record in records:
        told = f"{record.num_samples:>9d} {_unit(record)}"
        licence = record.licence or "no licence named"
        typer.echo(f"{record.named:32s} {told}  {record.source:12s} {licence:16s} {record.id[:12]}")


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="Name of the dataset.")],
    path: Annotated[Path, typer.Argument(help="CSV, TSV, JSON, JSONL, Parquet, TXT; or a folder.")],
    licence: Annotated[str, typer.Option(help="SPDX expression.")] = "",
    source: Annotated[str, typer.Option(help="Where it came from.")] = "file",
    data_type: Annotated[str, typer.Option("--type", help="What the rows are.")] = "table",
    as_json: AsJson = False,
) -> None:
    """Keep a table, or all files of a folder as they are; the same content is added once."""
    datasets = _datasets()
    if path.is_dir():
        files = sorted(
            found.relative_to(path).as_posix()
            for found in path.rglob("*")
            if found.is_file() and not found.name.startswith(".")
        )
        record = datasets.register_folder(name, path, files, source=source, licence=licence)
    else:
        record = datasets.register_file(
            name, path, source=source, licence=licence, data_type=data_type
        )
    if as_json:
        emit_json(_shown(record))
    else:
        typer.echo(f"{record.named} ({record.num_samples} {_unit(record)}) {record.id}")


@app.command()
def show(named: Named, as_json: AsJson = False) -> None:
    """Show a dataset: where it came from, its files with their hashes, its columns."""
    record = _datasets().find(named)
    told = _shown(record) | {
        key: record.manifest.get(key) for key in ("files", "schema", "parents", "facts")
    }
    if as_json:
        emit_json(told)
        return
    for key, value in told.items():
        typer.echo(f"{key:12s} {value}")


@app.command()
def profile(named: Named, as_json: AsJson = False) -> None:
    """Show how the columns of a table are distributed."""
    record = _datasets().find(named)
    columns = (record.manifest.get("profile") or {}).get("columns", {})
    if as_json:
        emit_json({"dataset": record.named, "rows": record.num_samples, "columns": columns})
        return
    for name, told in columns.items():
        missing = f"{told['missing']:.1%} missing"
        typer.echo(f"{name:24s} {told['type']:14s} {missing:15s} {_distribution(told)}")


@app.command()
def check(
    named: Named,
    recipe: Annotated[str, typer.Option("--recipe", help="Prepare the rows as it says.")] = "",
    as_json: AsJson = False,
) -> None:
    """Look for changed files, personal data, duplicates and unknown licences."""
    from skywright.errors import InputError
    from skywright.foundry.data.checking import check as checked
    from skywright.foundry.recipe import load_recipe

    datasets = _datasets()
    chosen = load_recipe(recipe) if recipe else None
    told = checked(datasets, datasets.find(named), chosen)
    if as_json:
        emit_json(told)
    else:
        for key, value in told.items():
            typer.echo(f"{key:16s} {value}")
    if told["faults"]:
        hint = "Restore it from a backup, or add the data again."
        raise InputError(told["faults"][0], hint=hint)


@app.command("rm")
def remove(
    named: Annotated[str, typer.Argument(help="NAME@VERSION or the id.")], as_json: AsJson = False
) -> None:
    """Remove one version, and erase what no other dataset holds."""
    from skywright.errors import InputError

    if "@" not in named and len(named) != 64:
        message = f"{named!r} names no version, so nothing is removed."
        raise InputError(message, hint=f"Write {named}@1, say; skywright data ls lists them.")
    datasets = _datasets()
    record = datasets.find(named)
    datasets.delete(record)
    if as_json:
        emit_json({"deleted": record.named, "id": record.id})


def _datasets() -> Datasets:
    from skywright.foundry.data.datasets import Datasets

    return Datasets.of()


def _unit(record: DatasetRecord) -> str:
    return "rows" if record.tabular else "files"


def _shown(record: DatasetRecord) -> dict[str, Any]:
    return {
        "id": record.id,
        "name": record.name,
        "version": record.version,
        "source": record.source,
        "data_type": record.data_type,
        "num_samples": record.num_samples,
        "size_bytes": record.size_bytes,
        "licence": record.licence,
        "created_at": record.created_at,
    }


def _distribution(told: dict[str, Any]) -> str:
    if told.get("quantiles"):
        low, middle, high = told["min"], told["quantiles"]["0.5"], told["max"]
        return f"{low:.6g} .. {middle:.6g} .. {high:.6g}"
    if told.get("top"):
        return ", ".join(f"{value} {count}" for value, count in [*told["top"].items()][:5])
    if told.get("max") is not None:
        return f"{told['min']} .. {told['max']}"
    length = told.get("length") or {}
    return f"{length['min']:g} to {length['max']:g} long" if "min" in length else ""

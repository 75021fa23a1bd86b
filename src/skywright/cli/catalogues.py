"""``skywright catalogues``: files of one's own that questions are answered from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from skywright.cli.output import AsJson, emit_json

if TYPE_CHECKING:
    from skywright.sources.catalogues import Catalogue

app = typer.Typer(help="Catalogue files of your own.", no_args_is_help=True)


@app.command()
def add(
    files: Annotated[
        list[Path],
        typer.Argument(
            help="OpenNGC, stars as in Gaia, photometry as in SDSS, light curves (CSV, FITS)."
        ),
    ],
    as_json: AsJson = False,
) -> None:
    """Install files: all of them, or none where one is not known by its columns."""
    from skywright.settings import get_settings
    from skywright.sources import catalogues

    _tell(catalogues.add(files, get_settings()), as_json=as_json)


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """List the installed files."""
    from skywright.settings import get_settings
    from skywright.sources import catalogues

    _tell(catalogues.installed(get_settings()), as_json=as_json)


@app.command()
def rm(
    name: Annotated[str, typer.Argument(help="As skywright catalogues list has it.")],
    as_json: AsJson = False,
) -> None:
    """Remove an installed file; what you installed it from stays."""
    from skywright.settings import get_settings
    from skywright.sources import catalogues

    gone = catalogues.remove(name, get_settings())
    if as_json:
        emit_json({"removed": _told(gone)})
    else:
        typer.echo(f"{gone.name} removed", err=True)


def _tell(found: list[Catalogue], *, as_json: bool) -> None:
    if as_json:
        emit_json({"catalogues": [_told(one) for one in found]})
        return
    for one in found:
        of = f" of {one.star}" if one.star else ""
        typer.echo(f"{one.name:36s} {one.kind:18s} {one.rows:>9d} rows{of}")
    if not found:
        typer.echo("No catalogue is installed; skywright catalogues add FILES...", err=True)


def _told(one: Catalogue) -> dict[str, Any]:
    return {
        "name": one.name,
        "kind": one.kind,
        "path": str(one.path),
        "rows": one.rows,
        "columns": list(one.columns),
        "size_bytes": one.size_bytes,
        "star": one.star or None,
    }

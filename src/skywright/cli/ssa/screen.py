"""``skywright ssa screen``: every approach among the objects of a catalogue."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from skywright.cli.output import AsJson, emit_json


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(screen)


def screen(
    catalogue: Annotated[Path, typer.Option(help="Element sets: Parquet, CSV, OMM as JSON, TLE.")],
    start: Annotated[str, typer.Option(help="Start, UTC: 2024-07-06T00:00:00.")],
    hours: Annotated[float, typer.Option(help="Span [h].")] = 24.0,
    km: Annotated[float, typer.Option(help="Distance below which a minimum is told [km].")] = 5.0,
    primary: Annotated[
        list[int] | None, typer.Option(help="Only pairs with this number; repeatable.")
    ] = None,
    objects: Annotated[
        Path | None, typer.Option(help="Only these: a table with a column norad_id.")
    ] = None,
    processes: Annotated[int, typer.Option(help="Processes of this machine.", min=1)] = 1,
    ray: Annotated[str, typer.Option(help="Address of a Ray cluster, or local.")] = "",
    as_json: AsJson = False,
) -> None:
    """Find every local minimum of the distance of two objects below --km; SGP4, TEME."""
    import polars as pl

    from skywright.ssa.records.moments import moment_of
    from skywright.ssa.records.reading import read_history
    from skywright.ssa.screening.screen import screen as screened

    table = read_history(catalogue)
    if objects is not None:
        wanted = pl.read_csv(objects) if objects.suffix == ".csv" else pl.read_parquet(objects)
        table = table.filter(pl.col("norad_id").is_in(wanted["norad_id"].implode()))
    found = screened(
        table,
        moment_of(start, "--start"),
        hours,
        km,
        primaries=primary or (),
        processes=processes,
        ray=ray,
    )
    rows = found.approaches.with_columns(
        pl.col("tca_utc").dt.strftime("%Y-%m-%dT%H:%M:%S%.6f")
    ).to_dicts()
    if as_json:
        told = {"objects": found.objects, "duplicates": found.duplicates, "stale": found.stale}
        emit_json({"approaches": rows, **told, "failed": list(found.failed)})
        return
    for row in rows:
        typer.echo(
            f"{row['tca_utc'][:23]}  {row['norad_id_1']:>6} {row['norad_id_2']:>6}  "
            f"{row['miss_distance_km']:9.4f} km  {row['relative_speed_km_s']:8.4f} km/s"
        )
    typer.echo(
        f"{len(rows)} approaches among {found.objects} objects; {found.stale} sets are stale, "
        f"{found.duplicates} older duplicates left out, {len(found.failed)} without a state",
        err=True,
    )

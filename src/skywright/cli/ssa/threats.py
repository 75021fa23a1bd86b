"""``skywright ssa threats``: what objects do beside a satellite."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from skywright.cli.output import AsJson, emit_json
from skywright.cli.ssa.recording import on_record

if TYPE_CHECKING:
    import polars as pl

    from skywright.ssa.threats.assess import Tracked


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(threats)


def threats(
    asset: Annotated[
        Path,
        typer.Option(
            help="Element sets of the satellite to protect; as records, with its planned burns."
        ),
    ],
    objects: Annotated[Path, typer.Option(help="Element sets of the others, one or many.")],
    at: Annotated[
        str, typer.Option(help="Moment, UTC; the newest set if left out. Later sets are not used.")
    ] = "",
    asset_id: Annotated[
        int | None, typer.Option(help="Number of the asset, if its file holds several.")
    ] = None,
    cooperative: Annotated[
        list[int] | None, typer.Option(help="Number of a declared companion; repeatable.")
    ] = None,
    explain: Annotated[bool, typer.Option("--explain", help="Tell what made the answer.")] = False,
    as_json: AsJson = False,
) -> None:
    """Tell behaviour, nearness and level of each object; facts, never intent."""
    from dataclasses import replace

    import polars as pl

    from skywright.ssa.records.moments import moment_of
    from skywright.ssa.records.reading import read_history
    from skywright.ssa.records.record_reading import plan_of
    from skywright.ssa.threats.arms import answered
    from skywright.ssa.threats.trial import KIND
    from skywright.ssa.threats.trial import on_record as for_record

    own = _only(read_history(asset), asset_id)
    plan = plan_of(asset).filter(pl.col("object_id") == own.name)
    others = read_history(objects)
    declared = set(cooperative or ())
    tracked = _each(others, int(own.name), declared)
    moment = moment_of(at, "--at") if at else _newest(own.history, others)
    own = replace(own, planned_burns=plan.filter(pl.col("received_utc") <= moment))
    told, models, decision = for_record(answered(own, tracked, moment, explain=explain))
    name = on_record(KIND, own.name, told, models, decision)
    if as_json:
        emit_json({"analysis_id": name, **told})
        return
    for one in told["objects"]:
        nearest = one["nearest"]
        near = (
            ""
            if nearest["range_km"] is None
            else (f"; nearest {nearest['range_km']:.2f} km in {nearest['in_d']:.2f} d")
        )
        sure = f"one of {', '.join(one['possible'])}" if one["abstains"] else one["title"]
        typer.echo(f"{one['object']}: {one['level_name']}, {sure}{near}")


def _only(table: pl.DataFrame, wanted: int | None) -> Tracked:
    import polars as pl

    from skywright.errors import InputError
    from skywright.ssa.threats.assess import Tracked

    numbers = table["norad_id"].unique().to_list()
    if wanted is None and len(numbers) > 1:
        message = f"The asset's file holds {len(numbers)} objects; say which by --asset-id."
        raise InputError(message)
    number = numbers[0] if wanted is None else wanted
    if number not in numbers:
        message = f"The asset's file holds no object {number}."
        raise InputError(message)
    return Tracked(str(number), table.filter(pl.col("norad_id") == number))


def _newest(*tables: pl.DataFrame) -> datetime:
    newest: list[datetime] = [table["epoch_utc"].sort()[-1] for table in tables]
    return max(newest)


def _each(table: pl.DataFrame, asset: int, declared: set[int]) -> list[Tracked]:
    from skywright.ssa.threats.assess import Tracked

    return [
        Tracked(str(number[0]), part, cooperative=number[0] in declared)
        for number, part in table.partition_by(
            "norad_id", as_dict=True, maintain_order=True
        ).items()
        if number[0] != asset
    ]

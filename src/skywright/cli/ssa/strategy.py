"""``skywright ssa strategy``: ranked plans for the operator's own satellite."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from skywright.cli.output import AsJson, emit_json
from skywright.cli.ssa.recording import on_record
from skywright.errors import InputError

if TYPE_CHECKING:
    from skywright.ssa.strategy.constraints import Constraints


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(strategy)


def strategy(
    conjunctions: Annotated[
        Path, typer.Option(help="Parquet or CSV of states, a CDM file, or a folder of them.")
    ],
    target_pc: Annotated[float, typer.Option(help="Probability to reach.")] = 1e-6,
    lead_revolutions: Annotated[
        list[float] | None,
        typer.Option(help="Burn time, revolutions before TCA; may be repeated [0.5, 1.5, 2.5]."),
    ] = None,
    max_dv_m_s: Annotated[float, typer.Option(help="Of one burn [m/s].")] = math.inf,
    max_total_dv_m_s: Annotated[float, typer.Option(help="Of a plan [m/s].")] = math.inf,
    min_impulse_m_s: Annotated[float, typer.Option(help="Smallest burn [m/s].")] = 0.0,
    blackout: Annotated[
        list[str] | None, typer.Option(help="No burns, as FROM:TO hours before TCA, e.g. 3:2.")
    ] = None,
    window: Annotated[
        list[str] | None, typer.Option(help="Burns only here, as FROM:TO hours before TCA.")
    ] = None,
    time_to_tca_s: Annotated[
        float, typer.Option(help="From now, where the file does not tell [s].")
    ] = math.inf,
    command_lead_s: Annotated[float, typer.Option(help="From now to the first burn [s].")] = 0.0,
    station_box_km: Annotated[float, typer.Option(help="In-track drift allowed [km].")] = math.inf,
    return_burn: Annotated[bool, typer.Option(help="Restore the orbit afterwards.")] = False,
    catalogue: Annotated[
        Path | None,
        typer.Option(help="Element sets to screen the orbit after the burn against, for 7 days."),
    ] = None,
    post_burn_km: Annotated[float, typer.Option(help="Distance that this looks for [km].")] = 1.0,
    spare: Annotated[
        list[int] | None,
        typer.Option(
            help="Numbers left out: the own satellite's and the other's; may be repeated."
        ),
    ] = None,
    network: Annotated[bool, typer.Option(help="Let the StrategyGenerator propose.")] = True,
    as_json: AsJson = False,
) -> None:
    """Advise burns of the own satellite, each checked by physics; a person decides."""
    from skywright.ssa.model_facts import facts_of
    from skywright.ssa.strategy.constraints import REFERENCE_LEADS, Constraints
    from skywright.ssa.strategy.encounters import read_encounters
    from skywright.ssa.strategy.generator import MODEL
    from skywright.ssa.strategy.propose import in_short, propose

    limits = Constraints(
        target_pc=target_pc,
        lead_revolutions=tuple(lead_revolutions or REFERENCE_LEADS),
        max_dv_m_s=max_dv_m_s,
        max_total_dv_m_s=max_total_dv_m_s,
        min_impulse_m_s=min_impulse_m_s,
        blackouts_h=_spans("blackout", blackout),
        windows_h=_spans("window", window),
        time_to_tca_s=time_to_tca_s,
        command_lead_s=command_lead_s,
        station_box_km=station_box_km,
        return_burn=return_burn,
    )
    screening = None
    if catalogue is not None:
        from skywright.ssa.records.reading import read_history
        from skywright.ssa.strategy.post_burn import CatalogueScreening

        screening = CatalogueScreening(read_history(catalogue), post_burn_km, tuple(spare or ()))
    some = read_encounters(conjunctions)
    rows = propose(some, limits, network=network, post_burn=screening)
    models = [facts_of(MODEL)] if network else []
    answer = {"conjunctions": rows, "constraints": _told(limits), "models": models}
    name = on_record(
        "generate-strategy",
        some.assets[0] or some.ids[0],
        answer,
        {one["name"]: str(one["version"]) for one in models},
        {row["conjunction_id"]: in_short(row) for row in rows},
    )
    if as_json:
        emit_json({"analysis_id": name, **answer})
        return
    for row in rows:
        typer.echo(_line(row))


def _told(limits: Constraints) -> dict[str, Any]:
    from dataclasses import asdict

    return {k: None if v == math.inf else v for k, v in asdict(limits).items()}


def _spans(name: str, told: list[str] | None) -> tuple[tuple[float, float], ...]:
    spans = []
    for text in told or []:
        try:
            first, last = (float(part) for part in text.split(":"))
        except ValueError:
            message = f"--{name} must be FROM:TO in hours before TCA, such as 3:2, got {text!r}."
            raise InputError(message) from None
        spans.append((first, last))
    return tuple(spans)


def _line(row: dict[str, Any]) -> str:
    start = f"{row['conjunction_id']}: Pc {row['pc_before']:.2e}"
    if not row["solved"]:
        held = row["binding_constraint"]
        return f"{start}; nothing feasible: {held['name']} is {held['value']}, not {held['limit']}"
    plan = row["recommended"]
    if "lead_revolutions" not in plan:
        return f"{start}; {plan['action']}"
    return (
        f"{start} -> {plan['pc_after']:.2e} by {plan['action']} of {plan['dv_m_s']:.4f} m/s, "
        f"{plan['lead_revolutions']:g} revolutions before ({plan['source']})"
    )

"""``skywright ssa detect``: manoeuvres from histories of element sets."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from skywright.cli.output import AsJson, emit_json


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(detect)


def detect(
    history: Annotated[
        Path,
        typer.Option("--history", help="Element sets of any form; records may tell planned burns."),
    ],
    as_json: AsJson = False,
) -> None:
    """Find the manoeuvres of each satellite, with time, size, direction and score."""
    from skywright.ssa.detection.detector import MODEL
    from skywright.ssa.detection.manoeuvres import detect as found_in
    from skywright.ssa.model_facts import facts_of
    from skywright.ssa.records.plans import with_planned
    from skywright.ssa.records.reading import read_history
    from skywright.ssa.records.record_reading import plan_of

    found = found_in(read_history(history))
    manoeuvres = with_planned(found.manoeuvres, plan_of(history))
    told: dict[str, Any] = {
        "manoeuvres": [_row(row) for row in manoeuvres.to_dicts()],
        "satellites": [_row(row) for row in found.satellites.to_dicts()],
        "thresholds": found.thresholds,
        "model": facts_of(MODEL),
    }
    if as_json:
        emit_json(told)
        return
    for satellite in told["satellites"]:
        typer.echo(f"{satellite['satellite']}: {satellite['manoeuvres']} manoeuvres")
        own = [m for m in told["manoeuvres"] if m["norad_id"] == satellite["norad_id"]]
        for one in own:
            typer.echo(
                f"  {one['time_utc'][:16]}  {one['dv_total_m_s']:9.4f} m/s  "
                f"{one['direction']:<28} {one['score']:.2f}{'  planned' if one['planned'] else ''}"
            )
        if satellite["note"]:
            typer.echo(f"  {satellite['note']}")


def _row(row: dict[str, Any]) -> dict[str, Any]:
    return {
        key: value.isoformat() if hasattr(value, "isoformat") else value
        for key, value in row.items()
    }

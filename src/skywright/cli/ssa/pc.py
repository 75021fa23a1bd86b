"""``skywright ssa pc``: collision probabilities from conjunction data messages."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from skywright.cli.output import AsJson, emit_json


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(pc)


def pc(
    files: Annotated[
        list[Path], typer.Argument(help="Messages, CDM in key-value notation or XML.")
    ],
    hbr_m: Annotated[
        float | None, typer.Option("--hbr", help="Hard-body radius instead of the messages' [m].")
    ] = None,
    attend: Annotated[float, typer.Option(help="From here on attention is asked for.")] = 1e-7,
    mitigate: Annotated[float, typer.Option(help="From here on mitigation is asked for.")] = 1e-4,
    seed: Annotated[int, typer.Option(help="Of Monte Carlo, where it is needed.", min=0)] = 1,
    as_json: AsJson = False,
) -> None:
    """Tell the probability of collision, the method, and whether the usual formula holds."""
    from skywright.ssa.conjunction.conjunction import conjunction_of
    from skywright.ssa.conjunction.probability import probability, told
    from skywright.ssa.conjunction.tiers import Tiers
    from skywright.ssa.records.cdm import read_cdm

    tiers = Tiers(attend, mitigate)
    conjunctions = [conjunction_of(read_cdm(path), hbr_m) for path in files]
    rows = [
        {"file": str(path), **told(one, probability(one, tiers, seed=seed))}
        for path, one in zip(files, conjunctions, strict=True)
    ]
    if as_json:
        emit_json({"conjunctions": rows})
        return
    for row in rows:
        held = (
            "2D holds" if row["valid_2d"] else "2D does not hold: " + ", ".join(row["violations"])
        )
        typer.echo(
            f"{row['conjunction_id']}: Pc {row['pc']:.3e} ({row['method']}), {row['tier']}; "
            f"at most {row['pc_max']:.1e}{', diluted' if row['diluted'] else ''}; {held}"
        )

"""``skywright ssa simulate``: labelled scenarios to train and to test on."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from skywright.cli.output import AsJson, emit_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from skywright.ssa.simulation.scenario import Scenario

Policy = Annotated[list[str] | None, typer.Option(help="Only this family; repeatable.")]
Regime = Annotated[list[str] | None, typer.Option(help="Only leo, geo, meo or heo; repeatable.")]


def register(app: typer.Typer) -> None:
    """Add the command to a group."""
    app.command()(simulate)


def simulate(
    n: Annotated[int, typer.Option("--n", help="Scenarios to make.", min=1)],
    out: Annotated[Path, typer.Option(help="Folder for the tables; made if missing.")],
    seed: Annotated[int, typer.Option(help="The same seed gives the same ones.", min=0)] = 1,
    policy: Policy = None,
    regime: Regime = None,
    processes: Annotated[int, typer.Option(help="Processes to share the work.", min=1)] = 1,
    as_json: AsJson = False,
) -> None:
    """Make labelled scenarios: an asset and another object, seen through a catalogue."""
    from skywright.ssa.simulation.scenarios import simulate_shared, write_scenarios

    made = simulate_shared(n, seed=seed, processes=processes, regimes=regime, policies=policy)
    write_scenarios(out, made)
    counts = _counts(made)
    if as_json:
        emit_json({"scenarios": n, "seed": seed, "out": str(out)} | counts)
        return
    typer.echo(f"{n} scenarios written to {out}", err=True)
    for name, held in counts.items():
        for key, value in held.items():
            typer.echo(f"{name:10} {key:28} {value:6}")


def _counts(made: Sequence[Scenario]) -> dict[str, dict[str, Any]]:
    told = {
        "behaviour": Counter(one.behaviour.name.lower() for one in made),
        "policy": Counter(one.policy for one in made),
        "regime": Counter(one.regime for one in made),
    }
    return {name: dict(sorted(held.items())) for name, held in told.items()}

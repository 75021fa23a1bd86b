"""``skywright evaluate``: a model judged again, on rows that came later."""

from __future__ import annotations

from typing import Annotated

import typer

from skywright.cli.output import AsJson, emit_json


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command()(evaluate)


def evaluate(
    model: Annotated[str, typer.Argument(help="NAME of the one in use, or NAME@VERSION.")],
    data: Annotated[str, typer.Option("--data", help="Dataset or file with the target.")],
    as_json: AsJson = False,
) -> None:
    """Judge a model on other rows: metrics with intervals, beside the trivial baseline."""
    from skywright.foundry.jobs.workplace import Workplace
    from skywright.foundry.judging import judge_again

    with Workplace.of() as place:
        report = judge_again(place, model, data)
    if as_json:
        emit_json(report)
        return
    typer.echo(f"{report['model']} on {report['rows']['test']} rows")
    if seen := report["rows_it_learned_from"]:
        typer.echo(f"{seen} of them it learned from, so it looks better than it is.", err=True)
    baseline = report["baseline"]
    for name, value in report["metrics"].items():
        low, high = (report["intervals"].get(name) or (None, None))[:2]
        told = "" if low is None else f"  [{low:.4g}, {high:.4g}]"
        other = baseline["metrics"].get(name)
        typer.echo(f"{name:20s} {value:.4g}{told}   {baseline['name']} {other:.4g}")

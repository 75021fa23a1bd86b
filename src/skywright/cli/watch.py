"""``skywright watch``: look at models in use, and at what earlier looks saw."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from skywright.cli.output import AsJson, emit_json

app = typer.Typer(
    help="Look at models in use: drift, performance, retraining.", no_args_is_help=True
)

Model = Annotated[str, typer.Argument(help="Name of a model in use.")]
Days = Annotated[
    float, typer.Option("--days", min=0.01, help="How far back predictions count [d].")
]


@app.command("run")
def run(model: Model, days: Days = 7.0, as_json: AsJson = False) -> None:
    """Look at a model once; asks for a new one if its recipe says so."""
    from dataclasses import replace

    from skywright.foundry.watch.patrol import Watcher, patrol

    report = patrol(replace(Watcher.of(), days=days), model)
    if as_json:
        emit_json(report)
        return
    _tell(report)


@app.command("all")
def run_all(as_json: AsJson = False) -> None:
    """Look at every model in use whose recipe has a [watch]; the server does so by itself."""
    from skywright.foundry.watch.patrol import Watcher
    from skywright.foundry.watch.rounds import go_round

    found = go_round(Watcher.of())
    if as_json:
        emit_json({"reports": found})
        return
    for report in found:
        if "error" in report:
            typer.echo(f"{report['name']}: {report['error']}", err=True)
        else:
            _tell(report)


@app.command("ls")
def ls(
    model: Annotated[str | None, typer.Argument(help="Of this model only.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Most reports.")] = 20,
    as_json: AsJson = False,
) -> None:
    """List what earlier looks saw, the newest first."""
    from skywright.foundry.watch.patrol import reports
    from skywright.store.database import Database

    rows = reports(Database.of(), model, limit)
    if as_json:
        emit_json({"reports": rows})
        return
    for row in rows:
        state = "ALARM" if row["alarm"] else "quiet"
        typer.echo(f"{row['at']}  {row['name']}@{row['version']}  {state}  {row['job_id'] or ''}")


def _tell(report: dict[str, Any]) -> None:
    state = "ALARM" if report["alarm"] else "quiet"
    typer.echo(f"{report['name']}@{report['version']}: {state}, {report['rows']} predictions")
    if report["rule"]:
        typer.echo(f"  rule {report['rule']}: {report['value']}")
    if report["inputs"]:
        typer.echo(f"  columns that drifted: {', '.join(report['inputs']['drifted']) or 'none'}")
    if report["estimated"]:
        for name, told in report["estimated"]["metrics"].items():
            state = report["estimated"]["trust"]["state"]
            typer.echo(f"  estimated {name}: {told['value']:.4f} (calibration {state})")
    for note in report["notes"]:
        typer.echo(f"  {note}")
    if report["job_id"]:
        typer.echo(f"  training again ({report['retrain']}): job {report['job_id']}")

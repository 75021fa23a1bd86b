"""``skywright jobs``: what is trained, how it goes, and who does it."""

from __future__ import annotations

import signal
import threading
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from skywright.cli.output import AsJson, emit_json

if TYPE_CHECKING:
    from skywright.foundry.jobs.job import Job
    from skywright.foundry.jobs.queue import Queue

app = typer.Typer(help="Training jobs: list, follow, stop, repeat, schedule.", no_args_is_help=True)
schedule_app = typer.Typer(help="Jobs that come again.", no_args_is_help=True)
app.add_typer(schedule_app, name="schedule")

JobId = Annotated[str, typer.Argument(help="Id of a job.")]


@app.command("ls")
def list_jobs(
    status: Annotated[str | None, typer.Option(help="Only jobs of this status.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Most jobs.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List jobs, the newest first."""
    jobs = _queue().list(status=status, limit=limit)
    if as_json:
        emit_json({"jobs": [shown(job) for job in jobs]})
        return
    for job in jobs:
        typer.echo(f"{job.id}  {job.status:9s}  {job.name}  {job.created_at}")


@app.command()
def show(job_id: JobId, as_json: AsJson = False) -> None:
    """Show a job: what was asked, how it stands, what came of it."""
    job = _queue().find(job_id)
    if as_json:
        emit_json(shown(job))
        return
    for key, value in shown(job).items():
        typer.echo(f"{key:16s} {value}")


@app.command()
def logs(
    job_id: JobId,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Until it ends.")] = False,
    as_json: AsJson = False,
) -> None:
    """Print the log of a job."""
    queue = _queue()
    if as_json:
        job = queue.find(job_id)
        emit_json({"job_id": job.id, "status": job.status, "lines": queue.log(job_id)})
        return
    from skywright.foundry.jobs.job import FINAL

    last, pause = 0, threading.Event()
    while True:
        job = queue.find(job_id)
        for row in queue.log(job_id, after=last):
            last = row["line"]
            typer.echo(row["text"])
        if not follow or job.status in FINAL or job.status == "parked":
            return
        pause.wait(0.5)


@app.command()
def cancel(job_id: JobId, as_json: AsJson = False) -> None:
    """Stop a job, in the middle of whatever it does."""
    _tell(_queue().cancel(job_id), as_json=as_json)


@app.command()
def retry(job_id: JobId, as_json: AsJson = False) -> None:
    """Send a parked, failed or cancelled job off again, from its last checkpoint."""
    _tell(_queue().retry(job_id), as_json=as_json)


@app.command("rm")
def remove(job_id: JobId, as_json: AsJson = False) -> None:
    """Delete a job that has ended, with its log and curves."""
    _queue().forget(job_id)
    if as_json:
        emit_json({"deleted": job_id})


@app.command()
def work(
    once: Annotated[str | None, typer.Option("--only", help="Do this job, then end.")] = None,
) -> None:
    """Be a worker: take jobs and do them until told to stop (Ctrl-C gives them back)."""
    from skywright.foundry.jobs.worker import Worker
    from skywright.foundry.jobs.workplace import Workplace

    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with Workplace.of() as place:
        offer = place.offer
        typer.echo(
            f"worker {place.name}: {offer.cpus:g} cores, {offer.gpus:g} accelerators, "
            f"lease {place.lease_s:g} s",
            err=True,
        )
        Worker(place).run(stop, only=once)


@schedule_app.command("add")
def add_schedule(
    name: Annotated[str, typer.Argument(help="Name of the schedule.")],
    cron: Annotated[str, typer.Argument(help="hourly, daily, weekly, monthly, or cron in UTC.")],
    recipe: Annotated[str, typer.Argument(help="Name of a recipe, or a TOML file.")],
    data: Annotated[str, typer.Option("--data", help="Dataset or folder.")] = "",
    as_json: AsJson = False,
) -> None:
    """Train a recipe again and again; each time is one job, however many workers there are."""
    from skywright.foundry.jobs import schedules
    from skywright.foundry.recipe import load_recipe

    chosen = load_recipe(recipe)
    folder = str(Path(data).expanduser().absolute()) if data and chosen.reads_files else data
    request = {
        "name": chosen.name,
        "recipe": chosen.model_dump(mode="json", exclude_unset=True),
        "data": folder,
        "purpose": "retrain",
    }
    first = schedules.add_schedule(_queue(), schedules.Schedule(name, cron, request, "local"))
    if as_json:
        emit_json({"name": name, "cron": cron, "next_at": first})


@schedule_app.command("ls")
def list_schedules(as_json: AsJson = False) -> None:
    """List schedules with their next times."""
    from datetime import UTC, datetime

    from skywright.foundry.jobs import schedules

    rows = schedules.list_schedules(_queue())
    if as_json:
        emit_json({"schedules": rows})
        return
    for row in rows:
        following = datetime.fromtimestamp(row["next_at"], UTC)
        typer.echo(f"{row['name']:24s} {row['cron']:16s} next {following:%Y-%m-%d %H:%M} UTC")


@schedule_app.command("rm")
def remove_schedule(
    name: Annotated[str, typer.Argument(help="Name of the schedule.")], as_json: AsJson = False
) -> None:
    """Remove a schedule; its jobs stay."""
    from skywright.foundry.jobs import schedules

    schedules.remove_schedule(_queue(), name)
    if as_json:
        emit_json({"deleted": name})


def shown(job: Job) -> dict[str, Any]:
    """Return a job as it is told."""
    told = asdict(job)
    told["needs"] = {key: value for key, value in told["needs"].items() if value != float("inf")}
    return {"job_id": told.pop("id"), **told}


def _tell(job: Job, *, as_json: bool) -> None:
    if as_json:
        emit_json(shown(job))
    else:
        typer.echo(f"Job {job.id} is {job.status}.")


def _queue() -> Queue:
    from skywright.foundry.jobs.queue import Queue
    from skywright.store.database import Database

    return Queue(Database.of())

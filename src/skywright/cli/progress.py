"""Progress of a job on standard error: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from skywright.foundry.jobs.job import Job
    from skywright.foundry.jobs.tending import Listener

_LEFT_OUT = frozenset({"event", "t_s", "step", "of", "stage"})


@contextmanager
def told_on_stderr(job: Job) -> Iterator[Listener]:
    """Yield a listener that shows what a job tells."""
    if sys.stderr.isatty():
        with _bar(job) as listener:
            yield listener
        return
    yield _print


@contextmanager
def _bar(job: Job) -> Iterator[Listener]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[told]}"))
    with Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True)) as progress:
        task = progress.add_task(job.name, total=None, told="")

        def listener(_: Job, event: dict[str, Any]) -> None:
            total, step = event.get("of"), event.get("step")
            progress.update(task, total=total, completed=step or 0, told=_text(event))

        yield listener


def _print(job: Job, event: dict[str, Any]) -> None:
    text = _text(event)
    if text:
        typer.echo(f"{job.name} attempt {job.attempt}: {text}", err=True)


def _text(event: dict[str, Any]) -> str:
    if event.get("event") == "error":
        return f"error: {event.get('message')}"
    parts = [str(event["stage"])] if "stage" in event else []
    if "step" in event:
        parts.append(f"step {event['step']:g}")
    parts += [
        f"{name} {value:.5g}" if isinstance(value, float) else f"{name} {value}"
        for name, value in event.items()
        if name not in _LEFT_OUT and isinstance(value, int | float | str) and name != "pid"
    ]
    return ", ".join(parts) if event.get("event") == "progress" else ""

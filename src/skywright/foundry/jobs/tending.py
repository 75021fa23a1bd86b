"""Tending one attempt: started, fed, listened to, ended, published."""

from __future__ import annotations

import json
import math
import shutil
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from skywright.errors import NotFoundError, SkywrightError
from skywright.foundry.jobs.heart import Heart
from skywright.foundry.jobs.job import Job
from skywright.foundry.jobs.journal import Point
from skywright.foundry.jobs.launcher import Attempt, Order
from skywright.foundry.jobs.lines import Event
from skywright.foundry.jobs.orders import order_again, order_of
from skywright.foundry.jobs.publishing import publish
from skywright.foundry.jobs.workplace import POLL_S, Workplace
from skywright.logs import get_logger

_TOLD_LINES = 20
_NOTE_EVERY_S = 0.5
_log = get_logger("skywright.jobs")

Listener = Callable[[Job, Event], None]


def tend(
    place: Workplace, job: Job, stop: threading.Event, listener: Listener | None = None
) -> str:
    """Carry one attempt through to its end.

    Parameters
    ----------
    place : Workplace
        Shared things.
    job : Job
        Claimed by this worker.
    stop : threading.Event
        Set when the worker should end; the job is given back.
    listener : callable, optional
        Called with what the child tells.

    Returns
    -------
    str
        The status of the job after it; ``fenced`` if another worker has it.
    """
    with Heart(place.queue, job, place.lease_s) as heart:
        tending = _Tending(place, job, heart, stop, listener)
        try:
            status = tending.run()
        except SkywrightError as error:
            told = {"code": error.code, "message": error.message, "hint": error.hint}
            status = place.queue.fail(job, {**told, "retry": False})
        except OSError as error:
            status = place.queue.fail(job, {"code": "os", "message": f"{error}."})
        except Exception as error:
            _log.exception("a worker failed to tend a job", job=job.id)
            status = place.queue.fail(job, {"code": type(error).__name__, "message": str(error)})
    if status == "completed":
        shutil.rmtree(place.runs / tending.folder.parent.name, ignore_errors=True)
    return status


class _Tending:
    """The state of one attempt as its supervisor sees it."""

    def __init__(
        self,
        place: Workplace,
        job: Job,
        heart: Heart,
        stop: threading.Event,
        listener: Listener | None,
    ) -> None:
        self.place, self.job, self.heart, self.stop = place, job, heart, stop
        self.listener = listener
        self.folder = place.runs
        self.outcome: Event | None = None
        self.tail: deque[str] = deque(maxlen=_TOLD_LINES)
        self._lines: list[str] = []
        self._points: list[Point] = []
        self._noted = 0.0

    def run(self) -> str:
        order, attempt = self._started()
        self.folder = order.spec.parent
        with closing(attempt):
            self.heart.feeds(attempt.feed)
            ended = self._listen(attempt)
            self.heart.feeds(lambda: None)
        self._note(force=True)
        return ended if ended is not None else self._concluded(attempt.exit_code())

    def _started(self) -> tuple[Order, Attempt]:
        launcher = self.place.launcher(self.job.launcher)
        if self.job.handle is not None:
            known = json.loads(self.job.handle)
            order = order_again(self.place, self.job, Path(known["folder"]))
            try:
                return order, launcher.attach(known["id"], order)
            except NotFoundError as error:
                self._take([], [f"{error.message} It is started again."])
        order = order_of(self.place, self.job)
        attempt = launcher.start(order)
        if attempt.handle is not None:
            named = {"id": attempt.handle, "folder": str(order.spec.parent)}
            self.place.queue.attach(self.job, json.dumps(named))
        return order, attempt

    def _listen(self, attempt: Attempt) -> str | None:
        """Listen until the attempt has ended; a status if it was ended from here."""
        while True:
            self._take(*attempt.read(POLL_S))
            self._note()
            if self.heart.lost.is_set():
                attempt.kill()
                return "fenced"
            if self.stop.is_set() and attempt.handle is not None:
                return "running"  # a remote attempt goes on; the next worker finds it again
            if self.stop.is_set():
                attempt.kill()
                return "pending" if self.place.queue.release(self.job) else "fenced"
            if self._unwanted():
                attempt.kill()
                return "cancelled" if self.place.queue.stopped(self.job) else "fenced"
            if attempt.exit_code() is not None:
                while any(told := attempt.read(0.0)):
                    self._take(*told)
                return None

    def _unwanted(self) -> bool:
        return self.heart.cancel.is_set() or self.place.queue.wanted(self.job).cancel

    def _concluded(self, code: int | None) -> str:
        if self.outcome is not None and self.outcome["event"] == "done" and code == 0:
            return publish(self.place, self.job, self.folder, self.outcome)
        error: dict[str, Any] = {"code": "ended", "message": _ended(code)}
        if self.outcome is not None and self.outcome["event"] == "error":
            error = {key: value for key, value in self.outcome.items() if key != "event"}
        error["log"] = list(self.tail)
        return self.place.queue.fail(self.job, error, progress=self._progress())

    def _progress(self) -> str:
        complete = sorted((self.folder / "checkpoints").glob("step-*"))
        return complete[-1].name if complete else ""

    def _take(self, events: list[Event], lines: list[str]) -> None:
        for event in events:
            if event.get("event") in {"done", "error"}:
                self.outcome = event
            if event.get("event") == "progress":
                self._points += _points_of(event)
                lines = [*lines, _line_of(event)]
            if self.listener is not None:
                self.listener(self.job, event)
        self._lines += lines
        self.tail.extend(lines)

    def _note(self, *, force: bool = False) -> None:
        now = time.monotonic()
        if force or now - self._noted > _NOTE_EVERY_S:
            self.place.queue.note(self.job, self._lines, self._points)
            self._lines, self._points, self._noted = [], [], now


def _points_of(event: Event) -> list[Point]:
    step = event.get("step")
    if step is None:
        return []
    return [
        (int(step), name, float(value))
        for name, value in event.items()
        if name not in {"step", "t_s"} and isinstance(value, int | float) and math.isfinite(value)
    ]


def _line_of(event: Event) -> str:
    told = [f"{key}={value}" for key, value in event.items() if key not in {"event", "t_s"}]
    return f"[{event.get('t_s', 0.0):8.2f} s] " + " ".join(told)


def _ended(code: int | None) -> str:
    if code is not None and code < 0:
        return f"The process was ended by signal {-code}."
    return f"The process ended with exit code {code} and told no result."

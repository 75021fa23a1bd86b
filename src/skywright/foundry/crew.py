"""A worker in this process for certain jobs only, such as the trials of a search."""

from __future__ import annotations

import threading
from dataclasses import replace
from types import TracebackType

from skywright.foundry.jobs.job import FINAL, Job, Slots
from skywright.foundry.jobs.queue import Queue
from skywright.foundry.jobs.worker import Worker
from skywright.foundry.jobs.workplace import Workplace
from skywright.store.database import Database

_POLL_S = 0.1


class Crew:
    """Does the jobs it is told to take, beside each other as far as there is room.

    Leaving the context waits for them; leaving it by an exception gives them back.
    """

    def __init__(self, place: Workplace) -> None:
        self._queue = _Chosen(place.queue.database)
        self._worker = Worker(replace(place, queue=self._queue, _launchers={}))
        self._stop = threading.Event()
        self._thread = threading.Thread(
            target=self._worker.run, args=(self._stop,), name="crew", daemon=True
        )

    def take(self, job_id: str) -> None:
        """Do a job, unless a worker elsewhere is faster."""
        self._queue.chosen.append(job_id)

    def __enter__(self) -> Crew:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        while kind is None and not all(self._over(job_id) for job_id in self._queue.chosen):
            self._stop.wait(_POLL_S)
        self._stop.set()
        self._thread.join()

    def _over(self, job_id: str) -> bool:
        job = self._queue.find(job_id)
        return job.status in FINAL or job.status == "parked"


class _Chosen(Queue):
    """A queue of which only some jobs are claimed."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.chosen: list[str] = []

    def claim(
        self, worker: str, lease_s: float, offer: Slots, only: str | None = None
    ) -> Job | None:
        """Take the first of the chosen jobs that can be taken."""
        for job_id in list(self.chosen):
            if only in {None, job_id}:
                job = super().claim(worker, lease_s, offer, only=job_id)
                if job is not None:
                    return job
        return None

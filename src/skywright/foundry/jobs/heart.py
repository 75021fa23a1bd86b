"""The heart: a thread that prolongs a lease, and feeds the leash only after it was prolonged."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from sqlalchemy.exc import DBAPIError

from skywright.foundry.jobs.job import Job
from skywright.foundry.jobs.queue import Queue
from skywright.logs import get_logger

_BEATS_PER_LEASE = 4
_log = get_logger("skywright.jobs")


class Heart:
    """Beats for one job from entering to leaving a ``with``."""

    def __init__(self, queue: Queue, job: Job, lease_s: float) -> None:
        self._queue = queue
        self._job = job
        self._lease_s = lease_s
        self._stop = threading.Event()
        self._feed: Callable[[], None] = lambda: None
        self._thread = threading.Thread(target=self._run, name="heart", daemon=True)
        self.lost = threading.Event()
        self.cancel = threading.Event()

    def __enter__(self) -> Heart:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def feeds(self, feed: Callable[[], None]) -> None:
        """Name what is told of every beat."""
        self._feed = feed

    def _run(self) -> None:
        last = time.monotonic()
        while not self._stop.wait(self._lease_s / _BEATS_PER_LEASE):
            try:
                beat = self._queue.beat(self._job, self._lease_s)
            except DBAPIError as error:
                _log.warning("a beat failed", job=self._job.id, error=str(error.orig))
                if time.monotonic() - last > self._lease_s:
                    self.lost.set()
                continue
            last = time.monotonic()
            if not beat.alive:
                self.lost.set()
                return
            if beat.cancel:
                self.cancel.set()
            self._feed()

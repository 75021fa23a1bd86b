"""The worker: takes jobs as long as it has room, and tends each in a thread."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy.exc import DBAPIError

from skywright.errors import InputError
from skywright.foundry.jobs.job import FINAL, Job, Slots
from skywright.foundry.jobs.schedules import tick
from skywright.foundry.jobs.tending import Listener, tend
from skywright.foundry.jobs.workplace import POLL_S, Workplace
from skywright.logs import get_logger

_MOST_AT_ONCE = 64
_TIDY_EVERY_S = 5.0
_log = get_logger("skywright.jobs")


class Worker:
    """Does the jobs of a queue, on this machine or through it."""

    def __init__(self, place: Workplace, listener: Listener | None = None) -> None:
        self.place = place
        self._listener = listener
        self._busy: dict[tuple[str, int], Slots] = {}
        self._lock = threading.Lock()
        self._freed = threading.Event()
        self._tidied = float("-inf")

    def run(self, stop: threading.Event | None = None, *, only: str | None = None) -> None:
        """Work until told to stop, or until one job has ended.

        Parameters
        ----------
        stop : threading.Event, optional
            Set to stop; running attempts are ended and their jobs given back.
        only : str, optional
            Do this job and return when it is completed, failed, cancelled or parked.
        """
        stopped = stop or threading.Event()
        pool = ThreadPoolExecutor(_MOST_AT_ONCE, thread_name_prefix="tend")
        try:
            while not stopped.is_set() and not (only and self._over(only)):
                if not self._took(pool, stopped, only):
                    self._freed.wait(POLL_S)
                    self._freed.clear()
        except BaseException:
            stopped.set()
            raise
        finally:
            if only is None:
                stopped.set()
            pool.shutdown(wait=True)

    def refuse_impossible(self, needs: Slots) -> None:
        """Refuse what this machine can never give.

        Raises
        ------
        InputError
            Names what is asked for and what there is.
        """
        offer = self.place.offer
        for name in ("cpus", "gpus", "memory_gb"):
            asked, given = getattr(needs, name), getattr(offer, name)
            if asked > given:
                message = f"run.{name} = {asked:g} is more than this machine gives ({given:g})."
                raise InputError(message, hint="Ask for less, or run it on Ray or Kubernetes.")

    def _took(self, pool: ThreadPoolExecutor, stop: threading.Event, only: str | None) -> bool:
        """Claim one job if there is one that fits; tells whether it did."""
        try:
            if only is None:
                self._tidy()
            job = self.place.queue.claim(
                self.place.name, self.place.lease_s, self._free(), only=only
            )
        except DBAPIError as error:
            _log.warning("no job could be claimed", error=str(error.orig))
            return False
        if job is None:
            return False
        with self._lock:
            self._busy[job.id, job.attempt] = job.needs
        pool.submit(self._tend, job, stop)
        return True

    def _tidy(self) -> None:
        """See to schedules and to jobs that nobody can do, now and then."""
        if time.monotonic() - self._tidied > _TIDY_EVERY_S:
            self._tidied = time.monotonic()
            tick(self.place.queue)
            self.place.queue.bury()

    def _tend(self, job: Job, stop: threading.Event) -> None:
        try:
            status = tend(self.place, job, stop, self._listener)
            _log.info("attempt ended", job=job.id, attempt=job.attempt, status=status)
        except Exception:
            _log.exception("an attempt could not be ended", job=job.id)
        finally:
            with self._lock:
                del self._busy[job.id, job.attempt]
            self._freed.set()

    def _free(self) -> Slots:
        offer = self.place.offer
        with self._lock:
            taken = list(self._busy.values())
        return Slots(
            offer.cpus - sum(needs.cpus for needs in taken),
            offer.gpus - sum(needs.gpus for needs in taken),
            offer.memory_gb - sum(needs.memory_gb for needs in taken),
        )

    def _over(self, job_id: str) -> bool:
        job = self.place.queue.find(job_id)
        return job.status in FINAL or job.status == "parked"

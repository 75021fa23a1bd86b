"""Jobs of the Universal Worker Service: phases, waiting, abort, deletion.

References
----------
.. [1] IVOA Universal Worker Service Pattern 1.1 (2016).
"""

from __future__ import annotations

import datetime as dt
import sqlite3
import threading
import uuid
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from xml.sax.saxutils import escape, quoteattr

from skywright.sources.sandbox.adql import RefusedQueryError

ENDED = frozenset({"COMPLETED", "ERROR", "ABORTED"})
_WORKERS = 2
_LONGEST_WAIT_S = 30.0
_KEPT = dt.timedelta(days=3)
_HEAD = (
    'xmlns:uws="http://www.ivoa.net/xml/UWS/v1.0" xmlns:xlink="http://www.w3.org/1999/xlink" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" version="1.1"'
)


def _utc() -> str:
    return dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@dataclass(slots=True)
class Job:
    """One job; its parameters may be changed until it is run."""

    id: str
    parameters: dict[str, str]
    uploads: dict[str, bytes] = field(default_factory=dict)
    phase: str = "PENDING"
    created_utc: str = field(default_factory=_utc)
    started_utc: str = ""
    ended_utc: str = ""
    execution_s: int = 60
    destroyed_utc: str = field(
        default_factory=lambda: (dt.datetime.now(dt.UTC) + _KEPT).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    )
    result: tuple[str, bytes] = ("", b"")
    """Media type and body."""
    error: str = ""
    connection: sqlite3.Connection | None = None

    def xml(self, url: str) -> bytes:
        """Write the job as UWS has it."""
        times = "".join(
            f"<uws:{name}>{value}</uws:{name}>" if value else f'<uws:{name} xsi:nil="true"/>'
            for name, value in (
                ("quote", ""),
                ("creationTime", self.created_utc),
                ("startTime", self.started_utc),
                ("endTime", self.ended_utc),
            )
        )
        return (
            f'<?xml version="1.0" encoding="UTF-8"?>\n<uws:job {_HEAD}>'
            f'<uws:jobId>{self.id}</uws:jobId><uws:ownerId xsi:nil="true"/>'
            f"<uws:phase>{self.phase}</uws:phase>{times}"
            f"<uws:executionDuration>{self.execution_s}</uws:executionDuration>"
            f"<uws:destruction>{self.destroyed_utc}</uws:destruction>"
            f"{self.parameters_xml()}{self.results_xml(url)}{self._error_xml()}</uws:job>"
        ).encode()

    def parameters_xml(self, head: str = "") -> str:
        """Write the parameters."""
        told = "".join(
            f"<uws:parameter id={quoteattr(name)}>{escape(value)}</uws:parameter>"
            for name, value in self.parameters.items()
        )
        return f"<uws:parameters{head}>{told}</uws:parameters>"

    def results_xml(self, url: str, head: str = "") -> str:
        """Write where the result is."""
        link = quoteattr(f"{url}/results/result")
        inside = f'<uws:result id="result" xlink:href={link}/>' if self.phase == "COMPLETED" else ""
        return f"<uws:results{head}>{inside}</uws:results>"

    def _error_xml(self) -> str:
        if not self.error:
            return ""
        words = f"<uws:message>{escape(self.error)}</uws:message>"
        return f'<uws:errorSummary type="fatal" hasDetail="true">{words}</uws:errorSummary>'


class Jobs:
    """The jobs of one service, two of them running at a time."""

    def __init__(self, work: Callable[[Job], tuple[str, bytes]]) -> None:
        self._work = work
        self._jobs: dict[str, Job] = {}
        self._changed = threading.Condition()
        self._pool = ThreadPoolExecutor(_WORKERS, thread_name_prefix="sandbox-job")

    def close(self) -> None:
        """End all jobs."""
        for job in list(self._jobs.values()):
            self.abort(job)
        self._pool.shutdown(cancel_futures=True)

    def new(self, parameters: dict[str, str], uploads: dict[str, bytes]) -> Job:
        """Add a job that waits to be run."""
        job = Job(uuid.uuid4().hex[:12], parameters, uploads)
        with self._changed:
            self._jobs[job.id] = job
        return job

    def get(self, job_id: str) -> Job | None:
        """Return a job, or nothing."""
        return self._jobs.get(job_id)

    def listed(self) -> Iterable[Job]:
        """Return all jobs, the oldest first."""
        return list(self._jobs.values())

    def run(self, job: Job) -> None:
        """Queue a job that waits; others stay as they are."""
        with self._changed:
            if job.phase != "PENDING":
                return
            job.phase = "QUEUED"
            self._changed.notify_all()
        self._pool.submit(self._run, job)

    def _run(self, job: Job) -> None:
        with self._changed:
            if job.phase != "QUEUED":
                return
            job.phase, job.started_utc = "EXECUTING", _utc()
            self._changed.notify_all()
        try:
            job.result = self._work(job)
            phase = "COMPLETED"
        except RefusedQueryError as error:
            job.error, phase = str(error), "ERROR"
        except Exception as error:
            job.error, phase = f"The service failed: {error}", "ERROR"
            raise
        finally:
            with self._changed:
                job.connection = None
                if job.phase == "EXECUTING":
                    job.phase, job.ended_utc = phase, _utc()
                self._changed.notify_all()

    def abort(self, job: Job) -> None:
        """Stop a job; one that has ended stays as it is."""
        with self._changed:
            if job.phase in ENDED:
                return
            job.phase, job.ended_utc = "ABORTED", _utc()
            if job.connection is not None:
                job.connection.interrupt()
            self._changed.notify_all()

    def delete(self, job: Job) -> None:
        """Stop and forget a job."""
        self.abort(job)
        with self._changed:
            self._jobs.pop(job.id, None)

    def wait(self, job: Job, seconds: float) -> None:
        """Wait until the phase of a job that is under way changes; negative: as long as we do."""
        longest = _LONGEST_WAIT_S if seconds < 0 else min(seconds, _LONGEST_WAIT_S)
        with self._changed:
            before = job.phase
            if before not in {"QUEUED", "EXECUTING"}:
                return
            self._changed.wait_for(lambda: job.phase != before, timeout=longest)


def jobs_xml(jobs: Iterable[Job], url: str) -> bytes:
    """Write the list of jobs."""
    told = "".join(
        f"<uws:jobref id={quoteattr(job.id)} xlink:href={quoteattr(f'{url}/{job.id}')}>"
        f"<uws:phase>{job.phase}</uws:phase></uws:jobref>"
        for job in jobs
    )
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<uws:jobs {_HEAD}>{told}</uws:jobs>'.encode()


HEAD = f" {_HEAD}"
"""The namespaces, for a part of a job that is sent alone."""

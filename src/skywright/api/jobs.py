"""Long work: on record from the first moment, in a thread, watched by any number of listeners."""

from __future__ import annotations

import asyncio
import json
import secrets
import threading
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from starlette.concurrency import run_in_threadpool

from skywright.api.answers import error_body, json_bytes
from skywright.api.metrics import Metrics
from skywright.api.work import BusyError
from skywright.errors import SkywrightError
from skywright.logs import get_logger
from skywright.orbits.threads import CancelledError
from skywright.store.blobs import BlobStore
from skywright.store.database import Database
from skywright.store.jobs import FINAL, JobRecord, add_job, find_job, finish_job, start_job

_AT_ONCE = 2
_MOST_UNFINISHED = 64
_KEEP_ALIVE_S = 15.0
_log = get_logger("skywright.jobs")

Progress = Callable[[str, int, int], None]
Task = Callable[[Progress, Callable[[], bool]], Any]


@dataclass(slots=True)
class _Live:
    """A job that is not finished; what is finished is in the database."""

    id: str
    stop: threading.Event
    done: threading.Event = field(default_factory=threading.Event)
    progress: dict[str, Any] | None = None
    listeners: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = field(default_factory=list)

    def report(self, stage: str, done: int, of: int) -> None:
        self.progress = {"stage": stage, "done": done, "of": of}
        self.wake()

    def wake(self) -> None:
        for loop, event in tuple(self.listeners):
            if not loop.is_closed():
                loop.call_soon_threadsafe(event.set)


class Jobs:
    """Starts, watches and cancels jobs."""

    def __init__(
        self,
        database: Database,
        blobs: BlobStore,
        metrics: Metrics,
        keep_alive_s: float = _KEEP_ALIVE_S,
    ) -> None:
        self._database = database
        self._blobs = blobs
        self._gauge = metrics.jobs
        self._keep_alive_s = keep_alive_s
        self._pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="job")
        self._live: dict[str, _Live] = {}

    async def start(
        self, kind: str, owner: str, asked: Any, task: Task, stop: threading.Event
    ) -> JobRecord:
        """Put a job on record and start it when a thread is free.

        Parameters
        ----------
        kind : str
            What it does, such as ``simulate``.
        owner : str
            Name of the caller.
        asked : Any
            The request, kept on record as JSON.
        task : callable
            Called as ``task(progress, cancelled)``; returns the result.
        stop : threading.Event
            Set to cancel it.

        Raises
        ------
        BusyError
            If too many jobs are unfinished.
        """
        if len(self._live) >= _MOST_UNFINISHED:
            message = f"{_MOST_UNFINISHED} jobs are unfinished; no more are taken on."
            raise BusyError(message, hint="Wait for one to end, or cancel one.")
        live = _Live(secrets.token_hex(16), stop)
        self._live[live.id] = live
        try:
            await run_in_threadpool(
                add_job,
                self._database,
                job_id=live.id,
                kind=kind,
                owner=owner,
                request_json=json_bytes(asked).decode(),
            )
        except BaseException:
            del self._live[live.id]
            raise
        self._gauge.inc()
        self._pool.submit(self._run, live, task)
        return await self.find(live.id)

    async def find(self, job_id: str) -> JobRecord:
        """Return a job; raises NotFoundError if there is none."""
        return await run_in_threadpool(find_job, self._database, job_id)

    async def cancel(self, job_id: str) -> JobRecord:
        """Ask a job to stop; one that has ended stays as it is."""
        live = self._live.get(job_id)
        if live is not None:
            live.stop.set()
        return await self.find(job_id)

    def progress(self, job_id: str) -> dict[str, Any] | None:
        """Return the newest progress of an unfinished job: stage, done, of."""
        live = self._live.get(job_id)
        return live.progress if live else None

    async def result(self, job: JobRecord) -> bytes | None:
        """Return the result of a job that is done, as JSON."""
        if job.result_sha256 is None:
            return None
        return await run_in_threadpool(self._blobs.read, job.result_sha256)

    async def events(self, job_id: str) -> AsyncIterator[bytes]:
        """Yield server-sent events: progress as it comes, then one result, error or cancelled."""
        live = self._live.get(job_id)
        if live is not None:
            async for event in self._watch(live):
                yield event
        job = await self.find(job_id)
        if job.status == "done":
            yield _event("result", await self.result(job) or b"null")
        elif job.status == "failed":
            yield _event("error", (job.error_json or "{}").encode())
        else:
            yield _event("cancelled", b"{}")

    async def _watch(self, live: _Live) -> AsyncIterator[bytes]:
        """Yield progress until the job ends; a comment now and then keeps proxies from cutting."""
        woken = asyncio.Event()
        listener = (asyncio.get_running_loop(), woken)
        live.listeners.append(listener)
        shown: dict[str, Any] | None = None
        yield _event("status", b'{"status":"accepted"}')
        try:
            while not live.done.is_set():
                if live.progress is not None and live.progress is not shown:
                    shown = live.progress
                    yield _event("progress", json_bytes(shown))
                try:
                    await asyncio.wait_for(woken.wait(), self._keep_alive_s)
                except TimeoutError:
                    yield b": still here\n\n"
                woken.clear()
        finally:
            live.listeners.remove(listener)

    def close(self) -> None:
        """Stop all jobs and wait for them to see it."""
        for live in tuple(self._live.values()):
            live.stop.set()
        self._pool.shutdown(wait=True)

    def _run(self, live: _Live, task: Task) -> None:
        """Run a job in its thread; whatever happens, its end is on record."""
        try:
            self._finish(live, *self._outcome(live, task))
        except Exception:
            _log.exception("the end of a job could not be written", job=live.id)
        finally:
            self._live.pop(live.id, None)
            self._gauge.dec()
            live.done.set()
            live.wake()

    def _outcome(self, live: _Live, task: Task) -> tuple[str, Any]:
        try:
            if live.stop.is_set():
                return "cancelled", None
            start_job(self._database, live.id)
            return "done", task(live.report, live.stop.is_set)
        except CancelledError:
            return "cancelled", None
        except SkywrightError as error:
            return "failed", error_body(error.code, error.message, error.hint)["error"]
        except Exception:
            _log.exception("job failed", job=live.id)
            fault = error_body("internal", "Something went wrong inside the server.", live.id)
            return "failed", fault["error"]

    def _finish(self, live: _Live, status: str, value: Any) -> None:
        if status == "done":
            sha = self._blobs.put(json_bytes(value))
            finish_job(self._database, live.id, status, result_sha256=sha)
        else:
            error = json.dumps(value) if value is not None else None
            finish_job(self._database, live.id, status, error_json=error)


def is_final(job: JobRecord) -> bool:
    """Tell whether a job has ended."""
    return job.status in FINAL


def _event(name: str, data: bytes) -> bytes:
    return b"event: " + name.encode() + b"\ndata: " + data + b"\n\n"

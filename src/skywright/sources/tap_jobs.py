"""Jobs of a TAP service: started, watched, aborted when nobody waits for them any more.

References
----------
IVOA UWS 1.1, sections 2.1.3 (phases) and 2.2 (addresses).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from xml.etree import ElementTree as ET

import httpx

from skywright import __version__
from skywright.errors import SourceError, StoppedError
from skywright.sources.budgets import Purse
from skywright.sources.collecting import Visit
from skywright.sources.http import retry_after_s
from skywright.sources.refusals import later
from skywright.sources.state import SourceState
from skywright.sources.votable import refusal_in

LONGEST_S = 900.0
"""Longest that a job is waited for [s]; it is then aborted."""

_FIRST_LOOK_S, _LONGEST_LOOK_S = 0.2, 5.0
_OVER = {"COMPLETED", "ERROR", "ABORTED", "HELD", "SUSPENDED", "UNKNOWN", "ARCHIVED"}
_WORDS = 400
_BUSY = {429, 502, 503, 504}  # 500 may be a refusal of the query


def job_result(visit: Visit, asked: dict[str, str], stop: threading.Event | None) -> str:
    """Run a query as a job and return the address of its result.

    Parameters
    ----------
    visit : Visit
        Whose service it is; a service that is busy is waited for as its budget allows.
    asked : dict
        Parameters of the query.
    stop : threading.Event, optional
        Aborts the job on the server when set.

    Raises
    ------
    SourceError
        If the job cannot be started, fails (its words are passed on), or lasts too long.
    StoppedError
        If ``stop`` was set.
    """
    state = visit.state
    with _client(state, visit.settings.http_timeout_s) as client:
        service = _Service(client, state, visit.fetcher.purse, stop or threading.Event())
        job = _started(service, visit.state.url(visit.settings).rstrip("/"), asked)
        try:
            phase = _last_phase(service, job)
        except BaseException:
            _forget(client, job)
            raise
        if phase != "COMPLETED":
            said = _reason(client, state, job)
            _forget(client, job)
            told = f" and said: {said}" if said else ""
            message = f"{state.title} ended the job with {phase}{told}."
            raise SourceError(message, hint=f"See {state.documentation}.")
        return f"{job}/results/result"


@contextmanager
def _client(state: SourceState, timeout_s: float) -> Iterator[httpx.Client]:
    """Open a connection; what goes wrong with it is a sentence."""
    headers = {"User-Agent": f"skywright/{__version__}"}
    try:
        with httpx.Client(timeout=timeout_s, headers=headers) as client:
            yield client
    except httpx.TransportError as error:
        message = f"{state.title} did not answer ({type(error).__name__}: {error})."
        hint = f"Check the network and the setting SKYWRIGHT_{state.url_setting.upper()}."
        raise SourceError(message, hint=hint) from error


@dataclass(frozen=True, slots=True)
class _Service:
    """A service of jobs, and how long it is waited for where it is busy."""

    client: httpx.Client
    state: SourceState
    purse: Purse
    stop: threading.Event

    def ask(self, call: Callable[[], httpx.Response], *, again: bool) -> httpx.Response:
        """Return an answer; with ``again`` also after a connection that broke, as for a look."""
        budget = self.purse.budget
        for attempt in range(budget.attempts):
            is_last = attempt + 1 == budget.attempts
            wait_s, began = budget.first_wait_s * 2**attempt, time.monotonic()
            try:
                answer = call()
            except httpx.TransportError:
                if is_last or not again or not self.purse.can_pay(wait_s):
                    raise
            else:
                if answer.status_code not in _BUSY:
                    return answer
                told_s = retry_after_s(answer.headers) or None
                wait_s = told_s or wait_s
                fits = wait_s <= budget.longest_asked_s and self.purse.can_pay(wait_s)
                if told_s is not None and (is_last or not fits):
                    raise later(self.state, told_s)
                if is_last or not fits:
                    return answer
            self.purse.pay(time.monotonic() - began + wait_s)
            self.wait(wait_s)
        raise AssertionError

    def wait(self, seconds: float) -> None:
        """Wait; raises StoppedError once stopped."""
        if self.stop.wait(seconds):
            message = "The query was stopped."
            raise StoppedError(message)


def _started(service: _Service, address: str, asked: dict[str, str]) -> str:
    """Start a job and return its address, which must be below that of the service."""
    state, data = service.state, {**asked, "PHASE": "RUN"}
    answer = service.ask(lambda: service.client.post(f"{address}/async", data=data), again=False)
    location = answer.headers.get("Location", "")
    if answer.status_code not in {201, 303, 302} or not location:
        said = refusal_in(answer.content, state) or f"HTTP {answer.status_code}"
        message = f"{state.title} did not take the query as a job and said: {said}."
        raise SourceError(message, hint=f"See {state.documentation}.")
    job = answer.url.join(location)
    if job.host != answer.url.host:
        message = f"{state.title} named a job on another host: {job}."
        raise SourceError(message, hint=f"See {state.documentation}.")
    return str(job).rstrip("/")


def _last_phase(service: _Service, job: str) -> str:
    """Wait until the job is over; some services start it only when told a second time."""
    client, state = service.client, service.state
    pause_s, until = _FIRST_LOOK_S, time.monotonic() + LONGEST_S
    while time.monotonic() < until:
        answer = service.ask(lambda: client.get(f"{job}/phase"), again=True)
        phase = answer.text.strip().upper()
        if answer.status_code != 200 or len(phase) > len("SUSPENDED"):
            message = f"{state.title} did not tell how its job is (HTTP {answer.status_code})."
            raise SourceError(message, hint="Try again later.")
        if phase in _OVER:
            return phase
        if phase == "PENDING":
            client.post(f"{job}/phase", data={"PHASE": "RUN"})
        service.wait(pause_s)
        pause_s = min(1.5 * pause_s, _LONGEST_LOOK_S)
    message = f"{state.title} had not finished the job after {LONGEST_S:.0f} s."
    raise SourceError(message, hint="Ask for fewer rows or a smaller radius.")


def _reason(client: httpx.Client, state: SourceState, job: str) -> str:
    """Return why a job failed: the error document, else the message of the job."""
    said = refusal_in(client.get(f"{job}/error", follow_redirects=True).content, state)
    if said:
        return said
    try:
        root = ET.fromstring(client.get(job).content)  # noqa: S314 - see tap.read_tables
    except ET.ParseError:
        return ""
    words = (one.text or "" for one in root.iter() if str(one.tag).endswith("}message"))
    return " ".join(next(words, "").split())[:_WORDS].rstrip(".")


def _forget(client: httpx.Client, job: str) -> None:
    """Abort a job and delete it; where that fails, the service does so at its own time."""
    with suppress(httpx.HTTPError):
        client.post(f"{job}/phase", data={"PHASE": "ABORT"})
        client.delete(job)

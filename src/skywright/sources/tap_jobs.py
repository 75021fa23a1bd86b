"""Jobs of a TAP service: started, watched, aborted when nobody waits for them any more.

References
----------
IVOA UWS 1.1, sections 2.1.3 (phases) and 2.2 (addresses).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from xml.etree import ElementTree as ET

import httpx

from skywright import __version__
from skywright.errors import SourceError, StoppedError
from skywright.sources.state import SourceState
from skywright.sources.votable import refusal_in

LONGEST_S = 900.0
"""Longest that a job is waited for [s]; it is then aborted."""

_FIRST_LOOK_S, _LONGEST_LOOK_S = 0.2, 5.0
_OVER = {"COMPLETED", "ERROR", "ABORTED", "HELD", "SUSPENDED", "UNKNOWN", "ARCHIVED"}
_WORDS = 400


def job_result(
    state: SourceState,
    address: str,
    asked: dict[str, str],
    timeout_s: float,
    stop: threading.Event | None,
) -> str:
    """Run a query as a job and return the address of its result.

    Parameters
    ----------
    state : SourceState
        Whose service it is.
    address : str
        Of the service, without a slash at the end.
    asked : dict
        Parameters of the query.
    timeout_s : float
        Longest wait for one answer [s].
    stop : threading.Event, optional
        Aborts the job on the server when set.

    Raises
    ------
    SourceError
        If the job cannot be started, fails (its words are passed on), or lasts too long.
    StoppedError
        If ``stop`` was set.
    """
    with _client(state, timeout_s) as client:
        job = _started(client, state, address, asked)
        try:
            phase = _last_phase(client, state, job, stop or threading.Event())
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


def _started(client: httpx.Client, state: SourceState, address: str, asked: dict[str, str]) -> str:
    """Start a job and return its address, which must be below that of the service."""
    answer = client.post(f"{address}/async", data={**asked, "PHASE": "RUN"})
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


def _last_phase(client: httpx.Client, state: SourceState, job: str, stop: threading.Event) -> str:
    """Wait until the job is over; some services start it only when told a second time."""
    pause_s, until = _FIRST_LOOK_S, time.monotonic() + LONGEST_S
    while time.monotonic() < until:
        answer = client.get(f"{job}/phase")
        phase = answer.text.strip().upper()
        if answer.status_code != 200 or len(phase) > len("SUSPENDED"):
            message = f"{state.title} did not tell how its job is (HTTP {answer.status_code})."
            raise SourceError(message, hint="Try again later.")
        if phase in _OVER:
            return phase
        if phase == "PENDING":
            client.post(f"{job}/phase", data={"PHASE": "RUN"})
        if stop.wait(pause_s):
            message = "The query was stopped."
            raise StoppedError(message)
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

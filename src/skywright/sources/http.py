"""Fetch politely: conditional requests, back-off, resumption, and a provenance row for each answer.

One request at a time, with a plain ``User-Agent`` and nothing else about the user. A body is kept
as a blob under its SHA-256 only after the caller's check passed, so that a damaged answer is never
confirmed by a later "304 Not Modified".
"""

from __future__ import annotations

import datetime as dt
import email.utils
import json
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import httpx

from skywright import __version__
from skywright.errors import SourceError
from skywright.sources import pacing
from skywright.sources.budgets import COLLECTING, Budget, Purse, in_words
from skywright.sources.partial import PartialBody
from skywright.sources.refusals import later, refuse_page, refused, unknown_name
from skywright.sources.state import SourceState
from skywright.store.blobs import BlobStore

_BUSY = frozenset({429, 500, 502, 503, 504})
_LONGEST_TO_CONNECT_S = 5.0  # a lost first packet is sent anew after 1 s and 3 s
_TOKENS = ("Authorization", "X-Api-Key")
_CHUNK = 1 << 16


Patience = Callable[[int, httpx.Headers, bytes], float | None]
"""Gets an answer's status, headers and body; returns how long to wait [s], or None: refused."""


class Blobs(Protocol):
    """Where raw answers rest; ``store.blobs.BlobStore`` is one."""

    def put(self, content: bytes | Path) -> str:
        """Keep some bytes and return their SHA-256."""

    def read(self, sha256: str) -> bytes:
        """Return what was kept."""

    def __contains__(self, sha256: str) -> bool:
        """Tell whether it is there."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where some bytes came from."""

    provider: str
    url: str
    retrieved_utc: str
    etag: str
    last_modified: str
    sha256: str
    bytes: int
    licence: str
    citation: str


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer and where it came from."""

    content: bytes
    status: int
    provenance: Provenance | None
    """None for an answer that is no data (not found, several matches)."""

    def json(self, name: str) -> Any:
        """Parse the body.

        Raises
        ------
        SourceError
            If it is no JSON, for example cut short or a page of HTML.
        """
        return parse_json(self.content, name)


def parse_json(content: bytes, name: str) -> Any:
    """Parse JSON of a provider, or say in a sentence what came instead.

    Raises
    ------
    SourceError
        If it is no JSON.
    """
    if content.lstrip()[:1] == b"<":
        message = (
            f"{name} answered with a web page instead of JSON; it may be down for maintenance."
        )
        raise SourceError(message, hint="Try again later.")
    if not content.strip():
        message = f"{name} answered with nothing instead of JSON."
        raise SourceError(message, hint="Try again later.")
    try:
        return json.loads(content)
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        message = f"{name} answered with JSON that is damaged or cut short: {error}."
        raise SourceError(message, hint="Try again.") from error


def in_folder(folder: Path, timeout_s: float, budget: Budget = COLLECTING) -> Fetcher:
    """Return a fetcher that keeps blobs, provenance and partial bodies below a data folder."""
    blobs = BlobStore(folder / "blobs")
    return Fetcher(folder / "raw", blobs, timeout_s=timeout_s, budget=budget)


@cache
def _trusted() -> ssl.SSLContext:
    """Read the certificates once: that takes longer than many a request."""
    return httpx.create_ssl_context()


class Fetcher:
    """GET with memory: what was fetched before is confirmed instead of fetched again."""

    def __init__(
        self,
        folder: Path,
        blobs: Blobs,
        *,
        timeout_s: float = 60.0,
        wait: Callable[[float], None] = time.sleep,
        headers: Mapping[str, str] | None = None,
        patience: Patience | None = None,
        budget: Budget = COLLECTING,
    ) -> None:
        self.folder = folder
        self.blobs = blobs
        self._wait = wait
        self._patience = patience
        self.purse = Purse(budget)
        self._log = folder / "provenance.jsonl"
        self._host = ""
        self._known = _last_of_each(self._log)
        self._client = httpx.Client(
            verify=_trusted(),
            timeout=httpx.Timeout(timeout_s, connect=min(timeout_s, _LONGEST_TO_CONNECT_S)),
            follow_redirects=True,
            event_hooks={"request": [self._keep_tokens_home]},
            headers={
                "User-Agent": f"skywright/{__version__}",
                "Accept-Encoding": "identity",
                **(headers or {}),
            },
        )

    def __enter__(self) -> Fetcher:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def get(
        self,
        source: SourceState,
        url: str,
        params: Mapping[str, str] | None = None,
        *,
        check: Callable[[bytes], object] | None = None,
        accept: Iterable[int] = (),
    ) -> Fetched:
        """Fetch one address.

        Parameters
        ----------
        source : SourceState
            Whom we ask.
        url, params
            What we ask for.
        check : callable
            Gets the body; raises when it is not what was asked for. Only then is it kept.
        accept : iterable of int
            Further statuses (such as 300 and 404) whose body the caller wants; they are not kept.

        Returns
        -------
        Fetched

        Raises
        ------
        SourceError
            If the provider cannot be reached, refuses, stays busy, or answers with a web page.
        """
        address = str(httpx.URL(url, params=dict(params or {})))
        known = self._known.get(address)
        known = known if known and known.sha256 in self.blobs else None
        if known is not None and _age_s(known) < source.fresh_s:
            return Fetched(self.blobs.read(known.sha256), 200, known)
        status, body, headers = self._with_patience(source, address, known, frozenset(accept))
        if status == 304 and known is not None:
            return Fetched(self.blobs.read(known.sha256), 200, known)
        if status != 200:
            return Fetched(body, status, None)
        if not source.sends_pages:
            refuse_page(source, body, headers)
        if check is not None:
            check(body)
        return Fetched(body, status, self._keep(source, address, body, headers))

    def _with_patience(
        self, source: SourceState, address: str, known: Provenance | None, accept: frozenset[int]
    ) -> tuple[int, bytes, httpx.Headers]:
        partial = PartialBody(self.folder / "partial", address)
        budget = self.purse.budget
        reason, attempts = "", budget.attempts
        for attempt in range(budget.attempts):
            asked_s = None
            pacing.take_turn(httpx.URL(address).netloc, source.pause_s, self._wait)
            began = time.monotonic()
            try:
                status, body, headers = self._once(address, known, partial)
            except httpx.TransportError as error:
                if is_unknown_name(error):
                    raise unknown_name(source, address) from error
                reason = f"{type(error).__name__}: {error}".rstrip(": ")
                if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
                    attempts = budget.attempts_to_connect
            else:
                if status in {200, 304} | accept:
                    return status, body, headers
                reason = f"HTTP {status}"
                asked_s = self._asked_s(source, address, status, headers, body)
            self.purse.pay(time.monotonic() - began)
            wait_s = budget.first_wait_s * 2**attempt if asked_s is None else asked_s
            if asked_s is not None and not self.purse.can_pay(asked_s):
                raise later(source, asked_s)
            if attempt + 1 >= attempts or not self.purse.can_pay(wait_s):
                break
            self.purse.pay(wait_s)
            self._wait(wait_s)
        times = "attempt" if attempt == 0 else "attempts"
        message = (
            f"{source.title} did not answer after {attempt + 1} {times} ({reason}): "
            f"{address.partition('?')[0]}."
        )
        back = "" if asked_s is None else f"It asks to come back in {in_words(asked_s)}. "
        hint = f"{back}Check the network and the setting SKYWRIGHT_{source.url_setting.upper()}."
        raise SourceError(message, hint=hint)

    def _asked_s(
        self, source: SourceState, address: str, status: int, headers: httpx.Headers, body: bytes
    ) -> float | None:
        """Return how long the service wants to be left alone [s]; None where it does not say."""
        read_s = self._patience(status, headers, body) if self._patience else None
        if read_s is not None:
            return read_s
        if status not in _BUSY:
            raise refused(source, address, status, body)
        told_s = retry_after_s(headers) or None  # a date in the past says nothing
        if told_s is not None and told_s > self.purse.budget.longest_asked_s:
            raise later(source, told_s)
        return told_s

    def _keep_tokens_home(self, request: httpx.Request) -> None:
        """Send a token to the host it is for, and to none that this one redirects to."""
        if request.url.host != self._host:
            for name in _TOKENS:
                request.headers.pop(name, None)

    def _once(
        self, address: str, known: Provenance | None, partial: PartialBody
    ) -> tuple[int, bytes, httpx.Headers]:
        headers = partial.headers() or _conditions(known)
        self._host = httpx.URL(address).host
        with self._client.stream("GET", address, headers=headers) as response:
            if response.status_code == 206:
                partial.go_on(response.headers)
            elif response.status_code == 200:
                partial.begin(response.headers)
            else:
                partial.discard()
                return response.status_code, response.read(), response.headers
            for chunk in response.iter_bytes(_CHUNK):
                partial.add(chunk)
            return 200, partial.finish(), response.headers

    def _keep(
        self, source: SourceState, address: str, body: bytes, headers: httpx.Headers
    ) -> Provenance:
        row = Provenance(
            provider=source.name,
            url=address,
            retrieved_utc=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
            etag=headers.get("ETag", ""),
            last_modified=headers.get("Last-Modified", ""),
            sha256=self.blobs.put(body),
            bytes=len(body),
            licence=source.licence,
            citation=source.citation,
        )
        self.folder.mkdir(parents=True, exist_ok=True)
        with self._log.open("a", encoding="utf-8") as log:
            log.write(json.dumps(asdict(row)) + "\n")
        self._known[address] = row
        return row


def is_unknown_name(error: BaseException | None) -> bool:
    """Tell whether a connection failed as the name of the host was not found: no use to go on."""
    while error is not None and not isinstance(error, socket.gaierror):
        error = error.__cause__ or error.__context__
    return error is not None


def _last_of_each(log: Path) -> dict[str, Provenance]:
    """Read the provenance rows; a last line cut off by a crash is passed over."""
    known: dict[str, Provenance] = {}
    if not log.is_file():
        return known
    for line in log.read_text(encoding="utf-8").splitlines():
        try:
            row = Provenance(**json.loads(line))
        except (ValueError, TypeError):
            continue
        known[row.url] = row
    return known


def _conditions(known: Provenance | None) -> dict[str, str]:
    if known is None:
        return {}
    pairs = {"If-None-Match": known.etag, "If-Modified-Since": known.last_modified}
    return {name: value for name, value in pairs.items() if value}


def retry_after_s(headers: httpx.Headers) -> float | None:
    """Read Retry-After: seconds or a date (RFC 9110, section 10.2.3)."""
    text = headers.get("Retry-After", "").strip()
    if text.isdigit():
        return float(text)
    try:
        when = email.utils.parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    return max(0.0, (when - dt.datetime.now(dt.UTC)).total_seconds())


def _age_s(row: Provenance) -> float:
    when = dt.datetime.fromisoformat(row.retrieved_utc)
    return (dt.datetime.now(dt.UTC) - when).total_seconds()

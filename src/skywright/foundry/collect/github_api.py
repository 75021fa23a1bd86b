"""GitHub's REST interface as far as it is needed here: search, README, releases.

References
----------
docs.github.com/en/rest/search/search, .../rest/using-the-rest-api/rate-limits-for-the-rest-api
"""

from __future__ import annotations

import base64
import binascii
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx

from skywright.errors import SourceError
from skywright.settings import Settings
from skywright.sources.http import Fetched, Fetcher, parse_json, retry_after_s
from skywright.sources.state import SourceState
from skywright.store.blobs import BlobStore

STATE = SourceState(
    name="github",
    title="GitHub",
    url_setting="github_url",
    status="live",
    licence="Facts about public repositories, under GitHub's terms of service; what is in a "
    "repository is under the licence of that repository.",
    citation="GitHub REST API, and the authors of each repository",
    documentation="https://docs.github.com/en/rest",
    checked="",
    rate_limit="10 searches a minute, 30 with a token",
    most="1,000 results of one search",
    access_setting="github_token",
    access_from="https://github.com/settings/tokens",
    smallest="/rate_limit",
)

PER_PAGE = 100
MOST_RESULTS = 1_000
_MINUTE_S = 60.0
_SEARCHES_WITH_TOKEN = 30  # a minute
_SEARCHES_WITHOUT = 10
_LONGEST_LIMIT_S = 3_700.0  # the limit of an hour, and a little


@dataclass(frozen=True, slots=True)
class Clocks:
    """The time, as a test may set it."""

    now: Callable[[], float] = time.time
    """Seconds of the Unix epoch."""
    wait: Callable[[float], None] = time.sleep
    """Waits so many seconds."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of results."""

    total: int
    """Results of the whole question."""
    incomplete: bool
    """Whether GitHub gave up before it had looked everywhere."""
    items: list[dict[str, Any]]
    """Repositories."""
    source: dict[str, str]
    """url, retrieved_utc, etag."""


class Pace:
    """Lets so many calls through in any minute."""

    def __init__(self, per_minute: int, clocks: Clocks) -> None:
        self._per_minute, self._clocks = per_minute, clocks
        self._times: deque[float] = deque(maxlen=per_minute)

    def take(self) -> None:
        """Wait until one more is allowed."""
        if len(self._times) == self._per_minute:
            pause_s = self._times[0] + _MINUTE_S - self._clocks.now()
            if pause_s > 0:
                self._clocks.wait(pause_s)
        self._times.append(self._clocks.now())


class GitHub:
    """A polite client.

    Parameters
    ----------
    settings : Settings
        Address, token, data folder.
    clocks : Clocks
        The time.
    """

    def __init__(self, settings: Settings, clocks: Clocks | None = None) -> None:
        self._url = STATE.url(settings).rstrip("/")
        chosen = clocks or Clocks()
        token = settings.github_token.get_secret_value()
        self._pace = Pace(_SEARCHES_WITH_TOKEN if token else _SEARCHES_WITHOUT, chosen)
        folder = settings.data_dir.expanduser()
        headers = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
        self._fetcher = Fetcher(
            folder / "raw" / "github",
            BlobStore(folder / "blobs"),
            timeout_s=settings.http_timeout_s,
            wait=chosen.wait,
            headers=headers | ({"Authorization": f"Bearer {token}"} if token else {}),
            patience=lambda *answer: patience(*answer, now=chosen.now()),
        )

    def __enter__(self) -> GitHub:
        return self

    def __exit__(self, *error: object) -> None:
        self._fetcher.__exit__(*error)

    def search(self, query: str, page: int) -> Page:
        """Return one page of repositories, those with most stars first.

        Raises
        ------
        SourceError
            If GitHub refuses, stays busy, or answers in another shape.
        """
        self._pace.take()
        params = {
            "q": query,
            "sort": "stars",
            "order": "desc",
            "per_page": str(PER_PAGE),
            "page": str(page),
        }
        fetched = self._fetcher.get(
            STATE, f"{self._url}/search/repositories", params, check=_check_page
        )
        found = fetched.json(STATE.title)
        return Page(
            total=int(found["total_count"]),
            incomplete=bool(found.get("incomplete_results")),
            items=found["items"],
            source=source_of(fetched),
        )

    def readme(self, full_name: str) -> str | None:
        """Return the README of a repository, or None if it has none; raises like ``search``."""
        fetched = self._fetcher.get(
            STATE, f"{self._url}/repos/{full_name}/readme", accept=(404, 451)
        )
        if fetched.status != 200:
            return None
        found = fetched.json(STATE.title)
        try:
            return base64.b64decode(found["content"]).decode("utf-8", "replace")
        except (KeyError, TypeError, binascii.Error) as error:
            what = "a README"
            raise _unknown_shape(what) from error

    def releases(self, full_name: str, most: int) -> list[dict[str, Any]]:
        """Return the newest releases: tag, name, published_at; raises like ``search``."""
        fetched = self._fetcher.get(
            STATE,
            f"{self._url}/repos/{full_name}/releases",
            {"per_page": str(min(most, PER_PAGE))},
            accept=(404, 451),
        )
        if fetched.status != 200:
            return []
        found = fetched.json(STATE.title)
        if not isinstance(found, list):
            what = "releases"
            raise _unknown_shape(what)
        kept = ("tag_name", "name", "published_at", "prerelease")
        return [{name: release.get(name) for name in kept} for release in found[:most]]


def source_of(fetched: Fetched) -> dict[str, str]:
    """Return where an answer came from, as each record notes it."""
    row = fetched.provenance
    if row is None:
        return {"url": "", "retrieved_utc": "", "etag": ""}
    return {"url": row.url, "retrieved_utc": row.retrieved_utc, "etag": row.etag}


def patience(status: int, headers: httpx.Headers, body: bytes, *, now: float) -> float | None:
    """Return how long GitHub wants to be left alone [s], or None if it said no such thing.

    Parameters
    ----------
    status : int
        Of the answer; both limits come as 403 or 429.
    headers, body
        Of the answer.
    now : float
        Seconds of the Unix epoch.
    """
    if status not in {403, 429}:
        return None
    told_s = retry_after_s(headers)
    if told_s is not None:
        return min(told_s, _LONGEST_LIMIT_S)
    if headers.get("x-ratelimit-remaining") == "0":
        reset = headers.get("x-ratelimit-reset", "")
        left_s = float(reset) - now + 1.0 if reset.isdigit() else _MINUTE_S
        return min(max(left_s, 1.0), _LONGEST_LIMIT_S)
    return _MINUTE_S if b"secondary rate limit" in body.lower() else None


def _check_page(content: bytes) -> None:
    found = parse_json(content, STATE.title)
    good = isinstance(found, dict) and isinstance(found.get("items"), list)
    if not good or not isinstance(found.get("total_count"), int):
        what = "a page of a search"
        raise _unknown_shape(what)


def _unknown_shape(what: str) -> SourceError:
    message = f"{STATE.title} answered {what} in a shape that is not known."
    return SourceError(message, hint=f"Its description is at {STATE.documentation}.")

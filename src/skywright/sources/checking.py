"""Whether the sources still answer: one small request to each, and what came of the last one."""

from __future__ import annotations

import datetime as dt
import json
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from importlib.metadata import entry_points
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from skywright import __version__
from skywright.settings import Settings
from skywright.sources import pacing
from skywright.sources.collecting import GROUP, Collector
from skywright.sources.http import is_unknown_name, retry_after_s
from skywright.sources.state import SourceState

GOOD = frozenset({"reachable", "needs a token", "retired"})
"""Outcomes that are as the source declares itself."""

MOST_BYTES = 1 << 16
"""What is read of an answer; the connection is closed after that."""

_LONGEST_S = 20.0
_LONGEST_TO_CONNECT_S = 5.0
_AT_ONCE = 8
_MOST_TURNS = 3
_LEAST_REST_S = 60.0
_MOST_REST_S = 7_200.0
_FILE = "sources-checked.json"


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of asking a source."""

    name: str
    outcome: str
    """``reachable``, ``refused``, ``needs a token``, ``moved``, ``retired`` or ``unreachable``."""
    url: str
    """Address of the setting that was asked."""
    checked_utc: str
    """When, ISO 8601."""
    took_ms: int | None = None
    """None where nothing was asked."""
    status: int | None = None
    """Of HTTP, the last one."""
    remark: str = ""
    """What a user should know: a refusal in words, the address that it moved to."""


def check(
    states: Sequence[SourceState],
    settings: Settings,
    *,
    known: Iterable[Checked] = (),
    tell: Callable[[Checked], None] = lambda _: None,
) -> list[Checked]:
    """Ask each source its smallest request, one at a time for each host.

    Parameters
    ----------
    states : sequence of SourceState
        Whom to ask. Two that share an address and a request are asked once.
    settings : Settings
        Addresses, tokens, and the longest time to wait (20 s at most).
    known : iterable of Checked
        Earlier outcomes; one that is young is told again instead of asking: a minute, or where
        the source answered as long as it wants its answers to be used, two hours at most.
    tell : callable
        Gets each outcome as it comes, from any thread.

    Returns
    -------
    list of Checked
        In the order of ``states``.
    """
    earlier = {(one.name, one.url): one for one in known}
    hosts: dict[str, list[SourceState]] = {}
    for state in states:
        hosts.setdefault(urlsplit(state.url(settings)).netloc, []).append(state)

    told: dict[str, Checked] = {}

    def ask_host(asked: list[SourceState]) -> None:
        answered: dict[str, Checked] = {}
        for state in asked:
            address = _address(state, settings)
            last = earlier.get((state.name, state.url(settings)))
            if last is not None and _is_young(last, state):
                one = last
            elif address in answered:
                one = replace(answered[address], name=state.name)
            else:
                one = answered[address] = _asked(state, address, settings)
            told[state.name] = one
            tell(one)

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        list(pool.map(ask_host, hosts.values()))
    return [told[state.name] for state in states]


def remembered(settings: Settings) -> dict[str, Checked]:
    """Return the last outcome of each source by name; nothing where the file cannot be read."""
    try:
        rows = json.loads(_file(settings).read_text(encoding="utf-8"))
        return {row["name"]: Checked(**row) for row in rows}
    except (OSError, ValueError, TypeError, KeyError):
        return {}


def remember(found: Iterable[Checked], settings: Settings) -> None:
    """Keep outcomes in the data folder beside those of other sources."""
    file = _file(settings)
    rows = remembered(settings) | {one.name: one for one in found}
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_suffix(".partial")
    partial.write_text(json.dumps([asdict(row) for row in rows.values()]), encoding="utf-8")
    partial.replace(file)


def _file(settings: Settings) -> Path:
    return settings.data_dir.expanduser() / _FILE


def _address(state: SourceState, settings: Settings) -> str:
    url, today = state.url(settings), dt.datetime.now(dt.UTC).date().isoformat()
    smallest = state.smallest.replace("{today}", today)
    return (url if smallest[:1] == "?" else url.rstrip("/")) + smallest if smallest else url


def _is_young(last: Checked, state: SourceState) -> bool:
    if last.took_ms is None or last.outcome == "unreachable":
        return False
    age_s = (dt.datetime.now(dt.UTC) - dt.datetime.fromisoformat(last.checked_utc)).total_seconds()
    is_reachable = last.outcome == "reachable"
    rest_s = min(state.fresh_s, _MOST_REST_S) if is_reachable else 0.0
    return 0.0 <= age_s < max(rest_s, _LEAST_REST_S)


def _asked(state: SourceState, address: str, settings: Settings) -> Checked:
    """Return what a source is, asking it only where that can tell something."""
    now = dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    one = Checked(state.name, "retired", state.url(settings), now)
    if state.status == "retired":
        return replace(one, remark=f"since {state.since}; in its place: {state.replaced_by}")
    if state.access_needed and not state.token(settings):
        return replace(one, outcome="needs a token", remark=_token_from(state))
    begun, status = time.monotonic(), None
    try:
        outcome, remark, status = _spoken(state, address, settings)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        words = f"{type(error).__name__}: {error}".rstrip(": ")
        unknown = f"no address was found for {urlsplit(address).hostname}"
        outcome, remark = "unreachable", unknown if is_unknown_name(error) else words
    took_ms = round(1e3 * (time.monotonic() - begun))
    return replace(one, outcome=outcome, remark=remark, took_ms=took_ms, status=status)


def _token_from(state: SourceState) -> str:
    return f"set {state.token_variable()}; get one at {state.access_from}"


def _spoken(state: SourceState, address: str, settings: Settings) -> tuple[str, str, int]:
    """Ask, following the service on its own host; return outcome, remark and status."""
    timeout_s = min(settings.http_timeout_s, _LONGEST_S)
    timeout = httpx.Timeout(timeout_s, connect=min(timeout_s, _LONGEST_TO_CONNECT_S))
    headers = {"User-Agent": f"skywright/{__version__}", "Accept-Encoding": "identity"}
    headers |= _headers(state.name, settings)
    url = httpx.URL(address)
    with httpx.Client(timeout=timeout, headers=headers) as client:
        for _ in range(_MOST_TURNS):
            pacing.take_turn(url.netloc, state.pause_s, time.sleep)
            with client.stream("GET", url) as answer:
                where = answer.headers.get("Location", "") if answer.is_redirect else ""
                if not where:
                    body = _beginning(answer, timeout_s)
                    return _judged(state, answer, body, has_token=bool(state.token(settings)))
            status, target = answer.status_code, url.join(where)
            if target.host != url.host or (url.scheme, target.scheme) == ("https", "http"):
                return (
                    "moved",
                    f"to {target.scheme}://{target.netloc.decode()}{target.path}",
                    status,
                )
            url = target
    return "refused", f"it sends from one address to the next, the last being {url.path}", status


def _headers(name: str, settings: Settings) -> dict[str, str]:
    """Return what is sent with each request to a source, such as a token."""
    entry = next((one for one in entry_points(group=GROUP) if one.name == name), None)
    collector = entry.load() if entry is not None else None
    return collector.headers(settings) if isinstance(collector, Collector) else {}


def _beginning(answer: httpx.Response, timeout_s: float) -> bytes:
    until, body = time.monotonic() + timeout_s, b""
    for chunk in answer.iter_bytes():
        body += chunk
        if len(body) >= MOST_BYTES or time.monotonic() > until:
            break
    return body


def _judged(
    state: SourceState, answer: httpx.Response, body: bytes, *, has_token: bool
) -> tuple[str, str, int]:
    status = answer.status_code
    if status in {401, 403} and state.access_setting and not has_token:
        return "needs a token", _token_from(state), status
    if status >= 400:
        wait_s = retry_after_s(answer.headers)
        later = f", it asks to come back in {wait_s:.0f} s" if wait_s else ""
        return "refused", f"HTTP {status}{later}", status
    is_page = "text/html" in answer.headers.get("Content-Type", "")
    if is_page and not state.sends_pages:
        return "refused", "it answers with a web page instead of data", status
    if b'value="ERROR"' in body:
        return "refused", "it answers the smallest query with an error", status
    return "reachable", "", status

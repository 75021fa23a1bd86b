"""Repositories of GitHub as a dataset: found by slices, once each, and gone on with after a crash.

What is public about a repository is kept; its README only where its licence allows that.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from skywright.errors import InputError
from skywright.foundry.collect.cursors import Cursor, Harvest, digest_of
from skywright.foundry.collect.finds import Find, Progress, register, say_nothing
from skywright.foundry.collect.github_api import MOST_RESULTS, PER_PAGE, STATE, GitHub, Page
from skywright.foundry.collect.github_slices import Days, Slice, slice_of
from skywright.foundry.data.datasets import DatasetRecord, Datasets
from skywright.foundry.data.licences import judge
from skywright.foundry.data.manifests import refuse_wrong_words
from skywright.orbits.threads import CancelledError
from skywright.settings import Settings

TOPICS = ("machine-learning", "deep-learning", "ai")
LANGUAGES = ("Python", "Jupyter Notebook")
_PUSHED_WITHIN_DAYS = 183
_ATTEMPTS_AT_INCOMPLETE = 3


@dataclass(frozen=True, slots=True)
class GitHubWish:
    """Which repositories, and how much of each."""

    topics: tuple[str, ...] = TOPICS
    """A repository has one of them."""
    languages: tuple[str, ...] = LANGUAGES
    """Its main language is one of them."""
    more_than_stars: int = 1_000
    """It has more stars than that."""
    pushed_since: dt.date | None = None
    """Day of the last push, or later; None: six months ago."""
    readmes: bool = False
    """Whether to take the README, where the licence is permissive."""
    releases: int = 0
    """How many releases to take."""
    limit: int | None = None
    """Most repositories; None: all."""


@dataclass
class _State:
    """How far a collection came, as the cursor keeps it."""

    since: str
    today: str
    todo: list[dict[str, Any]]
    page: int = 1
    seen: int = 0
    indivisible: list[str] = field(default_factory=list)
    incomplete: list[str] = field(default_factory=list)
    short: list[str] = field(default_factory=list)


class GitHubCollector:
    """Collects what is wished for.

    Parameters
    ----------
    settings : Settings
        Data folder, address and token.
    datasets : Datasets
        Where the dataset goes; the cursor is in the same database.
    github : GitHub
        The client.
    today : date or None
        Ends spans of days; None: the day it is (UTC).
    """

    def __init__(
        self,
        settings: Settings,
        datasets: Datasets,
        github: GitHub,
        today: dt.date | None = None,
    ) -> None:
        self._folder = settings.data_dir.expanduser() / "collect"
        self._datasets = datasets
        self._github = github
        self._today = today or dt.datetime.now(dt.UTC).date()
        self._progress: Progress = say_nothing
        self._cancelled: Callable[[], bool] = bool

    def collect(
        self,
        name: str,
        wish: GitHubWish,
        *,
        progress: Progress | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> tuple[DatasetRecord, dict[str, Any]]:
        """Collect repositories into a dataset; what a broken run left is gone on with.

        Parameters
        ----------
        name : str
            Of the dataset.
        wish : GitHubWish
            What to collect.
        progress : callable
            Told stage, done and total.
        cancelled : callable
            Asked between two requests.

        Returns
        -------
        tuple of DatasetRecord and dict
            The dataset, and what was found: repositories, slices that were too full to be divided,
            that GitHub answered incompletely, or that gave fewer than it said.

        Raises
        ------
        SourceError
            If GitHub refuses or cannot be reached; the same call goes on later.
        InputError
            If no repository fits, or a word is wrong.
        CancelledError
            If it was cancelled; the same call goes on later.
        """
        refuse_wrong_words(name, "table", STATE.name, "")
        _refuse_wrong_wish(wish)
        self._progress = progress or say_nothing
        self._cancelled = cancelled or bool
        digest = digest_of(asdict(wish))
        cursor = Cursor(self._datasets.database, f"github:{digest}")
        harvest = Harvest(self._folder / f"github-{digest}.jsonl")
        stored = cursor.load()
        state = _State(**stored) if stored else self._begin(wish)
        self._search(wish, state, cursor, harvest)
        self._detail(wish, harvest)
        told = _told(state, harvest)
        record = self._register(name, wish, state, list(harvest.records.values())[: wish.limit])
        cursor.clear()
        harvest.discard()
        return record, told

    def _begin(self, wish: GitHubWish) -> _State:
        since = wish.pushed_since or self._today - dt.timedelta(days=_PUSHED_WITHIN_DAYS)
        whole = [
            Slice(topic, language, wish.more_than_stars + 1, None, Days(since)).plain()
            for topic in wish.topics or ("",)
            for language in wish.languages or ("",)
        ]
        return _State(since.isoformat(), self._today.isoformat(), whole[::-1])

    def _search(self, wish: GitHubWish, state: _State, cursor: Cursor, harvest: Harvest) -> None:
        today = dt.date.fromisoformat(state.today)
        while state.todo and not _enough(wish, harvest):
            self._stop_if_cancelled()
            part = slice_of(state.todo[-1])
            page = self._page(part, state)
            if state.page == 1 and page.total > MOST_RESULTS:
                top = max((int(item["stargazers_count"]) for item in page.items), default=0)
                halves = part.halves(top, today)
                if halves:
                    state.todo[-1:] = [half.plain() for half in halves]
                    cursor.save(asdict(state))
                    continue
                state.indivisible.append(part.query)
            harvest.add([_record(item, page.source) for item in page.items])
            _turn_page(part, page, state)
            cursor.save(asdict(state))
            self._progress("search", len(harvest.records), 0)

    def _page(self, part: Slice, state: _State) -> Page:
        """Ask for a page; again where GitHub gave up early, as it may be less busy then."""
        for _ in range(_ATTEMPTS_AT_INCOMPLETE):
            page = self._github.search(part.query, state.page)
            if not page.incomplete:
                return page
        state.incomplete.append(f"{part.query} (page {state.page})")
        return page

    def _detail(self, wish: GitHubWish, harvest: Harvest) -> None:
        """Take README and releases, each on its own, so that a crash costs one request."""
        wanted = list(harvest.records.values())[: wish.limit]
        for done, record in enumerate(wanted):
            more: dict[str, Any] = {}
            if wish.readmes and "readme" not in record:
                self._stop_if_cancelled()
                allowed = judge(record["licence"]).permissive
                more["readme"] = self._github.readme(record["full_name"]) if allowed else None
            if wish.releases and "releases" not in record:
                self._stop_if_cancelled()
                found = self._github.releases(record["full_name"], wish.releases)
                more["releases"] = json.dumps(found, ensure_ascii=False)
            if more:
                harvest.add([{"id": record["id"], **more}])
                self._progress("details", done + 1, len(wanted))

    def _register(
        self, name: str, wish: GitHubWish, state: _State, records: list[dict[str, Any]]
    ) -> DatasetRecord:
        if not records:
            message = f"No repository on GitHub fits what is asked for, pushed since {state.since}."
            raise InputError(message, hint="Ask for fewer stars, other topics, or an earlier day.")
        facts = {
            "query": {**asdict(wish), "pushed_since": state.since},
            "indivisible": state.indivisible,
            "incomplete": state.incomplete,
            "short": state.short,
        }
        return register(self._datasets, name, Find(STATE, records, "readme", facts))

    def _stop_if_cancelled(self) -> None:
        if self._cancelled():
            raise CancelledError


def collect_github(
    settings: Settings,
    name: str,
    wish: GitHubWish,
    *,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> tuple[DatasetRecord, dict[str, Any]]:
    """Collect repositories into a dataset of the settings; see `GitHubCollector.collect`."""
    with GitHub(settings) as github:
        collector = GitHubCollector(settings, Datasets.of(settings), github)
        return collector.collect(name, wish, progress=progress, cancelled=cancelled)


def _turn_page(part: Slice, page: Page, state: _State) -> None:
    """Move to the next page of a slice, or to the next slice after its last one."""
    state.seen += len(page.items)
    most = min(page.total, MOST_RESULTS)
    if page.items and state.page * PER_PAGE < most:
        state.page += 1
        return
    if state.seen < most:
        state.short.append(f"{part.query} ({state.seen} of {most})")
    state.todo.pop()
    state.page, state.seen = 1, 0


def _record(item: dict[str, Any], source: dict[str, str]) -> dict[str, Any]:
    licence = (item.get("license") or {}).get("spdx_id") or ""
    return {
        "id": int(item["id"]),
        "full_name": item["full_name"],
        "description": item.get("description"),
        "stars": int(item["stargazers_count"]),
        "forks": item.get("forks_count"),
        "open_issues": item.get("open_issues_count"),
        "topics": list(item.get("topics") or []),
        "language": item.get("language"),
        "licence": "" if licence == "NOASSERTION" else licence,
        "created_at": item.get("created_at"),
        "pushed_at": item.get("pushed_at"),
        "default_branch": item.get("default_branch"),
        "size_kb": item.get("size"),
        "archived": item.get("archived"),
        "html_url": item.get("html_url"),
        **source,
    }


def _enough(wish: GitHubWish, harvest: Harvest) -> bool:
    return wish.limit is not None and len(harvest.records) >= wish.limit


def _told(state: _State, harvest: Harvest) -> dict[str, Any]:
    return {
        "repositories": len(harvest.records),
        "indivisible": state.indivisible,
        "incomplete": state.incomplete,
        "short": state.short,
    }


def _refuse_wrong_wish(wish: GitHubWish) -> None:
    for word in (*wish.topics, *wish.languages):
        if not word or set(word) & set('":\n') or len(word) > 60:
            message = f"{word[:60]!r} is no topic or language of GitHub."
            raise InputError(message, hint="Write it as GitHub shows it, such as deep-learning.")
    if wish.more_than_stars < 0 or wish.releases < 0 or (wish.limit is not None and wish.limit < 1):
        message = "Stars and releases are at least 0, and a limit is at least 1."
        raise InputError(message)

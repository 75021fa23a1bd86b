"""How a source is collected: its parts, each of which fetches one table.

A module offers a `Collector` through the entry points ``skywright.collectors``, under the name of
its state: ours and those of others alike.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from typing import Any, Literal

import polars as pl

from skywright.errors import InputError, NotFoundError, SourceError
from skywright.settings import Settings
from skywright.sources.budgets import COLLECTING, VISITING, Budget
from skywright.sources.http import Fetcher, Patience, Provenance
from skywright.sources.records import unknown_shape
from skywright.sources.registry import source_named
from skywright.sources.state import SourceState
from skywright.store.blobs import BlobStore

GROUP = "skywright.collectors"
"""Name of the group; an entry names the `Collector` of a module, such as ``mine:COLLECTOR``."""

_WORDS = 120

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much is done, and how much there is (0 if unknown)."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What of a source is wanted."""

    since: dt.date | None = None
    """Records of this day (UTC) and later, in parts that are dated; all where None."""
    limit: int | None = None
    """Most rows of each part; all where None."""

    def __post_init__(self) -> None:
        if self.limit is not None and self.limit < 1:
            message = f"limit = {self.limit} is not allowed; ask for 1 row or more."
            raise InputError(message)


@dataclass(frozen=True, slots=True)
class Visit:
    """One visit to a source: what is asked, and where each answer came from."""

    state: SourceState
    fetcher: Fetcher
    settings: Settings
    wish: Wish = field(default_factory=Wish)
    progress: Progress = lambda *_: None
    provenance: list[Provenance] = field(default_factory=list)

    def table(
        self,
        path: str,
        params: Mapping[str, str] | None,
        read: Callable[[bytes], pl.DataFrame],
        *,
        accept: Iterable[int] = (),
    ) -> pl.DataFrame:
        """Fetch one address and read it; the table gets a column ``source_url``.

        Parameters
        ----------
        path : str
            Below the address of the source (empty: that address), or a whole address.
        params : mapping, optional
            Of the question.
        read : callable
            Turns the body into a table; raises SourceError where it is none.
        accept : iterable of int
            Statuses, such as 400, whose body ``read`` knows how to turn into an error.

        Raises
        ------
        SourceError
            If the source cannot be reached, refuses, or has changed its shape.
        """
        address = self.state.url(self.settings)
        whole = address.rstrip("/") + path if path else address
        whole = path if "://" in path else whole
        fetched = self.fetcher.get(self.state, whole, params, check=read, accept=accept)
        if fetched.provenance is not None:
            self.provenance.append(fetched.provenance)
        row = fetched.provenance
        return read(fetched.content).with_columns(
            pl.lit(row.url if row else whole).alias("source_url")
        )

    def wanted(self, table: pl.DataFrame, dated: str) -> pl.DataFrame:
        """Return the rows asked for; ``dated`` is a column of ISO dates, or empty."""
        if self.wish.since is not None and dated:
            day = pl.col(dated).str.slice(0, 10)
            first = pl.lit(self.wish.since.isoformat()).str.slice(0, day.str.len_chars())
            table = table.filter(day >= first)  # 2024-05 may be the day of 2024-05-17
        return table if self.wish.limit is None else table.head(self.wish.limit)


@dataclass(frozen=True, slots=True)
class Text:
    """What a row says in words, for the knowledge base."""

    title: str
    text: str
    url: str
    """Address, by which the service knows it: a later text of the same address replaces it."""
    dated: str = ""
    """Day or time of publication or change, ISO 8601."""
    licence: str = ""
    """Where it differs from that of the source."""
    form: Literal["txt", "md"] = "txt"


@dataclass(frozen=True, slots=True)
class Part:
    """One table of a source."""

    fetch: Callable[[Visit], pl.DataFrame]
    """Fetches it."""
    dated: str = ""
    """Column of ISO dates that ``since`` looks at; empty where rows have no date."""
    text: Callable[[Mapping[str, Any]], Text | None] | None = None
    """Makes a text of a row, or nothing where it says nothing; None where no row does."""


def texts_of(part: Part, table: pl.DataFrame) -> list[Text]:
    """Return the texts of a table; of several with one address the last."""
    made = map(part.text, table.iter_rows(named=True)) if part.text else ()
    return list({one.url: one for one in made if one is not None and one.text.strip()}.values())


@dataclass(frozen=True, slots=True)
class Collector:
    """A source that can be collected."""

    state: SourceState
    parts: Mapping[str, Part]
    """By name; the dataset of a part is ``<source>-<part>``."""
    headers: Callable[[Settings], dict[str, str]] = lambda _: {}
    """What is sent with each request, such as a token."""
    patience: Patience | None = None
    """Reads how long to wait out of a refusal, where Retry-After does not say it."""


def fetcher_for(collector: Collector, settings: Settings, budget: Budget = COLLECTING) -> Fetcher:
    """Return a fetcher that keeps what this source answers below the data folder."""
    folder = settings.data_dir.expanduser()
    return Fetcher(
        folder / "raw" / collector.state.name,
        BlobStore(folder / "blobs"),
        timeout_s=settings.http_timeout_s,
        headers=collector.headers(settings),
        patience=collector.patience,
        budget=budget,
    )


def check_token(state: SourceState, settings: Settings) -> None:
    """Raise InputError where a source needs a token that is not set; says where to get it."""
    if state.access_needed and not state.token(settings):
        message = f"{state.title} needs a token, and {state.token_variable()} is not set."
        raise InputError(message, hint=f"Get one at {state.access_from}.")


def collector_named(name: str, settings: Settings) -> Collector:
    """Return the collector of a source that can be asked now.

    Raises
    ------
    NotFoundError
        If no such source is installed, or it is not collected by name.
    SourceError
        If it is retired; names what stands in its place.
    InputError
        If it needs a token that is not set, or an entry point names something else.
    """
    state = source_named(name)
    if state.status == "retired":
        message = f"{state.title} is retired since {state.since} and answers no more."
        raise SourceError(message, hint=f"In its place: {state.replaced_by}. {state.remark}")
    check_token(state, settings)
    found = {entry.name: entry for entry in entry_points(group=GROUP)}
    if name not in found:
        message = f"The source {name!r} has no collector; those with one are {_list(found)}."
        raise NotFoundError(message, hint="Near-Earth objects: skywright collect neo.")
    collector = found[name].load()
    if not isinstance(collector, Collector):
        message = f"The entry point {name} of {GROUP} names {found[name].value}, no Collector."
        raise InputError(message, hint="Name the collector of the module, such as mine:COLLECTOR.")
    return collector


def _list(names: Mapping[str, object]) -> str:
    return ", ".join(sorted(names))


def visit(collector: Collector, part: str, one: Visit) -> pl.DataFrame:
    """Fetch one part as far as it is wanted; raises SourceError like ``Visit.table``."""
    chosen = collector.parts[part]
    try:
        return one.wanted(chosen.fetch(one), chosen.dated)
    except pl.exceptions.ColumnNotFoundError as error:
        raise unknown_shape(collector.state, str(error).splitlines()[0][:_WORDS]) from error


@contextmanager
def visiting(collector: Collector, settings: Settings) -> Iterator[Visit]:
    """Open a short visit for somebody who waits: it gives up soon where the service fails.

    Its answers are kept in the data folder, as those of collections are.
    """
    with fetcher_for(collector, settings, VISITING) as fetcher:
        yield Visit(collector.state, fetcher, settings)

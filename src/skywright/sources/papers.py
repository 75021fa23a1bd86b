"""What is asked of a service of papers, and what it gives: the same for all of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

import polars as pl

from skywright.errors import InputError, SourceError
from skywright.sources.collecting import Text
from skywright.sources.http import Provenance
from skywright.sources.state import SourceState

MOST = 2_000
"""Most papers of one search."""

Order = Literal["relevance", "newest", "cited"]
"""How papers are ordered."""

_FIRST_YEAR = 1500
_LONGEST = 1_000
_NAMED = 5  # authors named in a text


@dataclass(frozen=True, slots=True)
class PaperQuery:
    """Which papers are wanted."""

    words: str = ""
    """Words, phrases in double quotes, or a query in the language of the service."""
    author: str = ""
    """Such as ``Payne, Cecelia``."""
    since_year: int | None = None
    until_year: int | None = None
    order: Order = "relevance"
    most: int = 10
    """Most papers, 1 to 2,000."""

    def __post_init__(self) -> None:
        if not self.words.strip() and not self.author.strip():
            message = "The words and the author of a search for papers are both empty."
            raise InputError(message, hint="Give one of them.")
        for name in ("words", "author"):
            if len(getattr(self, name)) > _LONGEST:
                message = f"{name} has {len(getattr(self, name))} characters; {_LONGEST} at most."
                raise InputError(message)
        if not 1 <= self.most <= MOST:
            message = f"most = {self.most} papers is not allowed; ask for 1 to {MOST}."
            raise InputError(message)
        if self.order not in get_args(Order):
            message = f"order = {self.order!r} is not known; choose from {get_args(Order)}."
            raise InputError(message)
        self._check_years()

    def _check_years(self) -> None:
        latest = dt.datetime.now(dt.UTC).year + 1
        for name in ("since_year", "until_year"):
            year = getattr(self, name)
            if year is not None and not _FIRST_YEAR <= year <= latest:
                message = f"{name} = {year} is not allowed; years run from 1500 to {latest}."
                raise InputError(message)
        if self.since_year and self.until_year and self.since_year > self.until_year:
            message = f"since_year = {self.since_year} is after until_year = {self.until_year}."
            raise InputError(message)


@dataclass(frozen=True, slots=True)
class Papers:
    """Papers that were found."""

    table: pl.DataFrame
    """One row a paper; ``title, authors, year, published, doi, abstract, url`` and more."""
    total: int
    """Papers that fit, of which the table holds the first."""
    query: str
    """As it was sent."""
    provenance: tuple[Provenance, ...]
    """Where each page came from."""

    @property
    def is_cut(self) -> bool:
        """Whether more papers fit than the table holds."""
        return self.total > self.table.height


def check_most(state: SourceState, total: int, most: int) -> None:
    """Raise SourceError where more papers were found than one collection fetches."""
    if total > most:
        message = f"{state.title} has {total} papers of that time; {most} are fetched at most."
        raise SourceError(message, hint="Give a later --since, or a --limit.")


def paper_text(paper: Mapping[str, Any]) -> Text | None:
    """Return title, authors and abstract of a paper; nothing for one without an abstract."""
    if not paper["abstract"] or not paper["title"] or not paper["url"]:
        return None
    authors = paper["authors"] or []
    named = ", ".join(authors[:_NAMED]) + (" and others" if len(authors) > _NAMED else "")
    head = ". ".join(str(one) for one in (named, paper["year"], paper["journal"]) if one)
    text = f"{head}.\n\n{paper['abstract']}" if head else paper["abstract"]
    return Text(paper["title"], text, paper["url"], paper["published"] or "")

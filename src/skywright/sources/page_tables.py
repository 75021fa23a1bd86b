"""Records out of web pages: rows of their tables, documents that they link to, their text."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

import polars as pl

from skywright.sources.collecting import Text, Visit
from skywright.sources.dates import iso_date, iso_period
from skywright.sources.pages import Cell, Grid, Page, read_page
from skywright.sources.records import Column, table_of, unknown_shape
from skywright.sources.state import SourceState

_LEAST_CHARACTERS = 200  # a page with less text is a shell that a browser would fill
_SAYS_NOTHING = frozenset({
    "a", "as", "click", "download", "file", "full", "here", "in", "learn", "more", "now", "open",
    "pdf", "read", "report", "see", "the", "view",
})  # fmt: skip
_REPORTS = (
    Column("title", "title", needed=True),
    Column("published", "published"),
    Column("section", "section"),
    Column("kind", "kind", needed=True),
    Column("url", "url", needed=True),
)
_TEXTS = (
    Column("title", "title", needed=True),
    Column("url", "url", needed=True),
    Column("text", "text", needed=True),
)


@dataclass(frozen=True, slots=True)
class Head:
    """A column of a table on a page."""

    name: str
    """Ours."""
    words: str
    """Regular expression that its heading there matches somewhere, whatever the case."""
    needed: bool = False
    """Whether a table without it is another table."""
    is_date: bool = False

    def place(self, header: Sequence[str]) -> int | None:
        """Return where the column stands."""
        matches = (k for k, one in enumerate(header) if re.search(self.words, one, re.IGNORECASE))
        return next(matches, None)


def page_rows(visit: Visit, path: str, heads: Sequence[Head]) -> pl.DataFrame:
    """Fetch a page and return the rows of its tables that have the columns.

    Returns
    -------
    DataFrame
        Columns of ``heads``, then ``section`` (heading of the table), ``more`` (what other columns
        hold), ``url`` (first link of the row) and ``source_url``.

    Raises
    ------
    SourceError
        If the page has no such table, or one without rows.
    """
    names = (*(head.name for head in heads), "section", "more", "url")
    columns = [Column(name, name) for name in names]

    def read(page: Page) -> pl.DataFrame:
        return table_of(_rows(page, heads, visit.state), visit.state, columns)

    return _fetched(visit, path, read)


def page_reports(visit: Visit, path: str, is_wanted: Callable[[str, str], bool]) -> pl.DataFrame:
    """Fetch a page and return the documents it links to.

    Parameters
    ----------
    visit, path
        Where the page is.
    is_wanted : callable
        Gets address and words of a link.

    Returns
    -------
    DataFrame
        ``title, published, section, kind, url, source_url``; ``published`` is a day, month or year.

    Raises
    ------
    SourceError
        If the page links to none.
    """

    def read(page: Page) -> pl.DataFrame:
        found: dict[str, dict[str, str | None]] = {}
        for link in page.links:
            if is_wanted(link.url, link.text):
                before = found.get(link.url)
                record = _report(link.text, link.section, link.url)
                if before is None or _says_nothing(before["words"] or ""):
                    found[link.url] = record
        if not found:
            raise unknown_shape(visit.state, f"no links to documents on {page.url}")
        return table_of(list(found.values()), visit.state, _REPORTS)

    return _fetched(visit, path, read)


def page_texts(visit: Visit, paths: Sequence[str]) -> pl.DataFrame:
    """Fetch pages and return ``title, url, text`` of each.

    Raises
    ------
    SourceError
        If a page holds next to no text.
    """

    def read(page: Page) -> pl.DataFrame:
        if len(page.text) < _LEAST_CHARACTERS or not page.title:
            raise unknown_shape(visit.state, f"a page without title or text at {page.url}")
        record = {"title": page.title, "url": page.url, "text": page.text}
        return table_of([record], visit.state, _TEXTS)

    return pl.concat([_fetched(visit, path, read) for path in paths])


def page_text(row: Mapping[str, Any]) -> Text:
    """Return the text of a row of `page_texts`."""
    return Text(row["title"], row["text"], row["url"], form="md")


def report_text(row: Mapping[str, Any]) -> Text:
    """Return what a row of `page_reports` tells: there is such a document, and where."""
    facts = {
        "Published": row["published"],
        "Listed under": row["section"],
        "Address": row["url"],
        "Listed at": row["source_url"],
    }
    lines = [row["title"], *(f"{name}: {value}" for name, value in facts.items() if value)]
    return Text(row["title"], "\n".join(lines), row["url"], row["published"] or "")


def _fetched(visit: Visit, path: str, read: Callable[[Page], pl.DataFrame]) -> pl.DataFrame:
    url = visit.state.url(visit.settings).rstrip("/") + path
    return visit.table(path, None, lambda content: read(read_page(content, url, visit.state)))


def _rows(page: Page, heads: Sequence[Head], state: SourceState) -> list[dict[str, str | None]]:
    fitting = [
        grid
        for grid in page.grids
        if all(head.place(grid.header) is not None for head in heads if head.needed)
    ]
    if not fitting:
        wanted = ", ".join(head.name for head in heads if head.needed)
        there = "; ".join(", ".join(grid.header) for grid in page.grids) or "no tables"
        raise unknown_shape(state, f"no table with {wanted} on {page.url}, which has {there[:200]}")
    found = [_record(grid, row, heads) for grid in fitting for row in grid.rows if len(row) > 1]
    if not found:
        raise unknown_shape(state, f"a table without rows on {page.url}")
    return found


def _record(grid: Grid, row: Sequence[Cell], heads: Sequence[Head]) -> dict[str, str | None]:
    cells = dict(enumerate(row))
    record: dict[str, str | None] = {}
    taken = set()
    for head in heads:
        place = head.place(grid.header)
        cell = cells.get(-1 if place is None else place)
        text = cell.text if cell is not None else ""
        record[head.name] = (iso_date(text) if head.is_date else text) or None
        if record[head.name] and place is not None:
            taken.add(place)
    others = (
        f"{name}: {cells[k].text}"
        for k, name in enumerate(grid.header)
        if k not in taken and k in cells and cells[k].text
    )
    url = next((cell.url for cell in row if cell.url), None)
    return {**record, "section": grid.section, "more": "\n".join(others) or None, "url": url}


def _report(words: str, section: str, url: str) -> dict[str, str | None]:
    path = PurePosixPath(unquote(urlsplit(url).path))
    from_path = " ".join(re.split(r"[\W_]+", path.stem)).strip()
    choices = (section, from_path) if _says_nothing(words) else (words,)
    title = next((one for one in choices if one), url)
    return {
        "title": title,
        "words": words,
        "published": iso_period(f"{words} {section}") or iso_period(path.as_posix()),
        "section": section or None,
        "kind": path.suffix.lower().lstrip(".") or "page",
        "url": url,
    }


def _says_nothing(words: str) -> bool:
    """Tell whether a link says no more than that it is one."""
    return set(re.findall(r"\w+", words.lower())) <= _SAYS_NOTHING

"""arXiv: papers by words, author and year, or by their numbers, with abstracts; BibTeX of each.

References
----------
info.arxiv.org/help/api/user-manual.html (Atom), info.arxiv.org/help/api/tou.html (3 s apart)
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import nullcontext, suppress
from typing import Any
from xml.etree import ElementTree as ET

import polars as pl

from skywright.errors import InputError, SourceError
from skywright.settings import Settings
from skywright.sources.budgets import VISITING
from skywright.sources.collecting import Collector, Part, Visit, fetcher_for
from skywright.sources.feeds import parse_feed
from skywright.sources.http import Fetcher
from skywright.sources.papers import PaperQuery, Papers, check_most, paper_text
from skywright.sources.records import Column, table_of, unknown_shape
from skywright.sources.state import SourceState

STATE = SourceState(
    name="arxiv",
    title="arXiv",
    url_setting="arxiv_url",
    status="live",
    licence="Descriptions and abstracts CC0-1.0; each paper is under the licence on its page.",
    spdx="CC0-1.0",
    citation="arXiv.org; thank you to arXiv for use of its open access interoperability",
    documentation="https://info.arxiv.org/help/api/user-manual.html",
    checked="",
    rate_limit="one request in three seconds",
    fresh_s=3_600.0,
    pause_s=3.0,
    most="2,000 papers of one search; 30,000 of one collection",
    smallest="?search_query=cat%3Aastro-ph.EP&max_results=1",
)

MOST_NUMBERS = 100
_PAGE = 200
_UNASKED = 200
_MOST_COLLECTED = 30_000  # beyond, arXiv refuses
_TRIES = 3
_ATOM = "{http://www.w3.org/2005/Atom}"
_ARXIV = "{http://arxiv.org/schemas/atom}"
_TOTAL = re.compile(r"\{http://a9\.com/-/spec/opensearch/1\.1/\}totalResults")
_NUMBER = re.compile(r"(?:[0-9]{4}\.[0-9]{4,5}|[a-z-]+(?:\.[A-Z]{2})?/[0-9]{7})(?:v[0-9]+)?")
_IS_QUERY = re.compile(r"\b(?:ti|au|abs|co|jr|cat|rn|id|all|submittedDate|lastUpdatedDate):")
_ORDERS = {"relevance": "relevance", "newest": "submittedDate"}
_ASTRONOMY = " OR ".join(
    f"cat:astro-ph{field}" for field in ("", ".CO", ".EP", ".GA", ".HE", ".IM", ".SR")
)
_COLUMNS = (
    Column("arxiv_id", "arxiv_id", needed=True),
    Column("version", "version", pl.Int64),
    Column("title", "title", needed=True),
    Column("authors", "authors", pl.List),
    Column("year", "year", pl.Int64),
    Column("published", "published", needed=True),
    Column("updated_utc", "updated"),
    Column("journal", "journal"),
    Column("doi", "doi"),
    Column("category", "category"),
    Column("categories", "categories", pl.List),
    Column("comment", "comment"),
    Column("abstract", "abstract"),
    Column("url", "url"),
)


class _EmptyPageError(SourceError):
    """A page without papers, where more were promised."""


def search(query: PaperQuery, settings: Settings, fetcher: Fetcher | None = None) -> Papers:
    """Find papers.

    Parameters
    ----------
    query : PaperQuery
        All words must occur; or ``words`` is a query of arXiv's own, ``ti:exoplanet`` say.
    settings : Settings
        Address.
    fetcher : Fetcher, optional
        One of one's own; below the data folder where None.

    Raises
    ------
    InputError
        If papers are asked for by how often they are cited, which arXiv does not know.
    SourceError
        If arXiv cannot be reached, or refuses the query.
    """
    if query.order not in _ORDERS:
        message = f"order = {query.order!r} is not known to arXiv; choose from {tuple(_ORDERS)}."
        raise InputError(message, hint="NASA ADS counts citations.")
    asked = _asked(query)
    order = {"sortBy": _ORDERS[query.order], "sortOrder": "descending"}
    with nullcontext(fetcher) if fetcher else fetcher_for(COLLECTOR, settings, VISITING) as opened:
        visit = Visit(STATE, opened, settings)
        table, total = _pages(visit, {"search_query": asked, **order}, query.most)
    return Papers(table, total, asked, tuple(visit.provenance))


def by_number(numbers: Sequence[str], settings: Settings, fetcher: Fetcher | None = None) -> Papers:
    """Return papers by their numbers, 1 to 100 such as ``2301.01234`` or ``astro-ph/9901001v2``.

    Raises
    ------
    InputError
        If a number is none.
    SourceError
        As for `search`.
    """
    wanted = list(dict.fromkeys(_number(one) for one in numbers))
    if not 1 <= len(wanted) <= MOST_NUMBERS:
        message = f"{len(wanted)} numbers are not allowed; ask for 1 to {MOST_NUMBERS}."
        raise InputError(message)
    asked = {"id_list": ",".join(wanted)}
    with nullcontext(fetcher) if fetcher else fetcher_for(COLLECTOR, settings, VISITING) as opened:
        visit = Visit(STATE, opened, settings)
        table, total = _pages(visit, asked, len(wanted))
    return Papers(table, total, asked["id_list"], tuple(visit.provenance))


def bibtex(paper: Mapping[str, Any]) -> str:
    """Return the BibTeX entry of a paper, a row of the tables of this module."""
    first = (paper["authors"] or ["Anonymous"])[0].split()[-1]
    key = re.sub(r"\W", "", first) + f"{paper['year']}:{paper['arxiv_id']}"
    fields = {
        "author": " and ".join(map(_latex, paper["authors"] or [])),
        "title": "{" + _latex(paper["title"]) + "}",
        "journal": _latex(paper["journal"] or "arXiv e-prints"),
        "year": str(paper["year"]),
        "doi": paper["doi"],
        "archivePrefix": "arXiv",
        "eprint": paper["arxiv_id"],
        "primaryClass": paper["category"],
        "url": paper["url"],
    }
    lines = [f"  {name} = {{{value}}}" for name, value in fields.items() if value]
    return "@article{" + ",\n".join([key, *lines]) + "\n}"


def read_papers(content: bytes) -> pl.DataFrame:
    """Turn an answer into a table, one row a paper.

    Raises
    ------
    SourceError
        If arXiv refused the query (its words are passed on), or the shape is unknown.
    """
    feed = parse_feed(content, STATE)
    entries = feed.findall(f"{_ATOM}entry")
    if feed.tag != f"{_ATOM}feed" or (not entries and _total(feed) is None):
        what = "no Atom feed"
        raise unknown_shape(STATE, what)
    for entry in entries:
        if "/api/errors" in (entry.findtext(f"{_ATOM}id") or ""):
            said = " ".join((entry.findtext(f"{_ATOM}summary") or "no reason").split())
            message = f"{STATE.title} refused the query and said: {said}."
            raise SourceError(message, hint=f"See {STATE.documentation}.")
    return table_of([_paper(entry) for entry in entries], STATE, _COLUMNS)


def _total(feed: ET.Element) -> int | None:
    found = next((one.text for one in feed if _TOTAL.fullmatch(one.tag)), None)
    return int(found) if found and found.strip().isdigit() else None


def _paper(entry: ET.Element) -> dict[str, Any]:
    def text(tag: str) -> str | None:
        return " ".join((entry.findtext(tag) or "").split()) or None

    names = (one.findtext(f"{_ATOM}name") or "" for one in entry.findall(f"{_ATOM}author"))
    number = (text(f"{_ATOM}id") or "").partition("/abs/")[2]
    number, _, version = number.partition("v")
    published = text(f"{_ATOM}published") or ""
    main = entry.find(f"{_ARXIV}primary_category")
    return {
        "arxiv_id": number or None,
        "version": version or None,
        "title": text(f"{_ATOM}title"),
        "authors": [" ".join(name.split()) for name in names],
        "year": published[:4] or None,
        "published": published or None,
        "updated": text(f"{_ATOM}updated"),
        "journal": text(f"{_ARXIV}journal_ref"),
        "doi": text(f"{_ARXIV}doi"),
        "category": main.get("term") if main is not None else None,
        "categories": [one.get("term", "") for one in entry.findall(f"{_ATOM}category")],
        "comment": text(f"{_ARXIV}comment"),
        "abstract": text(f"{_ATOM}summary"),
        "url": f"https://arxiv.org/abs/{number}",
    }


def _asked(query: PaperQuery) -> str:
    words = query.words.strip()
    parts = [f"({words})"] if _IS_QUERY.search(words) else list(map(_all, _terms(words)))
    if query.author.strip():
        parts.append(f'au:"{" ".join(query.author.replace(chr(34), " ").split())}"')
    if query.since_year or query.until_year:
        first, last = query.since_year or 1991, query.until_year or 9999
        parts.append(f"submittedDate:[{first}01010000 TO {last}12312359]")
    return " AND ".join(parts)


def _terms(words: str) -> list[str]:
    """Split at blanks, but keep what stands in double quotes together."""
    found = re.findall(r'"([^"]+)"|([^\s"]+)', words)
    return [quoted or re.sub(r"[^\w.+-]+", " ", word).strip() for quoted, word in found]


def _all(term: str) -> str:
    return f'all:"{term}"' if " " in term else f"all:{term}"


def _number(text: str) -> str:
    number = re.sub(r"^(?:arxiv:|https?://arxiv\.org/abs/)", "", text.strip(), flags=re.IGNORECASE)
    if not _NUMBER.fullmatch(number):
        message = f"arxiv_id = {text[:40]!r} is not a number of arXiv."
        raise InputError(message, hint="Such as 2301.01234 or astro-ph/9901001.")
    return number


def _pages(
    visit: Visit, asked: Mapping[str, str], most: int, *, is_whole: bool = False
) -> tuple[pl.DataFrame, int]:
    """Fetch page after page until ``most`` papers are there, or all; all or an error if wished."""
    pages: list[pl.DataFrame] = []
    rows, total = 0, 0
    while True:
        size = {"start": str(rows), "max_results": str(min(_PAGE, most - rows))}
        page, total = _page(visit, {**asked, **size}, rows)
        pages.append(page)
        rows += page.height
        visit.progress("papers", rows, min(total, most))
        if is_whole:
            check_most(STATE, total, most)
        if not page.height or rows >= min(total, most):
            together = pl.concat(pages).unique("arxiv_id", keep="first", maintain_order=True)
            return together.head(most), total


def _page(visit: Visit, asked: Mapping[str, str], rows: int) -> tuple[pl.DataFrame, int]:
    """Fetch one page; one that is empty though more papers are promised is asked for again."""
    for _ in range(_TRIES - 1):
        with suppress(_EmptyPageError):
            return _page_once(visit, asked, rows)
    return _page_once(visit, asked, rows)


def _page_once(visit: Visit, asked: Mapping[str, str], rows: int) -> tuple[pl.DataFrame, int]:
    total = [0]

    def read(content: bytes) -> pl.DataFrame:
        table = read_papers(content)
        total[0] = _total(parse_feed(content, STATE)) or table.height
        # For numbers that it does not know, arXiv counts papers that do not come.
        if not table.height and rows < total[0] and "id_list" not in asked:
            message = f"{STATE.title} sent an empty page after {rows} of {total[0]} papers."
            raise _EmptyPageError(message, hint="Try again later, or ask for fewer papers.")
        return table

    # A refusal comes as a feed too, and says why.
    return visit.table("", asked, read, accept=(400,)), total[0]


def _newest(visit: Visit) -> pl.DataFrame:
    since = visit.wish.since
    dates = f" AND submittedDate:[{since:%Y%m%d}0000 TO 999912312359]" if since else ""
    asked = {
        "search_query": f"({_ASTRONOMY}){dates}",
        "sortBy": "submittedDate",
        "sortOrder": "descending",
    }
    most = visit.wish.limit or (_MOST_COLLECTED if since else _UNASKED)
    return _pages(visit, asked, most, is_whole=bool(since and not visit.wish.limit))[0]


def _latex(text: str) -> str:
    """Escape what LaTeX takes for commands, outside of formulas."""
    parts = text.split("$")
    whole = len(parts) % 2 == 1  # dollars in pairs enclose formulas
    if text.count("{") != text.count("}"):
        parts = [part.replace("{", "").replace("}", "") for part in parts]
    escaped = (
        part if whole and k % 2 else re.sub(r"(?<!\\)([&%#_])", r"\\\1", part)
        for k, part in enumerate(parts)
    )
    return ("$" if whole else r"\$").join(escaped)


COLLECTOR = Collector(STATE, {"papers": Part(_newest, dated="published", text=paper_text)})

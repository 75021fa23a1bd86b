"""NASA ADS (SciX): papers by words, author and year, their abstracts, and BibTeX.

References
----------
ui.adsabs.harvard.edu/help/api/api-docs.html (v1: search/query, export/bibtex)
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from typing import Any
from urllib.parse import quote

import httpx
import polars as pl

from skywright.errors import InputError, SourceError
from skywright.settings import Settings
from skywright.sources.budgets import VISITING
from skywright.sources.collecting import (
    Collector,
    Part,
    Visit,
    check_token,
    fetcher_for,
)
from skywright.sources.http import Fetcher, parse_json
from skywright.sources.papers import PaperQuery, Papers, check_most, paper_text
from skywright.sources.records import Column, table_of, unknown_shape
from skywright.sources.state import SourceState

STATE = SourceState(
    name="ads",
    title="NASA Astrophysics Data System",
    url_setting="ads_url",
    status="live",
    licence="Bibliographic data under the terms of use of ADS; abstracts belong to their "
    "publishers or authors.",
    citation="NASA Astrophysics Data System (SciX), operated by the Smithsonian Astrophysical "
    "Observatory",
    documentation="https://ui.adsabs.harvard.edu/help/api/api-docs.html",
    checked="2023-02-01",
    rate_limit="5,000 requests a day",
    fresh_s=3_600.0,
    most="2,000 papers of one search; 50 bibcodes of one export",
    access_setting="ads_token",
    access_needed=True,
    access_from="https://ui.adsabs.harvard.edu/user/settings/token",
    remark="Without a token arXiv answers searches for papers.",
    smallest="/search/query?q=bibcode%3A1998AJ....116.1009R&fl=bibcode&rows=1",
)

MOST_BIBCODES = 50
_MOST_COLLECTED = 20_000  # 100 requests of the 5,000 of a day
_PAGE = 200
_UNASKED = 200
_FIELDS = "bibcode,title,author,year,pubdate,pub,citation_count,doi,abstract"
_ORDERS = {"relevance": "score desc", "newest": "date desc", "cited": "citation_count desc"}
_BIBCODE = re.compile(r"[0-9]{4}[A-Za-z0-9&.'+:]{14}[A-Za-z0-9.:]")
_ABSTRACT = "https://ui.adsabs.harvard.edu/abs/"
_COLUMNS = (
    Column("bibcode", "bibcode"),
    Column("title", "title"),
    Column("authors", "author", pl.List),
    Column("year", "year", pl.Int64),
    Column("published", "published"),
    Column("journal", "pub"),
    Column("doi", "doi"),
    Column("citation_count", "citation_count", pl.Int64),
    Column("abstract", "abstract"),
    Column("url", "url"),
)


def search(query: PaperQuery, settings: Settings, fetcher: Fetcher | None = None) -> Papers:
    """Find papers.

    Parameters
    ----------
    query : PaperQuery
        ``words`` may be in the query language of ADS, ``'transiting exoplanets' +JWST`` say.
    settings : Settings
        Address and token.
    fetcher : Fetcher, optional
        One with the token in its headers; below the data folder where None.

    Raises
    ------
    InputError
        If no token is set.
    SourceError
        If ADS cannot be reached, refuses the query, or its quota of the day is used up.
    """
    check_token(STATE, settings)
    with nullcontext(fetcher) if fetcher else fetcher_for(COLLECTOR, settings, VISITING) as opened:
        visit = Visit(STATE, opened, settings)
        table, total = _pages(visit, _asked(query), query.most)
    return Papers(table, total, _told(query), tuple(visit.provenance))


def export_bibtex(
    bibcodes: Sequence[str], settings: Settings, fetcher: Fetcher | None = None
) -> str:
    """Return the BibTeX entries of some papers, in the order asked for.

    Parameters
    ----------
    bibcodes : sequence of str
        1 to 50 of 19 characters each, such as ``1998ApJ...494L.181M``.
    settings, fetcher
        As for `search`.

    Raises
    ------
    InputError
        If no token is set, or a bibcode is none.
    SourceError
        If ADS cannot be reached, refuses, or knows a bibcode not.
    """
    check_token(STATE, settings)
    wanted = list(dict.fromkeys(code.strip() for code in bibcodes))
    if not 1 <= len(wanted) <= MOST_BIBCODES:
        message = f"{len(wanted)} bibcodes are not allowed; ask for 1 to {MOST_BIBCODES}."
        raise InputError(message)
    for code in wanted:
        if not _BIBCODE.fullmatch(code):
            message = f"bibcode = {code[:40]!r} is not one: 19 characters that begin with the year."
            raise InputError(message, hint="Such as 1998ApJ...494L.181M.")
    root = STATE.url(settings).rstrip("/")
    with nullcontext(fetcher) if fetcher else fetcher_for(COLLECTOR, settings, VISITING) as opened:
        return "\n\n".join(
            _entry(opened.get(STATE, f"{root}/export/bibtex/{quote(code)}", check=_entry).content)
            for code in wanted
        )


def read_papers(content: bytes) -> pl.DataFrame:
    """Turn an answer of the search into a table, one row a paper.

    Raises
    ------
    SourceError
        If it is no JSON, or of another shape.
    """
    docs = _answer(content).get("docs")
    if not isinstance(docs, list):
        what = "no list of papers under 'response.docs'"
        raise unknown_shape(STATE, what)
    return table_of([_paper(doc, k + 1) for k, doc in enumerate(docs)], STATE, _COLUMNS)


def _answer(content: bytes) -> dict[str, Any]:
    payload = parse_json(content, STATE.title)
    answer = payload.get("response") if isinstance(payload, dict) else None
    if not isinstance(answer, dict) or not isinstance(answer.get("numFound"), int):
        what = "no 'response' with 'numFound'"
        raise unknown_shape(STATE, what)
    return answer


def _paper(doc: Any, k: int) -> dict[str, Any]:
    if not isinstance(doc, dict) or not any(name in doc for name in _FIELDS.split(",")):
        raise unknown_shape(STATE, f"paper {k} is {str(doc)[:40]!r}")
    bibcode = doc.get("bibcode")
    date = doc.get("pubdate")
    return {
        **doc,
        "title": _first(doc.get("title")),
        "doi": _first(doc.get("doi")),
        # A month or day that is not known is 00 there.
        "published": re.sub(r"(-00)+$", "", date) if isinstance(date, str) else None,
        "url": f"{_ABSTRACT}{quote(str(bibcode))}" if bibcode else None,
    }


def _first(value: Any) -> Any:
    return (value[0] if value else None) if isinstance(value, list) else value


def _asked(query: PaperQuery) -> dict[str, str]:
    limits = []
    if query.author.strip():
        limits.append(f'author:"{" ".join(query.author.replace(chr(34), " ").split())}"')
    if query.since_year or query.until_year:
        limits.append(f"year:[{query.since_year or '*'} TO {query.until_year or '*'}]")
    asked = {"q": query.words.strip() or limits.pop(0), "sort": _ORDERS[query.order]}
    return asked | ({"fq": " AND ".join(limits)} if limits else {})


def _told(query: PaperQuery) -> str:
    asked = _asked(query)
    return " AND ".join(asked[name] for name in ("q", "fq") if name in asked)


def _pages(
    visit: Visit, asked: Mapping[str, str], most: int, *, is_whole: bool = False
) -> tuple[pl.DataFrame, int]:
    """Fetch page after page until ``most`` papers are there, or all; all or an error if wished."""
    pages: list[pl.DataFrame] = []
    rows, total = 0, [0]

    def read(content: bytes) -> pl.DataFrame:
        total[0] = int(_answer(content).get("numFound") or 0)
        return read_papers(content)

    while True:
        page = {"fl": _FIELDS, "start": str(rows), "rows": str(min(_PAGE, most - rows))}
        pages.append(visit.table("/search/query", {**asked, **page}, read))
        rows += pages[-1].height
        visit.progress("papers", rows, min(total[0], most))
        if is_whole:
            check_most(STATE, total[0], most)
        if not pages[-1].height or rows >= min(total[0], most):
            return pl.concat(pages).head(most), total[0]


def _entry(content: bytes) -> str:
    payload = parse_json(content, STATE.title)
    entry = payload.get("export") if isinstance(payload, dict) else None
    if not isinstance(entry, str) or not entry.lstrip().startswith("@"):
        what = "no BibTeX entry under 'export'"
        raise unknown_shape(STATE, what)
    return entry.strip()


def _newest(visit: Visit) -> pl.DataFrame:
    since = visit.wish.since
    dates = f" pubdate:[{since.isoformat()[:7]} TO *]" if since else ""
    asked = {"q": f"collection:astronomy{dates}", "sort": "date desc"}
    most = visit.wish.limit or (_MOST_COLLECTED if since else _UNASKED)
    return _pages(visit, asked, most, is_whole=bool(since and not visit.wish.limit))[0]


def _headers(settings: Settings) -> dict[str, str]:
    token = STATE.token(settings).strip()
    return {"Authorization": f"Bearer {token}"} if token else {}


def _patience(status: int, headers: httpx.Headers, _: bytes) -> float | None:
    """Say when the quota of the day begins anew, where it is used up."""
    reset = headers.get("X-RateLimit-Reset", "")
    if status != 429 or headers.get("X-RateLimit-Remaining") != "0" or not reset.isdigit():
        return None
    when = dt.datetime.fromtimestamp(int(reset), dt.UTC).strftime("%Y-%m-%d %H:%M")
    limit = headers.get("X-RateLimit-Limit", "the")
    message = f"{STATE.title} has answered {limit} requests, the quota until {when} UTC."
    raise SourceError(message, hint="Ask again then; what was fetched so far is kept.")


COLLECTOR = Collector(
    STATE,
    {"papers": Part(_newest, dated="published", text=paper_text)},
    headers=_headers,
    patience=_patience,
)

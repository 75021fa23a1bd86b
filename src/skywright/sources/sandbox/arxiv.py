"""The API of arXiv: a query, pages, an Atom feed; also its errors are feeds."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from skywright.sources.sandbox.library import Library
from skywright.sources.sandbox.words import Record, UnreadableError, between, matcher, says

_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom">\n'
_SEARCH = 'xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/"'
_ARXIV = 'xmlns:arxiv="http://arxiv.org/schemas/atom"'
_MOST = 2_000


def _by(*names: str) -> Callable[[Record, str], bool]:
    return lambda record, words: any(says(str(record[name]), words) for name in names)


_FIELDS: dict[str, Callable[[Record, str], bool]] = {
    "": _by("title", "abstract", "author"),
    "all": _by("title", "abstract", "author"),
    "ti": _by("title"),
    "abs": _by("abstract"),
    "au": _by("author"),
    "cat": lambda record, name: record["category"].startswith(name.rstrip("*")),
    "id": lambda record, number: record["arxiv"] == number,
    "submittedDate": lambda record, span: between(record["submitted"], span),
    "lastUpdatedDate": lambda record, span: between(record["submitted"], span),
}


class Arxiv:
    """The service, at ``/query``."""

    def __init__(self, library: Library) -> None:
        self._papers = [_record(one) for one in library.papers if one.get("arxiv")]

    def routes(self) -> list[Route]:
        """Return what is answered, relative to the prefix."""
        return [Route("/query", self._query, methods=["GET", "POST"])]

    async def _query(self, request: Request) -> Response:
        asked = {**request.query_params, **(await request.form())}
        try:
            start, most = _whole(asked, "start", 0), _whole(asked, "max_results", 10)
            found = self._found(asked)
        except (UnreadableError, ValueError) as error:
            return _feed(_error(str(error)), 1, 0, 400)
        page = found[start : start + min(most, _MOST)]
        return _feed("".join(map(_entry, page)), len(found), start)

    def _found(self, asked: Mapping[str, Any]) -> list[dict[str, str]]:
        papers = self._papers
        numbers = [re.sub(r"v\d+$", "", one) for one in asked.get("id_list", "").split(",") if one]
        if numbers:
            papers = [paper for number in numbers for paper in papers if paper["arxiv"] == number]
        query = asked.get("search_query", "")
        if not query and not numbers:
            return []
        if query:
            papers = list(filter(matcher(query, _FIELDS), papers))
        if asked.get("sortBy") in {"submittedDate", "lastUpdatedDate"}:
            newest = asked.get("sortOrder", "descending") != "ascending"
            papers = sorted(papers, key=lambda paper: paper["submitted"], reverse=newest)
        return papers


def _whole(asked: Mapping[str, Any], name: str, usual: int) -> int:
    text = str(asked.get(name, usual))
    if not text.isdecimal():
        message = f"{name} must be a non-negative integer"
        raise ValueError(message)
    return int(text)


def _record(paper: Mapping[str, Any]) -> dict[str, str]:
    month = paper["pubdate"][5:7]
    month = "01" if month in {"", "00"} else month
    return {
        "arxiv": paper["arxiv"],
        "title": paper["title"][0],
        "abstract": paper.get("abstract", ""),
        "author": " ; ".join(" ".join(reversed(one.split(", "))) for one in paper["author"]),
        "category": paper.get("category", "astro-ph"),
        "submitted": f"{paper['year']}{month}010000",
        "published": f"{paper['year']}-{month}-01T00:00:00Z",
        "journal": f"{paper['pub']}, {paper['year']}",
        "doi": (paper.get("doi") or [""])[0],
    }


def _entry(paper: Mapping[str, str]) -> str:
    authors = "".join(
        f"<author><name>{escape(name)}</name></author>" for name in paper["author"].split(" ; ")
    )
    doi = f"<arxiv:doi {_ARXIV}>{escape(paper['doi'])}</arxiv:doi>" if paper["doi"] else ""
    term = quoteattr(paper["category"])
    return (
        f"<entry><id>http://arxiv.org/abs/{paper['arxiv']}v1</id>"
        f"<updated>{paper['published']}</updated><published>{paper['published']}</published>"
        f"<title>{escape(paper['title'])}</title><summary>{escape(paper['abstract'])}</summary>"
        f"{authors}{doi}<arxiv:journal_ref {_ARXIV}>{escape(paper['journal'])}</arxiv:journal_ref>"
        f'<link href="http://arxiv.org/abs/{paper["arxiv"]}v1" rel="alternate" type="text/html"/>'
        f"<arxiv:primary_category {_ARXIV} term={term}/><category term={term}/></entry>\n"
    )


def _error(words: str) -> str:
    return (
        "<entry><id>http://arxiv.org/api/errors#bad_query</id><title>Error</title>"
        f"<summary>{escape(words)}</summary><author><name>arXiv api core</name></author></entry>\n"
    )


def _feed(entries: str, total: int, start: int, status: int = 200) -> Response:
    told = "".join(
        f"<opensearch:{name} {_SEARCH}>{value}</opensearch:{name}>"
        for name, value in (("totalResults", total), ("startIndex", start))
    )
    updated = f"<updated>{dt.datetime.now(dt.UTC).strftime('%Y-%m-%dT00:00:00Z')}</updated>"
    body = f"{_HEAD}<id>sandbox</id><title>Papers</title>{updated}{told}{entries}</feed>\n"
    return Response(body, status, media_type="application/atom+xml")

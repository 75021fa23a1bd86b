"""The API of NASA ADS: search and BibTeX, with a token and a quota in the headers."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from skywright.sources.sandbox.library import Library
from skywright.sources.sandbox.words import Record, UnreadableError, between, matcher, says

_QUOTA = 5_000
_MOST_ROWS = 2_000
_DEFAULT_ROWS = 10


def _text(record: Record, *names: str) -> str:
    found = (record.get(name) or "" for name in names)
    return " . ".join(" . ".join(map(str, v)) if isinstance(v, list) else str(v) for v in found)


def _by(*names: str) -> Callable[[Record, str], bool]:
    return lambda record, words: says(_text(record, *names), words)


def _author(record: Record, name: str) -> bool:
    family, _, given = name.lower().replace(".", "").partition(",")
    for one in record.get("author") or ():
        its_family, _, its_given = one.lower().replace(".", "").partition(",")
        if its_family.strip() == family.strip() and its_given.strip().startswith(given.strip()):
            return True
    return False


_FIELDS: dict[str, Callable[[Record, str], bool]] = {
    "": _by("title", "abstract", "author", "keyword", "bibcode"),
    "full": _by("title", "abstract", "keyword"),
    "body": _by("title", "abstract", "keyword"),
    "title": _by("title"),
    "abstract": _by("abstract"),
    "abs": _by("title", "abstract", "keyword"),
    "keyword": _by("keyword"),
    "author": _author,
    "first_author": lambda record, name: _author({"author": record["author"][:1]}, name),
    "year": lambda record, span: between(str(record["year"]), span),
    "pubdate": lambda record, span: between(str(record["pubdate"]), span),
    "bibcode": lambda record, code: record["bibcode"].lower() == code.lower(),
    "identifier": lambda record, code: (
        code.lower().removeprefix("arxiv:")
        in {record["bibcode"].lower(), str(record.get("arxiv", "")).lower(), *record.get("doi", ())}
    ),
    "doi": lambda record, doi: doi in record.get("doi", ()),
    "pub": _by("pub"),
    "bibstem": lambda record, stem: record["bibcode"][4:9].strip(".") == stem,
    "collection": lambda _, name: name.lower() in {"astronomy", "physics", "general"},
    "database": lambda _, name: name.lower() in {"astronomy", "physics", "general"},
    "property": lambda _, name: bool(name),
    "*": lambda _, __: True,
}


class Ads:
    """The service, below ``/v1``."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._left = _QUOTA

    def routes(self) -> list[Route]:
        """Return what is answered, relative to the prefix."""
        return [
            Route("/search/query", self._search),
            Route("/export/bibtex", self._export_many, methods=["POST"]),
            Route("/export/bibtex/{bibcode:path}", self._export_one),
        ]

    def _is_let_in(self, request: Request) -> bool:
        return request.headers.get("authorization", "").startswith("Bearer ")

    def _say(self, payload: Mapping[str, Any], status: int = 200) -> JSONResponse:
        self._left = max(0, self._left - 1)
        reset = int(time.time()) // 86_400 * 86_400 + 86_400
        quota = {"Limit": _QUOTA, "Remaining": self._left, "Reset": reset}
        headers = {f"X-RateLimit-{name}": f"{value}" for name, value in quota.items()}
        return JSONResponse(payload, status, headers)

    def _search(self, request: Request) -> JSONResponse:
        if not self._is_let_in(request):
            return JSONResponse({"error": "Unauthorized"}, 401)
        asked = dict(request.query_params)
        if not asked.get("q"):
            return self._say(_error("q param is required", asked), 400)
        recorded = self._library.answer("/v1/search/query", asked)
        if recorded is not None:
            return self._say(recorded)
        try:
            found = self._found(asked, request.query_params.getlist("fq"))
            start, rows = int(asked.get("start", 0)), int(asked.get("rows", _DEFAULT_ROWS))
        except (UnreadableError, ValueError) as error:
            return self._say(_error(f"org.apache.solr.search.SyntaxError: {error}", asked), 400)
        names = [name.strip() for name in asked.get("fl", "bibcode").split(",")]
        page = found[start : start + min(rows, _MOST_ROWS)]
        docs = [{name: paper[name] for name in names if paper.get(name)} for paper in page]
        head = {"status": 0, "QTime": 1, "params": asked}
        told = {"numFound": len(found), "start": start, "numFoundExact": True, "docs": docs}
        return self._say({"responseHeader": head, "response": told})

    def _found(self, asked: Mapping[str, str], limits: list[str]) -> list[dict[str, Any]]:
        tests = [matcher(query, _FIELDS) for query in [asked["q"], *limits]]
        found = [paper for paper in self._library.papers if all(test(paper) for test in tests)]
        for order in reversed(asked.get("sort", "").split(",")):
            name, _, direction = order.strip().partition(" ")
            key = {"date": "pubdate", "score": ""}.get(name, name)
            if key:
                found.sort(key=partial(_key, key), reverse=direction != "asc")
        return found

    def _export_one(self, request: Request) -> JSONResponse:
        return self._export(request, [request.path_params["bibcode"]])

    async def _export_many(self, request: Request) -> JSONResponse:
        try:
            wanted = (await request.json())["bibcode"]
        except (ValueError, KeyError, TypeError):
            return self._say(
                {"error": "no bibcode found in payload (parameter name is `bibcode`)"}, 400
            )
        return self._export(request, [wanted] if isinstance(wanted, str) else list(wanted))

    def _export(self, request: Request, wanted: list[str]) -> JSONResponse:
        if not self._is_let_in(request):
            return JSONResponse({"error": "Unauthorized"}, 401)
        known = {paper["bibcode"]: paper for paper in self._library.papers}
        entries = [
            self._library.entries.get(code) or _bibtex(known[code])
            for code in wanted
            if code in known
        ]
        if not entries:
            return self._say({"error": "no result from solr"}, 404)
        words = f"Retrieved {len(entries)} abstracts, starting with number 1."
        return self._say({"msg": words, "export": "\n\n".join(entries) + "\n\n"})


def _key(name: str, paper: Mapping[str, Any]) -> tuple[int, str]:
    value = paper.get(name)
    return (value, "") if isinstance(value, int) else (0, str(value or ""))


def _error(words: str, asked: Mapping[str, str]) -> dict[str, Any]:
    head = {"status": 400, "QTime": 1, "params": dict(asked)}
    return {"responseHeader": head, "error": {"msg": words, "code": 400}}


def _bibtex(paper: Mapping[str, Any]) -> str:
    names = (author.partition(", ") for author in paper["author"])
    authors = " and ".join(
        f"{{{family}}}, {given}" if given else f"{{{family}}}" for family, _, given in names
    )
    fields = {
        "author": f"{{{authors}}}",
        "title": f'"{{{paper["title"][0]}}}"',
        "journal": f"{{{paper['pub']}}}",
        "year": f"{paper['year']}",
        "doi": f"{{{paper['doi'][0]}}}" if paper.get("doi") else "",
        "eprint": f"{{{paper['arxiv']}}}" if paper.get("arxiv") else "",
        "adsurl": f"{{https://ui.adsabs.harvard.edu/abs/{paper['bibcode']}}}",
    }
    told = ",\n".join(f"{name:>13} = {value}" for name, value in fields.items() if value)
    return f"@ARTICLE{{{paper['bibcode']},\n{told}\n}}"

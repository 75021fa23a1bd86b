"""SpaceX API v4: collections by GET, and questions in the way of MongoDB by POST."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from skywright.sources.sandbox.nasa import read_json

_SINGLE = {"company", "roadster"}
_LISTS = "capsules cores crew dragons history landpads launches launchpads payloads rockets ships"
_GIVEN = ("launches", "payloads", "rockets", "crew", "company", "capsules", "starlink")
_REFERS = {
    "rocket": "rockets",
    "launchpad": "launchpads",
    "payloads": "payloads",
    "launch": "launches",
}
_COMPARED: dict[str, Callable[[Any, Any], bool]] = {
    "$gte": lambda a, b: a is not None and a >= b,
    "$gt": lambda a, b: a is not None and a > b,
    "$lte": lambda a, b: a is not None and a <= b,
    "$lt": lambda a, b: a is not None and a < b,
    "$ne": lambda a, b: bool(a != b),
    "$in": lambda a, b: any(_same(a, one) for one in b),
    "$nin": lambda a, b: not any(_same(a, one) for one in b),
    "$exists": lambda a, b: (a is not None) == b,
    "$regex": lambda a, b: re.search(b, str(a or ""), re.IGNORECASE) is not None,
}

Record = Mapping[str, Any]


class Spacex:
    """The service, below ``/v4``."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self._held: dict[str, list[dict[str, Any]]] = {n: [] for n in (*_LISTS.split(), "starlink")}
        for samples in read_json(folders, "doc_samples.json*"):
            for route, replies in samples.items():
                self._add_sample(route, replies)
        for name in _GIVEN:
            given = [*read_json(folders, f"spacex_v4/{name}.json*")]
            if not given and not self._held.get(name):
                given = [*read_json(folders, f"spacex_{name}.json")]
            for records in given:
                self._add(name, records)
        self._held["launches"].sort(key=lambda one: str(one.get("date_utc")))

    def _add_sample(self, route: str, replies: Sequence[Any]) -> None:
        name, _, kind = route.partition("/")
        if not route.startswith(f"{name}/v4/") or kind.split("/")[-1] not in {"one", "all", "get"}:
            return
        for reply in replies:
            self._add(name, reply if isinstance(reply, list) else [reply])

    def _add(self, name: str, records: Sequence[dict[str, Any]]) -> None:
        held = {one.get("id"): one for one in self._held.get(name, [])}
        held |= {one.get("id"): one for one in records}
        self._held[name] = list(held.values())

    def routes(self) -> list[Route]:
        """Return what is answered, relative to the prefix."""
        return [
            Route("/{name}", self._all),
            Route("/launches/{which:str}", self._launch),
            Route("/{name}/query", self._query, methods=["POST"]),
            Route("/{name}/{id}", self._one),
        ]

    def _all(self, request: Request) -> Response:
        name = request.path_params["name"]
        if name not in self._held:
            return _missing()
        if name in _SINGLE:
            return JSONResponse(self._held[name][0])
        return JSONResponse(self._held[name])

    def _launch(self, request: Request) -> Response:
        which = request.path_params["which"]
        past = [one for one in self._held["launches"] if not one.get("upcoming")]
        coming = [one for one in self._held["launches"] if one.get("upcoming")]
        lists = {"past": past, "upcoming": coming}
        if which in lists:
            return JSONResponse(lists[which])
        ends = {"latest": past[-1:], "next": coming[:1]}
        if which in ends:
            return JSONResponse(ends[which][0]) if ends[which] else _missing()
        return self._by_id("launches", which)

    def _one(self, request: Request) -> Response:
        return self._by_id(request.path_params["name"], request.path_params["id"])

    def _by_id(self, name: str, wanted: str) -> Response:
        found = next((one for one in self._held.get(name, ()) if one.get("id") == wanted), None)
        return JSONResponse(found) if found else _missing()

    async def _query(self, request: Request) -> Response:
        name = request.path_params["name"]
        if name not in self._held:
            return _missing()
        try:
            asked = await request.json()
            query, options = asked.get("query") or {}, asked.get("options") or {}
            found = [one for one in self._held[name] if _fits(one, query)]
        except (json.JSONDecodeError, AttributeError, TypeError, re.error) as error:
            return PlainTextResponse(f"Bad query: {error}", 400)
        return JSONResponse(self._paged(_sorted(found, options.get("sort")), options))

    def _paged(self, found: list[Record], options: Mapping[str, Any]) -> dict[str, Any]:
        limit = int(options.get("limit", 10)) if options.get("pagination", True) else len(found)
        limit = max(limit, 1)
        page = int(options.get("page", int(options.get("offset", 0)) // limit + 1))
        start = int(options.get("offset", limit * (page - 1)))
        pages = max(1, -(-len(found) // limit))
        shown = found[start : start + limit]
        return {
            "docs": [self._shown(one, options) for one in shown],
            "totalDocs": len(found),
            "offset": start,
            "limit": limit,
            "totalPages": pages,
            "page": page,
            "pagingCounter": start + 1,
            "hasPrevPage": page > 1,
            "hasNextPage": page < pages,
            "prevPage": page - 1 if page > 1 else None,
            "nextPage": page + 1 if page < pages else None,
        }

    def _shown(self, record: Record, options: Mapping[str, Any]) -> dict[str, Any]:
        shown = dict(record)
        for one in options.get("populate") or ():
            path = one["path"] if isinstance(one, dict) else one
            shown[path] = self._referred(path, record.get(path))
        wanted = options.get("select")
        names = wanted.split() if isinstance(wanted, str) else list(wanted or ())
        return {name: shown.get(name) for name in [*names, "id"]} if names else shown

    def _referred(self, path: str, value: Any) -> Any:
        held = {one.get("id"): one for one in self._held.get(_REFERS.get(path, path), ())}
        if isinstance(value, list):
            return [held.get(one, one) for one in value]
        return held.get(value, value)


def _missing() -> Response:
    return PlainTextResponse("Not Found", 404)


def _at(record: Record, path: str) -> Any:
    value: Any = record
    for step in path.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    return value


def _same(value: Any, wanted: Any) -> bool:
    return wanted in value if isinstance(value, list) else bool(value == wanted)


def _fits(record: Record, query: Mapping[str, Any]) -> bool:
    for name, wanted in query.items():
        if name in {"$or", "$and"}:
            fits = any if name == "$or" else all
            if not fits(_fits(record, one) for one in wanted):
                return False
        elif name == "$text":
            words = str(wanted.get("$search", "")).lower().split()
            if not any(word in json.dumps(record).lower() for word in words):
                return False
        elif isinstance(wanted, dict) and any(key.startswith("$") for key in wanted):
            if not all(
                _COMPARED[how](_at(record, name), b)
                for how, b in wanted.items()
                if how in _COMPARED
            ):
                return False
        elif not _same(_at(record, name), wanted):
            return False
    return True


def _sorted(found: list[Any], order: Any) -> list[Any]:
    if isinstance(order, str):
        order = {
            name.lstrip("-"): "desc" if name.startswith("-") else "asc" for name in order.split()
        }
    for name, direction in reversed(list((order or {}).items())):
        there = [one for one in found if _at(one, name) is not None]
        there.sort(key=partial(_at, path=name), reverse=direction in {"desc", -1, "-1"})
        found = there + [one for one in found if _at(one, name) is None]
    return found

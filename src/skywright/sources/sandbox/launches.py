"""Launch Library 2: launches of the past and to come, in pages, filtered and searched."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from skywright.sources.sandbox.nasa import read_json

_MOST = 100
_USUAL = 10
_COMPARED = {
    "gte": lambda a, b: a >= b,
    "gt": lambda a, b: a > b,
    "lte": lambda a, b: a <= b,
    "lt": lambda a, b: a < b,
}
_NAMES = {
    "lsp__name": "launch_service_provider.name",
    "rocket__configuration__name": "rocket.configuration.name",
    "rocket__configuration__full_name": "rocket.configuration.full_name",
    "status": "status.id",
    "name": "name",
    "id": "id",
}


class Launches:
    """The service, below the number of its version."""

    def __init__(self, folders: Sequence[Path]) -> None:
        found = {
            one["id"]: one
            for page in read_json(folders, "launch_list*.json")
            for one in page["results"]
        }
        self._launches = sorted(found.values(), key=lambda one: one["net"])

    def routes(self) -> list[Route]:
        """Return what is answered, relative to the prefix; both spellings of the versions."""
        return [
            route
            for name in ("launches", "launch")
            for route in (
                Route(f"/{name}/", self._all),
                Route(f"/{name}/upcoming/", self._upcoming),
                Route(f"/{name}/previous/", self._previous),
                Route(f"/{name}/{{id}}/", self._one),
            )
        ]

    def _all(self, request: Request) -> JSONResponse:
        return _page(request, self._launches)

    def _upcoming(self, request: Request) -> JSONResponse:
        return _page(request, [one for one in self._launches if one["net"] >= _now()])

    def _previous(self, request: Request) -> JSONResponse:
        return _page(request, [one for one in reversed(self._launches) if one["net"] < _now()])

    def _one(self, request: Request) -> JSONResponse:
        wanted = request.path_params["id"]
        found = next((one for one in self._launches if one["id"] == wanted), None)
        return JSONResponse(found or {"detail": "Not found."}, 200 if found else 404)


def _now() -> str:
    return dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _at(record: Mapping[str, Any], path: str) -> Any:
    value: Any = record
    for step in path.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    return value


def _page(request: Request, launches: Sequence[Mapping[str, Any]]) -> JSONResponse:
    asked = request.query_params
    found = [one for one in launches if _fits(one, asked)]
    order = asked.get("ordering", "")
    if order.lstrip("-") == "net":
        found.sort(key=lambda one: str(one["net"]), reverse=order.startswith("-"))
    texts = asked.get("limit", ""), asked.get("offset", "")
    limit, offset = (int(text) if text.isdecimal() else 0 for text in texts)
    limit = min(limit or _USUAL, _MOST)

    def link(start: int) -> str | None:
        is_there = 0 <= start < len(found)
        return str(request.url.include_query_params(offset=start)) if is_there else None

    return JSONResponse(
        {
            "count": len(found),
            "next": link(offset + limit),
            "previous": link(max(0, offset - limit)) if offset else None,
            "results": found[offset : offset + limit],
        }
    )


def _fits(launch: Mapping[str, Any], asked: Mapping[str, str]) -> bool:
    words = asked.get("search", "").lower().split()
    whole = json.dumps(launch).lower() if words else ""
    if not all(word in whole for word in words):
        return False
    for name, value in asked.items():
        field, _, how = name.rpartition("__")
        if field == "net" and how in _COMPARED and not _COMPARED[how](launch["net"], value):
            return False
        if name in _NAMES and f"{_at(launch, _NAMES[name])}".lower() != value.lower():
            return False
    return True

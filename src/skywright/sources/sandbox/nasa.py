"""Picture of the Day (old and new service) and NeoWs, with the errors of api.nasa.gov."""

from __future__ import annotations

import datetime as dt
import json
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from skywright.sources.sandbox.catalogues import SAMPLES, opened

_FIRST = dt.date(1995, 6, 16)
_MOST_DAYS = 7
_KEY = re.compile(r"DEMO_KEY|sandbox-token|\w{40}")
_AT_ONCE = 100
_MADE_UP = SAMPLES / "made_up"
_DAYS_ON = re.compile(r"@today(?:\+(\d+))?")


class Nasa:
    """What is behind one key, and the service of pictures that needs none."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self._pictures = {one["date"]: one for one in _pictures(folders)}
        self._days = _passes(folders)

    def apod(self) -> list[Route]:
        """Return the service of pictures that asks for a key."""
        return [Route("/", self._apod)]

    def wordpress(self) -> list[Route]:
        """Return the service of pictures that needs no key."""
        return [Route("/", self._wordpress)]

    def neows(self) -> list[Route]:
        """Return the service of passing objects."""
        return [Route("/", self._feed)]

    def _apod(self, request: Request) -> JSONResponse:
        refusal = _key_refused(request)
        if refusal is not None:
            return refusal
        asked = request.query_params
        if "count" in asked:
            if not asked["count"].isdecimal() or not 1 <= int(asked["count"]) <= _AT_ONCE:
                return _apod_error(400, f"count must be positive and at most {_AT_ONCE}")
            some = random.Random(asked["count"])  # noqa: S311 - the same every time
            held = list(self._pictures.values())
            return JSONResponse(some.sample(held, min(int(asked["count"]), len(held))))
        try:
            days = [
                _day(asked[name]) for name in ("date", "start_date", "end_date") if name in asked
            ]
        except ValueError as error:
            return _apod_error(400, str(error))
        today = dt.datetime.now(dt.UTC).date()
        if any(not _FIRST <= day <= today for day in days):
            words = f"Date must be between Jun 16, 1995 and {today:%b %d, %Y}."
            return _apod_error(400, words)
        if "start_date" in asked:
            return self._span(days[0], days[1] if len(days) > 1 else today)
        day = asked.get("date") or max(self._pictures)
        if day not in self._pictures:
            return _apod_error(404, f"No data available for date: {day}")
        return JSONResponse(self._pictures[day])

    def _span(self, first: dt.date, last: dt.date) -> JSONResponse:
        if first > last:
            return _apod_error(400, "start_date cannot be after end_date")
        days = sorted(day for day in self._pictures if first.isoformat() <= day <= last.isoformat())
        return JSONResponse([self._pictures[day] for day in days])

    def _wordpress(self, request: Request) -> JSONResponse:
        size = int(request.query_params.get("per_page", "10"))
        page = int(request.query_params.get("page", "1"))
        held = [self._pictures[day] for day in sorted(self._pictures, reverse=True)]
        pages = -(-len(held) // size)
        if page > max(pages, 1):
            words = "The page number requested is larger than the number of pages available."
            code = "rest_post_invalid_page_number"
            return JSONResponse({"code": code, "message": words, "data": {"status": 400}}, 400)
        headers = {"X-WP-Total": f"{len(held)}", "X-WP-TotalPages": f"{pages}"}
        shown = held[size * (page - 1) : size * page]
        return JSONResponse([_as_post(one) for one in shown], headers=headers)

    def _feed(self, request: Request) -> JSONResponse:
        refusal = _key_refused(request)
        if refusal is not None:
            return refusal
        asked = request.query_params
        try:
            first = _day(asked["start_date"]) if "start_date" in asked else _today()
            week = first + dt.timedelta(days=_MOST_DAYS)
            last = _day(asked["end_date"]) if "end_date" in asked else week
        except ValueError as error:
            return _feed_error(request, str(error))
        if not 0 <= (last - first).days <= _MOST_DAYS:
            return _feed_error(request, "The Feed date limit is only 7 Days")
        span = [(first + dt.timedelta(days=k)).isoformat() for k in range((last - first).days + 1)]
        days = {day: self._days.get(day, []) for day in span}
        told = {"links": {"self": str(request.url)}, "element_count": sum(map(len, days.values()))}
        return JSONResponse({**told, "near_earth_objects": days})


def _today() -> dt.date:
    return dt.datetime.now(dt.UTC).date()


def _day(text: str) -> dt.date:
    try:
        return dt.datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=dt.UTC).date()
    except ValueError as error:
        message = f"time data '{text}' does not match format '%Y-%m-%d'"
        raise ValueError(message) from error


def _key_refused(request: Request) -> JSONResponse | None:
    key = request.headers.get("x-api-key") or request.query_params.get("api_key", "")
    if _KEY.fullmatch(key):
        return None
    code, words = (
        ("API_KEY_INVALID", "An invalid api_key was")
        if key
        else ("API_KEY_MISSING", "No api_key was")
    )
    message = f"{words} supplied. Get one at https://api.nasa.gov:443"
    return JSONResponse({"error": {"code": code, "message": message}}, 403)


def _apod_error(status: int, words: str) -> JSONResponse:
    return JSONResponse({"code": status, "msg": words, "service_version": "v1"}, status)


def _feed_error(request: Request, words: str) -> JSONResponse:
    told = {"code": 400, "http_error": "BAD_REQUEST", "error_message": words}
    return JSONResponse({**told, "request": str(request.url)}, 400)


def _as_post(picture: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "date": f"{picture['date']}T00:00:00",
        "title": {"rendered": picture["title"]},
        "explanation": {"rendered": f"<p>{picture.get('explanation', '')}</p>"},
        "media_type": picture.get("media_type", "image"),
        "url": picture.get("url"),
        "hdurl": picture.get("hdurl"),
        "credits": picture.get("copyright", ""),
        "permalink": f"https://science.nasa.gov/apod/{picture['date']}",
    }


def read_json(folders: Sequence[Path], *patterns: str) -> Iterator[Any]:
    """Return what the JSON files of some names hold, our own samples first.

    Where the folders have none, ours include some of these days, made up.
    """
    given = _files(folders, patterns)
    for file in [*_own(SAMPLES, patterns), *given]:
        with opened(file) as text:
            yield json.load(text)
    if not given:
        for file in _own(_MADE_UP, patterns):
            yield json.loads(_DAYS_ON.sub(_from_today, file.read_text(encoding="utf-8")))


def _own(folder: Path, patterns: Sequence[str]) -> list[Path]:
    return [file for pattern in patterns for file in sorted(folder.glob(pattern))]


def _files(folders: Sequence[Path], patterns: Sequence[str]) -> list[Path]:
    return [
        file for pattern in patterns for folder in folders for file in sorted(folder.rglob(pattern))
    ]


def _from_today(match: re.Match[str]) -> str:
    return (_today() + dt.timedelta(days=int(match[1] or 0))).isoformat()


def _pictures(folders: Sequence[Path]) -> Iterator[dict[str, Any]]:
    for payload in read_json(folders, "apod.json", "apod/*.json"):
        for one in payload if isinstance(payload, list) else [payload]:
            if "date" in one and "title" in one:
                yield one


def _passes(folders: Sequence[Path]) -> dict[str, list[Any]]:
    days: dict[str, list[Any]] = {}
    for payload in read_json(folders, "neows*.json"):
        for day, objects in payload["near_earth_objects"].items():
            days.setdefault(day, []).extend(objects)
    return days

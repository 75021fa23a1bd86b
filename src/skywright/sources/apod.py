"""Astronomy Picture of the Day: title, explanation and credit, from the old service and the new.

The service on api.nasa.gov ends on 2026-12-01; the WordPress one on science.nasa.gov, which needs
no key, has the pictures from then on. Both give the same columns; explanations are plain text.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import polars as pl

from skywright.errors import SourceError
from skywright.sources.collecting import Collector, Part, Text, Visit
from skywright.sources.http import parse_json
from skywright.sources.nasa import KEY_FROM, KEY_SETTING, LICENCE, RATE_LIMIT, key_header
from skywright.sources.plain_text import plain_text
from skywright.sources.records import Column, table_of, unknown_shape
from skywright.sources.state import SourceState

STATE = SourceState(
    name="apod",
    title="Astronomy Picture of the Day",
    url_setting="apod_url",
    status="live",
    licence=LICENCE + " A picture with a copyright belongs to its author.",
    citation="Astronomy Picture of the Day, NASA; the author of each picture",
    documentation="https://api.nasa.gov/#apod",
    checked="2021-12-06",
    rate_limit=RATE_LIMIT,
    fresh_s=3_600.0,
    most="100 pictures a request; the last 25 unless --since or --limit asks for others",
    access_setting=KEY_SETTING,
    access_from=KEY_FROM,
    remark="From 2026-12-01 SKYWRIGHT_APOD_WORDPRESS_URL is asked, which needs no key.",
    smallest="?count=1",
)

MOVED = dt.date(2026, 12, 1)
FIRST = dt.date(1995, 6, 16)
_PAGE = 100
_UNASKED = 25
_PAGES = "https://apod.nasa.gov/apod"
_PLACEHOLDER = "NASA Science"  # what the old service says in place of a picture since it forwards
_COLUMNS = (
    Column("date", "date", needed=True),
    Column("title", "title.rendered|title", needed=True),
    Column("explanation", "explanation.rendered|explanation"),
    Column("media_type", "media_type"),
    Column("url", "url|permalink|link"),
    Column("hdurl", "hdurl"),
    Column("thumbnail_url", "thumbnail_url"),
    Column("copyright", "copyright|credits|credit"),
    Column("page", "permalink|link"),
)


def read_pictures(content: bytes) -> pl.DataFrame:
    """Turn an answer of either service into a table, one row a picture.

    Raises
    ------
    SourceError
        If it is no JSON, of another shape, or a placeholder instead of pictures.
    """
    payload = parse_json(content, STATE.title)
    records = [payload] if isinstance(payload, dict) else payload
    if not isinstance(records, list):
        what = "no list of pictures"
        raise unknown_shape(STATE, what)
    table = table_of(records, STATE, _COLUMNS)
    if table.height and (table["title"] == _PLACEHOLDER).all():
        what = "a placeholder instead of pictures"
        raise unknown_shape(STATE, what)
    texts = [
        pl.col(name).map_elements(_words, return_dtype=pl.String)
        for name in ("title", "explanation", "copyright")
    ]
    return table.with_columns(
        pl.Series("date", [_iso(day) for day in table["date"]], pl.String), *texts
    )


def _words(text: str) -> str:
    return plain_text(text).removeprefix("Explanation:").strip()


def _iso(text: str) -> str:
    for form in ("%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%B %d, %Y"):
        try:
            return (
                dt.datetime.strptime(text.strip(), form).replace(tzinfo=dt.UTC).date().isoformat()
            )
        except ValueError:
            continue
    raise unknown_shape(STATE, f"date = {text[:40]!r}")


def _today() -> dt.date:
    return dt.datetime.now(dt.UTC).date()


def _pictures(visit: Visit) -> pl.DataFrame:
    if _today() >= MOVED:
        return _from_wordpress(visit)
    try:
        return _from_old_service(visit)
    except SourceError:
        visit.provenance.clear()
        return _from_wordpress(visit)


def _first(visit: Visit) -> dt.date:
    if visit.wish.since is not None:
        return max(visit.wish.since, FIRST)
    return max(FIRST, _today() - dt.timedelta(days=(visit.wish.limit or _UNASKED) - 1))


def _from_old_service(visit: Visit) -> pl.DataFrame:
    start, tables = _first(visit), []
    while True:
        end = start + dt.timedelta(days=_PAGE - 1)
        params = {"start_date": start.isoformat()}
        if end < _today():  # left out, the end is the newest picture, whose day NASA knows best
            params["end_date"] = end.isoformat()
        tables.append(visit.table("", params, read_pictures))
        start = end + dt.timedelta(days=1)
        rows = sum(table.height for table in tables)
        visit.progress("pictures", rows, 0)
        if start > _today() or rows >= (visit.wish.limit or rows + 1):
            return pl.concat(tables).sort("date")


def _from_wordpress(visit: Visit) -> pl.DataFrame:
    """Fetch the newest first until the first day wanted; that service cannot be asked for days."""
    first = _first(visit).isoformat()
    tables: list[pl.DataFrame] = []
    while True:
        params = {"per_page": str(_PAGE), "page": str(len(tables) + 1)}
        tables.append(visit.table(visit.settings.apod_wordpress_url, params, read_pictures))
        visit.progress("pictures", sum(table.height for table in tables), 0)
        if tables[-1].height < _PAGE or str(tables[-1]["date"].min()) <= first:
            together = pl.concat(tables).unique("date", keep="first").sort("date")
            return together.filter(pl.col("date") >= first)


def _text(row: Mapping[str, Any]) -> Text | None:
    if not row["explanation"]:
        return None
    credit = f"\n\nPicture: {row['copyright']}" if row["copyright"] else ""
    # The page of the day, which is there whichever service told of it.
    url = f"{_PAGES}/ap{row['date'][2:].replace('-', '')}.html"
    return Text(row["title"], row["explanation"] + credit, url, row["date"])


COLLECTOR = Collector(
    STATE, {"pictures": Part(_pictures, dated="date", text=_text)}, headers=key_header
)

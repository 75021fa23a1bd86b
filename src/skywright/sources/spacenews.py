"""SpaceNews: the newest articles of its feed, title and summary, with the link to the whole."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree as ET

import polars as pl

from skywright.sources.collecting import Collector, Part, Text, Visit
from skywright.sources.feeds import parse_feed, utc_of_mail
from skywright.sources.plain_text import plain_text
from skywright.sources.records import Column, table_of, unknown_shape
from skywright.sources.state import SourceState

STATE = SourceState(
    name="spacenews",
    title="SpaceNews feed",
    url_setting="spacenews_url",
    status="live",
    licence="Copyright SpaceNews; titles and summaries to read and to cite with their link.",
    citation="SpaceNews, https://spacenews.com",
    documentation="https://spacenews.com/feed/",
    checked="",
    fresh_s=900.0,
    most="the articles of the feed, about ten",
    remark="The feed holds the newest articles only; collect it again and again to keep more.",
)

_CREATOR = "{http://purl.org/dc/elements/1.1/}creator"
_COLUMNS = (
    Column("title", "title", needed=True),
    Column("url", "link", needed=True),
    Column("published_utc", "published"),
    Column("author", "author"),
    Column("categories", "categories", pl.List),
    Column("summary", "summary"),
    Column("guid", "guid"),
)


def read_feed(content: bytes) -> pl.DataFrame:
    """Turn an RSS feed into a table, one row an article.

    Raises
    ------
    SourceError
        If it is no RSS, or declares a document type, which a feed has no need of.
    """
    channel = parse_feed(content, STATE).find("channel")
    if channel is None:
        what = "no RSS channel"
        raise unknown_shape(STATE, what)
    return table_of([_article(item) for item in channel.iter("item")], STATE, _COLUMNS)


def _article(item: ET.Element) -> dict[str, object]:
    return {
        "title": plain_text(item.findtext("title") or "") or None,
        "link": (item.findtext("link") or "").strip() or None,
        "guid": item.findtext("guid"),
        "published": utc_of_mail(item.findtext("pubDate")),
        "author": item.findtext(_CREATOR),
        "categories": [(one.text or "").strip() for one in item.findall("category")],
        "summary": plain_text(item.findtext("description") or ""),
    }


def _articles(visit: Visit) -> pl.DataFrame:
    return visit.table("", None, read_feed)


def _text(row: Mapping[str, Any]) -> Text | None:
    if not row["summary"]:
        return None
    return Text(row["title"], row["summary"], row["url"], row["published_utc"] or "")


COLLECTOR = Collector(STATE, {"articles": Part(_articles, dated="published_utc", text=_text)})

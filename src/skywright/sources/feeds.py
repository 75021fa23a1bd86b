"""RSS and Atom feeds, without the doors that XML leaves open."""

from __future__ import annotations

import datetime as dt
import email.utils
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree as ET

import polars as pl

from skywright.errors import SourceError
from skywright.sources.collecting import Text
from skywright.sources.plain_text import plain_text
from skywright.sources.records import Column, table_of, unknown_shape
from skywright.sources.state import SourceState

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


def parse_feed(content: bytes, state: SourceState) -> ET.Element:
    """Parse a feed of a provider.

    Raises
    ------
    SourceError
        If it is no XML, or declares a document type, which a feed has no need of.
    """
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        what = "a document type in a feed"
        raise unknown_shape(state, what)
    try:
        return ET.fromstring(content)  # noqa: S314 - no entities, see above
    except ET.ParseError as error:
        message = f"{state.title} sent a feed that is damaged or cut short: {error}."
        raise SourceError(message, hint="Try again.") from error


def read_rss(content: bytes, state: SourceState) -> pl.DataFrame:
    """Turn an RSS feed into a table, one row an article.

    Returns
    -------
    DataFrame
        ``title, url, published_utc, author, categories, summary, guid``.

    Raises
    ------
    SourceError
        If it is no RSS, an article has no title or link, or like `parse_feed`.
    """
    channel = parse_feed(content, state).find("channel")
    if channel is None:
        what = "no RSS channel"
        raise unknown_shape(state, what)
    return table_of([_article(item) for item in channel.iter("item")], state, _COLUMNS)


def article_text(row: Mapping[str, Any]) -> Text | None:
    """Return the summary of an article of `read_rss`, where it has one."""
    if not row["summary"]:
        return None
    return Text(row["title"], row["summary"], row["url"], row["published_utc"] or "")


def _article(item: ET.Element) -> dict[str, object]:
    return {
        "title": plain_text(item.findtext("title") or "") or None,
        "link": (item.findtext("link") or "").strip() or None,
        "guid": item.findtext("guid"),
        "published": _utc(item.findtext("pubDate")),
        "author": item.findtext(_CREATOR),
        "categories": [(one.text or "").strip() for one in item.findall("category")],
        "summary": plain_text(item.findtext("description") or ""),
    }


def _utc(text: str | None) -> str | None:
    try:
        when = email.utils.parsedate_to_datetime(text or "")
    except ValueError:
        return None
    known = when if when.tzinfo else when.replace(tzinfo=dt.UTC)
    return known.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

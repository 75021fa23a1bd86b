"""SpaceNews: the newest articles of its feed, title and summary, with the link to the whole."""

from __future__ import annotations

from functools import partial

import polars as pl

from skywright.sources.collecting import Collector, Part, Visit
from skywright.sources.feeds import article_text, read_rss
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


def _articles(visit: Visit) -> pl.DataFrame:
    return visit.table("", None, partial(read_rss, state=STATE))


COLLECTOR = Collector(
    STATE, {"articles": Part(_articles, dated="published_utc", text=article_text)}
)

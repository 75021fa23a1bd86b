"""ESA: what the feeds of its site tell, of space and of science."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import polars as pl

from skywright.sources.collecting import Collector, Part, Visit
from skywright.sources.feeds import article_text, read_rss
from skywright.sources.state import SourceState

STATE = SourceState(
    name="esa",
    title="European Space Agency feeds",
    url_setting="esa_url",
    status="live",
    licence="Copyright ESA; to read and to cite with credit, and most pictures under CC BY-SA "
    "3.0 IGO where they say so.",
    citation="European Space Agency, https://www.esa.int",
    documentation="https://www.esa.int/Services/RSS_Feeds",
    checked="",
    fresh_s=900.0,
    most="the articles of each feed, about fifteen",
    remark="The feeds hold the newest articles only; collect them again and again to keep more.",
    smallest="/TopNews",
)


def _feed(route: str) -> Callable[[Visit], pl.DataFrame]:
    return lambda visit: visit.table(route, None, partial(read_rss, state=STATE))


COLLECTOR = Collector(
    STATE,
    {
        name: Part(_feed(route), dated="published_utc", text=article_text)
        for name, route in (
            ("top-news", "/TopNews"),
            ("space-news", "/Our_Activities/Space_News"),
            ("space-science", "/Our_Activities/Space_Science"),
        )
    },
)

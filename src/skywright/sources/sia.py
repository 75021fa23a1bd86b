"""Satellite Industry Association: its reports on the state of the industry, and its news."""

from __future__ import annotations

import re
from functools import partial

from skywright.sources.collecting import Collector, Part
from skywright.sources.feeds import article_text, read_rss
from skywright.sources.page_tables import page_reports, page_text, page_texts, report_text
from skywright.sources.state import SourceState

STATE = SourceState(
    name="sia",
    title="Satellite Industry Association",
    url_setting="sia_url",
    status="live",
    licence="Copyright SIA; titles and summaries to read and to cite with their link.",
    citation="Satellite Industry Association, https://sia.org",
    documentation="https://sia.org/news-resources/state-of-the-satellite-industry-report/",
    checked="",
    fresh_s=21_600.0,
    pause_s=1.0,
    sends_pages=True,
    most="the reports of one page, and the newest articles",
    remark="Read from web pages: one that was rebuilt is an error that names it. The reports "
    "themselves are not fetched.",
    smallest="/feed/",
)

_REPORTS = "/news-resources/state-of-the-satellite-industry-report/"
_NAMED = re.compile(r"\breport\b.*\b20\d\d|\b20\d\d\b.*\breport\b", re.IGNORECASE)


def _is_report(url: str, words: str) -> bool:
    return url.lower().endswith(".pdf") or bool(_NAMED.search(words))


COLLECTOR = Collector(
    STATE,
    {
        "reports": Part(
            lambda visit: page_reports(visit, _REPORTS, _is_report),
            dated="published",
            text=report_text,
        ),
        "news": Part(
            lambda visit: visit.table("/feed/", None, partial(read_rss, state=STATE)),
            dated="published_utc",
            text=article_text,
        ),
        "pages": Part(lambda visit: page_texts(visit, (_REPORTS,)), text=page_text),
    },
)

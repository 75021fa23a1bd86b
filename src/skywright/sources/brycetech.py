"""BryceTech: its public reports on launches, satellites, and money in space."""

from __future__ import annotations

from skywright.sources.collecting import Collector, Part
from skywright.sources.page_tables import page_reports, page_text, page_texts, report_text
from skywright.sources.state import SourceState

STATE = SourceState(
    name="brycetech",
    title="BryceTech reports",
    url_setting="brycetech_url",
    status="live",
    licence="Copyright BryceTech; titles to read, reports to cite with credit and link.",
    citation="BryceTech, https://brycetech.com/reports",
    documentation="https://brycetech.com/reports",
    checked="",
    fresh_s=21_600.0,
    pause_s=1.0,
    sends_pages=True,
    most="the reports of one page",
    remark="Read from a web page: if it was rebuilt, that is an error. The reports themselves are "
    "not fetched.",
    smallest="/reports",
)

_REPORTS = "/reports"
_DOCUMENTS = "/report-documents/"


COLLECTOR = Collector(
    STATE,
    {
        "reports": Part(
            lambda visit: page_reports(visit, _REPORTS, lambda url, _: _DOCUMENTS in url),
            dated="published",
            text=report_text,
        ),
        "pages": Part(lambda visit: page_texts(visit, (_REPORTS,)), text=page_text),
    },
)

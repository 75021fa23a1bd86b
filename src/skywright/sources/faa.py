"""FAA Office of Commercial Space Transportation: licences, launches, approvals, environment."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from urllib.parse import quote

import polars as pl

from skywright.sources.collecting import Collector, Part, Text, Visit
from skywright.sources.page_tables import (
    Head,
    page_reports,
    page_rows,
    page_text,
    page_texts,
    report_text,
)
from skywright.sources.state import SourceState

STATE = SourceState(
    name="faa",
    title="FAA Commercial Space Transportation",
    url_setting="faa_url",
    status="live",
    licence="Work of the US government; free to use with credit to the FAA.",
    citation="Federal Aviation Administration, Office of Commercial Space Transportation",
    documentation="https://www.faa.gov/data_research/commercial_space_data",
    checked="",
    fresh_s=21_600.0,
    pause_s=1.0,
    sends_pages=True,
    most="the tables of each page",
    remark="Read from web pages: one that was rebuilt is an error that names it.",
    smallest="/data_research/commercial_space_data",
)

_DATA = "/data_research/commercial_space_data"
_HOLDER = Head("holder", r"licensee|permittee|company|operator|holder|applicant", needed=True)
_VEHICLE = Head("vehicle", r"vehicle")
_SITE = Head("site", r"\bsite|location|spaceport")
_ISSUED = Head("issued", r"issue|effective|granted", is_date=True)
_EXPIRES = Head("expires", r"expir|valid", is_date=True)
_LICENSES = (
    Head("number", r"^(licen[sc]e|permit)(\s|/|no|num|#|id|$)", needed=True),
    _HOLDER, _VEHICLE, _SITE, _ISSUED, _EXPIRES,
)  # fmt: skip
_LAUNCHES = (
    Head("date", r"^(launch |operation )?date", needed=True, is_date=True),
    Head("vehicle", r"vehicle", needed=True),
    Head("holder", r"company|operator|licensee", needed=True),
    Head("payload", r"payload|mission"),
    _SITE,
)
_APPROVALS = (
    _HOLDER,
    Head("number", r"approval.*(no|num|#|id)|^(safety )?(element )?approval$"),
    Head("element", r"element|description|scope|type"),
    _ISSUED,
    _EXPIRES,
)
_PAGES = ("/space", "/space/licenses", "/space/environmental")
_DOCUMENT = re.compile(
    r"\.pdf$|environmental (assessment|impact)|finding of no|record of decision|/nepa_docs/.",
    re.IGNORECASE,
)


def _rows(route: str, heads: tuple[Head, ...]) -> Callable[[Visit], pl.DataFrame]:
    return lambda visit: page_rows(visit, f"{_DATA}/{route}/", heads)


def _text(row: Mapping[str, Any], what: str) -> Text:
    """Return a row as lines ``name: value``, under an address of its own."""
    told = {name: value for name, value in row.items() if name not in {"more", "url", "source_url"}}
    lines = [f"{name.capitalize()}: {value}" for name, value in told.items() if value]
    keys = (row.get(name) for name in ("number", "date", "holder", "vehicle", "payload", "element"))
    key = " ".join(str(one) for one in keys if one)
    more = [row["more"], row["url"] and f"Document: {row['url']}"]
    text = "\n".join([f"{what} of the FAA.", *lines, *filter(None, more)])
    dated = row.get("date") or row.get("issued") or ""
    return Text(f"{what} {key}", text, f"{row['source_url']}#{quote(key)}", dated)


COLLECTOR = Collector(
    STATE,
    {
        "licenses": Part(_rows("licenses", _LICENSES), text=partial(_text, what="License")),
        "launches": Part(
            _rows("launches", _LAUNCHES),
            dated="date",
            text=partial(_text, what="Licensed launch"),
        ),
        "safety-approvals": Part(
            _rows("safety_approvals", _APPROVALS), text=partial(_text, what="Safety approval")
        ),
        "environmental-documents": Part(
            lambda visit: page_reports(
                visit,
                "/space/environmental/nepa_docs",
                lambda url, words: bool(_DOCUMENT.search(url) or _DOCUMENT.search(words)),
            ),
            dated="published",
            text=report_text,
        ),
        "pages": Part(lambda visit: page_texts(visit, _PAGES), text=page_text),
    },
)

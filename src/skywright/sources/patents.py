"""NASA TechTransfer: patents that are open to licences, with their abstracts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from skywright.sources.collecting import Collector, Part, Text, Visit
from skywright.sources.http import parse_json
from skywright.sources.nasa import KEY_FROM, KEY_SETTING, LICENCE, RATE_LIMIT, key_header
from skywright.sources.plain_text import plain_text
from skywright.sources.records import Column, table_of, unknown_shape
from skywright.sources.state import SourceState

TERMS = (
    "propulsion", "sensor", "materials", "optics", "robotics", "power", "communications",
    "software", "manufacturing", "biotechnology", "aircraft", "instrument",
)  # fmt: skip
"""What is searched for, one request each, as the service has no list of all."""

STATE = SourceState(
    name="patents",
    title="NASA Technology Transfer patents",
    url_setting="patents_url",
    status="live",
    licence=LICENCE + " A patent is used under a licence of NASA.",
    citation="NASA Technology Transfer Program, https://technology.nasa.gov",
    documentation="https://api.nasa.gov/#techtransfer",
    checked="",
    rate_limit=RATE_LIMIT,
    fresh_s=86_400.0,
    most=f"what {len(TERMS)} searches find: {', '.join(TERMS)}",
    access_setting=KEY_SETTING,
    access_from=KEY_FROM,
    remark="The service is searched by words, so patents of other fields are missing.",
    smallest="/patent/?propulsion",
)

_PAGES = "https://technology.nasa.gov/patent"
_PLACES = {
    "id": 0, "reference": 1, "title": 2, "abstract": 3, "case_number": 4, "category": 5,
    "center": 9, "image_url": 10,
}  # fmt: skip
_COLUMNS = (
    Column("id", "id", needed=True),
    Column("reference", "reference", needed=True),
    Column("title", "title", needed=True),
    Column("abstract", "abstract"),
    Column("case_number", "case_number"),
    Column("category", "category"),
    Column("center", "center"),
    Column("image_url", "image_url"),
)


def read_patents(content: bytes) -> pl.DataFrame:
    """Turn an answer, whose records are lists, into a table, one row a patent.

    Raises
    ------
    SourceError
        If it is no JSON, or of another shape.
    """
    payload = parse_json(content, STATE.title)
    results = payload.get("results") if isinstance(payload, dict) else None
    if not isinstance(results, list):
        what = "no list of 'results'"
        raise unknown_shape(STATE, what)
    return table_of([_record(one, k + 1) for k, one in enumerate(results)], STATE, _COLUMNS)


def _record(values: Any, k: int) -> dict[str, Any]:
    if not isinstance(values, list) or len(values) <= max(_PLACES.values()):
        raise unknown_shape(STATE, f"patent {k} is {str(values)[:40]!r}")
    record = {name: values[place] for name, place in _PLACES.items()}
    for name in ("title", "abstract"):  # found words are marked there
        record[name] = plain_text(str(record[name] or "")).strip()
    return {name: value or None for name, value in record.items()}


def _patents(visit: Visit) -> pl.DataFrame:
    tables: list[pl.DataFrame] = []
    for k, term in enumerate(TERMS):
        tables.append(visit.table("/patent/", {term: ""}, read_patents))
        visit.progress("patents", k + 1, len(TERMS))
    return pl.concat(tables).unique("id", keep="first").sort("reference")


def _text(row: Mapping[str, Any]) -> Text | None:
    if not row["abstract"]:
        return None
    facts = f"NASA {row['center'] or ''}, patent {row['case_number'] or row['reference']}"
    text = f"{row['abstract']}\n\n{' '.join(facts.split())}."
    return Text(row["title"], text, f"{_PAGES}/{row['reference']}")


COLLECTOR = Collector(STATE, {"patents": Part(_patents, text=_text)}, headers=key_header)

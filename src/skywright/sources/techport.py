"""NASA TechPort: projects that develop technology, with their descriptions and maturity."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import polars as pl

from skywright.errors import InputError
from skywright.sources.collecting import Collector, Part, Text, Visit
from skywright.sources.dates import iso_date
from skywright.sources.http import parse_json
from skywright.sources.nasa import LICENCE
from skywright.sources.plain_text import plain_text
from skywright.sources.records import Column, table_of, unknown_shape
from skywright.sources.state import SourceState

STATE = SourceState(
    name="techport",
    title="NASA TechPort",
    url_setting="techport_url",
    status="live",
    licence=LICENCE,
    citation="NASA TechPort, https://techport.nasa.gov",
    documentation="https://techport.nasa.gov/help/articles/api",
    checked="",
    fresh_s=86_400.0,
    pause_s=0.5,
    most="one project a request; 50, changed in the last 90 days, unless asked",
    remark="A list of projects first, then each of them; an interrupted collection goes on.",
    smallest="/projects?updatedSince={today}",
)

_UNASKED = 50
_MOST = 2_000  # one request each
_UNASKED_DAYS = 90
_VIEW = "https://techport.nasa.gov/projects"
_LISTED = (
    Column("id", "projectId|id", pl.Int64, needed=True),
    Column("last_updated", "lastUpdated"),
)
_COLUMNS = (
    Column("id", "projectId|id", pl.Int64, needed=True),
    Column("title", "title", needed=True),
    Column("acronym", "acronym"),
    Column("status", "statusDescription|status"),
    Column("last_updated", "lastUpdated"),
    Column("start", "startDateString|startDate"),
    Column("end", "endDateString|endDate"),
    Column("maturity_begin", "trlBegin|technologyMaturityStart"),
    Column("maturity_current", "trlCurrent|technologyMaturityCurrent"),
    Column("maturity_end", "trlEnd|technologyMaturityEnd"),
    Column("program", "program.title|responsibleProgram"),
    Column("lead_organization", "leadOrganization.organizationName|leadOrganization.name"),
    Column("website", "website|projectUrl"),
    Column("description", "description"),
    Column("benefits", "benefits"),
)


def read_list(content: bytes) -> pl.DataFrame:
    """Turn the list of projects into a table, ``id, last_updated``, the latest change first.

    Raises
    ------
    SourceError
        If it is no JSON, or of another shape.
    """
    payload = parse_json(content, STATE.title)
    records = payload.get("projects") if isinstance(payload, dict) else None
    if isinstance(records, dict):  # as version 3 nests it
        records = records.get("projects")
    if not isinstance(records, list):
        what = "no list of 'projects'"
        raise unknown_shape(STATE, what)
    table = _with_day(table_of(records, STATE, _LISTED))
    return table.sort("last_updated", "id", descending=True, nulls_last=True)


def read_project(content: bytes) -> pl.DataFrame:
    """Turn one project into a table of one row; raises like `read_list`."""
    payload = parse_json(content, STATE.title)
    record = payload.get("project", payload) if isinstance(payload, dict) else payload
    table = _with_day(table_of([record], STATE, _COLUMNS))
    words = pl.col("description", "benefits").map_elements(plain_text, return_dtype=pl.String)
    return table.with_columns(words)


def _with_day(table: pl.DataFrame) -> pl.DataFrame:
    """Write the day of the change as ISO 8601 does; the service writes 2024-1-6."""
    return table.with_columns(pl.col("last_updated").map_elements(iso_date, return_dtype=pl.String))


def _projects(visit: Visit) -> pl.DataFrame:
    wish = visit.wish
    today = dt.datetime.now(dt.UTC).date()
    since = wish.since or today - dt.timedelta(days=_UNASKED_DAYS)
    listed = visit.table("/projects", {"updatedSince": since.isoformat()}, read_list)
    if wish.limit is not None or wish.since is None:
        listed = listed.head(wish.limit or _UNASKED)
    if listed.height > _MOST:
        message = f"{listed.height} projects changed since {since}; {_MOST} are fetched at most."
        raise InputError(message, hint="Give a later --since, or a --limit.")
    rows = [table_of([], STATE, _COLUMNS).with_columns(source_url=pl.lit(""))]
    for k, id_ in enumerate(listed["id"]):
        rows.append(visit.table(f"/projects/{id_}", None, read_project))
        visit.progress("projects", k + 1, listed.height)
    return pl.concat(rows)


def _text(row: Mapping[str, Any]) -> Text | None:
    if not row["description"]:
        return None
    facts = {
        "Status": row["status"],
        "Technology readiness level": row["maturity_current"],
        "Program": row["program"],
        "Lead organization": row["lead_organization"],
    }
    parts = [row["description"], row["benefits"] and f"Benefits: {row['benefits']}"]
    parts.append("\n".join(f"{name}: {value}" for name, value in facts.items() if value))
    text = "\n\n".join(part for part in parts if part)
    return Text(row["title"], text, f"{_VIEW}/{row['id']}", row["last_updated"] or "")


COLLECTOR = Collector(STATE, {"projects": Part(_projects, dated="last_updated", text=_text)})

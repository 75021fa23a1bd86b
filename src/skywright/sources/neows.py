"""NASA NeoWs: which near-Earth objects pass, a week a request."""

from __future__ import annotations

import datetime as dt
from typing import Any

import polars as pl

from skywright.sources.collecting import Collector, Part, Visit
from skywright.sources.http import parse_json
from skywright.sources.nasa import KEY_FROM, KEY_SETTING, LICENCE, RATE_LIMIT, key_header
from skywright.sources.records import Column, table_of, unknown_shape
from skywright.sources.state import SourceState

STATE = SourceState(
    name="neows",
    title="NASA NeoWs",
    url_setting="neows_url",
    status="live",
    licence=LICENCE + " Orbits are JPL's.",
    citation="NASA NeoWs, from the JPL asteroid team (cneos.jpl.nasa.gov)",
    documentation="https://api.nasa.gov/#asteroids-neows",
    checked="2023-08-21",
    rate_limit=RATE_LIMIT,
    fresh_s=21_600.0,
    most="7 days a request",
    access_setting=KEY_SETTING,
    access_from=KEY_FROM,
    remark="Without --since the last seven days; JPL's CAD (collect neo) says more of each pass.",
    smallest="?start_date=2024-01-01&end_date=2024-01-01",
)

_DAYS = 7
_COLUMNS = (
    Column("id", "id", needed=True),
    Column("name", "name", needed=True),
    Column("date", "pass.close_approach_date", needed=True),
    Column("calendar_tdb", "pass.close_approach_date_full"),
    Column("body", "pass.orbiting_body"),
    Column("miss_au", "pass.miss_distance.astronomical", pl.Float64, needed=True),
    Column("miss_km", "pass.miss_distance.kilometers", pl.Float64),
    Column("miss_lunar", "pass.miss_distance.lunar", pl.Float64),
    Column("v_rel_km_s", "pass.relative_velocity.kilometers_per_second", pl.Float64),
    Column("h_mag", "absolute_magnitude_h", pl.Float64),
    Column("diameter_min_m", "estimated_diameter.meters.estimated_diameter_min", pl.Float64),
    Column("diameter_max_m", "estimated_diameter.meters.estimated_diameter_max", pl.Float64),
    Column("is_pha", "is_potentially_hazardous_asteroid", pl.Boolean),
    Column("is_sentry", "is_sentry_object", pl.Boolean),
)


def read_feed(content: bytes) -> pl.DataFrame:
    """Turn one answer of the feed into one row for each pass, sorted by day.

    Raises
    ------
    SourceError
        If it is no JSON or of another shape.
    """
    payload = parse_json(content, STATE.title)
    days = payload.get("near_earth_objects") if isinstance(payload, dict) else None
    if not isinstance(days, dict):
        what = "no days under 'near_earth_objects'"
        raise unknown_shape(STATE, what)
    return table_of([row for day in sorted(days) for row in _passes(days[day])], STATE, _COLUMNS)


def _passes(objects: Any) -> list[dict[str, Any]]:
    try:
        return [
            one | {"pass": passing} for one in objects for passing in one["close_approach_data"]
        ]
    except (TypeError, KeyError) as error:
        what = "an object without close_approach_data"
        raise unknown_shape(STATE, what) from error


def _feed(visit: Visit) -> pl.DataFrame:
    today = dt.datetime.now(dt.UTC).date()
    first = visit.wish.since or today - dt.timedelta(days=_DAYS - 1)
    weeks = max(1, ((today - first).days + _DAYS) // _DAYS)
    tables: list[pl.DataFrame] = []
    rows = 0
    for k in range(weeks):
        start = first + dt.timedelta(days=_DAYS * k)
        end = max(start, min(today, start + dt.timedelta(days=_DAYS - 1)))
        params = {"start_date": start.isoformat(), "end_date": end.isoformat()}
        tables.append(visit.table("", params, read_feed))
        rows += tables[-1].height
        visit.progress("approaches", k + 1, weeks)
        if visit.wish.limit is not None and rows >= visit.wish.limit:
            break
    return pl.concat(tables)


COLLECTOR = Collector(STATE, {"approaches": Part(_feed, dated="date")}, headers=key_header)

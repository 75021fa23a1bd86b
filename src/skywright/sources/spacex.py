"""SpaceX API v4: launches, rockets, capsules, crew, payloads, Starlink; history up to late 2022."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import polars as pl

from skywright.sources.collecting import Collector, Part, Text, Visit
from skywright.sources.records import Column, read_json_records
from skywright.sources.state import SourceState

STATE = SourceState(
    name="spacex",
    title="SpaceX API v4",
    url_setting="spacex_url",
    status="frozen",
    since="2022-12-05",
    replaced_by="launch-library",
    licence="Apache License 2.0 (r-spacex/SpaceX-API); its pictures belong to their owners.",
    spdx="Apache-2.0",
    citation="r/SpaceX API, https://github.com/r-spacex/SpaceX-API",
    documentation="https://github.com/r-spacex/SpaceX-API/tree/master/docs",
    checked="2022-12-05",
    rate_limit="50 requests a second",
    fresh_s=86_400.0,
    remark="Data end 2022-12-05; launches marked upcoming there were never brought up to date.",
    smallest="/company",
)

_ID = Column("id", "id", needed=True)
_LAUNCHES = (
    _ID,
    Column("name", "name", needed=True),
    Column("date_utc", "date_utc", needed=True),
    Column("date_precision", "date_precision"),
    Column("flight_number", "flight_number", pl.Int64),
    Column("upcoming", "upcoming", pl.Boolean),
    Column("success", "success", pl.Boolean),
    Column("details", "details"),
    Column("rocket_id", "rocket"),
    Column("launchpad_id", "launchpad"),
    Column("payload_ids", "payloads", pl.List),
    Column("capsule_ids", "capsules", pl.List),
    Column("failures", "failures", pl.List),
    Column("cores", "cores", pl.List),
    Column("article", "links.article"),
    Column("webcast", "links.webcast"),
    Column("wikipedia", "links.wikipedia"),
)
_ROCKETS = (
    _ID,
    Column("name", "name", needed=True),
    Column("kind", "type"),
    Column("active", "active", pl.Boolean),
    Column("stages", "stages", pl.Int64),
    Column("boosters", "boosters", pl.Int64),
    Column("cost_per_launch_usd", "cost_per_launch", pl.Float64),
    Column("success_rate_percent", "success_rate_pct", pl.Float64),
    Column("first_flight", "first_flight"),
    Column("height_m", "height.meters", pl.Float64),
    Column("diameter_m", "diameter.meters", pl.Float64),
    Column("mass_kg", "mass.kg", pl.Float64),
    Column("description", "description"),
    Column("wikipedia", "wikipedia"),
)
_CAPSULES = (
    _ID,
    Column("serial", "serial"),
    Column("status", "status"),
    Column("kind", "type"),
    Column("reuse_count", "reuse_count", pl.Int64),
    Column("water_landings", "water_landings", pl.Int64),
    Column("land_landings", "land_landings", pl.Int64),
    Column("last_update", "last_update"),
    Column("launch_ids", "launches", pl.List),
)
_CREW = (
    _ID,
    Column("name", "name", needed=True),
    Column("agency", "agency"),
    Column("status", "status"),
    Column("launch_ids", "launches", pl.List),
    Column("wikipedia", "wikipedia"),
)
_PAYLOADS = (
    _ID,
    Column("name", "name", needed=True),
    Column("kind", "type"),
    Column("launch_id", "launch"),
    Column("customers", "customers", pl.List),
    Column("manufacturers", "manufacturers", pl.List),
    Column("norad_ids", "norad_ids", pl.List),
    Column("mass_kg", "mass_kg", pl.Float64),
    Column("orbit", "orbit"),
    Column("regime", "regime"),
    Column("periapsis_km", "periapsis_km", pl.Float64),
    Column("apoapsis_km", "apoapsis_km", pl.Float64),
    Column("inclination_deg", "inclination_deg", pl.Float64),
    Column("period_min", "period_min", pl.Float64),
)
_STARLINK = (
    _ID,
    Column("name", "spaceTrack.OBJECT_NAME"),
    Column("norad_id", "spaceTrack.NORAD_CAT_ID", pl.Int64),
    Column("object_id", "spaceTrack.OBJECT_ID"),
    Column("epoch_utc", "spaceTrack.EPOCH"),
    Column("version", "version"),
    Column("launch_id", "launch"),
    Column("longitude_deg", "longitude", pl.Float64),
    Column("latitude_deg", "latitude", pl.Float64),
    Column("height_km", "height_km", pl.Float64),
    Column("velocity_km_s", "velocity_kms", pl.Float64),
)
_COMPANY = (
    _ID,
    Column("name", "name", needed=True),
    Column("founder", "founder"),
    Column("founded", "founded", pl.Int64),
    Column("employees", "employees", pl.Int64),
    Column("vehicles", "vehicles", pl.Int64),
    Column("launch_sites", "launch_sites", pl.Int64),
    Column("test_sites", "test_sites", pl.Int64),
    Column("valuation_usd", "valuation", pl.Float64),
    Column("summary", "summary"),
)


def _part(route: str, columns: tuple[Column, ...]) -> Callable[[Visit], pl.DataFrame]:
    read = partial(read_json_records, state=STATE, columns=columns)
    return lambda visit: visit.table(f"/{route}", None, read)


def _launch(row: Mapping[str, Any]) -> Text | None:
    if not row["details"]:
        return None
    outcome = {True: "succeeded", False: "failed", None: "has no recorded outcome"}[row["success"]]
    text = f"{row['details']}\n\nLaunch of {row['date_utc'][:10]}, which {outcome}."
    return Text(row["name"], text, _address(row), row["date_utc"])


def _rocket(row: Mapping[str, Any]) -> Text | None:
    return Text(row["name"], row["description"], _address(row)) if row["description"] else None


def _company(row: Mapping[str, Any]) -> Text | None:
    return Text(row["name"], row["summary"], row["source_url"]) if row["summary"] else None


def _address(row: Mapping[str, Any]) -> str:
    return f"{row['source_url']}/{row['id']}"


COLLECTOR = Collector(
    STATE,
    {
        "launches": Part(_part("launches", _LAUNCHES), dated="date_utc", text=_launch),
        "rockets": Part(_part("rockets", _ROCKETS), text=_rocket),
        "capsules": Part(_part("capsules", _CAPSULES)),
        "crew": Part(_part("crew", _CREW)),
        "payloads": Part(_part("payloads", _PAYLOADS)),
        "starlink": Part(_part("starlink", _STARLINK)),
        "company": Part(_part("company", _COMPANY), text=_company),
    },
)

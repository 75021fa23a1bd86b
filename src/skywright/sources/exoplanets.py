"""NASA Exoplanet Archive: composite parameters of every confirmed planet, by TAP."""

from __future__ import annotations

import re

import polars as pl

from skywright.errors import SourceError
from skywright.sources.collecting import Collector, Part, Visit
from skywright.sources.records import Column, read_json_records
from skywright.sources.state import TAP_SMALLEST, SourceState

STATE = SourceState(
    name="exoplanets",
    title="NASA Exoplanet Archive",
    url_setting="exoplanets_url",
    status="live",
    licence="Public data; acknowledge the NASA Exoplanet Archive, operated by Caltech for NASA.",
    citation="NASA Exoplanet Archive, table pscomppars, doi:10.26133/NEA13",
    documentation="https://exoplanetarchive.ipac.caltech.edu/docs/TAP/usingTAP.html",
    checked="2026-08-07",
    fresh_s=21_600.0,
    most="the whole table in one request",
    remark="A row is put together from several papers, so its values need not agree.",
    smallest=TAP_SMALLEST,
)

_COLUMNS = (
    Column("name", "pl_name", needed=True),
    Column("host", "hostname"),
    Column("discovery_method", "discoverymethod"),
    Column("discovery_year", "disc_year", pl.Int64),
    Column("discovery_published", "disc_pubdate"),
    Column("discovery_facility", "disc_facility"),
    Column("discovery_telescope", "disc_telescope"),
    Column("period_d", "pl_orbper", pl.Float64),
    Column("semi_major_axis_au", "pl_orbsmax", pl.Float64),
    Column("eccentricity", "pl_orbeccen", pl.Float64),
    Column("radius_re", "pl_rade", pl.Float64),
    Column("mass_me", "pl_bmasse", pl.Float64),
    Column("equilibrium_k", "pl_eqt", pl.Float64),
    Column("insolation_se", "pl_insol", pl.Float64),
    Column("star_spectral_type", "st_spectype"),
    Column("star_temperature_k", "st_teff", pl.Float64),
    Column("star_radius_rs", "st_rad", pl.Float64),
    Column("star_mass_ms", "st_mass", pl.Float64),
    Column("ra_deg", "ra", pl.Float64),
    Column("dec_deg", "dec", pl.Float64),
    Column("distance_pc", "sy_dist", pl.Float64),
    Column("v_mag", "sy_vmag", pl.Float64),
    Column("n_stars", "sy_snum", pl.Int64),
    Column("n_planets", "sy_pnum", pl.Int64),
    Column("n_moons", "sy_mnum", pl.Int64),
    Column("circumbinary", "cb_flag", pl.Int64),
)
_ERROR = re.compile(rb'name="QUERY_STATUS"[^>]*value="ERROR"[^>]*>([^<]*)', re.IGNORECASE)


def read_planets(content: bytes) -> pl.DataFrame:
    """Turn an answer of the archive into a table.

    Raises
    ------
    SourceError
        If the archive refused the query (its words are passed on), or the shape is unknown.
    """
    refusal = _ERROR.search(content)
    if refusal is not None:
        said = " ".join(refusal[1].decode("utf-8", "replace").split())
        message = f"{STATE.title} refused the query and said: {said}."
        raise SourceError(message, hint=f"See {STATE.documentation}.")
    return read_json_records(content, STATE, _COLUMNS)


def _planets(visit: Visit) -> pl.DataFrame:
    wish = visit.wish
    top = f"top {wish.limit} " if wish.limit else ""
    where = f" where disc_pubdate >= '{wish.since.isoformat()[:7]}'" if wish.since else ""
    columns = ", ".join(column.path for column in _COLUMNS)
    query = f"select {top}{columns} from pscomppars{where} order by pl_name"  # noqa: S608
    return visit.table("/sync", {"query": query, "format": "json"}, read_planets)


COLLECTOR = Collector(STATE, {"planets": Part(_planets, dated="discovery_published")})

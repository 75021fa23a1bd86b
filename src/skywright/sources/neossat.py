"""NEOSSat, the Canadian satellite that looks for asteroids: its observations at the CADC.

References
----------
Collection NEOSSAT of caom2.Observation; an observation is named by the UTC of its begin, year, day
of the year, hours, minutes and seconds.
"""

from __future__ import annotations

import threading

import polars as pl

from skywright.sources import cadc, tap
from skywright.sources.collecting import Collector, Part, Visit
from skywright.sources.state import TAP_SMALLEST, SourceState

STATE = SourceState(
    name="neossat",
    title="NEOSSat observations (CADC)",
    url_setting="cadc_url",
    status="live",
    licence="Open Government Licence - Canada; credit the Canadian Space Agency and the CADC.",
    spdx="OGL-Canada-2.0",
    citation="NEOSSat data: Canadian Space Agency, by the Canadian Astronomy Data Centre",
    documentation="https://www.asc-csa.gc.ca/eng/satellites/neossat/",
    checked="",
    pause_s=0.5,
    fresh_s=3_600.0,
    most="100,000 rows",
    remark="The images themselves stay at the CADC; a row names the observation.",
    smallest=TAP_SMALLEST,
)

COLLECTION = "NEOSSAT"
"""Name of the collection."""


def observations(
    visit: Visit, target: str, limit: int, stop: threading.Event | None = None
) -> tap.TapTable:
    """Return observations of a target; raises like ``cadc.observations``."""
    adql = cadc.target_adql(target, limit, COLLECTION)
    return tap.query(visit, adql, most_rows=limit, stop=stop)


def dated(table: pl.DataFrame) -> pl.DataFrame:
    """Return the rows with ``begin_utc`` of the observation's name, null where it holds none."""
    stamp = pl.col("observationID").str.extract(r"^(\d{13})$")
    begin = stamp.str.to_datetime("%Y%j%H%M%S", strict=False).dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    return table.with_columns(begin.alias("begin_utc"))


def _observations(visit: Visit) -> pl.DataFrame:
    return dated(cadc.of_collection(visit, COLLECTION))


COLLECTOR = Collector(STATE, {"observations": Part(_observations)})

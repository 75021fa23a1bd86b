"""Canadian Astronomy Data Centre by TAP (CAOM): observations by target or collection.

References
----------
opencadc.org/caom2 (tables caom2.Observation and caom2.Plane).
"""

from __future__ import annotations

import re
import threading
from functools import partial

import polars as pl

from skywright.errors import InputError
from skywright.sources import tap
from skywright.sources.collecting import Collector, Part, Visit
from skywright.sources.state import TAP_SMALLEST, SourceState

STATE = SourceState(
    name="cadc",
    title="Canadian Astronomy Data Centre",
    url_setting="cadc_url",
    status="live",
    licence="Public data after the proprietary time; credit the CADC and the telescope.",
    citation="This research used the facilities of the Canadian Astronomy Data Centre operated by "
    "the National Research Council of Canada with the support of the Canadian Space Agency.",
    documentation="https://www.cadc-ccda.hia-iha.nrc-cnrc.gc.ca/en/doc/tap/",
    checked="",
    pause_s=0.5,
    fresh_s=3_600.0,
    most="100,000 rows",
    remark="CFHT, Gemini, JCMT, DAO, HST, NEOSSat and others; names of columns are those of CAOM.",
    smallest=TAP_SMALLEST,
)

KNOWN = {
    "caom2.Observation": (
        "obsID", "collection", "observationID", "intent", "type", "sequenceNumber", "metaRelease",
        "proposal_id", "proposal_pi", "proposal_project", "proposal_title", "proposal_keywords",
        "target_name", "target_type", "target_standard", "target_redshift", "target_moving",
        "target_keywords", "targetPosition_coordsys", "targetPosition_equinox",
        "targetPosition_coordinates_cval1", "targetPosition_coordinates_cval2",
        "requirements_flag", "telescope_name", "telescope_geoLocationX", "telescope_geoLocationY",
        "telescope_geoLocationZ", "telescope_keywords", "instrument_name", "instrument_keywords",
        "environment_seeing", "environment_humidity", "environment_elevation",
        "environment_tau", "environment_wavelengthTau", "environment_ambientTemp",
        "environment_photometric", "algorithm_name", "lastModified", "maxLastModified",
        "metaChecksum", "accMetaChecksum",
    ),
}  # fmt: skip
"""Columns of the table that is asked most; of others the service tells (``tap.checked``)."""

COLUMNS = (
    "observationID", "collection", "intent", "type", "target_name", "telescope_name",
    "instrument_name", "proposal_id",
)  # fmt: skip
_UNASKED = 1_000
_TELESCOPES = ("CFHT", "GEMINI", "DAO")
_WORD = re.compile(r"[A-Za-z0-9_-]{1,40}")


def target_adql(target: str, limit: int, collection: str = "") -> str:
    """Return the query for observations whose target holds a name, whatever its case.

    Raises
    ------
    InputError
        If the name is empty or longer than 60 characters, or the collection is no word.
    """
    name = " ".join(target.lower().split())
    if not name or len(name) > 60:
        message = f"The target {target[:60]!r} is empty or too long."
        raise InputError(message, hint="Such as: Apophis.")
    pattern = re.sub(r"[%_]", "", name).replace("'", "''")
    return _adql(limit, collection, f"LOWER(target_name) LIKE '%{pattern}%'")


def observations(
    visit: Visit, target: str, limit: int, stop: threading.Event | None = None
) -> tap.TapTable:
    """Return observations of a target; raises like ``target_adql`` and ``tap.query``."""
    return tap.query(visit, target_adql(target, limit), most_rows=limit, stop=stop)


def of_collection(visit: Visit, collection: str) -> pl.DataFrame:
    """Return observations of a collection made for science, as many as are wished for."""
    most = min(visit.wish.limit or _UNASKED, tap.MOST_ROWS)
    return tap.rows(visit, _adql(most, collection, "intent = 'science'"), most_rows=most)


def _adql(limit: int, collection: str, condition: str) -> str:
    if collection and not _WORD.fullmatch(collection):
        message = f"collection = {collection[:40]!r} is no name of a collection."
        raise InputError(message, hint="Such as NEOSSAT, CFHT, GEMINI.")
    where = f"collection = '{collection}' AND {condition}" if collection else condition
    columns = ", ".join(COLUMNS)
    return f"SELECT TOP {limit} {columns} FROM caom2.Observation WHERE {where}"  # noqa: S608


COLLECTOR = Collector(
    STATE,
    {name.lower(): Part(partial(of_collection, collection=name)) for name in _TELESCOPES},
)

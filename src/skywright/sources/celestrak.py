"""CelesTrak GP: the newest element set of every object, as OMM keywords in JSON.

CelesTrak looks for new data once in two hours, refuses a second download within them, and shuts out
addresses that go on asking; so an answer is used for two hours, and a refusal is not asked again.
"""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from skywright.errors import SourceError
from skywright.sources.collecting import Collector, Part, Visit
from skywright.sources.records import Column, read_json_records
from skywright.sources.state import SourceState

STATE = SourceState(
    name="celestrak",
    title="CelesTrak GP",
    url_setting="celestrak_url",
    status="live",
    licence="Free to use with credit to CelesTrak; the element sets come from Space-Track.org, "
    "whose user agreement restricts passing them on.",
    citation="T.S. Kelso, CelesTrak, https://celestrak.org",
    documentation="https://celestrak.org/NORAD/documentation/gp-data-formats.php",
    checked="",
    rate_limit="once in two hours for each table; addresses that ask more often are shut out",
    fresh_s=7_200.0,
    most="a whole group in one request",
    remark="Elements are mean elements for SGP4, in TEME, at epochs in UTC.",
    smallest="/NORAD/elements/gp.php?CATNR=25544&FORMAT=json",
)

_COLUMNS = (
    Column("norad_id", "NORAD_CAT_ID", pl.Int64, needed=True),
    Column("name", "OBJECT_NAME"),
    Column("object_id", "OBJECT_ID"),
    Column("epoch_utc", "EPOCH", needed=True),
    Column("mean_motion_rev_d", "MEAN_MOTION", pl.Float64, needed=True),
    Column("eccentricity", "ECCENTRICITY", pl.Float64, needed=True),
    Column("inclination_deg", "INCLINATION", pl.Float64, needed=True),
    Column("raan_deg", "RA_OF_ASC_NODE", pl.Float64, needed=True),
    Column("arg_of_pericenter_deg", "ARG_OF_PERICENTER", pl.Float64, needed=True),
    Column("mean_anomaly_deg", "MEAN_ANOMALY", pl.Float64, needed=True),
    Column("bstar", "BSTAR", pl.Float64),
    Column("mean_motion_dot", "MEAN_MOTION_DOT", pl.Float64),
    Column("mean_motion_ddot", "MEAN_MOTION_DDOT", pl.Float64),
    Column("ephemeris_type", "EPHEMERIS_TYPE", pl.Int64),
    Column("element_set_no", "ELEMENT_SET_NO", pl.Int64),
    Column("rev_at_epoch", "REV_AT_EPOCH", pl.Int64),
)
_NOTHING = b"No GP data found"
_PATH = "/NORAD/elements/gp.php"
_NOT_FOUND = 404  # since 2026 the status of "No GP data found"; 200 before
_LONGEST_WORDS = 200


def read_element_sets(content: bytes) -> pl.DataFrame:
    """Turn an answer into a table; "No GP data found" gives no rows.

    Raises
    ------
    SourceError
        If it is a refusal (its words are passed on) or no JSON, or an element is missing or no
        number.
    """
    text = content.strip()
    if text.startswith(b"Invalid query"):
        words = " ".join(text[:_LONGEST_WORDS].decode("utf-8", "replace").split())
        message = f"{STATE.title} refused the query and said: {words}."
        raise SourceError(message, hint=f"See {STATE.documentation}.")
    return read_json_records(b"[]" if text.startswith(_NOTHING) else content, STATE, _COLUMNS)


def element_sets(visit: Visit, *, norad_id: int | None = None, name: str = "") -> pl.DataFrame:
    """Ask for the newest element set of a satellite, or of all with a name.

    Parameters
    ----------
    visit : Visit
        Of this source; gets a provenance row.
    norad_id : int, optional
        Number in the catalogue; the name is not looked at then.
    name : str
        Part of the name, as CelesTrak writes it; case does not matter.

    Raises
    ------
    SourceError
        If the service cannot be reached, refuses, or answers in another shape.
    """
    meant = {"NAME": name} if norad_id is None else {"CATNR": f"{norad_id}"}
    asked = meant | {"FORMAT": "json"}
    return visit.table(_PATH, asked, read_element_sets, accept={_NOT_FOUND})


def _group(name: str) -> Callable[[Visit], pl.DataFrame]:
    params = {"GROUP": name, "FORMAT": "json"}
    return lambda visit: visit.table(_PATH, params, read_element_sets, accept={_NOT_FOUND})


COLLECTOR = Collector(
    STATE,
    {
        "active": Part(_group("active"), dated="epoch_utc"),
        "last-30-days": Part(_group("last-30-days"), dated="epoch_utc"),
        "stations": Part(_group("stations"), dated="epoch_utc"),
    },
)

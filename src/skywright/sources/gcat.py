"""GCAT, the General Catalog of Artificial Space Objects: launch log, catalogue, launch sites.

References
----------
planet4589.org/space/gcat/web/intro (vague dates), .../web/cat/cols.html, .../llog.html (columns).
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from functools import partial

import polars as pl

from skywright.sources.collecting import Collector, Part, Visit
from skywright.sources.records import unknown_shape
from skywright.sources.state import SourceState

STATE = SourceState(
    name="gcat",
    title="GCAT of Jonathan McDowell",
    url_setting="gcat_url",
    status="live",
    licence="CC BY 4.0: cite J. McDowell, General Catalog of Artificial Space Objects.",
    spdx="CC-BY-4.0",
    citation="J. McDowell, General Catalog of Artificial Space Objects, "
    "https://planet4589.org/space/gcat",
    documentation="https://planet4589.org/space/gcat",
    checked="2024-12-08",
    rate_limit="one request at a time; files change about once a day",
    fresh_s=21_600.0,
    most="whole files: 70,000 rows of the catalogue",
    remark="Dates are as exact as GCAT knows them: 1957-10-04T19:28:34, 1968-02 or 1980.",
    smallest="/tsv/tables/sites.tsv",
)

_MONTHS = {
    "Jan": 1, "Feb": 2, "Mar": 3, "Apr": 4, "May": 5, "Jun": 6, "Jul": 7, "Aug": 8, "Sep": 9,
    "Oct": 10, "Nov": 11, "Dec": 12,
}  # fmt: skip
_DATE = re.compile(
    r"(?P<year>\d{4})(?: (?P<month>[A-Z][a-z]{2})(?: +(?P<day>\d{1,2})"
    r"(?: +(?P<hour>\d\d)(?P<minute>\d\d)(?::(?P<second>\d\d(?:\.\d+)?))?)?)?)?\??"
)
_LAUNCHES = {
    "Launch_Tag": "launch_tag", "Launch_Date": "launch_date_utc", "Piece": "piece",
    "Type": "kind", "Name": "name", "PLName": "payload_name", "JCAT": "jcat",
    "SatOwner": "owner_code", "SatState": "owner_state_code", "LV_Type": "vehicle",
    "Flight_ID": "flight_id", "Launch_Site": "site_code", "Launch_Pad": "pad",
    "Agency": "agency_code", "LVState": "vehicle_state_code", "Launch_Code": "launch_code",
}  # fmt: skip
_SATELLITES = {
    "JCAT": "jcat", "Satcat": "norad_id", "Launch_Tag": "launch_tag", "Piece": "piece",
    "Type": "kind", "Name": "name", "PLName": "payload_name", "LDate": "launch_date_utc",
    "Parent": "parent_jcat", "SDate": "separation_date_utc", "Primary": "primary",
    "DDate": "end_date_utc", "Status": "status", "Dest": "destination", "Owner": "owner_code",
    "State": "owner_state_code", "Manufacturer": "manufacturer_code", "Bus": "bus",
    "Mass": "mass_kg", "DryMass": "dry_mass_kg", "TotMass": "total_mass_kg",
    "Length": "length_m", "Diameter": "diameter_m", "Span": "span_m", "Shape": "shape",
    "ODate": "orbit_date_utc", "Perigee": "perigee_km", "Apogee": "apogee_km",
    "Inc": "inclination_deg", "OpOrbit": "orbit_class",
}  # fmt: skip
_SITES = {
    "Site": "site_code", "Type": "kind", "StateCode": "state_code", "TStart": "start_date_utc",
    "TStop": "stop_date_utc", "ShortName": "short_name", "Name": "name",
    "Location": "location", "Longitude": "longitude_deg", "Latitude": "latitude_deg",
    "Error": "error_deg", "Parent": "parent_code", "EName": "english_name", "Group": "group_code",
}  # fmt: skip
_NUMBERS = ("_kg", "_m", "_km", "_deg")


def read_gcat(content: bytes, names: dict[str, str]) -> pl.DataFrame:
    """Turn a file of GCAT into a table.

    Parameters
    ----------
    content : bytes
        Tab separated, with a heading that begins with ``#`` and remarks that do.
    names : dict
        Their columns: ours; others are left out.

    Returns
    -------
    polars.DataFrame
        Texts, numbers where our name has a unit, dates of ISO 8601 as exact as they are known,
        each with a column ``..._uncertain`` for GCAT's question mark.

    Raises
    ------
    SourceError
        If columns are missing or a line is not whole.
    """
    lines = content.decode("utf-8", errors="replace").splitlines()
    heading = lines[0].lstrip("#").split("\t") if lines and lines[0].startswith("#") else []
    missing = [name for name in names if name not in heading]
    if missing:
        raise unknown_shape(STATE, f"the file has no column {missing[0]}")
    rows = [line for line in lines if line.strip() and not line.startswith("#")]
    bad = next((k for k, row in enumerate(rows) if row.count("\t") != len(heading) - 1), None)
    if bad is not None:
        raise unknown_shape(STATE, f"row {bad + 1} is not whole: {rows[bad][:40]!r}")
    table = pl.read_csv(
        io.StringIO("\n".join(["\t".join(heading), *rows]) + "\n"),
        separator="\t", quote_char=None, infer_schema=False,
    )  # fmt: skip
    text = table.select(
        pl.col(theirs).str.strip_chars().replace(["-", ""], None).alias(ours)
        for theirs, ours in names.items()
    )
    return _with_dates(_with_numbers(text))


def _with_numbers(table: pl.DataFrame) -> pl.DataFrame:
    numeric = [name for name in table.columns if name.endswith(_NUMBERS)]
    cast = [pl.col(name).cast(pl.Float64, strict=False) for name in numeric]
    if "norad_id" in table.columns:
        cast.append(pl.col("norad_id").cast(pl.Int64, strict=False))
    return table.with_columns(cast)


def _with_dates(table: pl.DataFrame) -> pl.DataFrame:
    made: list[pl.Series] = []
    for name in (name for name in table.columns if name.endswith("_date_utc")):
        told = table[name].to_list()
        made.append(pl.Series(name, [iso_date(text) for text in told], pl.String))
        unsure = [None if text is None else text.endswith("?") for text in told]
        made.append(pl.Series(f"{name.removesuffix('_utc')}_uncertain", unsure, pl.Boolean))
    return table.with_columns(made)


def iso_date(text: str | None) -> str | None:
    """Turn a vague date of GCAT into ISO 8601, as exact as it is; others (``1980s``) give None."""
    found = _DATE.fullmatch(text) if text else None
    if found is None or (found["month"] and found["month"] not in _MONTHS):
        return None
    date = found["year"]
    if found["month"]:
        date += f"-{_MONTHS[found['month']]:02d}"
    if found["day"]:
        date += f"-{int(found['day']):02d}"
    if found["hour"]:
        date += f"T{found['hour']}:{found['minute']}"
    return date + (f":{found['second']}" if found["second"] else "")


def _part(path: str, names: dict[str, str]) -> Callable[[Visit], pl.DataFrame]:
    return lambda visit: visit.table(path, None, partial(read_gcat, names=names))


COLLECTOR = Collector(
    STATE,
    {
        "launches": Part(_part("/tsv/derived/launchlog.tsv", _LAUNCHES), dated="launch_date_utc"),
        "satellites": Part(_part("/tsv/cat/satcat.tsv", _SATELLITES), dated="launch_date_utc"),
        "sites": Part(_part("/tsv/tables/sites.tsv", _SITES)),
    },
)

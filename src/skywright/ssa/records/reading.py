"""Histories from files: two-line sets, OMM in every notation, tables with columns of many makers.

What a file is is told by its content, not by its name.
"""

from __future__ import annotations

import io
import json
from pathlib import Path
from types import MappingProxyType

import polars as pl

from skywright.errors import InputError
from skywright.ssa.element_sets import COLUMNS, checked_history
from skywright.ssa.records.files import content_of
from skywright.ssa.records.omm import read_omm
from skywright.ssa.records.record_json import VERSION_KEY, records_from_json
from skywright.ssa.records.tle import read_tles

SPELLINGS = MappingProxyType(
    {
        "norad_cat_id": "norad_id",
        "epoch": "epoch_utc",
        "creation_date": "received_utc",
        "received_at": "received_utc",
        "mean_motion": "mean_motion_rev_day",
        "inclination": "inclination_deg",
        "ra_of_asc_node": "raan_deg",
        "arg_of_pericenter": "argp_deg",
        "mean_anomaly": "mean_anomaly_deg",
        "mean_motion_dot": "half_ndot_rev_day2",
        "name": "object_name",
        "object_id": "cospar_id",
    }
)
"""Columns of CelesTrak and Space-Track, in lower case, and ours."""

_PARQUET = b"PAR1"
_YEARS = (1957, 2199)
_OMM = "CCSDS_OMM_VERS"
_ELEMENTS = tuple(name for name in COLUMNS if name not in ("norad_id", "epoch_utc"))


def read_history(source: Path | str) -> pl.DataFrame:
    """Read element sets from a file.

    Parameters
    ----------
    source : Path or str
        Parquet; CSV; OMM as JSON, XML or key-value lines; two-line sets with or without
        names; records as JSON.

    Returns
    -------
    DataFrame
        A checked history, as in ``ssa.element_sets``. Rows that hold lines but no elements take
        them from the lines.

    Raises
    ------
    NotFoundError
        If there is no such file.
    InputError
        If it is none of these, or a value in it is wrong.
    """
    return history_of(*content_of(source))


def history_of(content: bytes, name: str = "the file") -> pl.DataFrame:
    """Read element sets from bytes; raises like `read_history`."""
    try:
        if content.startswith(_PARQUET):
            return checked_history(_spelt(pl.read_parquet(io.BytesIO(content))))
        return _of_text(content, name)
    except (pl.exceptions.PolarsError, TypeError) as error:  # of tables with values of other types
        message = f"{name} cannot be read as a table of element sets: {str(error)[:200]}"
        raise InputError(message) from error


def _of_text(content: bytes, name: str) -> pl.DataFrame:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        message = f"{name} is neither Parquet nor text."
        raise InputError(message) from error
    start = text.lstrip()[:1]
    for other in ("CCSDS_CDM_VERS", "CCSDS_OEM_VERS"):
        if other in text[:4096]:
            message = f"{name} holds no element sets: it is one of {other[6:9]}."
            raise InputError(message, hint="Element sets are needed here.")
    if start == "{" and VERSION_KEY in text[:4096]:
        from skywright.ssa.records.record_reading import history_of_records

        return history_of_records(records_from_json(text, name))
    if start == "<" or _OMM in text[:4096]:
        rows = read_omm(text, name)
        return checked_history(_spelt(pl.DataFrame(rows, infer_schema_length=None)))
    if start in ("[", "{"):
        return checked_history(_spelt(_of_json(text, name)))
    first = next((line for line in text.splitlines() if line.strip()), "")
    if "," in first and "norad" in first.lower():
        return checked_history(_spelt(pl.read_csv(io.StringIO(text), infer_schema_length=None)))
    rows = read_tles(text)
    if not rows:
        message = f"{name} holds no element sets."
        raise InputError(message, hint="Give Parquet, CSV, OMM as JSON, or two-line sets.")
    return checked_history(pl.DataFrame(rows, infer_schema_length=None))


def _of_json(text: str, name: str) -> pl.DataFrame:
    try:
        rows = json.loads(text)
    except ValueError as error:
        message = f"{name} is not valid JSON: {error}."
        raise InputError(message) from error
    listed = [rows] if isinstance(rows, dict) else rows
    if not listed or not all(isinstance(row, dict) for row in listed):
        message = f"{name} must be a list of element sets, each a JSON object."
        raise InputError(message)
    return pl.DataFrame(listed, infer_schema_length=None)


def _spelt(table: pl.DataFrame) -> pl.DataFrame:
    """Return the table in our columns; null elements are taken from the lines of their rows."""
    small = table.rename({name: name.lower() for name in table.columns})
    renamed = small.rename(
        {
            old: new
            for old, new in SPELLINGS.items()
            if old in small.columns and new not in small.columns
        }
    )
    if "half_ndot_rev_day2" in renamed.columns:
        renamed = renamed.with_columns(
            ndot_rev_day2=2.0 * pl.col("half_ndot_rev_day2").cast(pl.Float64)
        )
    for column in ("epoch_utc", "received_utc"):
        if renamed.schema.get(column) == pl.String:
            renamed = renamed.with_columns(_parsed(renamed[column]))
    if "line1" not in renamed.columns or "line2" not in renamed.columns:
        return renamed
    return _filled(renamed)


def _parsed(column: pl.Series) -> pl.Series:
    plain = column.str.strip_chars("Zz ").str.replace(" ", "T")
    told = plain.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f", time_unit="us", strict=False)
    of_year = plain.str.to_datetime("%Y-%jT%H:%M:%S%.f", time_unit="us", strict=False)
    told = told.zip_with(told.is_not_null(), of_year)
    bad = (told.is_null() & column.is_not_null()).arg_true()
    if len(bad):
        row = int(bad[0])
        message = f"{column.name} = {column[row]!r} in row {row} is no ISO 8601 date and time."
        raise InputError(message)
    strange = (~told.dt.year().is_between(*_YEARS)).fill_null(value=False).arg_true()
    if len(strange):
        row = int(strange[0])
        message = (
            f"{column.name} = {column[row]!r} in row {row} must be of {_YEARS[0]} to {_YEARS[1]}."
        )
        raise InputError(message)
    return told.alias(column.name)


def _filled(table: pl.DataFrame) -> pl.DataFrame:
    given = [name for name in COLUMNS if name in table.columns]
    absent = [name for name in COLUMNS if name not in table.columns]
    lacking = (
        pl.any_horizontal(pl.col(name).is_null() for name in given) if not absent else pl.lit(True)
    )
    place = table.with_row_index("_row")
    wanted = place.filter(lacking & pl.col("line1").is_not_null() & pl.col("line2").is_not_null())
    if wanted.is_empty():
        return table
    text = "\n".join(f"{a}\n{b}" for a, b in zip(wanted["line1"], wanted["line2"], strict=True))
    read = pl.DataFrame(read_tles(text), infer_schema_length=None).select(*COLUMNS, "ndot_rev_day2")
    read = read.with_columns(wanted["_row"])
    names = [*COLUMNS, "ndot_rev_day2"]
    joined = place.join(read, on="_row", how="left", suffix="_line")
    filled = [
        pl.coalesce(name, f"{name}_line").alias(name) if name in table.columns else pl.col(name)
        for name in names
    ]
    return joined.with_columns(filled).drop(
        [n for n in joined.columns if n.endswith("_line")], "_row"
    )

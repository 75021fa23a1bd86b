"""Records from files of every format, and records as histories and plans."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from skywright.errors import InputError
from skywright.ssa.element_sets import COLUMNS, checked_history
from skywright.ssa.records.cdm import Cdm
from skywright.ssa.records.cdm_xml import cdm_of
from skywright.ssa.records.files import content_of
from skywright.ssa.records.oem import parse_oem
from skywright.ssa.records.oem_records import records_of_oem
from skywright.ssa.records.reading import history_of
from skywright.ssa.records.record import Encounter, Kind, MeanElements, Record, Role
from skywright.ssa.records.record_json import VERSION_KEY, records_from_json

PLAN_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "object_id": pl.String,
    "start_utc": pl.Datetime("us"),
    "duration_s": pl.Float64,
    "dv_radial_m_s": pl.Float64,
    "dv_intrack_m_s": pl.Float64,
    "dv_crosstrack_m_s": pl.Float64,
    "received_utc": pl.Datetime("us"),
}
"""Columns of a plan: the burns that operators told of beforehand."""

_START = 4096
_CDM, _OEM = b"CCSDS_CDM_VERS", b"CCSDS_OEM_VERS"
_ELEMENTS = tuple(name for name in COLUMNS if name not in ("norad_id", "epoch_utc"))
_OWN = ("object_name", "asset_role", "manoeuvrable")


def read_records(source: Path | str, *, received_at: datetime | None = None) -> list[Record]:
    """Read a file of any format.

    Parameters
    ----------
    source : Path or str
        Two-line sets, OMM, tables, OEM, CDM, or records as JSON; told apart by content.
    received_at : datetime, optional
        Of records that do not tell when they came, UTC; the present if left out.

    Returns
    -------
    list of Record
        In the order of the file; element sets by object and epoch.

    Raises
    ------
    NotFoundError
        If there is no such file.
    InputError
        If it is none of these, or a value in it is wrong.
    """
    return records_of(*content_of(source), received_at=received_at)


def records_of(
    content: bytes, name: str = "the file", *, received_at: datetime | None = None
) -> list[Record]:
    """Read records from bytes; raises like `read_records`."""
    came = received_at or datetime.now(UTC)
    if is_records(content):
        return records_from_json(content.decode("utf-8-sig"), name)
    text = content.decode("utf-8-sig", errors="replace") if told_as_records(content) else ""
    if _CDM in content[:_START]:
        return [record_of_cdm(cdm_of(text, name), name)]
    if _OEM in content[:_START]:
        return records_of_oem(parse_oem(text, name), name)
    return [record_of_row(row, name, came) for row in history_of(content, name).to_dicts()]


def told_as_records(content: bytes) -> bool:
    """Return whether bytes hold more than element sets: messages, states, roles or plans."""
    return is_records(content) or any(one in content[:_START] for one in (_CDM, _OEM))


def is_records(content: bytes) -> bool:
    """Return whether bytes are records as JSON."""
    return content.lstrip()[:1] == b"{" and VERSION_KEY.encode() in content[:_START]


def record_of_row(row: dict[str, Any], source: str, received_at: datetime) -> Record:
    """Return the record of a row of a history.

    Parameters
    ----------
    row : dict
        Columns of a history; ``received_utc``, ``object_name``, ``ndot_rev_day2``, ``asset_role``
        and ``manoeuvrable`` are optional.
    source : str
        File or provider.
    received_at : datetime
        Where the row does not tell it, UTC.
    """
    elements = {name: row[name] for name in _ELEMENTS}
    return Record(
        str(row["norad_id"]),
        source,
        row.get("received_utc") or received_at,
        row["epoch_utc"],
        "TEME",
        MeanElements(**elements, ndot_rev_day2=row.get("ndot_rev_day2")),
        row.get("object_name"),
        row.get("asset_role") or Role.OTHER,
        row.get("manoeuvrable"),
    )


def record_of_cdm(cdm: Cdm, source: str) -> Record:
    """Return the record of a conjunction message: of its first object, at the closest approach."""
    own = cdm.objects[0]
    told = own.fields.get("MANEUVERABLE", "").strip().upper()
    return Record(
        own.designator[:60].strip() or cdm.message_id[:60],
        source,
        cdm.created_utc,
        cdm.tca_utc,
        own.frame,
        Encounter(cdm, cdm.hbr_m, "the message" if cdm.hbr_m is not None else ""),
        own.name or None,
        manoeuvrable={"YES": True, "NO": False}.get(told),
    )


def history_of_records(records: Iterable[Record]) -> pl.DataFrame:
    """Return the element sets among records as a history, as in ``ssa.element_sets``.

    Raises
    ------
    InputError
        If there is none, or an object has no catalogue number.
    """
    rows = [_row(one) for one in records if one.kind is Kind.MEAN_ELEMENTS]
    if not rows:
        message = "The records hold no mean elements; a history is made of those."
        raise InputError(message)
    schema: dict[str, type[pl.DataType] | pl.DataType] = {
        "received_utc": pl.Datetime("us"),
        "object_name": pl.String,
        "asset_role": pl.String,
    }
    table = pl.DataFrame(rows, infer_schema_length=None, schema_overrides=schema)
    return checked_history(table)


def plan_of_records(records: Sequence[Record]) -> pl.DataFrame:
    """Return the planned burns of records, each once, as known when its first record came.

    Returns
    -------
    DataFrame
        With the columns of `PLAN_SCHEMA`, by object and start.
    """
    rows: dict[tuple[Any, ...], dict[str, Any]] = {}
    for one in sorted(records, key=lambda record: record.received_at):
        number = str(int(one.object_id)) if one.object_id.isdecimal() else one.object_id
        for burn in one.planned_burns:
            dv = burn.dv_rtn_m_s or (None, None, None)
            told = (number, burn.start_utc, burn.duration_s, *dv)
            rows.setdefault(told, dict(zip(PLAN_SCHEMA, (*told, one.received_at), strict=True)))
    return pl.DataFrame(list(rows.values()), schema=PLAN_SCHEMA).sort("object_id", "start_utc")


def plan_of(source: Path | str) -> pl.DataFrame:
    """Return the planned burns that a file of records tells; none of a file of another form."""
    path = Path(source)
    content = path.read_bytes() if path.is_file() else b""
    return plan_of_records(records_of(content, path.name) if is_records(content) else [])


def _row(one: Record) -> dict[str, Any]:
    if not one.object_id.isdecimal():
        message = f"object_id must be a catalogue number in a history, got {one.object_id!r}."
        raise InputError(message)
    assert isinstance(one.part, MeanElements)  # noqa: S101 - its kind was looked at
    return {
        "norad_id": int(one.object_id),
        "epoch_utc": one.epoch,
        **{name: getattr(one.part, name) for name in _ELEMENTS},
        "ndot_rev_day2": one.part.ndot_rev_day2,
        "received_utc": one.received_at,
        **dict(zip(_OWN, (one.name, str(one.asset_role), one.manoeuvrable), strict=True)),
    }

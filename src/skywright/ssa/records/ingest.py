"""Files in, marked records on file: all of them or none, and the same set never twice."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from skywright.errors import InputError, NotFoundError
from skywright.ssa.element_sets import COLUMNS, checked_history
from skywright.ssa.records.cdm import write_cdm
from skywright.ssa.records.files import content_of
from skywright.ssa.records.quality import Mark, mark
from skywright.ssa.records.reading import history_of
from skywright.ssa.records.record import Encounter, Kind, Record
from skywright.ssa.records.record_json import record_to_dict
from skywright.ssa.records.record_reading import (
    PLAN_SCHEMA,
    history_of_records,
    plan_of_records,
    records_of,
    told_as_records,
)
from skywright.store.database import Database
from skywright.store.tracking import Received, put_records, read_records

ELEMENTS, STATE, CONJUNCTION = (str(one) for one in Kind)
"""Kinds of records."""

PLANNED = "planned_burn"
"""Kind of what operators told beforehand, kept apart from what was seen."""

_KEPT = (
    *COLUMNS, "ndot_rev_day2", "object_name", "satellite", "cospar_id", "asset_role", "manoeuvrable"
)  # fmt: skip
_EARLY_D = 1.0
_MOMENTS = {"start_utc": "epoch_utc", "received_utc": "received_utc"}


@dataclass(frozen=True, slots=True)
class Ingested:
    """What came of some files."""

    files: int
    records: int
    new: int
    kinds: dict[str, int]
    marks: dict[str, int]


def ingest(
    paths: Sequence[Path], database: Database, now: datetime, *, actor: str = "command line"
) -> Ingested:
    """Read files, mark their records, and store those that are new.

    Parameters
    ----------
    paths : sequence of Path
        Of any form that ``read_records`` knows.
    database : Database
        Where they rest.
    now : datetime
        Moment of receipt for sets that do not tell theirs, and of the judgement; UTC.

    Raises
    ------
    NotFoundError, InputError
        If one file cannot be read; then nothing of any is stored.
    """
    records: list[Received] = []
    for path in paths:
        records += _of_file(*content_of(path), now)
    if not records:
        message = "The files hold no records."
        raise InputError(message)
    new = put_records(database, actor, records)
    marks = Counter(name for one in records for name in one.marks.split("; ") if name)
    kinds = Counter(one.kind for one in records)
    return Ingested(len(paths), len(records), new, dict(kinds), dict(sorted(marks.items())))


def stored_history(
    database: Database, norad_ids: Sequence[int], *, until: datetime | None = None
) -> pl.DataFrame:
    """Return the history of some objects as it was known at a moment.

    Parameters
    ----------
    norad_ids : sequence of int
        Catalogue numbers.
    until : datetime, optional
        Only what had been received by then, UTC.

    Raises
    ------
    NotFoundError
        If nothing is on file.
    """
    before = None if until is None else until.replace(tzinfo=None).isoformat()
    rows = read_records(database, map(str, norad_ids), kind=ELEMENTS, until=before)
    if not rows:
        message = f"No element set of {', '.join(map(str, norad_ids))} is on file."
        raise NotFoundError(message, hint="Put some there: skywright ssa ingest FILES.")
    made: list[dict[str, Any]] = [
        json.loads(row["record_json"])
        | {
            "received_utc": row["received_utc"],
            "marks": row["marks"].split("; ") if row["marks"] else [],
        }
        for row in rows
    ]
    table = pl.DataFrame(made, infer_schema_length=None).with_columns(
        pl.col("epoch_utc", "received_utc").str.to_datetime(time_unit="us")
    )
    return checked_history(table)


def stored_plan(
    database: Database, object_id: str, *, until: datetime | None = None
) -> pl.DataFrame:
    """Return the burns that the operator of an object had told of by a moment.

    Parameters
    ----------
    object_id : str
        As in the records.
    until : datetime, optional
        Only what had been received by then, UTC.

    Returns
    -------
    DataFrame
        With the columns of `PLAN_SCHEMA`, by start; empty if none was told.
    """
    before = None if until is None else until.replace(tzinfo=None).isoformat()
    rows = read_records(database, [object_id], kind=PLANNED, until=before)
    made = [
        json.loads(row["record_json"])
        | {"object_id": object_id}
        | {name: datetime.fromisoformat(row[key]) for name, key in _MOMENTS.items()}
        for row in rows
    ]
    return pl.DataFrame(made, schema=PLAN_SCHEMA).sort("start_utc")


def _of_file(content: bytes, name: str, now: datetime) -> list[Received]:
    of_file = hashlib.sha256(content).hexdigest()
    if not told_as_records(content):
        return _sets(history_of(content, name), name, of_file, now)
    records = records_of(content, name, received_at=now)
    of_kind = {kind: [one for one in records if one.kind is kind] for kind in Kind}
    told = [_message(one, name, of_file) for one in of_kind[Kind.CONJUNCTION]]
    told += [_state(one, name, of_file, now) for one in of_kind[Kind.STATE]]
    told += _plan(records, name, of_file)
    if of_kind[Kind.MEAN_ELEMENTS]:
        told += _sets(history_of_records(of_kind[Kind.MEAN_ELEMENTS]), name, of_file, now)
    return told


def _sets(history: pl.DataFrame, name: str, of_file: str, now: datetime) -> list[Received]:
    moment = now.replace(tzinfo=None)
    marked = mark(history, moment)
    kept = [column for column in _KEPT if column in marked.columns]
    told = []
    for row in marked.to_dicts():
        said = {key: _plain(row[key]) for key in kept if row[key] is not None}
        received = row.get("received_utc") or moment
        text = json.dumps(said, sort_keys=True)
        told.append(
            Received(
                hashlib.sha256(text.encode()).hexdigest(),
                ELEMENTS,
                str(row["norad_id"]),
                row["epoch_utc"].isoformat(),
                received.isoformat(),
                "; ".join(row["marks"]),
                name[:200],
                of_file,
                text,
            )
        )
    return told


def _message(record: Record, name: str, of_file: str) -> Received:
    assert isinstance(record.part, Encounter)  # noqa: S101 - its kind was looked at
    cdm = record.part.cdm
    text = json.dumps({"message_id": cdm.message_id, "cdm": write_cdm(cdm)})
    return _received(record, CONJUNCTION, (name, of_file), text)


def _state(record: Record, name: str, of_file: str, now: datetime) -> Received:
    marks = []
    if record.epoch > now.replace(tzinfo=None):
        marks.append(str(Mark.FUTURE))
    if record.epoch > record.received_at + timedelta(days=_EARLY_D):
        marks.append(str(Mark.EARLY))
    told = record_to_dict(record)
    del told["source"], told["received_at"], told["planned_burns"]
    return _received(
        record, STATE, (name, of_file), json.dumps(told, sort_keys=True), "; ".join(marks)
    )


def _received(
    record: Record, kind: str, file: tuple[str, str], text: str, marks: str = ""
) -> Received:
    return Received(
        hashlib.sha256(text.encode()).hexdigest(),
        kind,
        record.object_id,
        record.epoch.isoformat(),
        record.received_at.isoformat(),
        marks,
        file[0][:200],
        file[1],
        text,
    )


def _plan(records: list[Record], name: str, of_file: str) -> list[Received]:
    told = []
    for row in plan_of_records(records).to_dicts():
        moments = {key: row.pop(key).isoformat() for key in _MOMENTS}
        said = {"start_utc": moments["start_utc"], **row}
        digest = hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
        text = json.dumps({key: value for key, value in row.items() if key != "object_id"})
        told.append(
            Received(
                digest,
                PLANNED,
                row["object_id"],
                moments["start_utc"],
                moments["received_utc"],
                "",
                name[:200],
                of_file,
                text,
            )
        )
    return told


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value

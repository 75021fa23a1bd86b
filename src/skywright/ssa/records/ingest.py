"""Files in, marked records on file: all of them or none, and the same set never twice."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from skywright.errors import InputError, NotFoundError
from skywright.ssa.element_sets import COLUMNS, checked_history
from skywright.ssa.records.cdm import parse_cdm
from skywright.ssa.records.quality import mark
from skywright.ssa.records.reading import history_of
from skywright.store.database import Database
from skywright.store.tracking import Received, put_records, read_records

ELEMENTS, CONJUNCTION = "mean_elements", "conjunction"
"""Kinds of records."""

_KEPT = (*COLUMNS, "ndot_rev_day2", "object_name", "satellite", "cospar_id")
_CDM = b"CCSDS_CDM_VERS"


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
        Element sets in any form that ``read_history`` knows, and conjunction data messages.
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
        if not path.is_file():
            message = f"The file {path} does not exist."
            raise NotFoundError(message)
        content = path.read_bytes()
        of_file = hashlib.sha256(content).hexdigest()
        if _CDM in content[:4096]:
            records.append(_message(content, path.name, of_file))
        else:
            records += _sets(history_of(content, path.name), path.name, of_file, now)
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


def _message(content: bytes, name: str, of_file: str) -> Received:
    text = content.decode("utf-8", errors="replace")
    cdm = parse_cdm(text, name)
    return Received(
        of_file,
        CONJUNCTION,
        cdm.objects[0].designator[:60] or cdm.message_id[:60],
        cdm.tca_utc.isoformat(),
        cdm.created_utc.isoformat(),
        "",
        name[:200],
        of_file,
        json.dumps({"message_id": cdm.message_id, "cdm": text}),
    )


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value

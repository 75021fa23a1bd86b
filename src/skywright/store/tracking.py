"""What was received of satellites, kept as it came: one row a record, a correction another row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import insert, select

from skywright.store.audit import add_audit_row
from skywright.store.database import Database
from skywright.store.schema import tracking_records

_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Received:
    """One record."""

    digest: str
    """SHA-256 of what it says."""
    kind: str
    """``mean_elements`` or ``conjunction``."""
    object_id: str
    epoch_utc: str
    """ISO 8601."""
    received_utc: str
    """ISO 8601."""
    marks: str
    """Marks of the quality gate, separated by semicolons."""
    source: str
    """Name of the file."""
    file_sha256: str
    record_json: str


def put_records(database: Database, actor: str, records: Sequence[Received]) -> int:
    """Store records that are not there yet, all of them or none, and note it in the trail.

    Returns
    -------
    int
        How many are new.
    """
    by_digest = {one.digest: one for one in records}
    c = tracking_records.c
    with database.write() as connection:
        known: set[str] = set()
        for some in _parts(list(by_digest)):
            rows = connection.execute(select(c.digest).where(c.digest.in_(some)))
            known.update(row.digest for row in rows)
        new = [asdict(one) for name, one in by_digest.items() if name not in known]
        for part in _parts(new):
            connection.execute(insert(tracking_records), part)
        if new:
            files = ", ".join(sorted({str(row["source"]) for row in new}))
            add_audit_row(connection, actor, "tracking.ingest", files[:200], f"{len(new)} records")
    return len(new)


def read_records(
    database: Database, object_ids: Iterable[str], *, kind: str, until: str | None = None
) -> list[dict[str, Any]]:
    """Return records of some objects by epoch; only those received until a moment, if one is given.

    Parameters
    ----------
    until : str, optional
        ISO 8601, UTC.
    """
    c = tracking_records.c
    query = select(tracking_records).where(c.object_id.in_(list(object_ids)), c.kind == kind)
    if until is not None:
        query = query.where(c.received_utc <= until)
    with database.read() as connection:
        found = connection.execute(query.order_by(c.object_id, c.epoch_utc, c.received_utc))
        return [dict(row) for row in found.mappings()]


def _parts(values: list[Any]) -> Iterable[list[Any]]:
    return (values[k : k + _AT_ONCE] for k in range(0, len(values), _AT_ONCE))

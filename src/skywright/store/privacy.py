"""Everything on record of a person, by pseudonym: found, and deleted."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, select

from skywright.store.audit import add_audit_row
from skywright.store.database import Database
from skywright.store.foundry_schema import (
    models,
    predictions,
    training_datasets,
    user_inputs,
    user_rows,
)
from skywright.store.object_keys import remove_object_keys
from skywright.store.schema import classifications, overrides

_OF_PERSON = {
    "classifications": classifications.c.person,
    "overrides": overrides.c.person,
    "predictions": predictions.c.caller,
    "user_inputs": user_inputs.c.user_id,
}
"""Tables with a pseudonym, and the column that holds it; rows of uploads hang on the last."""


@dataclass(frozen=True, slots=True)
class Erased:
    """What was deleted, and what was made from it before."""

    counts: dict[str, int]
    """Rows by table."""
    object_ids: tuple[str, ...]
    """Encrypted objects whose keys are gone; their files are still to be deleted."""
    datasets: tuple[dict[str, Any], ...]
    """Datasets that hold rows of the person: id, name, version."""
    models: tuple[dict[str, Any], ...]
    """Models trained on those, to be trained again: name, version."""


def find_rows(database: Database, persons: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of a person by table, without the rows parsed from uploads."""
    with database.read() as connection:
        return {
            name: [
                dict(row)
                for row in connection.execute(
                    select(column.table).where(column.in_(persons))
                ).mappings()
            ]
            for name, column in _OF_PERSON.items()
        }


def find_parsed_rows(database: Database, input_id: str) -> Iterator[dict[str, Any]]:
    """Yield the rows parsed from an upload, in order, still encrypted."""
    order = (user_rows.c.part, user_rows.c.row)
    query = select(user_rows).where(user_rows.c.input_id == input_id).order_by(*order)
    with database.read() as connection:
        for row in connection.execution_options(yield_per=1000).execute(query).mappings():
            yield dict(row)


def erase_rows(
    database: Database, persons: Sequence[str], beside: Mapping[str, int] | None = None
) -> Erased:
    """Delete all rows of a person and the keys of their uploads, in one transaction.

    What was erased elsewhere before is counted with them.

    The audit trail keeps its rows, which name the pseudonym only, and gains one for each.
    """
    with database.write() as connection:
        query = select(user_inputs.c.id, user_inputs.c.path).where(
            user_inputs.c.user_id.in_(persons)
        )
        inputs = connection.execute(query).all()
        input_ids = frozenset(row.id for row in inputs)
        object_ids = tuple(object_id_of(row.path) for row in inputs if row.path)
        mine = select(user_inputs.c.id).where(user_inputs.c.user_id.in_(persons))
        parsed = delete(user_rows).where(user_rows.c.input_id.in_(mine))
        counts = {"user_rows": int(connection.execute(parsed).rowcount)}
        for name, column in _OF_PERSON.items():
            rows = delete(column.table).where(column.in_(persons))
            counts[name] = int(connection.execute(rows).rowcount)
        counts |= beside or {}
        remove_object_keys(connection, object_ids)
        datasets = _datasets_with(connection, input_ids)
        detail = ", ".join(f"{count} {name}" for name, count in counts.items())
        for person in persons:
            add_audit_row(connection, "command line", "privacy.erase", person, detail)
        trained = _models_of(connection, [row["id"] for row in datasets])
    return Erased(counts, object_ids, tuple(datasets), tuple(trained))


def object_id_of(path: str) -> str:
    """Return the object that ``user_inputs.path`` names, with or without folders before it."""
    return path.rpartition("/")[2]


def _datasets_with(connection: Connection, input_ids: frozenset[str]) -> list[dict[str, Any]]:
    """Return the datasets whose manifests name one of the inputs."""
    table = training_datasets.c
    query = select(table.id, table.name, table.version, table.manifest_json)
    return [
        {"id": row.id, "name": row.name, "version": row.version}
        for row in connection.execute(query)
        if input_ids.intersection(_inputs_in(json.loads(row.manifest_json)))
    ]


def _inputs_in(manifest: Any) -> Iterator[str]:
    """Yield every id in a list called ``inputs``, however deep it lies."""
    if isinstance(manifest, dict):
        for name, value in manifest.items():
            if name == "inputs" and isinstance(value, list):
                yield from (item for item in value if isinstance(item, str))
            yield from _inputs_in(value)
    elif isinstance(manifest, list):
        for item in manifest:
            yield from _inputs_in(item)


def _models_of(connection: Connection, dataset_ids: Sequence[str]) -> list[dict[str, Any]]:
    query = (
        select(models.c.name, models.c.version)
        .where(models.c.dataset_id.in_(dataset_ids), models.c.deleted_at.is_(None))
        .order_by(models.c.name, models.c.version)
    )
    return [dict(row) for row in connection.execute(query).mappings()]

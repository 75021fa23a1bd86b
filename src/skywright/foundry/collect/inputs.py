"""Inputs that were kept: found, read back row by row, and made into datasets."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl
from sqlalchemy import delete, select, update

from skywright.errors import InputError, NotFoundError
from skywright.foundry.data.datasets import DatasetRecord, Datasets
from skywright.security.vault import Vault, row_label
from skywright.store.audit import add_audit_row
from skywright.store.database import Database
from skywright.store.foundry_schema import training_datasets, user_inputs, user_rows
from skywright.store.privacy import find_parsed_rows, object_id_of

_COLUMN_OF_PARTS = "part"


@dataclass(frozen=True, slots=True)
class InputRecord:
    """One input on record."""

    id: str
    """32 hexadecimal digits."""
    user_id: str
    """Pseudonym of who gave it."""
    input_type: str
    """``text``, ``file`` or ``structured``."""
    media_type: str
    """What it is by its content."""
    size_bytes: int
    """Bytes of its content."""
    sha256: str
    """Of its content."""
    created_at: str
    """UTC, ISO 8601."""
    object_id: str
    """Of its encrypted content."""
    about: dict[str, Any]
    """Name, licence, parts with their numbers of rows, and facts of the parser."""


def find_input(database: Database, input_id: str) -> InputRecord:
    """Return an input.

    Raises
    ------
    NotFoundError
        If there is none of that id, or it was erased.
    """
    query = select(user_inputs).where(user_inputs.c.id == input_id)
    with database.read() as connection:
        row = connection.execute(query).mappings().first()
    if row is None:
        message = f"There is no input {input_id[:64]!r}; it may have been erased."
        raise NotFoundError(message, hint="The id is in the answer to the upload.")
    plain = ("id", "user_id", "input_type", "media_type", "size_bytes", "sha256", "created_at")
    return InputRecord(
        **{name: row[name] for name in plain},
        object_id=object_id_of(row["path"]),
        about=json.loads(row["metadata"]),
    )


def rows_of_input(
    database: Database, vault: Vault, record: InputRecord
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the rows of an input, decrypted, each with its part.

    Raises
    ------
    SealError
        If a row was changed.
    """
    seal = vault.seal_of(record.object_id)
    for row in find_parsed_rows(database, record.id):
        content = seal.unseal(bytes(row["content"]), row_label(row["part"], row["row"]))
        yield row["part"], json.loads(content)


def input_to_dataset(
    datasets: Datasets, vault: Vault, input_ids: Sequence[str], name: str, licence: str = ""
) -> DatasetRecord:
    """Make a dataset of the rows of inputs; its manifest names them.

    Rows of several parts, such as the tables of a database, get a column ``part``. A dataset is not
    encrypted: jobs read it. What is erased of a person tells which datasets hold rows of theirs.

    Parameters
    ----------
    datasets : Datasets
        Where it goes.
    vault : Vault
        Where the keys of the rows are.
    input_ids : sequence of str
        One or more.
    name : str
        Of the dataset.
    licence : str
        SPDX expression; if empty, those of the inputs together.

    Raises
    ------
    InputError
        If there are no inputs, or the name is wrong.
    NotFoundError
        If there is no such input.
    """
    if not input_ids:
        message = "A dataset is made of at least one input."
        raise InputError(message)
    records = [find_input(datasets.database, one) for one in input_ids]
    tables = [_frame(datasets.database, vault, record) for record in records]
    given = dict.fromkeys(record.about["licence"] for record in records)
    made = datasets.register_table(
        name,
        pl.concat(tables, how="diagonal_relaxed"),
        source="user",
        licence=licence or " AND ".join(text for text in given if text),
        facts={"inputs": [record.id for record in records]},
    )
    return _naming(datasets, made, [record.id for record in records])


def forget_input(database: Database, vault: Vault, input_id: str, *, by: str) -> None:
    """Delete an input with its rows and its content; raises NotFoundError if there is none."""
    record = find_input(database, input_id)
    with database.write() as connection:
        connection.execute(delete(user_rows).where(user_rows.c.input_id == input_id))
        connection.execute(delete(user_inputs).where(user_inputs.c.id == input_id))
        add_audit_row(connection, by, "input.erase", input_id)
    vault.erase(record.object_id)


def _naming(datasets: Datasets, made: DatasetRecord, input_ids: Sequence[str]) -> DatasetRecord:
    """Add inputs to a dataset that was there before, made of the same content given by others."""
    named = made.manifest["facts"].get("inputs", [])
    if set(input_ids) <= set(named):
        return made
    facts = {**made.manifest["facts"], "inputs": list(dict.fromkeys([*named, *input_ids]))}
    text = json.dumps({**made.manifest, "facts": facts})
    with datasets.database.write() as connection:
        connection.execute(
            update(training_datasets)
            .where(training_datasets.c.id == made.id)
            .values(manifest_json=text)
        )
    return datasets.find(made.id)


def _frame(database: Database, vault: Vault, record: InputRecord) -> pl.DataFrame:
    several = len(record.about["parts"]) > 1
    rows = [
        {_COLUMN_OF_PARTS: part, **row} if several else row
        for part, row in rows_of_input(database, vault, record)
    ]
    try:
        return pl.DataFrame(rows, infer_schema_length=None)
    except (pl.exceptions.PolarsError, TypeError):  # a column of several types: as text
        return pl.DataFrame([_as_text(row) for row in rows], infer_schema_length=None)


def _as_text(row: dict[str, Any]) -> dict[str, str | None]:
    return {
        name: value if isinstance(value, str) or value is None else json.dumps(value)
        for name, value in row.items()
    }

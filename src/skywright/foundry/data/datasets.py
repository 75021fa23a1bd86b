"""Datasets: manifests of hashes, so that "which data made this model" has one exact answer.

The rows of ``training_datasets`` hold the manifests; the content rests among the blobs, tables as
Parquet, anything else as it came. The id of a dataset is the hash of its name, source, licence and
content, so the same data registered again is the same dataset.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
from sqlalchemy import Row, delete, func, insert, select

from skywright.errors import ConflictError, InputError, NotFoundError
from skywright.foundry.data.profile import profile_of
from skywright.foundry.data.reading import read_table
from skywright.settings import Settings, get_settings
from skywright.store.audit import add_audit_row
from skywright.store.blobs import BlobStore
from skywright.store.database import Database, utc_now
from skywright.store.foundry_schema import training_datasets, training_jobs

_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,99}")
_ID = re.compile(r"[0-9a-f]{64}")
_columns = training_datasets.c


@dataclass(frozen=True, slots=True)
class DatasetRecord:
    """One version of a dataset."""

    id: str
    """SHA-256 of its manifest."""
    name: str
    """Name."""
    version: int
    """1 for the first of that name."""
    source: str
    """Where it came from: file, user, github, huggingface, a provider."""
    data_type: str
    """``table`` or ``files``."""
    size_bytes: int
    """Bytes of its content."""
    num_samples: int
    """Rows, or files."""
    licence: str
    """SPDX expression; empty if nobody said."""
    manifest: dict[str, Any]
    """Files with their hashes, schema, profile, facts."""
    created_at: str
    """UTC, ISO 8601."""

    @property
    def named(self) -> str:
        """``name@version``."""
        return f"{self.name}@{self.version}"


class Datasets:
    """The datasets of one database and one blob store."""

    def __init__(self, database: Database, blobs: BlobStore) -> None:
        self.database = database
        self.blobs = blobs

    @classmethod
    def of(cls, settings: Settings | None = None, database: Database | None = None) -> Datasets:
        """Return the datasets of the settings."""
        chosen = settings or get_settings()
        return cls(database or Database.of(chosen), BlobStore(chosen.data_dir / "blobs"))

    def register_table(
        self,
        name: str,
        frame: pl.DataFrame,
        *,
        source: str,
        licence: str = "",
        facts: Mapping[str, Any] | None = None,
    ) -> DatasetRecord:
        """Keep a table; the same content under the same name is the same version.

        Parameters
        ----------
        name : str
            Lower-case letters, digits, ``_ . -``.
        frame : polars.DataFrame
            The rows.
        source : str
            Where they came from.
        licence : str
            SPDX expression.
        facts : mapping, optional
            What else should be remembered, such as the uploads they were parsed from.

        Raises
        ------
        InputError
            If there are no rows, or the name is wrong.
        """
        if frame.is_empty():
            message = f"The dataset {name} has no rows."
            raise InputError(message, hint="Give a table with at least one row.")
        content = io.BytesIO()
        frame.write_parquet(content, compression="zstd", statistics=False)
        raw = content.getvalue()
        described = {
            "data_type": "table",
            "schema": {column: str(kind) for column, kind in frame.schema.items()},
            "rows": frame.height,
        }
        file = {"name": "rows.parquet", "sha256": _sha(raw), "bytes": len(raw)}
        more = {"profile": profile_of(frame), "facts": dict(facts or {})}
        return self._keep(name, [(raw, file)], described, more, source=source, licence=licence)

    def register_file(
        self, name: str, path: Path, *, source: str = "file", licence: str = ""
    ) -> DatasetRecord:
        """Keep the rows of a CSV, JSON, JSON Lines, Parquet or text file.

        Raises
        ------
        InputError
            If the file is empty, of an unknown type, or broken.
        """
        frame = read_table(path)
        facts = {"file": path.name}
        plain = re.sub(r"[^a-z0-9_.-]+", "-", name.lower()).strip("-_.") or "data"
        return self.register_table(plain, frame, source=source, licence=licence, facts=facts)

    def register_folder(
        self,
        name: str,
        folder: Path,
        files: Sequence[str],
        *,
        source: str = "file",
        licence: str = "",
    ) -> DatasetRecord:
        """Keep files as they are, for kinds that read files of their own.

        Raises
        ------
        InputError
            If one is missing or leads out of the folder.
        """
        kept: list[tuple[bytes | Path, dict[str, Any]]] = []
        for file in files:
            path = (folder / file).resolve()
            if not (path.is_relative_to(folder.resolve()) and path.is_file()):
                message = f"There is no file {file!r} under {folder}."
                raise InputError(message)
            with path.open("rb") as stream:
                sha = hashlib.file_digest(stream, "sha256").hexdigest()
            kept.append((path, {"name": file, "sha256": sha, "bytes": path.stat().st_size}))
        described = {"data_type": "files", "rows": len(kept), "schema": {}}
        return self._keep(name, kept, described, {}, source=source, licence=licence)

    def find(self, named: str) -> DatasetRecord:
        """Return a dataset by ``name``, ``name@latest``, ``name@3`` or its id.

        Raises
        ------
        NotFoundError
            If there is none; names those there are.
        """
        query = select(training_datasets)
        if _ID.fullmatch(named):
            query = query.where(_columns.id == named)
        else:
            name, _, version = named.partition("@")
            query = query.where(_columns.name == name)
            if version not in {"", "latest"}:
                number = int(version) if version.isdecimal() and len(version) < 10 else -1
                query = query.where(_columns.version == number)
        with self.database.read() as connection:
            row = connection.execute(query.order_by(_columns.version.desc()).limit(1)).first()
        if row is None:
            known = ", ".join(dict.fromkeys(record.named for record in self.list())) or "none"
            message = f"There is no dataset {named[:100]!r}; there are {known}."
            raise NotFoundError(message, hint="Add one with: skywright data add NAME FILE")
        return _record(row)

    def list(self) -> list[DatasetRecord]:
        """Return all datasets by name and version."""
        query = select(training_datasets).order_by(_columns.name, _columns.version)
        with self.database.read() as connection:
            return [_record(row) for row in connection.execute(query)]

    def columns(self, record: DatasetRecord) -> Sequence[str]:
        """Return the names of a table's columns."""
        return list(record.manifest["schema"])

    def paths(self, record: DatasetRecord) -> Sequence[Path]:
        """Return where the content lies, after checking that it still is what it was.

        Raises
        ------
        InputError
            If a file was changed.
        """
        found = []
        for file in record.manifest["files"]:
            if not self.blobs.verify(file["sha256"]):
                message = f"The file {file['name']} of dataset {record.named} was changed."
                raise InputError(message, hint="Restore it from a backup, or add the data again.")
            found.append(self.blobs.path(file["sha256"]))
        return found

    def read(self, record: DatasetRecord) -> pl.DataFrame:
        """Return the rows of a table; raises like `paths`."""
        if record.data_type != "table":
            message = f"The dataset {record.named} holds files, not a table."
            raise InputError(message)
        return pl.concat([pl.read_parquet(path) for path in self.paths(record)])

    def materialise(self, record: DatasetRecord, folder: Path) -> None:
        """Put the files of a dataset into a folder under their names; raises like `paths`."""
        for file, path in zip(record.manifest["files"], self.paths(record), strict=True):
            target = folder / file["name"]
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                os.link(path, target)
            except OSError:
                shutil.copyfile(path, target)

    def delete(self, record: DatasetRecord, *, by: str = "local") -> None:
        """Forget a dataset; its blobs stay, since others may share them.

        Raises
        ------
        ConflictError
            If a job that has not ended learns from it.
        """
        with self.database.write() as connection:
            busy = connection.scalar(
                select(training_jobs.c.id).where(
                    training_jobs.c.status.in_(["pending", "running", "parked"]),
                    training_jobs.c.config.contains(record.id),
                )
            )
            if busy is not None:
                message = f"Job {busy} learns from dataset {record.named}."
                raise ConflictError(message, hint="Cancel the job first.")
            connection.execute(delete(training_datasets).where(_columns.id == record.id))
            add_audit_row(connection, by, "dataset.delete", record.named)

    def _keep(
        self,
        name: str,
        files: Sequence[tuple[bytes | Path, dict[str, Any]]],
        described: dict[str, Any],
        more: dict[str, Any],
        *,
        source: str,
        licence: str,
    ) -> DatasetRecord:
        if not _NAME.fullmatch(name):
            message = f"A dataset is named by a-z, 0-9, _ . and -, at most 100, not {name[:100]!r}."
            raise InputError(message)
        entries = [file for _, file in files]
        exact = {"name": name, "source": source, "licence": licence, "files": entries, **described}
        identity = _sha(json.dumps(exact, sort_keys=True).encode())
        with self.database.read() as connection:
            known = connection.execute(
                select(training_datasets).where(_columns.id == identity)
            ).first()
        if known is not None:
            return _record(known)
        for content, _ in files:
            self.blobs.put(content)
        self._insert(identity, exact | more)
        return self.find(identity)

    def _insert(self, identity: str, manifest: dict[str, Any]) -> None:
        with self.database.write() as connection:
            last = connection.scalar(
                select(func.max(_columns.version)).where(_columns.name == manifest["name"])
            )
            connection.execute(
                insert(training_datasets).values(
                    id=identity,
                    name=manifest["name"],
                    version=(last or 0) + 1,
                    source=manifest["source"],
                    data_type=manifest["data_type"],
                    size_bytes=sum(file["bytes"] for file in manifest["files"]),
                    num_samples=manifest["rows"],
                    licence=manifest["licence"],
                    manifest_json=json.dumps(manifest, default=str),
                    created_at=utc_now(),
                )
            )
            add_audit_row(connection, "local", "dataset.add", manifest["name"], identity)


def _record(row: Row[Any]) -> DatasetRecord:
    plain = ("id", "name", "version", "source", "data_type", "size_bytes", "num_samples", "licence")
    values = {name: getattr(row, name) for name in plain}
    return DatasetRecord(
        **values, manifest=json.loads(row.manifest_json), created_at=row.created_at
    )


def _sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()

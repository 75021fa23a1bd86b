"""Datasets: manifests of hashes, so that "which data made this model" has one exact answer.

The rows of ``training_datasets`` hold the manifests; the content rests among the blobs, tables as
Parquet, anything else as it came. The same content under the same name, source, licence and parents
is the same version, however often it is registered.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl
from sqlalchemy import delete, func, insert, select
from sqlalchemy.exc import IntegrityError

from skywright.errors import ConflictError, InputError, NotFoundError
from skywright.foundry.data.manifests import (
    FILES,
    DatasetRecord,
    Manifest,
    entry_of,
    identity_of,
    paths_below,
    plain_name,
    record_of,
    refuse_wrong_words,
)
from skywright.foundry.data.profile import profile_of
from skywright.foundry.data.reading import read_table
from skywright.settings import Settings, get_settings
from skywright.store.audit import add_audit_row
from skywright.store.blobs import BlobStore
from skywright.store.database import Database, utc_now
from skywright.store.foundry_schema import training_datasets, training_jobs
from skywright.store.schema import jobs

__all__ = ["DatasetRecord", "Datasets"]

_ID = re.compile(r"[0-9a-f]{64}")
_READ_ONLY = 0o444
_ATTEMPTS = 5  # at one version number, against others who register under the same name
_columns = training_datasets.c


class Datasets:
    """The datasets of one database and one blob store."""

    def __init__(self, database: Database, blobs: BlobStore, *, by: str = "local") -> None:
        self.database = database
        self.blobs = blobs
        self.by = by

    @classmethod
    def of(
        cls,
        settings: Settings | None = None,
        database: Database | None = None,
        *,
        by: str = "local",
    ) -> Datasets:
        """Return the datasets of the settings; ``by`` is who stands in the audit trail."""
        chosen = settings or get_settings()
        blobs = BlobStore(chosen.data_dir.expanduser().absolute() / "blobs")
        return cls(database or Database.of(chosen), blobs, by=by)

    def register_table(
        self,
        name: str,
        frame: pl.DataFrame,
        *,
        source: str,
        data_type: str = "table",
        licence: str = "",
        facts: Mapping[str, Any] | None = None,
        parents: Sequence[str] = (),
    ) -> DatasetRecord:
        """Keep a table; the same content under the same name is the same version.

        Parameters
        ----------
        name : str
            Lower-case letters, digits, ``_ . -``.
        frame : polars.DataFrame
            The rows.
        source : str
            Where they came from, at most 40 letters.
        data_type : str
            What the rows are; anything but ``files``.
        licence : str
            SPDX expression.
        facts : mapping, optional
            What else should be remembered, such as the file or the query; no part of the id.
        parents : sequence of str
            Datasets that it was made from, by name, name@version or id.

        Raises
        ------
        InputError
            If there are no rows, a column cannot be kept, or a word is wrong.
        NotFoundError
            If a parent does not exist.
        """
        refuse_wrong_words(name, data_type, source, licence)
        if data_type == FILES:
            message = f"The dataset {name} is a table, so its data_type is not {FILES!r}."
            raise InputError(message)
        if frame.is_empty():
            message = f"The dataset {name} has no rows."
            raise InputError(message, hint="Give a table with at least one row.")
        with tempfile.TemporaryDirectory() as scratch:
            path = Path(scratch) / "rows.parquet"
            _write_parquet(frame, path)
            manifest = {
                "name": name,
                "source": source,
                "licence": licence,
                "data_type": data_type,
                "files": [entry_of(path.name, path, rows=frame.height)],
                "schema": {column: str(kind) for column, kind in frame.schema.items()},
                "rows": frame.height,
                "parents": [self.find(parent).id for parent in parents],
                "facts": dict(facts or {}),
            }
            return self._keep(manifest, [path], frame)

    def register_file(
        self,
        name: str,
        path: Path,
        *,
        source: str = "file",
        data_type: str = "table",
        licence: str = "",
    ) -> DatasetRecord:
        """Keep the rows of a CSV, TSV, JSON, JSON Lines, Parquet or text file.

        ``name`` may be that of the file: what is not allowed in names becomes ``-``.

        Raises
        ------
        InputError
            If the file is missing, empty, of an unknown type, or broken.
        """
        return self.register_table(
            plain_name(name),
            read_table(path),
            source=source,
            data_type=data_type,
            licence=licence,
            facts={"file": path.name},
        )

    def register_folder(
        self,
        name: str,
        folder: Path,
        files: Sequence[str],
        *,
        source: str = "file",
        licence: str = "",
        facts: Mapping[str, Any] | None = None,
    ) -> DatasetRecord:
        """Keep files as they are, for kinds that read files of their own.

        Raises
        ------
        InputError
            If none is named, or one is missing, named twice, or leads out of the folder.
        """
        refuse_wrong_words(name, FILES, source, licence)
        paths = paths_below(folder, files)
        manifest = {
            "name": name,
            "source": source,
            "licence": licence,
            "data_type": FILES,
            "files": [entry_of(file, path) for file, path in zip(files, paths, strict=True)],
            "schema": {},
            "rows": len(paths),
            "parents": [],
            "facts": dict(facts or {}),
        }
        return self._keep(manifest, paths, None)

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
        return record_of(row)

    def list(self) -> list[DatasetRecord]:
        """Return all datasets by name and version."""
        query = select(training_datasets).order_by(_columns.name, _columns.version)
        with self.database.read() as connection:
            return [record_of(row) for row in connection.execute(query)]

    def columns(self, record: DatasetRecord) -> Sequence[str]:
        """Return the names of a table's columns."""
        return [*record.manifest["schema"]]

    def faults(self, record: DatasetRecord) -> Sequence[str]:
        """Return what is wrong with a dataset, one sentence a fault; nothing if it is whole."""
        found = []
        if not record.intact:
            found.append(f"The manifest of dataset {record.named} was changed.")
        for file in record.manifest["files"]:
            if file["sha256"] not in self.blobs:
                found.append(f"The file {file['name']} of dataset {record.named} is gone.")
            elif not self.blobs.verify(file["sha256"]):
                found.append(f"The file {file['name']} of dataset {record.named} was changed.")
        return found

    def paths(self, record: DatasetRecord) -> Sequence[Path]:
        """Return where the content lies, after checking that it still is what it was.

        Raises
        ------
        InputError
            If the manifest or a file was changed, or a file is gone.
        """
        if faults := self.faults(record):
            hint = "Restore it from a backup, or add the data again."
            raise InputError(faults[0], hint=hint)
        return [self.blobs.path(file["sha256"]) for file in record.manifest["files"]]

    def read(self, record: DatasetRecord) -> pl.DataFrame:
        """Return the rows of a table; raises like `paths`, and InputError if it holds files."""
        if not record.tabular:
            message = f"The dataset {record.named} holds files, not a table."
            raise InputError(message)
        return pl.concat([pl.read_parquet(path) for path in self.paths(record)])

    def materialise(self, record: DatasetRecord, folder: Path) -> None:
        """Put the files of a dataset into a folder under their names; raises like `paths`.

        They are links where the file system allows, so they must not be written to: both are made
        read-only.
        """
        for file, path in zip(record.manifest["files"], self.paths(record), strict=True):
            target = folder / file["name"]
            target.parent.mkdir(parents=True, exist_ok=True)
            target.unlink(missing_ok=True)
            try:
                path.chmod(_READ_ONLY)
                os.link(path, target)
            except OSError:
                shutil.copyfile(path, target)

    def delete(self, record: DatasetRecord, *, by: str | None = None) -> None:
        """Forget a dataset, and erase what no other dataset holds.

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
            add_audit_row(connection, by or self.by, "dataset.delete", record.named, record.id)
        self._erase({file["sha256"] for file in record.manifest["files"]})

    def _erase(self, hashes: set[str]) -> None:
        """Remove blobs that no dataset and no answer of the service holds any more."""
        held = {file["sha256"] for other in self.list() for file in other.manifest["files"]}
        for sha in hashes - held:
            with self.database.read() as connection:
                answer = connection.scalar(select(jobs.c.id).where(jobs.c.result_sha256 == sha))
            if answer is None and sha in self.blobs:
                self.blobs.path(sha).unlink()

    def _keep(
        self, manifest: Manifest, paths: Sequence[Path], frame: pl.DataFrame | None
    ) -> DatasetRecord:
        identity = identity_of(manifest)
        for path, file in zip(paths, manifest["files"], strict=True):
            if self.blobs.put(path) != file["sha256"]:
                message = f"The file {file['name']} changed while it was read."
                raise ConflictError(message, hint="Add it again when nobody writes to it.")
        if not self._known(identity):
            whole = manifest | ({} if frame is None else {"profile": profile_of(frame)})
            self._insert(identity, whole)
        return self.find(identity)

    def _known(self, identity: str) -> bool:
        query = select(_columns.id).where(_columns.id == identity)
        with self.database.read() as connection:
            return connection.scalar(query) is not None

    def _insert(self, identity: str, manifest: Manifest) -> None:
        """Write the row under the next version; another process may be about to do the same."""
        for attempt in range(_ATTEMPTS):
            try:
                return self._insert_once(identity, manifest)
            except IntegrityError:
                if self._known(identity):
                    return None
                if attempt == _ATTEMPTS - 1:
                    raise
        return None

    def _insert_once(self, identity: str, manifest: Manifest) -> None:
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
            add_audit_row(connection, self.by, "dataset.add", manifest["name"], identity)


def _write_parquet(frame: pl.DataFrame, path: Path) -> None:
    odd = [name for name, kind in frame.schema.items() if kind == pl.Object]
    if odd:
        message = f"The column {odd[0]!r} holds Python objects, which no file can keep."
        raise InputError(message, hint="Turn it into numbers, texts, lists or bytes.")
    frame.write_parquet(path, compression="zstd", statistics=False)

"""Manifests: what a dataset is, said exactly enough that its hash names it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from sqlalchemy import Row

from skywright.errors import InputError

FILES = "files"
"""Data type of a dataset of files; all others are tables."""

_EXACT = ("name", "source", "licence", "data_type", "files", "schema", "rows", "parents")
_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,99}")
_DATA_TYPE = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_LONGEST = {"source": 40, "licence": 200}

Manifest = dict[str, Any]


@dataclass(frozen=True, slots=True)
class DatasetRecord:
    """One version of a dataset."""

    id: str
    """SHA-256 of its manifest, without times, profile and facts."""
    name: str
    """Name."""
    version: int
    """1 for the first of that name."""
    source: str
    """Where it came from: file, user, github, huggingface, a provider."""
    data_type: str
    """``files``, or what its rows are: ``table``, ``text``, ``models`` and so on."""
    size_bytes: int
    """Bytes of its content."""
    num_samples: int
    """Rows, or files."""
    licence: str
    """SPDX expression; empty if nobody said."""
    manifest: Manifest
    """Files with their hashes, schema, rows, parents, profile, facts."""
    created_at: str
    """UTC, ISO 8601."""

    @property
    def named(self) -> str:
        """``name@version``."""
        return f"{self.name}@{self.version}"

    @property
    def tabular(self) -> bool:
        """Whether it has rows and columns."""
        return self.data_type != FILES

    @property
    def intact(self) -> bool:
        """Whether the manifest still is the one that the id names."""
        return identity_of(self.manifest) == self.id


def record_of(row: Row[Any]) -> DatasetRecord:
    """Return a row of ``training_datasets`` as a record."""
    plain = ("id", "name", "version", "source", "data_type", "size_bytes", "num_samples", "licence")
    values = {name: getattr(row, name) for name in plain}
    return DatasetRecord(
        **values, manifest=json.loads(row.manifest_json), created_at=row.created_at
    )


def identity_of(manifest: Manifest) -> str:
    """Return the id: SHA-256 of what a dataset is, as canonical JSON.

    Profile and facts are left out: the one follows from the content, the others (who asked, which
    file, when) may differ between two collections of the same content.
    """
    exact = {key: manifest[key] for key in _EXACT}
    text = json.dumps(exact, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def refuse_wrong_words(name: str, data_type: str, source: str, licence: str) -> None:
    """Refuse what a dataset cannot be called.

    Raises
    ------
    InputError
        Names the field, its value, and what is allowed.
    """
    if not _NAME.fullmatch(name):
        message = f"A dataset is named by a-z, 0-9, _ . and -, at most 100, not {name[:100]!r}."
        raise InputError(message)
    if not _DATA_TYPE.fullmatch(data_type):
        message = f"data_type is a word such as table, text or files, not {data_type[:100]!r}."
        raise InputError(message)
    for field, text in (("source", source), ("licence", licence)):
        if len(text) > _LONGEST[field]:
            message = f"The {field} of {name} has {len(text)} letters; {_LONGEST[field]} may be."
            raise InputError(message)


def plain_name(text: str) -> str:
    """Return the nearest allowed name, for names of files."""
    return re.sub(r"[^a-z0-9_.-]+", "-", text.lower()).strip("-_.")[:100] or "data"


def entry_of(name: str, path: Path, **more: Any) -> Manifest:
    """Return what a manifest says of one file: its name, hash and size."""
    with path.open("rb") as stream:
        sha = hashlib.file_digest(stream, "sha256").hexdigest()
    return {"name": name, "sha256": sha, "bytes": path.stat().st_size, **more}


def paths_below(folder: Path, files: Sequence[str]) -> list[Path]:
    """Return the paths of named files, none of which may lie elsewhere.

    Raises
    ------
    InputError
        If none is named, or one is missing, named twice, or leads out of the folder.
    """
    if not files:
        message = f"No file of {folder} is named; name at least one."
        raise InputError(message)
    found = []
    for file in files:
        path = (folder / file).resolve()
        inside = path.is_relative_to(folder.resolve()) and ".." not in PurePosixPath(file).parts
        if not (inside and path.is_file()) or PurePosixPath(file).is_absolute():
            message = f"There is no file {file!r} below {folder}."
            raise InputError(message)
        found.append(path)
    if len(set(files)) < len(files):
        message = f"A file of {folder} is named twice."
        raise InputError(message)
    return found

"""What people give: taken in encrypted, checked, parsed into rows, and kept all at once or not.

A file is encrypted from its first byte on. It is then sniffed and parsed; only when nothing is
wrong with it do its key, its row and the rows parsed from it go on record, in one transaction.
"""

from __future__ import annotations

import errno
import io
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from sqlalchemy import Connection, insert
from sqlalchemy.exc import OperationalError

from skywright.errors import InputError, SkywrightError
from skywright.foundry.collect.parsed import Limits
from skywright.foundry.collect.parsing import Parsing
from skywright.foundry.collect.sniff import clean_name, shown, sniff
from skywright.security.vault import Staged, Vault, row_label
from skywright.settings import Settings
from skywright.store.audit import add_audit_row
from skywright.store.database import Database, utc_now
from skywright.store.foundry_schema import user_inputs, user_rows

INPUT_TYPES = ("text", "file", "structured")
_BATCH = 5_000
_CHUNK = 1 << 20
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class StorageFullError(SkywrightError):
    """The disk has no room for what was given."""

    exit_code = 3
    http_status = 507
    code = "storage_full"


@dataclass(frozen=True, slots=True)
class Given:
    """What is said of a file by who gives it."""

    person: str
    """Pseudonym."""
    actor: str
    """Prefix of the key in use, ``local`` or ``command line``."""
    file_name: str = ""
    """Name of the file; only its ending is believed, and only if the content agrees."""
    name: str = ""
    """What to call it; the file's name if empty."""
    declared: str = ""
    """Media type that the client declared."""
    licence: str = ""
    """SPDX expression under which it is given."""
    input_type: str = "file"
    """``text``, ``file`` or ``structured``."""


@dataclass(frozen=True, slots=True)
class StoredInput:
    """What was kept."""

    id: str
    """32 hexadecimal digits; also the id of the encrypted object."""
    input_type: str
    """``text``, ``file`` or ``structured``."""
    media_type: str
    """What it is by its content."""
    size_bytes: int
    """Bytes of its content."""
    rows: int
    """Rows parsed from it."""
    sha256: str
    """Of its content."""


class Uploads:
    """Takes inputs in.

    Parameters
    ----------
    database : Database
        Where their rows go.
    vault : Vault
        Where their content goes.
    limits : Limits
        What parsing may take.
    limit_bytes : int
        Largest input.
    """

    def __init__(
        self, database: Database, vault: Vault, limits: Limits, limit_bytes: int = 200 << 20
    ) -> None:
        self.database = database
        self.vault = vault
        self._limits = limits
        self._limit_bytes = limit_bytes

    @classmethod
    def of(cls, settings: Settings, database: Database) -> Uploads:
        """Return the uploads of the settings."""
        limits = Limits(rows=settings.max_upload_rows)
        vault = Vault.of(settings, database)
        return cls(database, vault, limits, settings.max_upload_mb << 20)

    @contextmanager
    def receive(self) -> Iterator[Staged]:
        """Open a place for content that is on its way; it is empty again after the block.

        Raises
        ------
        StorageFullError
            If there is no room left.
        """
        with _told_when_full(), self.vault.stage(self._limit_bytes) as staged:
            yield staged

    def keep(self, staged: Staged, given: Given) -> StoredInput:
        """Check, parse and keep what was received, within the block of ``receive``.

        Raises
        ------
        InputError
            If it is empty, damaged, of a type that is not taken, or not what it is called.
        """
        if given.input_type not in INPUT_TYPES:
            message = f"input_type = {given.input_type[:40]!r} is not one of {INPUT_TYPES}."
            raise InputError(message)
        staged.finish()
        with staged.open() as stream:
            name = given.file_name or given.name
            media = sniff(stream, name, given.declared)
            parsing = Parsing(stream, media, self._limits)
            try:
                rows = _sealed(staged, parsing)
            except InputError as error:
                message = f"{shown(name)}: {error.message}"
                raise InputError(message, hint=error.hint) from error
        stored = StoredInput(
            id=staged.seal.object_id,
            input_type=given.input_type,
            media_type=media.type,
            size_bytes=staged.size,
            rows=len(rows),
            sha256=staged.sha256,
        )
        with self.database.write() as connection:
            _insert(connection, stored, _about(given, rows, parsing.facts), given.person)
            for start in range(0, len(rows), _BATCH):
                connection.execute(insert(user_rows), rows[start : start + _BATCH])
            self.vault.keep(connection, staged)
            detail = f"{stored.media_type}, {stored.rows} rows"
            add_audit_row(connection, given.actor, "input.add", stored.id, detail)
        return stored

    def add(self, content: bytes | Path | IO[bytes], given: Given) -> StoredInput:
        """Take an input in that is at hand; raises like ``receive`` and ``keep``."""
        with self.receive() as staged:
            for chunk in _chunks(content):
                staged.write(chunk)
            return self.keep(staged, given)

    def add_value(self, value: Any, given: Given) -> StoredInput:
        """Take in a JSON value, or a text; raises like ``add``."""
        if given.input_type == "text":
            if not isinstance(value, str):
                message = "content must be text when input_type is text."
                raise InputError(message, hint="Use input_type structured for JSON.")
            return self.add(value.encode("utf-8", "surrogatepass"), given)
        return self.add(json.dumps(value, ensure_ascii=False).encode(), given)


def _chunks(content: bytes | Path | IO[bytes]) -> Iterator[bytes]:
    if isinstance(content, Path):
        if not content.is_file():
            message = f"There is no file {content}."
            raise InputError(message)
        with content.open("rb") as file:
            yield from _chunks(file)
        return
    stream: IO[bytes] = io.BytesIO(content) if isinstance(content, bytes) else content
    while chunk := stream.read(_CHUNK):
        yield chunk


def _sealed(staged: Staged, parsing: Parsing) -> list[dict[str, Any]]:
    """Encrypt the rows as they come; unencrypted, they are never all in memory."""
    counts: Counter[str] = Counter()
    rows = []
    for part, row in parsing.rows():
        number = counts[part]
        counts[part] += 1
        text = json.dumps(row, ensure_ascii=False).encode("utf-8", "surrogatepass")
        rows.append(
            {
                "input_id": staged.seal.object_id,
                "part": part,
                "row": number,
                "content": staged.seal.seal(text, row_label(part, number)),
            }
        )
    return rows


def _about(given: Given, rows: Sequence[dict[str, Any]], facts: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": clean_name(given.name or given.file_name),
        "licence": given.licence,
        "parts": dict(Counter(row["part"] for row in rows)),
        "facts": facts,
    }


def _insert(
    connection: Connection, stored: StoredInput, about: dict[str, Any], person: str
) -> None:
    connection.execute(
        insert(user_inputs).values(
            id=stored.id,
            user_id=person,
            input_type=stored.input_type,
            path=stored.id,
            metadata=json.dumps(about),
            created_at=utc_now(),
            size_bytes=stored.size_bytes,
            media_type=stored.media_type,
            sha256=stored.sha256,
        )
    )


@contextmanager
def _told_when_full() -> Iterator[None]:
    try:
        yield
    except (OSError, OperationalError) as error:
        is_full = isinstance(error, OSError) and error.errno in _FULL
        if not is_full and "disk is full" not in str(error):
            raise
        message = "The disk is full, so nothing was kept."
        raise StorageFullError(message, hint="Make room in the data folder.") from error

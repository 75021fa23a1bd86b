"""Files of people, encrypted at rest: a key for each, wrapped by the master key.

To erase an object its key is deleted; what is left of the file anywhere is noise.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from sqlalchemy import Connection

from skywright.errors import InputError, NotFoundError
from skywright.security.master_key import read_master_key
from skywright.security.sealing import (
    CHUNK_BYTES,
    KEY_BYTES,
    Seal,
    SealError,
    SealWriter,
    unwrap,
    wrap,
)
from skywright.settings import Settings
from skywright.store.database import Database
from skywright.store.object_keys import add_object_key, find_object_key, remove_object_keys

_OBJECT_ID = re.compile(r"[0-9a-f]{32}")


class Vault:
    """A folder of encrypted objects; the folder is made with the first one.

    Parameters
    ----------
    database : Database
        Where the wrapped keys rest.
    root : Path
        Where the files lie, usually ``vault`` in the data folder.
    master_key : bytes
        32 bytes.
    """

    def __init__(self, database: Database, root: Path, master_key: bytes) -> None:
        self._database = database
        self._root = root.expanduser()
        self._master_key = master_key

    @classmethod
    def of(cls, settings: Settings, database: Database) -> Vault:
        """Return the vault of the settings; the master key is made on first use."""
        master_key = read_master_key(settings.master_key.get_secret_value(), settings.data_dir)
        return cls(database, settings.data_dir / "vault", master_key)

    def put(self, content: bytes | Path | IO[bytes], *, limit_bytes: int | None = None) -> str:
        """Encrypt some content and return the id to open it by.

        It writes to the database, so call it outside of a transaction of your own.

        Parameters
        ----------
        content : bytes, Path or binary stream
            What to keep; a stream is read to its end, 1 MiB at a time.
        limit_bytes : int or None
            Most bytes of content.

        Raises
        ------
        TooLargeError
            If there is more; nothing is kept then.
        """
        with self.stage(limit_bytes) as staged:
            _copy(content, staged)
            staged.finish()
            with self._database.write() as connection:
                self.keep(connection, staged)
        return staged.seal.object_id

    @contextmanager
    def stage(self, limit_bytes: int | None = None) -> Iterator[Staged]:
        """Open a new object for writing; unless it is kept within the block, nothing stays of it.

        What a crash leaves is noise, as the key was never written down.
        """
        seal = Seal(secrets.token_hex(16), secrets.token_bytes(KEY_BYTES))
        final = self.path(seal.object_id)
        final.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        partial = final.with_name(f"partial-{seal.object_id}")
        try:
            with Staged(seal, partial, limit_bytes) as staged:
                yield staged
        except BaseException:
            final.unlink(missing_ok=True)  # kept, but the transaction failed
            raise
        finally:
            partial.unlink(missing_ok=True)

    def keep(self, connection: Connection, staged: Staged) -> None:
        """Put a staged object in its place and its key on record, within a transaction.

        Leave the block of the transaction before that of ``stage``: if the transaction fails, the
        file goes with it.
        """
        seal = staged.seal
        wrapped = wrap(self._master_key, seal.object_id, seal.secret)
        add_object_key(connection, seal.object_id, wrapped)
        staged.path.replace(self.path(seal.object_id))

    def open(self, object_id: str) -> io.BufferedReader:
        """Open an object for reading; the reader can seek.

        Raises
        ------
        NotFoundError
            If there is no such object, or it was erased.
        SealError
            If it was changed, or stored under another master key; changes in the middle show when
            they are read.
        """
        seal = self.seal_of(object_id)
        try:
            sealed = self.path(object_id).open("rb")
        except FileNotFoundError as error:
            message = f"The file of object {object_id} is missing; only its key is on record."
            raise SealError(message, hint="Restore the vault folder from a backup.") from error
        try:
            return seal.open_file(sealed)
        except BaseException:
            sealed.close()
            raise

    def read(self, object_id: str) -> bytes:
        """Return a whole object; raises like ``open``."""
        with self.open(object_id) as reader:
            return reader.read()

    def __contains__(self, object_id: str) -> bool:
        """Tell whether there is such an object."""
        return find_object_key(self._database, object_id) is not None

    def erase(self, object_id: str) -> None:
        """Delete the key of an object and its file.

        Raises
        ------
        NotFoundError
            If there is no such object.
        """
        path = self.path(object_id)
        with self._database.write() as connection:
            gone = remove_object_keys(connection, [object_id])
        if not gone:
            raise _unknown(object_id)
        path.unlink(missing_ok=True)
        self._database.settle()

    def seal(self, object_id: str, content: bytes, label: str) -> bytes:
        """Encrypt a small piece that belongs to an object, such as a row parsed from it.

        For many pieces take ``seal_of`` once. When the object is erased, so are its pieces.
        """
        return self.seal_of(object_id).seal(content, label)

    def unseal(self, object_id: str, sealed: bytes, label: str) -> bytes:
        """Return the content of a small piece; raises ``SealError`` if it was changed or moved."""
        return self.seal_of(object_id).unseal(sealed, label)

    def seal_of(self, object_id: str) -> Seal:
        """Return what encrypts the pieces of an object, its key unwrapped.

        Raises
        ------
        NotFoundError
            If there is no such object, or it was erased.
        SealError
            If the master key does not fit.
        """
        wrapped = find_object_key(self._database, object_id)
        if wrapped is None:
            raise _unknown(object_id)
        return unwrap(self._master_key, object_id, wrapped)

    def path(self, object_id: str) -> Path:
        """Return where the file of an object lies; raises like ``object_path``."""
        return object_path(self._root, object_id)


class Staged:
    """An object under way: encrypted on disk from its first byte, not yet on record.

    Parameters
    ----------
    seal : Seal
        Its secret.
    path : Path
        The file that is written.
    limit_bytes : int or None
        Most bytes of content.
    """

    def __init__(self, seal: Seal, path: Path, limit_bytes: int | None) -> None:
        self.seal, self.path = seal, path
        self._sha = hashlib.sha256()
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        self._file = os.fdopen(handle, "wb")
        self._writer = SealWriter(seal, self._file, limit_bytes)

    def __enter__(self) -> Staged:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    @property
    def size(self) -> int:
        """Bytes of content so far."""
        return self._writer.size

    @property
    def sha256(self) -> str:
        """SHA-256 of the content so far, in hexadecimal."""
        return self._sha.hexdigest()

    def write(self, content: bytes) -> None:
        """Add some content; raises ``TooLargeError`` beyond the limit."""
        self._writer.write(content)
        self._sha.update(content)

    def finish(self) -> None:
        """Write the end and see it on the disk; the object can be read from then on."""
        self._writer.finish()
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()

    def open(self) -> io.BufferedReader:
        """Open what was finished for reading; the reader can seek."""
        return self.seal.open_file(self.path.open("rb"))


def object_path(root: Path, object_id: str) -> Path:
    """Return where the file of an object lies in a vault.

    Raises
    ------
    InputError
        If the id is none of ours; it becomes part of a path.
    """
    if not _OBJECT_ID.fullmatch(object_id):
        message = f"An object is named by 32 hexadecimal digits, not {object_id[:64]!r}."
        raise InputError(message)
    return root.expanduser() / object_id[:2] / object_id


def row_label(part: str, row: int) -> str:
    """Return the label under which a row parsed from an upload is sealed.

    Parameters
    ----------
    part : str
        Table, sheet or page, as in ``user_rows.part``.
    row : int
        Number, as in ``user_rows.row``.
    """
    return f"{part}\x1f{row}"


def _copy(content: bytes | Path | IO[bytes], staged: Staged) -> None:
    if isinstance(content, Path):
        with content.open("rb") as source:
            _copy(source, staged)
        return
    stream: IO[bytes] = io.BytesIO(content) if isinstance(content, bytes) else content
    while chunk := stream.read(CHUNK_BYTES):
        staged.write(chunk)


def _unknown(object_id: str) -> NotFoundError:
    message = f"There is no object {object_id[:64]!r} in the vault; it may have been erased."
    return NotFoundError(message)

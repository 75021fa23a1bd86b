"""Files of people, encrypted at rest: a key for each, wrapped by the master key.

To erase an object its key is deleted; what is left of the file anywhere is noise.
"""

from __future__ import annotations

import io
import os
import re
import secrets
from pathlib import Path
from typing import IO

from skywright.errors import InputError, NotFoundError
from skywright.security.master_key import read_master_key
from skywright.security.sealing import KEY_BYTES, Seal, SealError, unwrap, wrap
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
        seal = Seal(secrets.token_hex(16), secrets.token_bytes(KEY_BYTES))
        final = self.path(seal.object_id)
        final.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        partial = final.with_name(f"partial-{seal.object_id}")
        try:
            _write(seal, content, partial, limit_bytes)
            partial.replace(final)
        finally:
            partial.unlink(missing_ok=True)
        try:
            wrapped = wrap(self._master_key, seal.object_id, seal.secret)
            add_object_key(self._database, seal.object_id, wrapped)
        except BaseException:
            final.unlink(missing_ok=True)
            raise
        return seal.object_id

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


def _write(
    seal: Seal, content: bytes | Path | IO[bytes], partial: Path, limit_bytes: int | None
) -> None:
    if isinstance(content, Path):
        with content.open("rb") as source:
            _write(seal, source, partial, limit_bytes)
        return
    stream: IO[bytes] = io.BytesIO(content) if isinstance(content, bytes) else content
    handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as target:
        seal.seal_file(stream, target, limit_bytes)
        target.flush()
        os.fsync(target.fileno())


def _unknown(object_id: str) -> NotFoundError:
    message = f"There is no object {object_id[:64]!r} in the vault; it may have been erased."
    return NotFoundError(message)

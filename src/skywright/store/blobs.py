"""Blobs by their SHA-256 on disk: written whole or not at all, the same content once."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import shutil
from io import BufferedReader
from pathlib import Path

from skywright.errors import InputError, NotFoundError

_CHUNK = 1 << 20
_SHA256 = re.compile(r"[0-9a-f]{64}")


class BlobStore:
    """A folder of blobs; the folder is made with the first one."""

    def __init__(self, root: Path) -> None:
        self._root = root.expanduser()

    def put(self, content: bytes | Path) -> str:
        """Keep some bytes or a copy of a file.

        Parameters
        ----------
        content : bytes or Path
            What to keep.

        Returns
        -------
        str
            SHA-256 of the content in hexadecimal, the name to open it by.
        """
        self._root.mkdir(parents=True, exist_ok=True)
        partial = self._root / f"partial-{secrets.token_hex(8)}"
        try:
            sha = _write(content, partial)
            final = self._path(sha)
            final.parent.mkdir(exist_ok=True)
            partial.replace(final)
        finally:
            partial.unlink(missing_ok=True)
        return sha

    def open(self, sha256: str) -> BufferedReader:
        """Open a blob for reading.

        Raises
        ------
        NotFoundError
            If there is no such blob.
        """
        try:
            return self._path(sha256).open("rb")
        except FileNotFoundError as error:
            message = f"There is no blob {sha256}."
            raise NotFoundError(message) from error

    def read(self, sha256: str) -> bytes:
        """Return a whole blob; raises like ``open``."""
        with self.open(sha256) as file:
            return file.read()

    def path(self, sha256: str) -> Path:
        """Return where a blob lies, for readers that want a file; raises like ``open``."""
        self.open(sha256).close()
        return self._path(sha256)

    def __contains__(self, sha256: str) -> bool:
        """Tell whether there is such a blob."""
        return self._path(sha256).is_file()

    def verify(self, sha256: str) -> bool:
        """Tell whether a blob still is what its name says."""
        with self.open(sha256) as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == sha256

    def _path(self, sha256: str) -> Path:
        if not _SHA256.fullmatch(sha256):
            message = f"A blob is named by 64 hexadecimal digits, not {sha256!r}."
            raise InputError(message)
        return self._root / sha256[:2] / sha256


def _write(content: bytes | Path, partial: Path) -> str:
    with partial.open("w+b") as out:
        if isinstance(content, bytes):
            out.write(content)
        else:
            with content.open("rb") as source:
                shutil.copyfileobj(source, out, _CHUNK)
        out.flush()
        os.fsync(out.fileno())
        out.seek(0)
        return hashlib.file_digest(out, "sha256").hexdigest()

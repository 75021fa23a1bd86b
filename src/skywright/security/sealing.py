"""The format of an encrypted object: AES-256-GCM in chunks of 1 MiB, each bound to its place.

A file is 8 bytes of mark, then chunks of ciphertext with 16 bytes of tag. The associated data of a
chunk are the mark, the object's id, the chunk's number and whether it is the last, so a chunk
that is moved, left out, or put into another object does not open. The nonce is the chunk's
number: each object has a key of its own that encrypts one file once, so no nonce comes twice
under a key (NIST SP 800-38D, section 8.2.1). Small pieces that belong to the object are sealed by
a second key derived from the same secret (HKDF, RFC 5869), with random nonces.
"""

from __future__ import annotations

import io
import os
import secrets
from dataclasses import dataclass
from typing import IO, BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from skywright.errors import LimitError, SkywrightError

CHUNK_BYTES = 1 << 20
"""Content of every chunk but the last."""

KEY_BYTES = 32
_MARK = b"SKYSEAL1"
_TAG_BYTES = 16
_NONCE_BYTES = 12
_SEALED_CHUNK = CHUNK_BYTES + _TAG_BYTES


class SealError(SkywrightError):
    """An encrypted object does not open: damaged, changed, or under another master key."""

    exit_code = 3
    http_status = 500
    code = "sealed"


class TooLargeError(LimitError):
    """More content than was allowed."""

    http_status = 413
    code = "too_large"


@dataclass(frozen=True, slots=True)
class Seal:
    """The secret of one object, and all that it encrypts."""

    object_id: str
    """Name of the object; part of what is authenticated."""
    secret: bytes
    """32 random bytes."""

    def seal_file(self, source: IO[bytes], target: IO[bytes], limit: int | None = None) -> int:
        """Encrypt a stream into another and return how many bytes of content that was.

        Raises
        ------
        TooLargeError
            If there are more than ``limit`` bytes.
        """
        writer = SealWriter(self, target, limit)
        while chunk := source.read(CHUNK_BYTES):
            writer.write(chunk)
        return writer.finish()

    def open_file(self, sealed: BinaryIO) -> io.BufferedReader:
        """Return a seekable reader of the content; its end is checked at once.

        Raises
        ------
        SealError
            If the end was cut off or changed; the reader raises it for any other chunk.
        """
        return io.BufferedReader(_Reader(self, sealed), buffer_size=CHUNK_BYTES)

    def seal(self, content: bytes, label: str) -> bytes:
        """Encrypt a small piece; ``label`` says which one it is and is needed to open it."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._cipher(b"piece").encrypt(nonce, content, self._about_piece(label))

    def unseal(self, sealed: bytes, label: str) -> bytes:
        """Return the content of a small piece.

        Raises
        ------
        SealError
            If it was changed, is of another object, or has another label.
        """
        try:
            nonce, text = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
            return self._cipher(b"piece").decrypt(nonce, text, self._about_piece(label))
        except (InvalidTag, ValueError) as error:
            message = f"The piece {label!r} of object {self.object_id} was changed or misplaced."
            raise SealError(message, hint=_HINT) from error

    def _cipher(self, purpose: bytes) -> AESGCM:
        derive = HKDF(SHA256(), KEY_BYTES, salt=None, info=b"skywright " + purpose)
        return AESGCM(derive.derive(self.secret))

    def _about(self, index: int, *, last: bool) -> bytes:
        return _MARK + self.object_id.encode() + index.to_bytes(8) + bytes([last])

    def _about_piece(self, label: str) -> bytes:
        return _MARK + self.object_id.encode() + b"\x1f" + label.encode()


def wrap(master_key: bytes, object_id: str, secret: bytes) -> bytes:
    """Encrypt the secret of an object with the master key."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + AESGCM(master_key).encrypt(nonce, secret, _MARK + object_id.encode())


def unwrap(master_key: bytes, object_id: str, wrapped: bytes) -> Seal:
    """Return the secret of an object.

    Raises
    ------
    SealError
        If it was wrapped by another master key or for another object, or was changed.
    """
    nonce, text = wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:]
    try:
        secret = AESGCM(master_key).decrypt(nonce, text, _MARK + object_id.encode())
    except (InvalidTag, ValueError) as error:
        message = f"The master key does not open the key of object {object_id}."
        hint = "Is SKYWRIGHT_MASTER_KEY, or master.key, the one it was stored under?"
        raise SealError(message, hint=hint) from error
    return Seal(object_id, secret)


class SealWriter:
    """Encrypts what is written to it, for content that comes in pieces such as a request's body.

    Parameters
    ----------
    seal : Seal
        Of the object; it encrypts one file only.
    target : binary stream
        Gets the encrypted file.
    limit : int or None
        Most bytes of content.
    """

    def __init__(self, seal: Seal, target: IO[bytes], limit: int | None = None) -> None:
        self._seal, self._target, self._limit = seal, target, limit
        self._cipher = seal._cipher(b"file")
        self._waiting, self._index = bytearray(), 0
        self.size = 0
        target.write(_MARK)

    def write(self, content: bytes) -> None:
        """Encrypt some more.

        Raises
        ------
        TooLargeError
            If that makes more than the limit.
        """
        self.size += len(content)
        if self._limit is not None and self.size > self._limit:
            message = f"The content has more than the {self._limit} bytes that are allowed."
            raise TooLargeError(message, hint="Give it in smaller parts.")
        self._waiting += content
        while len(self._waiting) > CHUNK_BYTES:  # a full chunk waits: it may be the last
            self._put(bytes(self._waiting[:CHUNK_BYTES]), last=False)
            del self._waiting[:CHUNK_BYTES]

    def finish(self) -> int:
        """Encrypt the last chunk and return how many bytes of content there were."""
        self._put(bytes(self._waiting), last=True)
        return self.size

    def _put(self, chunk: bytes, *, last: bool) -> None:
        about = self._seal._about(self._index, last=last)
        self._target.write(self._cipher.encrypt(_nonce(self._index), chunk, about))
        self._index += 1


class _Reader(io.RawIOBase):
    """Decrypts the chunk that is read, one at a time."""

    def __init__(self, seal: Seal, sealed: BinaryIO) -> None:
        self._seal, self._sealed = seal, sealed
        self._cipher = seal._cipher(b"file")
        self._index, self._chunk, self._position = -1, b"", 0
        body = sealed.seek(0, os.SEEK_END) - len(_MARK)
        sealed.seek(0)
        self._chunks = -(-body // _SEALED_CHUNK)
        last = body - (self._chunks - 1) * _SEALED_CHUNK
        if sealed.read(len(_MARK)) != _MARK or body < _TAG_BYTES or last < _TAG_BYTES:
            why = "it is not a whole encrypted file"
            raise self._damaged(why)
        self._size = body - self._chunks * _TAG_BYTES
        self._load(self._chunks - 1)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._size}[whence]
        self._position = max(start + offset, 0)
        return self._position

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        if self._position >= self._size:
            return 0
        index, start = divmod(self._position, CHUNK_BYTES)
        self._load(index)
        part = self._chunk[start : start + len(buffer)]
        buffer[: len(part)] = part
        self._position += len(part)
        return len(part)

    def close(self) -> None:
        self._sealed.close()
        super().close()

    def _load(self, index: int) -> None:
        if index == self._index:
            return
        self._sealed.seek(len(_MARK) + index * _SEALED_CHUNK)
        sealed = self._sealed.read(_SEALED_CHUNK)
        about = self._seal._about(index, last=index == self._chunks - 1)
        try:
            self._chunk = self._cipher.decrypt(_nonce(index), sealed, about)
        except (InvalidTag, ValueError) as error:
            why = f"chunk {index + 1} of {self._chunks} does not open"
            raise self._damaged(why) from error
        self._index = index

    def _damaged(self, why: str) -> SealError:
        message = f"The encrypted object {self._seal.object_id} was changed or is damaged: {why}."
        return SealError(message, hint=_HINT)


_HINT = "Restore it from a backup: skywright restore FILE.tar --verify checks one."


def _nonce(index: int) -> bytes:
    return index.to_bytes(_NONCE_BYTES)

"""What travels between coordinator and clients: arrays with a header, signed by a shared key.

A message is one line with the HMAC-SHA256 (RFC 2104) of all that follows, one line of JSON, and the
arrays as an uncompressed ``.npz``. Nothing of the arrays is read before the signature was checked,
and no pickles are. Messages are signed, not secret: send them over TLS, or encrypt the medium.
"""

from __future__ import annotations

import hashlib
import hmac
import io
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from skywright.errors import AccessError, InputError
from skywright.foundry.federate import Weights

MOST_BYTES = 4 << 30
"""Largest message."""

_LEAST_KEY = 16
_LONGEST_HEADER = 1 << 20


@dataclass(frozen=True, slots=True)
class Header:
    """What a message says of itself."""

    type: str
    """``offer``, ``update`` or ``ask``."""
    federation: str
    """Which federation."""
    client: str
    """By whom, or for whom."""
    round: int = 0
    """Which round."""
    base: str = ""
    """SHA-256 of the common weights of that round."""
    rows: float = 0.0
    """Rows learned from."""
    at: float = 0.0
    """When it was written [Unix s]."""
    recipe: dict[str, Any] = field(default_factory=dict)
    """The recipe of the round, in offers."""


def packed(header: Header, arrays: Weights, key: bytes) -> bytes:
    """Return a signed message.

    Raises
    ------
    InputError
        If the key is shorter than 16 bytes.
    """
    if len(key) < _LEAST_KEY:
        message = (
            f"The key of client {header.client!r} has {len(key)} bytes; it needs {_LEAST_KEY}."
        )
        raise InputError(message, hint="Make one with: openssl rand -hex 32")
    content = io.BytesIO()
    np.savez(content, allow_pickle=False, **{f"a:{n}": array for n, array in arrays.items()})
    line = json.dumps(asdict(header), sort_keys=True).encode()
    body = line + b"\n" + content.getvalue()
    return hmac.new(key, body, hashlib.sha256).hexdigest().encode() + b"\n" + body


def unpacked(content: bytes, keys: Mapping[str, bytes]) -> tuple[Header, Weights]:
    """Check a message and return what it holds.

    Raises
    ------
    AccessError
        If the client is unknown or the signature does not fit.
    InputError
        If it is no message at all, or too large.
    """
    if len(content) > MOST_BYTES:
        message = f"The message has {len(content)} bytes; the most is {MOST_BYTES}."
        raise InputError(message)
    mark, _, body = content.partition(b"\n")
    line, _, arrays = body.partition(b"\n")
    header = _header(line)
    key = keys.get(header.client)
    expected = hmac.new(key or b"-" * _LEAST_KEY, body, hashlib.sha256).hexdigest().encode()
    if not hmac.compare_digest(expected, mark) or key is None:
        message = "The message is by an unknown client, or was changed on its way."
        raise AccessError(message)
    with np.load(io.BytesIO(arrays), allow_pickle=False) as stored:
        return header, {name.removeprefix("a:"): stored[name] for name in stored.files}


def digest_of(weights: Weights) -> str:
    """Return the SHA-256 of weights: of names, types, shapes and bytes."""
    found = hashlib.sha256()
    for name in sorted(weights):
        values = np.ascontiguousarray(weights[name])
        found.update(f"{name} {values.dtype.str} {values.shape}\n".encode())
        found.update(values.tobytes())
    return found.hexdigest()


def files_as_arrays(folder: Path) -> Weights:
    """Return the files of a model as arrays of bytes, so that a message can carry them."""
    return {
        path.relative_to(folder).as_posix(): np.frombuffer(path.read_bytes(), dtype=np.uint8)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def write_files(arrays: Weights, folder: Path) -> None:
    """Write files that a message carried.

    Raises
    ------
    InputError
        If a name leads out of the folder.
    """
    for name in arrays:
        parts = PurePosixPath(name).parts
        if not parts or ".." in parts or PurePosixPath(name).is_absolute() or "\\" in name:
            message = f"The message names a file {name!r} outside of its folder."
            raise InputError(message)
    for name, values in arrays.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(values.tobytes())


def _header(line: bytes) -> Header:
    try:
        if len(line) > _LONGEST_HEADER:
            raise ValueError(len(line))
        return Header(**json.loads(line))
    except (ValueError, TypeError) as error:
        message = "This is no message of a federation."
        raise InputError(message) from error

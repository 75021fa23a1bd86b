"""Secrets in files that only their owner may read."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from collections.abc import Callable
from pathlib import Path


def read_or_make(path: Path, make: Callable[[], bytes]) -> bytes:
    """Return the content of a secret file, made on first use.

    It is written whole or not at all; where two processes race, the first one's stays.
    """
    if not path.is_file():
        _make(path, make())
    return path.read_bytes()


def is_private(path: Path) -> bool:
    """Tell whether nobody but its owner may read or write a file."""
    return not path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)


def _make(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(partial, path)
    finally:
        partial.unlink()

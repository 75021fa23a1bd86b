"""Pseudonyms: the same person always gets the same one, and nobody can go back without the salt."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import secrets
from pathlib import Path

from skywright.errors import InputError

_SALT_FILE = "pseudonym.salt"
_LEAST_SALT = 16
_LENGTH = 20  # 80 bits: no two of a million users meet by chance (1e-12)


def pseudonym(salt: bytes, *parts: str) -> str:
    """Return the pseudonym of a person named by one or more parts.

    Parameters
    ----------
    salt : bytes
        Secret of this installation.
    *parts : str
        For instance the key in use and the user's name behind it.

    Returns
    -------
    str
        ``u_`` and 20 hexadecimal digits of an HMAC-SHA-256.
    """
    text = "\x1f".join(parts).encode()  # a separator that no name holds, so parts cannot merge
    return "u_" + hmac.new(salt, text, hashlib.sha256).hexdigest()[:_LENGTH]


def read_salt(setting: str, data_dir: Path) -> bytes:
    """Return the salt of the setting, or the one in the data folder, made on first use.

    Raises
    ------
    InputError
        If the setting is given but short enough to guess.
    """
    if setting:
        if len(setting) < _LEAST_SALT:
            message = (
                f"SKYWRIGHT_PSEUDONYM_SALT has {len(setting)} characters; use {_LEAST_SALT} or "
                "more, or leave it empty and one is made in the data folder."
            )
            raise InputError(message)
        return setting.encode()
    path = data_dir.expanduser() / _SALT_FILE
    if not path.exists():
        _make_salt(path)
    return path.read_bytes()


def _make_salt(path: Path) -> None:
    """Write a new salt whole or not at all; where two processes race, the first one's stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(secrets.token_hex(32).encode())
    with contextlib.suppress(FileExistsError):
        os.link(partial, path)
    partial.unlink()

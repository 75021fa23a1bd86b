"""Pseudonyms: the same person always gets the same one, and nobody can go back without the salt."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from pathlib import Path

from skywright.errors import InputError
from skywright.security.secret_files import read_or_make

SALT_FILE = "pseudonym.salt"
"""Name of the file in the data folder; without it nobody can be found by name."""

_LEAST_SALT = 16
_LENGTH = 20  # 80 bits: no two of a million users meet by chance (1e-12)
_SHAPE = re.compile(rf"u_[0-9a-f]{{{_LENGTH}}}")


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


def person_of(salt: bytes, key: str, user: str) -> str:
    """Return the pseudonym of a user behind a key; case and blanks around a name do not matter.

    Parameters
    ----------
    salt : bytes
        Secret of this installation.
    key : str
        Prefix of the key in use, or ``local``.
    user : str
        The name; empty means the key's own holder.
    """
    return pseudonym(salt, key, user.strip().lower())


def is_pseudonym(text: str) -> bool:
    """Tell whether a text is a pseudonym rather than a name."""
    return _SHAPE.fullmatch(text) is not None


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
    path = data_dir.expanduser() / SALT_FILE
    return read_or_make(path, lambda: secrets.token_hex(32).encode())

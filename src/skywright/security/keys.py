"""API keys: 256 random bits shown once; what is kept is their hash and a prefix to know them by.

A plain SHA-256 suffices: unlike a password, 256 random bits cannot be guessed by trying.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass

_MARK = "sky_"
_PREFIX_LENGTH = len(_MARK) + 8  # 48 bits: tells keys apart, opens nothing
_SHAPE = re.compile(r"sky_[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key at its birth, the only time its text exists here."""

    secret: str
    """The key itself; hand it over and forget it."""
    prefix: str
    """The first characters, shown in lists and in the audit trail."""
    sha256: str
    """What is stored."""


def new_key() -> NewKey:
    """Make a key of 256 random bits."""
    secret = _MARK + secrets.token_urlsafe(32)
    return NewKey(secret=secret, prefix=secret[:_PREFIX_LENGTH], sha256=hash_key(secret))


def hash_key(secret: str) -> str:
    """Return the SHA-256 of a key in hexadecimal."""
    return hashlib.sha256(secret.encode()).hexdigest()


def has_key_shape(text: str) -> bool:
    """Tell whether a text can be one of our keys at all, before any look-up."""
    return _SHAPE.fullmatch(text) is not None

"""When two names of an object are the same: ``M31``, ``m 31`` and ``M  31`` are."""

from __future__ import annotations

import re
from functools import lru_cache

_ZEROS = re.compile(r"(?<![\d.+-])0+(?=\d)")


@lru_cache(maxsize=65536)
def comparable(name: str) -> str:
    """Return a name without spaces, leading zeros and differences of case."""
    return _ZEROS.sub("", "".join(name.split())).casefold()


def same_name(one: str, other: str) -> int:
    """Order two names as a collation of SQLite does: negative, 0 for the same name, positive."""
    a, b = comparable(one), comparable(other)
    return (a > b) - (a < b)

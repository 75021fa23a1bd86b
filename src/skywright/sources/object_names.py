"""Names of objects as keys: however they are written, one name has one key.

``M 31``, ``m31`` and ``Messier 31`` have the key ``M31``; ``NGC 0224`` has ``NGC224``.
"""

from __future__ import annotations

import unicodedata

import polars as pl

# In this order, in the dialect that Rust's regular expressions and ours share.
_RULES = (
    (r"^\s*(?:THE|NAME)\s+", ""),
    (r"^\s*MESSIER\s*(\d)", "M${1}"),
    (r"^\s*CALDWELL\s*(\d)", "C${1}"),
    (r"^\s*BARNARD\s*(\d)", "B${1}"),
    (r"^\s*MELOTTE\s*(\d)", "MEL${1}"),
    (r"^\s*COLLINDER\s*(\d)", "CL${1}"),
    (r"[−–]", "-"),
    (r"[^A-Z0-9+.\-]", ""),
    (r"^([A-Z]+)-(\d)", "${1}${2}"),
    (r"(^|[^0-9.])0+([0-9])", "${1}${2}"),
)
_KINDS = r"(?:GALAXY|GALAXIES|NEBULA|NEBULAE|CLUSTER|GLOBULARCLUSTER|STARCLUSTER|CLOUD)$"


def keys(names: pl.Expr) -> pl.Expr:
    """Return the keys of a column of names."""
    written = names.str.to_uppercase()
    for pattern, replacement in _RULES:
        written = written.str.replace_all(pattern, replacement)
    return written


def short_keys(names: pl.Expr) -> pl.Expr:
    """Return the keys of common names without what they are: ``WHIRLPOOL`` of Whirlpool Galaxy."""
    return keys(names).str.replace(_KINDS, "")


def key(name: str) -> str:
    """Return the key of one name; accents do not count."""
    bare = unicodedata.normalize("NFKD", name)
    bare = "".join(letter for letter in bare if not unicodedata.combining(letter))
    return str(pl.select(keys(pl.lit(bare))).item())

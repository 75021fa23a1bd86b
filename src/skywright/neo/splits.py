"""Splits that stay the same for ever: by a hash of the designation, and by date of discovery.

The split by object answers "how well on objects never seen"; the split by date answers "how well
on what is found later", which is what a user meets.
"""

from __future__ import annotations

import hashlib
import re

import polars as pl

from skywright.errors import InputError

NAMES = ("train", "validation", "test")
_SHARES = (0.70, 0.85)  # 70 / 15 / 15
_SALT = "skywright-neo-1:"
_HALF_MONTHS = "ABCDEFGHJKLMNOPQRSTUVWXY"
_YEAR = re.compile(r"(?:^|/)(?:(A)(\d{3})|(\d{4})) ([A-HJ-Y])")


def split_of(designation: str) -> str:
    """Return ``train``, ``validation`` or ``test`` for one object, by a hash of its designation."""
    digest = hashlib.sha256((_SALT + designation).encode()).digest()
    share = int.from_bytes(digest[:8], "big") / 2**64
    return NAMES[sum(share >= bound for bound in _SHARES)]


def discovery_year(designation: str) -> float | None:
    """Return the year in which a provisional designation was given, to half a month.

    Parameters
    ----------
    designation : str
        ``2004 MN4``, ``A898 PA``, ``C/2014 UN271``; others give None.

    Returns
    -------
    float or None
        Year and fraction, 2004.46 for ``2004 MN4``.
    """
    match = _YEAR.search(designation)
    if match is None:
        return None
    year = 1000 + int(match[2]) if match[1] else int(match[3])
    return year + _HALF_MONTHS.index(match[4]) / 24.0


def add_splits(table: pl.DataFrame, *, bounds: tuple[float, float] | None = None) -> pl.DataFrame:
    """Add ``split`` (by object) and ``temporal_split`` (by discovery).

    Parameters
    ----------
    table : polars.DataFrame
        ``designation``; ``first_obs`` (ISO date) is used where the designation has no year.
    bounds : (float, float), optional
        Years in which validation and test begin; the 70 % and 85 % quantiles where None.

    Returns
    -------
    polars.DataFrame
        The table with ``discovery_year``, ``split`` and ``temporal_split`` (null without a year).

    Raises
    ------
    InputError
        If there is no designation, or the bounds are not in order.
    """
    if "designation" not in table.columns:
        message = "A split needs the column designation."
        raise InputError(message)
    if bounds is not None and bounds[0] >= bounds[1]:
        message = f"The years of the temporal split must rise, got {bounds[0]} and {bounds[1]}."
        raise InputError(message)
    names = [str(name) for name in table["designation"].to_list()]
    found = table.with_columns(
        pl.Series("discovery_year", [discovery_year(name) for name in names], pl.Float64),
        pl.Series("split", [split_of(name) for name in names], pl.String),
    )
    if "first_obs" in found.columns:
        first = found["first_obs"].cast(pl.String).str.slice(0, 4).cast(pl.Float64, strict=False)
        found = found.with_columns(pl.col("discovery_year").fill_null(first))
    return found.with_columns(_temporal(found["discovery_year"], bounds))


def _temporal(years: pl.Series, bounds: tuple[float, float] | None) -> pl.Series:
    known = years.drop_nulls()
    if bounds is None:
        if known.len() == 0:
            return pl.Series("temporal_split", [None] * years.len(), pl.String)
        bounds = tuple(float(known.quantile(share) or 0.0) for share in _SHARES)  # type: ignore[assignment]
    assert bounds is not None  # noqa: S101  (set just above)
    rank = [None if y is None else NAMES[sum(y >= b for b in bounds)] for y in years.to_list()]
    return pl.Series("temporal_split", rank, pl.String)

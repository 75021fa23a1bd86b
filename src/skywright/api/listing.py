"""Pages of the catalogue: filters, an order, and a cursor that fits only the listing it is from."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from skywright.errors import InputError

if TYPE_CHECKING:
    import polars as pl

RANGES = {"a": "a_au", "e": "e", "i": "i_deg", "h": "h_mag", "moid": "moid_au", "q": "q_au"}
"""Short names of the filters, and the columns they look at."""

SORTS = ("designation", *RANGES.values(), "diameter_km", "epoch_jd_tdb")
"""Columns that a listing may be ordered by."""

_CODES = {"ATIRA": "IEO", "ATEN": "ATE", "APOLLO": "APO", "AMOR": "AMO"}


@dataclass(frozen=True, slots=True)
class Listing:
    """What to list; bounds are inclusive, and rows without the value do not match a bound."""

    orbit_class: str | None
    """Name or JPL code of an orbit class in any case: Aten or ATE."""
    pha: bool | None
    """Potentially hazardous or not."""
    bounds: tuple[tuple[str, float | None, float | None], ...]
    """Column, least, most."""
    sort: str
    """Column to order by; a minus before it means descending."""
    limit: int
    """Most rows of a page."""


def page_of(catalogue: pl.DataFrame, listing: Listing, cursor: str | None) -> dict[str, Any]:
    """Return one page.

    Parameters
    ----------
    catalogue : polars.DataFrame
        All objects.
    listing : Listing
        What to list.
    cursor : str or None
        Where to go on, from the page before.

    Returns
    -------
    dict
        ``objects``, ``total`` and ``next_cursor``.

    Raises
    ------
    InputError
        If a column is not in the catalogue, or the cursor is not of this listing.
    """
    mark = _mark(listing, catalogue.height)
    first = 0 if cursor is None else _position(cursor, mark)
    found = _ordered(_filtered(catalogue, listing), listing.sort)
    rows = found.slice(first, listing.limit)
    end = first + rows.height
    return {
        "objects": rows.to_dicts(),
        "total": found.height,
        "next_cursor": _cursor(end, mark) if end < found.height else None,
    }


def _filtered(catalogue: pl.DataFrame, listing: Listing) -> pl.DataFrame:
    import polars as pl

    table = catalogue
    if listing.orbit_class is not None:
        _require(table, "orbit_class")
        asked = listing.orbit_class.strip().upper()
        table = table.filter(pl.col("orbit_class").str.to_uppercase() == _CODES.get(asked, asked))
    if listing.pha is not None:
        _require(table, "is_pha")
        table = table.filter(pl.col("is_pha") == listing.pha)
    for name, least, most in listing.bounds:
        if least is not None or most is not None:
            _require(table, name)
            low = least if least is not None else float("-inf")
            high = most if most is not None else float("inf")
            table = table.filter(pl.col(name).is_between(low, high) & pl.col(name).is_not_nan())
    return table


def _ordered(table: pl.DataFrame, sort: str) -> pl.DataFrame:
    name = sort.removeprefix("-")
    if name not in SORTS:
        message = f"sort = {sort[:40]!r} is not allowed; choose one of {', '.join(SORTS)}."
        raise InputError(message, hint="A minus before the name means descending.")
    _require(table, name)
    return table.sort(
        [name, "designation"], descending=[sort.startswith("-"), False], nulls_last=True
    )


def _require(table: pl.DataFrame, name: str) -> None:
    if name not in table.columns:
        message = f"The catalogue in use has no column {name}."
        raise InputError(message, hint="Run: skywright collect neo")


def _mark(listing: Listing, rows: int) -> str:
    """Return a short hash of everything that decides which row is where."""
    asked = {name: value for name, value in asdict(listing).items() if name != "limit"}
    return hashlib.sha256(json.dumps([asked, rows]).encode()).hexdigest()[:12]


def _cursor(position: int, mark: str) -> str:
    return base64.urlsafe_b64encode(f"{position}.{mark}".encode()).decode().rstrip("=")


def _position(cursor: str, mark: str) -> int:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
        position, _, given = text.partition(".")
        number = int(position)
    except (binascii.Error, ValueError) as error:
        raise _bad_cursor() from error
    if given != mark or number < 0:
        raise _bad_cursor()
    return number


def _bad_cursor() -> InputError:
    message = "cursor is not of this listing: filters and order must stay as on the page before."
    return InputError(message, hint="Leave cursor out to begin with the first page.")

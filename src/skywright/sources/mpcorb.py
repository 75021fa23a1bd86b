"""The Minor Planet Center's orbit format: one line of fixed columns per object.

References
----------
Minor Planet Center, "Export Format for Minor-Planet Orbits" and "Packed Provisional and Permanent
Designations" (minorplanetcenter.net/iau/info/MPOrbitFormat.html, PackedDes.html), read 2026.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl

from skywright.errors import InputError
from skywright.orbits.timescales import tdb_from_tt

_BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
_HALF_MONTHS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ".replace("I", "")
_CENTURY = {"I": 1800, "J": 1900, "K": 2000}
_EXTENDED_FROM = 620 * 25  # cycles below 620 fit the two characters of the older form
_TILDE_FROM = 620_000
_ELEMENTS = {
    "mean_anomaly_deg": (26, 9),
    "peri_deg": (37, 9),
    "node_deg": (48, 9),
    "i_deg": (59, 9),
    "e": (70, 9),
    "a_au": (92, 11),
}
"""Column: first character and width; every orbit must have these."""
_NUMBERS = {
    "h_mag": (8, 5),
    "g_slope": (14, 5),
    "rms_arcsec": (137, 4),
    "n_obs": (117, 5),
    "n_opp": (123, 3),
}
_ORBIT_LINE = re.compile(r"^.{20}[IJK]\d\d[1-9A-C][1-9A-V] [ \d.]{9}  [ \d.]{9}  [ \d.]{9}  ")
_YEAR_D = 365.25


def looks_like_mpcorb(text: str) -> bool:
    """Tell whether one of the first lines of a text is an orbit in MPCORB format."""
    head = text[:20_000].splitlines()
    return any(_ORBIT_LINE.match(line) for line in head[:80])


def read_mpcorb(text: str) -> pl.DataFrame:
    """Read MPCORB.DAT, NEA.txt and their kin.

    Parameters
    ----------
    text : str
        Whole file; a heading that ends in a line of dashes is skipped, and so are blank lines.

    Returns
    -------
    polars.DataFrame
        Elements [au, deg] at ``epoch_jd_tdb``, H, G, uncertainty, arc, observations.

    Raises
    ------
    InputError
        For the first line that cannot be read, with its number.
    """
    lines = text.splitlines()
    start = next((k + 1 for k, line in enumerate(lines) if line.startswith("-----")), 0)
    orbits = (
        pl.DataFrame({"line": lines}, schema={"line": pl.String}).with_row_index("at").slice(start)
    )
    orbits = orbits.filter(pl.col("line").str.contains(r"\S"))
    if orbits.height == 0:
        message = "The file in MPCORB format holds no orbit; download it again."
        raise InputError(message)
    table = orbits.select(
        _designations(orbits),
        _word(166, 28).alias("full_name"),
        _epochs(orbits),
        *(_number(*at).alias(name) for name, at in (_ELEMENTS | _NUMBERS).items()),
        _word(105, 1).alias("u_code"),
        _word(105, 1).cast(pl.Int64, strict=False).alias("condition_code"),
        _arc_d(_word(127, 9)).alias("arc_d"),
        _word(194, 8).alias("last_obs"),
    )
    for name in ("designation", "epoch_jd_tt", *_ELEMENTS):
        _refuse_gap(orbits, table[name])
    whole = [pl.col(name).cast(pl.Int64) for name in ("n_obs", "n_opp")]
    jd = np.asarray(tdb_from_tt(table["epoch_jd_tt"].to_numpy()))
    return table.with_columns(*whole, pl.Series("epoch_jd_tdb", jd))


def _word(first: int, width: int) -> pl.Expr:
    text = pl.col("line").str.slice(first, width).str.strip_chars()
    return pl.when(text != "").then(text)


def _number(first: int, width: int) -> pl.Expr:
    return _word(first, width).cast(pl.Float64, strict=False)


def _designations(orbits: pl.DataFrame) -> pl.Series:
    packed = orbits["line"].str.slice(0, 7).to_list()
    return pl.Series("designation", [_or_none(unpack_designation, p) for p in packed], pl.String)


def _epochs(orbits: pl.DataFrame) -> pl.Series:
    packed = orbits["line"].str.slice(20, 5)
    known = {text: _or_none(unpack_epoch, text) for text in packed.unique()}
    return pl.Series("epoch_jd_tt", [known[text] for text in packed], pl.Float64)


def _or_none(unpack: Callable[[str], Any], packed: str) -> Any:
    try:
        return unpack(packed)
    except ValueError:
        return None


def _refuse_gap(orbits: pl.DataFrame, column: pl.Series) -> None:
    bad = column.is_null().arg_true()
    if not bad.len():
        return
    line, number = orbits["line"][bad[0]], orbits["at"][bad[0]] + 1
    message = (
        f"Line {number} is not an orbit in MPCORB format ({column.name} cannot be read): "
        f"{line[:60]!r}. The file may be cut short; download it again."
    )
    raise InputError(message)


def _arc_d(text: pl.Expr) -> pl.Expr:
    """Return the arc [d]: given in days, or as first and last year of several oppositions."""
    days = text.str.extract(r"^(\d+)\s*days?$").cast(pl.Float64)
    first = text.str.extract(r"^(\d{4})-\d{4}$").cast(pl.Float64)
    last = text.str.extract(r"^\d{4}-(\d{4})$").cast(pl.Float64)
    return pl.coalesce(days, (last - first) * _YEAR_D)


def unpack_epoch(packed: str) -> float:
    """Turn a packed date such as ``K265N`` into a Julian date (0h, same time scale).

    Raises
    ------
    ValueError
        If it is not a packed date.
    """
    if not re.fullmatch(r"[IJK]\d\d[1-9A-C][1-9A-V]", packed):
        message = f"{packed!r} is not a packed date such as K265N"
        raise ValueError(message)
    year = _CENTURY[packed[0]] + int(packed[1:3])
    month, day = _BASE62.index(packed[3]), _BASE62.index(packed[4])
    # Fliegel & van Flandern (1968), Communications of the ACM 11, 657.
    late = (month - 14) // 12 + (1 if (month - 14) % 12 else 0)
    return (
        1461 * (year + 4800 + late) // 4
        + 367 * (month - 2 - 12 * late) // 12
        - 3 * ((year + 4900 + late) // 100) // 4
        + day
        - 32075
        - 0.5
    )


def unpack_designation(packed: str) -> str:
    """Turn a packed designation into the readable one: ``K07Tf8A`` is ``2007 TA418``.

    Permanent numbers come back as digits: ``A0345`` is ``100345``, ``~0000`` is ``620000``.

    Raises
    ------
    ValueError
        If it is none of the known forms.
    """
    text = packed.strip()
    if re.fullmatch(r"[0-9A-Za-z]\d{4}", text):
        return str(_BASE62.index(text[0]) * 10_000 + int(text[1:]))
    if re.fullmatch(r"~[0-9A-Za-z]{4}", text):
        return str(_TILDE_FROM + _base62(text[1:]))
    if re.fullmatch(r"(PL|T1|T2|T3)S\d{4}", text):
        return f"{text[3:]} {text[0]}-{text[1]}"
    if re.fullmatch(r"_[0-9A-Za-z][A-HJ-Y][0-9A-Za-z]{4}", text):
        order = _base62(text[3:]) + _EXTENDED_FROM
        year = 2000 + _BASE62.index(text[1])
        return f"{year} {text[2]}{_HALF_MONTHS[order % 25]}{order // 25}"
    if re.fullmatch(r"[IJK]\d\d[A-HJ-Y][0-9A-Za-z]\d[A-HJ-Z]", text):
        year = _CENTURY[text[0]] + int(text[1:3])
        cycle = _BASE62.index(text[4]) * 10 + int(text[5])
        return f"{year} {text[3]}{text[6]}{cycle or ''}"
    message = f"{text!r} is not a packed designation"
    raise ValueError(message)


def _base62(text: str) -> int:
    value = 0
    for letter in text:
        value = value * 62 + _BASE62.index(letter)
    return value

"""The Minor Planet Center's orbit format: one line of fixed columns per object.

References
----------
Minor Planet Center, "Export Format for Minor-Planet Orbits" and "Packed Provisional and Permanent
Designations" (minorplanetcenter.net/iau/info/MPOrbitFormat.html, PackedDes.html), read 2026.
"""

from __future__ import annotations

import re
import string
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
_FLOAT_FIELDS = {
    "mean_anomaly_deg": (26, 35),
    "peri_deg": (37, 46),
    "node_deg": (48, 57),
    "i_deg": (59, 68),
    "e": (70, 79),
    "a_au": (92, 103),
}
_OPTIONAL_FLOATS = {"h_mag": (8, 13), "g_slope": (14, 19), "rms_arcsec": (137, 141)}
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
    rows = [
        _row(line, number)
        for number, line in enumerate(lines[start:], start=start + 1)
        if line.strip()
    ]
    table = pl.DataFrame(rows, infer_schema_length=None)
    if table.height == 0:
        message = "The file in MPCORB format holds no orbit; download it again."
        raise InputError(message)
    jd = tdb_from_tt(table["epoch_jd_tt"].to_numpy())
    return table.with_columns(pl.Series("epoch_jd_tdb", np.asarray(jd)))


def _row(line: str, number: int) -> dict[str, Any]:
    try:
        return _fields(line)
    except (ValueError, KeyError, IndexError) as error:
        message = (
            f"Line {number} is not an orbit in MPCORB format ({error}): {line[:60]!r}. "
            "The file may be cut short; download it again."
        )
        raise InputError(message) from error


def _fields(line: str) -> dict[str, Any]:
    readable = line[166:194].strip()
    row: dict[str, Any] = {
        "designation": unpack_designation(line[0:7]),
        "full_name": readable or None,
        "epoch_jd_tt": unpack_epoch(line[20:25]),
    }
    row |= {name: float(line[slice(*at)]) for name, at in _FLOAT_FIELDS.items()}
    row |= {name: _optional(line[slice(*at)]) for name, at in _OPTIONAL_FLOATS.items()}
    code = line[105:106].strip()
    return row | {
        "u_code": code or None,
        "condition_code": int(code) if code.isdigit() else None,
        "n_obs": _whole(line[117:122]),
        "n_opp": _whole(line[123:126]),
        "arc_d": _arc_d(line[127:136].strip()),
        "last_obs": line[194:202].strip() or None,
    }


def _optional(text: str) -> float | None:
    return float(text) if text.strip() else None


def _whole(text: str) -> int | None:
    return int(text) if text.strip() else None


def _arc_d(text: str) -> float | None:
    """Return the arc [d]: given in days, or as first and last year of several oppositions."""
    if match := re.fullmatch(r"(\d+)\s*days?", text):
        return float(match[1])
    if match := re.fullmatch(r"(\d{4})-(\d{4})", text):
        return (int(match[2]) - int(match[1])) * _YEAR_D
    return None


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

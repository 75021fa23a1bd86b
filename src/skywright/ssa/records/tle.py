"""Two-line element sets, read strictly and written digit for digit.

Format: Space-Track's "Basic Description of the Two Line Element (TLE) Format"; numbers from 100000
to 339999 in alpha-5, whose first letter leaves out I and O.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from skywright.errors import InputError

HIGHEST_ID = 339_999
"""Largest catalogue number that a line can hold."""

_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
_LENGTH = 69
_CENTURY = 57  # years from 57 on are of the twentieth century


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    line: int
    start: int
    stop: int


_FIELDS = {
    "epoch_year": _Field("epoch year", 1, 18, 20),
    "epoch_day": _Field("epoch day", 1, 20, 32),
    "ndot": _Field("first derivative of the mean motion", 1, 33, 43),
    "bstar": _Field("B*", 1, 53, 61),
    "inclination_deg": _Field("inclination", 2, 8, 16),
    "raan_deg": _Field("right ascension of the node", 2, 17, 25),
    "eccentricity": _Field("eccentricity", 2, 26, 33),
    "argp_deg": _Field("argument of perigee", 2, 34, 42),
    "mean_anomaly_deg": _Field("mean anomaly", 2, 43, 51),
    "mean_motion_rev_day": _Field("mean motion", 2, 52, 63),
}


def read_tles(text: str) -> list[dict[str, Any]]:
    """Read all element sets of a text, with or without lines of names.

    Returns
    -------
    list of dict
        Columns of a history, ``object_name`` (None without a line of one), ``cospar_id``,
        ``rev_no``, ``line1`` and ``line2``.

    Raises
    ------
    InputError
        If a checksum, a length, a number or the order of lines is wrong; names the line.
    """
    return [_set(pair) for pair in _pairs(text.splitlines())]


def checksum(line: str) -> int:
    """Return the checksum of the first 68 characters: digits add up, a minus is one, modulo 10."""
    told = (int(c) if c.isdigit() else int(c == "-") for c in line[: _LENGTH - 1] if c.isascii())
    return sum(told) % 10


def number_of(text: str) -> int:
    """Return the catalogue number of five characters, alpha-5 included.

    Raises
    ------
    InputError
        If it is neither.
    """
    given = text.strip()
    if given.isdecimal() and given.isascii():
        return int(given)
    if len(given) == 5 and given[0] in _LETTERS and given[1:].isdecimal() and given.isascii():
        return (10 + _LETTERS.index(given[0])) * 10_000 + int(given[1:])
    message = f"The catalogue number {text!r} is neither five digits nor alpha-5, such as A0001."
    raise InputError(message)


def alpha5(norad_id: int) -> str:
    """Return a catalogue number as five characters.

    Raises
    ------
    InputError
        If it is negative or above 339999, which two-line sets cannot hold.
    """
    if not 0 <= norad_id <= HIGHEST_ID:
        message = f"norad_id must be 0 to {HIGHEST_ID} in a two-line set, got {norad_id}."
        raise InputError(message, hint="Write an OMM: its numbers have no limit.")
    if norad_id < 100_000:
        return f"{norad_id:05d}"
    return f"{_LETTERS[norad_id // 10_000 - 10]}{norad_id % 10_000:04d}"


def write_tle(row: dict[str, Any]) -> tuple[str, str]:
    """Return the two lines of an element set.

    Parameters
    ----------
    row : dict
        Columns of a history; optional ``cospar_id``, ``rev_no``, ``ndot_rev_day2``.

    Raises
    ------
    InputError
        If its number does not fit.
    """
    name = alpha5(int(row["norad_id"]))
    epoch: datetime = row["epoch_utc"]
    start = datetime(epoch.year, 1, 1)  # noqa: DTZ001 - UTC throughout
    day = 1.0 + (epoch.replace(tzinfo=None) - start) / timedelta(days=1)
    half = float(row.get("ndot_rev_day2") or 0.0) / 2.0
    cospar = str(row.get("cospar_id") or "")[:8]
    one = (
        f"1 {name}U {cospar:<8} {epoch.year % 100:02d}{day:012.8f} {_signed_fraction(half)} "
        f" 00000-0 {_exponential(float(row['bstar']))} 0  999"
    )
    two = (
        f"2 {name} {row['inclination_deg']:8.4f} {row['raan_deg'] % 360:8.4f} "
        f"{round(row['eccentricity'] * 1e7):07d} {row['argp_deg'] % 360:8.4f} "
        f"{row['mean_anomaly_deg'] % 360:8.4f} {row['mean_motion_rev_day']:11.8f}"
        f"{int(row.get('rev_no') or 0) % 100_000:5d}"
    )
    return f"{one}{checksum(one)}", f"{two}{checksum(two)}"


def _pairs(lines: Iterable[str]) -> Iterator[tuple[int, str | None, str, str]]:
    name: str | None = None
    first: tuple[int, str] | None = None
    for number, raw in enumerate(lines, start=1):
        line = raw.rstrip()
        if not line:
            continue
        if line.startswith("1 ") and len(line) > _LENGTH - 10:
            if first is not None:
                _refuse(first[0], "has no line 2 after it")
            first = (number, line)
        elif line.startswith("2 ") and len(line) > _LENGTH - 10:
            if first is None:
                _refuse(number, "is a line 2 without a line 1 before it")
            else:
                yield first[0], name, first[1], line
            first, name = None, None
        else:
            if first is not None:
                _refuse(first[0], "has no line 2 after it")
            name = line.removeprefix("0 ").strip()
    if first is not None:
        _refuse(first[0], "has no line 2 after it")


def _set(pair: tuple[int, str | None, str, str]) -> dict[str, Any]:
    place, name, one, two = pair
    for number, line in ((place, one), (place + 1, two)):
        _refuse_damaged(number, line)
    norad_id = number_of(one[2:7])
    if number_of(two[2:7]) != norad_id:
        _refuse(place, f"is of object {norad_id}, line 2 of object {number_of(two[2:7])}")
    told = {
        key: _number(key, one if field.line == 1 else two, place) for key, field in _FIELDS.items()
    }
    year = int(told.pop("epoch_year"))
    start = datetime(year + (1900 if year >= _CENTURY else 2000), 1, 1)  # noqa: DTZ001 - UTC
    epoch = start + timedelta(microseconds=round((told.pop("epoch_day") - 1.0) * 86_400e6))
    return {
        "norad_id": norad_id,
        "object_name": name,
        "cospar_id": one[9:17].strip(),
        "epoch_utc": epoch,
        "ndot_rev_day2": 2.0 * told.pop("ndot"),
        **told,
        "rev_no": int(two[63:68].strip() or 0),
        "line1": one,
        "line2": two,
    }


def _refuse_damaged(number: int, line: str) -> None:
    if len(line) != _LENGTH:
        _refuse(number, f"has {len(line)} characters instead of {_LENGTH}")
    if not line[-1].isdigit() or int(line[-1]) != checksum(line):
        _refuse(number, f"ends in checksum {line[-1]!r}, its characters add up to {checksum(line)}")


def _number(key: str, line: str, place: int) -> float:
    field = _FIELDS[key]
    text = line[field.start : field.stop].strip()
    try:
        if key == "eccentricity":
            return float(f"0.{int(text):07d}")
        if key == "bstar":
            return _of_exponential(text)
        value = float(text)
    except ValueError:
        _refuse(place + field.line - 1, f"has the {field.name} {text!r}, which is no number")
        raise
    if not math.isfinite(value):
        _refuse(place + field.line - 1, f"has the {field.name} {text!r}, which is not finite")
    return value


def _of_exponential(text: str) -> float:
    if not text.strip("+-0 "):
        return 0.0
    sign = -1.0 if text[0] == "-" else 1.0
    digits = text.lstrip("+-")
    return sign * int(digits[:-2]) * 10.0 ** (int(digits[-2:]) - len(digits[:-2]))


def _exponential(value: float) -> str:
    if value == 0.0:
        return " 00000-0"
    power = math.floor(math.log10(abs(value))) + 1
    digits = round(abs(value) / 10.0**power * 1e5)
    if digits >= 100_000:
        digits, power = digits // 10, power + 1
    return f"{'-' if value < 0 else ' '}{digits:05d}{power:+d}"


def _signed_fraction(value: float) -> str:
    return f"{'-' if value < 0 else ' '}{f'{abs(value):.8f}'[1:]}"


def _refuse(number: int, what: str) -> None:
    message = f"Line {number} of the element sets {what}."
    raise InputError(message)

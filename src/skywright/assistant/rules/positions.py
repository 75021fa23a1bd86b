"""Positions on the sky, decimal or sexagesimal, in degrees (ICRS)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from skywright.assistant.rules.reading import Reader

_IS = r"\s*(?:\(?deg\)?)?\s*[:=]?\s*(?:of\s+|is\s+)?"
_BETWEEN = rf"\s*[,;/]?\s*(?:and\s+)?(?:(?:dec(?:l|lination)?|de|δ)\b\.?{_IS})?"
_RA = rf"(?:(?:r\.?a\.?|right ascension|α)\b{_IS})"
_FLOAT = r"\d{1,3}(?:\.\d+)?"
_UNIT = r"\s*(?:°|degrees?\b|deg\b|d\b)?"

_SEXAGESIMAL = re.compile(
    rf"(?<![\w.]){_RA}?(?P<h>\d{{1,2}})\s*(?:h|:|\s)\s*(?P<m>\d{{1,2}}(?:\.\d+)?)"
    r"\s*(?:m|:|\s)\s*(?:(?P<s>\d{1,2}(?:\.\d*)?)\s*s?)?"
    rf"{_BETWEEN}(?P<sign>[+-]?)\s?(?P<d>\d{{1,2}})\s*(?:d|deg|°|:|\s)\s*"
    r"(?P<dm>\d{1,2}(?:\.\d+)?)\s*(?:m|'|:|\s|$)\s*"
    r"(?:(?P<ds>\d{1,2}(?:\.\d*)?)\s*(?:s|\")?)?(?![\w.])",
    re.IGNORECASE,
)
_NAMED = re.compile(
    rf"(?<![\w.]){_RA}(?P<ra>{_FLOAT}){_UNIT}{_BETWEEN}(?P<dec>[+-]?\s?{_FLOAT}){_UNIT}(?![\w.])",
    re.IGNORECASE,
)
_BARE = re.compile(
    rf"(?<![\w.])\(?(?P<ra>\d{{1,3}}\.\d+){_UNIT}\s*[,;\s]\s*"
    rf"(?P<dec>[+-]?\d{{1,2}}(?:\.\d+)?){_UNIT}\)?(?![\w.])",
    re.IGNORECASE,
)
_PAIR = re.compile(r"\(\s*(?P<ra>\d{1,3}(?:\.\d+)?)\s*,\s*(?P<dec>[+-]?\d{1,2}(?:\.\d+)?)\s*\)")


@dataclass(frozen=True, slots=True)
class Position:
    """A direction, ICRS [deg]."""

    ra_deg: float
    dec_deg: float


def positions_in(reader: Reader) -> list[Position]:
    """Take the positions; a pair of numbers outside the sky is none."""
    found = reader.take(_SEXAGESIMAL, "position", _from_sexagesimal)
    for pattern in (_NAMED, _PAIR, _BARE):
        found += reader.take(pattern, "position", _from_decimal)
    return found


def is_off_the_sky(text: str) -> bool:
    """Tell whether a text gives right ascension and declination that no place has."""
    match = _NAMED.search(text)
    return match is not None and _from_decimal(match) is None


def _from_decimal(match: re.Match[str]) -> Position | None:
    ra_deg, dec_deg = float(match["ra"]), float(match["dec"].replace(" ", ""))
    return Position(ra_deg, dec_deg) if ra_deg < 360 and abs(dec_deg) <= 90 else None


def _from_sexagesimal(match: re.Match[str]) -> Position | None:
    h, m, s = float(match["h"]), float(match["m"]), float(match["s"] or 0)
    d, dm, ds = float(match["d"]), float(match["dm"]), float(match["ds"] or 0)
    is_marked = bool(re.search(r"[h:]", match[0], re.IGNORECASE)) or bool(match["sign"])
    if not is_marked or h >= 24 or max(m, s, dm, ds) >= 60:
        return None
    ra_deg = 15 * (h + m / 60 + s / 3600)
    dec_deg = (d + dm / 60 + ds / 3600) * (-1 if match["sign"] == "-" else 1)
    return Position(ra_deg, dec_deg) if abs(dec_deg) <= 90 else None

"""Speeds, sizes, masses and counts with their units, for "what if" and for limits."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from skywright.assistant.rules.numbers import DIGITS, NUMBER, number_of
from skywright.assistant.rules.reading import Reader

_SPEEDS = {
    r"km ?/ ?s|km per second|kilomet(?:re|er)s? (?:per|a) second|km s-1": 1e3,
    r"cm ?/ ?s|cm per second|centimet(?:re|er)s? (?:per|a) second|cm s-1": 1e-2,
    r"mm ?/ ?s|mm per second|millimet(?:re|er)s? (?:per|a) second|mm s-1": 1e-3,
    r"m ?/ ?s(?:ec)?|m per second|met(?:re|er)s? (?:per|a) second|m s-1": 1.0,
}
_LENGTHS = {
    r"km|kilomet(?:re|er)s?": 1.0,
    r"m|met(?:re|er)s?": 1e-3,
}
_MASSES = {
    r"kg|kilograms?|kilos?": 1.0,
    r"megatonn?e?s?|mt": 1e9,
    r"t|tons?|tonnes?": 1e3,
}
_DENSITIES = {
    r"g(?:rams?)? ?(?:/|per) ?(?:cm\^?3|cc|cubic cm|cubic centimet(?:re|er))|g cm-3": 1e3,
    r"kg ?(?:/|per) ?(?:m\^?3|cubic met(?:re|er))|kg m-3": 1.0,
}
_POWERS = {"thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12}
COUNTED = (
    r"papers?|articles?|publications?|results?|rows?|stars?|sources?|launches|satellites|planets?"
    r"|exoplanets?|neos|neas|comets|objects?|asteroids?|matches|entries|records|hits|references|preprints?|studies"
    r"|flights?|missions?|lift-?offs?|neighbou?rs|galaxies|lines"
)
_LIKE = r"recent|latest|newest|brightest|best|new|nearest|last|next|closest|relevant|top|upcoming"
_MOST = (
    r"top|first|limit(?:ed)?(?: it| them)?(?: of| to)?|at most|no more than|max(?:imum)?(?: of)?"
    r"|cap(?:ped)?(?: it| them| the \w+)? (?:at|to)"
)
_ASKED = r"\b(?:show|list|give|only|just|name|find)(?: me)?(?: the)?(?: (?:top|first|last|best))?"
_COUNTS = tuple(
    re.compile(rf"(?<![\w.]){pattern}", re.IGNORECASE)
    for pattern in (
        rf"(?:{_MOST}) (?P<n>{NUMBER})(?![\w.])",
        rf"\b(?:more|another)\b[^\d.]{{0,20}} (?P<n>{NUMBER})\W*$",
        rf"{_ASKED} (?P<n>{NUMBER})(?=\W*$|[.,;!?]| (?:please|of (?:them|those|these)|ones?)\b)",
        rf"(?P<n>{NUMBER})(?= (?:most \w+|{_LIKE})(?: ones?)?\W*$)",
        rf"(?P<n>{NUMBER})(?= (?:(?:most \w+|{_LIKE}) )*(?:[\w-]+ ){{0,3}}(?:{COUNTED})\b)",
    )
)
_FAMILY = re.compile(
    r"\b(?:falcon|ariane|atlas|delta|long march|soyuz|artemis|apollo|crew|iridium|sputnik)[ -]?$",
    re.IGNORECASE,
)
_BECOMES = r"is|was|were|be|of|to|at|changed|becomes|set|raised|lowered|equal|equals|="
_ELEMENTS = {
    "e": r"eccentricity|\be\b",
    "a_au": r"semi-?major axis",
    "q_au": r"perihelion(?: distance)?",
    "i_deg": r"inclination",
}


@dataclass(frozen=True, slots=True)
class Amounts:
    """What "what if" questions change; None where nothing is said."""

    speed_m_s: float | None = None
    diameter_km: float | None = None
    mass_kg: float | None = None
    density_kg_m3: float | None = None
    elements: tuple[tuple[str, float], ...] = ()
    is_doubled: bool = False
    """Whether one of them is said twice, with two values."""


def amounts_in(reader: Reader) -> Amounts:
    """Take a density, a speed, a size, a mass and changed elements, in this order."""
    density = _all(reader, _DENSITIES, "mass")
    speed = _all(reader, _SPEEDS, "speed", r"[+-]?")
    mass = _all(reader, _MASSES, "mass")
    size = _all(reader, _LENGTHS, "size")
    said = (density, speed, mass, size)
    first = [values[0] if values else None for values in said]
    is_doubled = any(len(set(values)) > 1 for values in said)
    return Amounts(first[1], first[3], first[2], first[0], _elements(reader), is_doubled)


def count_in(reader: Reader) -> int | None:
    """Take how many results are wanted, as in "ten papers" or "top 5"."""
    for pattern in _COUNTS:
        taken = reader.take(pattern, "count", _whole)
        if taken:
            return taken[0]
    return None


_LARGEST = 1e9


def _whole(match: re.Match[str]) -> int | None:
    text = match["n"].lower()
    if _FAMILY.search(match.string[: match.start("n")]):
        return None  # "Falcon 9 launches" are not nine
    if text in {"a", "an", "half", "half a", "half an"}:
        return None
    number = number_of(text)
    return int(number) if 1 <= number <= _LARGEST and number == int(number) else None


def _all(reader: Reader, units: dict[str, float], kind: str, sign: str = "") -> list[float]:
    powers = "|".join(_POWERS)
    found: list[float] = []
    for unit, factor in units.items():
        pattern = re.compile(
            rf"(?<![\w.])(?P<n>{sign}(?:{DIGITS}|{NUMBER}))(?: (?P<power>{powers}))?"
            rf"[ -]?(?:{unit})(?!\w|/)",
            re.IGNORECASE,
        )
        found += [value * factor for value in reader.take(pattern, kind, _value)]
    return found


def _value(match: re.Match[str]) -> float | None:
    text = match["n"]
    sign = -1.0 if text.startswith("-") else 1.0
    number = number_of(text.lstrip("+-")) * _POWERS.get((match["power"] or "").lower(), 1.0)
    return sign * number if math.isfinite(number) else None


def _elements(reader: Reader) -> tuple[tuple[str, float], ...]:
    found: list[tuple[str, float]] = []
    for name, words in _ELEMENTS.items():
        pattern = re.compile(
            rf"(?:{words})(?: (?:of|for) (?:the )?\x1f+)?(?: (?:{_BECOMES}))*"
            rf"\s*=?\s*(?P<n>{DIGITS})"
            r"(?: ?(?:au|degrees?|deg|°))?(?![\w.])",
            re.IGNORECASE,
        )
        found += [(name, value) for value in reader.take(pattern, "element", _value_of)]
    return tuple(found)


def _value_of(match: re.Match[str]) -> float:
    return float(match["n"])

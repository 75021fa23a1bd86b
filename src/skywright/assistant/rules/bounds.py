"""Bounds of colours and magnitudes, from ``0.8 < BP-RP < 1.5`` to "G brighter than 15"."""

from __future__ import annotations

import re
from dataclasses import dataclass

from skywright.assistant.rules.reading import Reader

_N = r"[+-]?(?:\d+(?:\.\d+)?|\.\d+)"
_COLOURS = {
    "bp_rp": r"\(?\s*g?_?bp\s*[-_ ]\s*g?_?rp\s*\)?",
    "bp_g": r"\(?\s*g?_?bp\s*[-_]\s*g\b\s*\)?",
    "g_rp": r"\(?\s*\bg\s*[-_]\s*g?_?rp\s*\)?",
}
_ANY = r"\b(?:the )?colou?r(?: index)?\b"
_G = r"\b(?:phot_)?g(?:_mean_mag)?\b(?: ?mag(?:nitude)?s?)?"
_MAG = rf"(?:{_G}|\b(?:apparent )?mag(?:nitude)?s?\b(?: g\b)?)"
_LESS, _MORE = r"(?:<=?)", r"(?:>=?)"
_RANGE = r"(?:(?:between|from|of|in the range(?: of)?|range|:|=)\s*)?"
_TO = r"(?:and|to|-|\.\.|,|until|up to)"
_BETWEEN = (
    rf"(?:is |are |in |lies |ranging |values? )*{_RANGE}"
    rf"[\[(]?(?P<low>{_N})\s*{_TO}\s*(?P<high>{_N})[\])]?"
)
_ABOVE = r"above|over|greater than|larger than|more than|redder than|at least|fainter than"
_BELOW = r"below|under|less than|smaller than|bluer than|at most|brighter than|up to"

_EXCEEDS = rf"(?:{_MORE}|(?:is |are |of |be |a )*(?:{_ABOVE}))"
_FALLS_SHORT = rf"(?:{_LESS}|(?:is |are |of |be |a )*(?:{_BELOW}))"


@dataclass(frozen=True, slots=True)
class Bounds:
    """A range [mag]; None leaves it open on that side."""

    low: float | None
    high: float | None
    of: str
    """``bp_rp``, ``bp_g``, ``g_rp``, or ``g`` for the magnitude."""


def colour_bounds_in(reader: Reader) -> Bounds | None:
    """Take the bounds of a colour."""
    for name, quantity in (*_COLOURS.items(), ("bp_rp", _ANY)):
        said = rf"{quantity}(?: colou?rs?)?(?: index)?"
        found = _range_of(reader, said, name, "colour")
        if found:
            return found
    return _by_words(reader)


def magnitude_bounds_in(reader: Reader) -> Bounds | None:
    """Take the bounds of the magnitude G; ``brighter than 15`` is an upper one."""
    found = _range_of(reader, _MAG, "g", "magnitude")
    if found:
        return found
    low = _first(reader, rf"(?:fainter|dimmer) (?:than|then) (?:{_MAG}\s*)?(?:of )?=? ?(?P<n>{_N})")
    high = _first(reader, rf"brighter (?:than|then) (?:{_MAG}\s*)?(?:of )?=? ?(?P<n>{_N})")
    if low is None and high is None:
        return None
    return Bounds(low, high, "g")


def _range_of(reader: Reader, quantity: str, name: str, kind: str) -> Bounds | None:
    for pattern in _two_sided(quantity):
        taken = reader.take(_compiled(pattern), kind, _pair)
        if taken:
            low, high = sorted(taken[0])
            return Bounds(low, high, name)
    least = _first(reader, rf"{quantity}\s*{_EXCEEDS}\s*(?P<n>{_N})", kind)
    most = _first(reader, rf"{quantity}\s*{_FALLS_SHORT}\s*(?P<n>{_N})", kind)
    return None if least is None and most is None else Bounds(least, most, name)


def _two_sided(quantity: str) -> tuple[str, ...]:
    low, high = rf"(?P<low>{_N})", rf"(?P<high>{_N})"
    within = r"(?:mag\w*\s*)?(?:in|for|on)\s*(?:the )?"
    above, below = _EXCEEDS, _FALLS_SHORT
    also = rf"\s*(?:and|but|,|&)+\s*(?:{quantity}\s*)?"
    return (
        rf"{low}\s*{_LESS}\s*{quantity}\s*{_LESS}\s*{high}",
        rf"{high}\s*{_MORE}\s*{quantity}\s*{_MORE}\s*{low}",
        rf"{quantity}\s*{above}\s*{low}{also}{below}\s*{high}",
        rf"{quantity}\s*{below}\s*{high}{also}{above}\s*{low}",
        rf"{quantity},?\s*{_BETWEEN}",
        rf"(?:(?:between|from)\s+)?{low}\s*(?:and|to|-)\s*{high}\s*{within}{quantity}",
    )


def _pair(match: re.Match[str]) -> tuple[float, float]:
    return float(match["low"]), float(match["high"])


def _by_words(reader: Reader) -> Bounds | None:
    low = _first(reader, rf"redder than (?P<n>{_N})", "colour")
    high = _first(reader, rf"bluer than (?P<n>{_N})", "colour")
    return None if low is None and high is None else Bounds(low, high, "bp_rp")


def _first(reader: Reader, pattern: str, kind: str = "magnitude") -> float | None:
    taken = reader.take(_compiled(pattern), kind, lambda m: float(m["n"]))
    return taken[0] if taken else None


def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w.]){pattern}(?:th|st|nd|rd)?(?!\w|\.\d)", re.IGNORECASE)

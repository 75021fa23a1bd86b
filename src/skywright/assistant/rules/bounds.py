"""Bounds of colours and magnitudes, from ``0.8 < BP-RP < 1.5`` to "G brighter than 15"."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from skywright.assistant.rules.negation import is_left_out
from skywright.assistant.rules.reading import Reader

_N = r"[+-]?(?:\d+(?:\.\d+)?|\.\d+)"
_COLOURS = {
    "bp_rp": r"\(?\s*g?_?bp\s*[-_ ]\s*g?_?rp\s*\)?",
    "bp_g": r"\(?\s*g?_?bp\s*[-_]\s*g\b\s*\)?",
    "g_rp": r"\(?\s*\bg\s*[-_]\s*g?_?rp\s*\)?",
    **{
        f"{blue}_{red}": rf"\(?\s*\b{blue}\s*[-_]\s*{red}s?\b\s*\)?"
        for blue, red in ("ug", "gr", "gi", "ri", "iz", "bv", "jh", "jk", "hk")
    },
}
_ANY = r"\b(?:the )?colou?rs?(?: (?:index|indices))?\b"
_G = r"\b(?:phot_)?g(?:_mean_mag)?\b(?: ?mag(?:nitude)?s?)?"
_MAG = rf"(?:{_G}|\b(?:apparent )?mag(?:nitude)?s?\b(?: g\b)?)"
_BANDS = {
    **{
        band: rf"(?-i:\b{band}s?)(?:[- ]?(?:band|mag(?:nitude)?s?))*(?:\s*of)?(?![\w-])"
        for band in ("V", "r", "i", "H", "K")
    },
    "g": _MAG,
}
"""Bands that can be cut by, and how they are written; any magnitude is that of Gaia."""
_LESS, _MORE = r"(?:<=?)", r"(?:>=?)"
_RANGE = r"(?:(?:between|from|of|in the range(?: of)?|range|:|=)\s*)?"
_TO = r"(?:and|to|-|\.\.\.?|,|until|up to)"
_BETWEEN = (
    rf"(?:is |are |in |lies |ranging |values? )*{_RANGE}"
    rf"[\[(]?(?P<low>{_N})\s*{_TO}\s*(?P<high>{_N})[\])]?"
)
ABOVE = (
    r"above|over|greater than|larger than|bigger than|higher than|exceeding|more than|redder than"
    r"|at least|fainter than"
)
BELOW = r"below|under|less than|lower than|smaller than|bluer than|at most|brighter than|up to"

_IS = r"(?:(?:is|are|of|be|a|not|no|isn't|aren't|that|which) )*"
_SIDE = (
    r"[^.]{0,40}?\b(?P<side>red|redder|blue|bluer|bright|brighter|faint|fainter) "
    r"(?:side|half|part|ones|end|stars)"
)
_AROUND = r"(?:around|about|near|close to|roughly|approximately|~|=|of)?"
_GIVE_OR_TAKE = (
    r"(?:(?:say|give or take|plus or minus|\+/-|\+-|±|to within|within|with a tolerance of),? ?)+"
)
_EXCEEDS = rf"(?:{_MORE}|{_IS}(?:{ABOVE}))"
_FALLS_SHORT = rf"(?:{_LESS}|{_IS}(?:{BELOW}))"


@dataclass(frozen=True, slots=True)
class Bounds:
    """A range [mag]; None leaves it open on that side."""

    low: float | None
    high: float | None
    of: str
    """A colour, such as ``bp_rp``, or a band; ``g`` is Gaia's."""
    is_outside: bool = False
    """Whether what lies between is to be left out."""


def colour_bounds_in(reader: Reader) -> Bounds | None:
    """Take the bounds of a colour."""
    for name, quantity in (*_COLOURS.items(), ("bp_rp", _ANY)):
        said = rf"{quantity}(?: colou?rs?)?(?: index)?"
        found = _range_of(reader, said, name, "colour")
        if found:
            return found
    return _by_words(reader)


def magnitude_bounds_in(reader: Reader) -> Bounds | None:
    """Take the bounds of a magnitude; ``brighter than 15`` is an upper one of G."""
    for band, quantity in _BANDS.items():
        found = _range_of(reader, quantity, band, "magnitude") or _than(reader, quantity, band)
        if found:
            return found
    return None


def _than(reader: Reader, quantity: str, band: str) -> Bounds | None:
    """Take "brighter than 15" and "fainter than V = 12"; a bare number is one of G."""
    than = rf"(?:than|then) (?:(?:{quantity})\s*)(?:of )?=? ?(?P<n>{_N})"
    if band == "g":
        than = rf"(?:than|then) (?:(?:{quantity})\s*)?(?:of )?=? ?(?P<n>{_N})"
    found = _one_sided(reader, (rf"(?:fainter|dimmer) {than}", rf"brighter {than}"), band)
    if found or band == "g":
        return found
    than = rf"than (?P<n>{_N})(?:th)?(?: ?mag\w*)? in (?:the )?{quantity}"
    return _one_sided(reader, (rf"(?:fainter|dimmer) {than}", rf"brighter {than}"), band)


def _range_of(reader: Reader, quantity: str, name: str, kind: str) -> Bounds | None:
    def pair(match: re.Match[str]) -> Bounds:
        low, high = sorted((float(match["low"]), float(match["high"])))
        return Bounds(low, high, name, is_outside=is_left_out(match.string[: match.start()]))

    def middle(match: re.Match[str]) -> Bounds:
        mid, half = float(match["mid"]), abs(float(match["half"]))
        is_outside = is_left_out(match.string[: match.start()])
        return Bounds(mid - half, mid + half, name, is_outside=is_outside)

    def side(match: re.Match[str]) -> Bounds:
        is_upper = match["side"].lower().startswith(("blu", "bright"))
        is_upper ^= is_left_out(match.string[match.end("n") : match.start("side")])
        value = float(match["n"])
        return Bounds(None, value, name) if is_upper else Bounds(value, None, name)

    for pattern in _two_sided(quantity):
        taken = reader.take(_compiled(pattern), kind, pair)
        if taken:
            return taken[0]
    half = rf",? ?{_GIVE_OR_TAKE} ?(?P<half>{_N})"
    around = rf"{quantity}(?: (?:is|are|of))?\s*{_AROUND}\s*(?P<mid>{_N}){half}"
    taken = reader.take(_compiled(around), kind, middle)
    if taken:
        return taken[0]
    taken = reader.take(_compiled(rf"{quantity}\s*(?:=|at|of)\s*(?P<n>{_N}){_SIDE}"), kind, side)
    if taken:
        return taken[0]
    least = rf"{quantity}\s*{_EXCEEDS}\s*(?P<n>{_N})"
    most = rf"{quantity}\s*{_FALLS_SHORT}\s*(?P<n>{_N})"
    return _one_sided(reader, (least, most), name, kind)


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
        rf"(?:(?:between|from)\s+)?{low}\s*(?:and|to|-|\.\.\.?)\s*{high}\s*(?:{within})?{quantity}",
    )


def _by_words(reader: Reader) -> Bounds | None:
    sides = (rf"redder than (?P<n>{_N})", rf"bluer than (?P<n>{_N})")
    return _one_sided(reader, sides, "bp_rp", "colour")


def _one_sided(
    reader: Reader, sides: tuple[str, str], name: str, kind: str = "magnitude"
) -> Bounds | None:
    """Take a lower and an upper bound; one that is to be left out bounds the other side."""
    ends: dict[bool, float] = {}
    for is_low, pattern in zip((True, False), sides, strict=True):
        for value, is_negated in reader.take(_compiled(pattern), kind, _value):
            ends[is_low != is_negated] = value
    return Bounds(ends.get(True), ends.get(False), name) if ends else None


def _value(match: re.Match[str]) -> tuple[float, bool]:
    return float(match["n"]), is_left_out(match.string[: match.start("n")])


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w.]){pattern}(?:th|st|nd|rd)?(?!\w|\.\d)", re.IGNORECASE)

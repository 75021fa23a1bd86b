"""What a question gives that cannot be: a day that no calendar has, a radius of nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

from skywright.assistant.rules.amounts import COUNTED
from skywright.assistant.rules.angles import UNIT
from skywright.assistant.rules.bounds import ABOVE, BELOW, Bounds
from skywright.assistant.rules.impossible_dates import impossible_date_in
from skywright.assistant.rules.numbers import NUMBER
from skywright.assistant.rules.positions import is_off_the_sky
from skywright.assistant.rules.reading import TAKEN, Reader

Part = Literal[
    "span", "radius_deg", "positions", "count", "colour", "magnitude", "condition", "filters"
]

_NEGATIVE = re.compile(
    rf"(?:\b(?:within|radius|of|by|is)|[=:])\s*-\s?{NUMBER}\s?(?:{UNIT})", re.IGNORECASE
)
_BEYOND = re.compile(
    r"(?<!no )\b(?:more|farther|further|greater|larger|wider) than ANGLE (?:away|from|of|off)\b"
    r"|\b(?:beyond|outside(?: of)?) (?:a radius of |of )?ANGLE\b"
    rf"|\b(?:between|from) {NUMBER} ?(?:ANGLE )?(?:and|to|-) ?ANGLE (?:of|from|around|away)\b"
    r"|\b(?:between|from) ANGLE (?:and|to) ANGLE\b|\bannul(?:us|i|ar)\b",
)
_LENGTH = re.compile(
    rf"\b(?:within|radius(?: of)?|closer than|inside) (?:of |about )?(?:{NUMBER}) ?-?"
    r"(?P<unit>k?pc|mpc|(?:kilo|mega)?parsecs?|ly|light[- ]?years?|au|km|kilomet(?:re|er)s?)\b",
    re.IGNORECASE,
)
_BARE = re.compile(
    rf"\b(?:radius|r)\s*(?:of|is|=|:|being)?\s*(?P<n>{NUMBER})(?![\w.])"
    rf"|\b(?:within|inside) (?P<m>{NUMBER}) (?:of|from|around)\b",
    re.IGNORECASE,
)
_OTHER_BAND = re.compile(
    r"(?<![\w-])(?P<band>(?-i:[UBVRIJHKuriz])s?|W[1-4]|absolute)(?:[ -](?:band|mag\w*))*"
    rf"\s*(?:[<>=]|(?:is |are |of )*(?:{ABOVE}|{BELOW}))=?\s*\d"
    r"|\b(?:brighter|fainter) than (?P<also>(?-i:[UBVRIJHKuriz]))\b",
    re.IGNORECASE,
)
_OTHER_COLOUR = re.compile(
    r"(?<![\w-])(?:(?!H ?- ?R)[UBVRIJHK] ?- ?[UBVRIJHK]|[ugriz] ?- ?[ugriz]|W1 ?- ?W[234])s?"
    r"(?![\w-])"
)
_COMPARED = re.compile(
    rf"(?:[\w-]+ )?(?:[<>]=?|\b(?:{ABOVE}|{BELOW}|exceed\w*|between|within|\w+er than)\b)"
    r"\s*(?:[a-z]+\s*=?\s*)?(?<![\w.])\d[\d.]*(?![\w.]*[a-z])",
    re.IGNORECASE,
)
"""A comparison with a number, where it stands in what nothing was read from."""
_COMPARED_SIZE = re.compile(rf"(?:[<>]=?|\b(?:{ABOVE}|{BELOW})) (?:SIZE|MASS|SPEED)\b")
_NONE = re.compile(
    rf"(?:\b(?:top|first|limit(?: of| to)?|at most|max(?:imum)?(?: of)?) (?:0|zero)\b(?!\.)"
    rf"|(?<![\w.-])(?:0|zero) (?:\w+ )?(?:{COUNTED})\b)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that cannot be, and the sentence that asks for it anew."""

    of: Part
    """The part of `Entities` that mends it."""
    sentence: str


def date_faults_in(reader: Reader, today: date) -> Iterator[Fault]:
    """Take dates that cannot be; to be called before the span is read."""
    told = impossible_date_in(reader, today)
    if told:
        yield Fault("span", told)


def faults_in(reader: Reader, radius_deg: float | None) -> Iterator[Fault]:
    """Return what else cannot be, or was not understood; to be called after all was read.

    Parameters
    ----------
    reader : Reader
        The question with its angles and positions taken.
    radius_deg : float or None
        As read [deg].
    """
    yield from _place_faults(reader, radius_deg)
    rest = reader.rest
    if _NONE.search(rest):
        yield Fault("count", "How many are wanted? At least 1.")
    band, colour = _OTHER_BAND.search(rest), _OTHER_COLOUR.search(rest)
    if colour:
        words = f"The colour {colour[0].strip()} is not among those that can be cut"
        yield Fault("colour", f"{words}: BP-RP, BP-G and G-RP. Within which bounds of these?")
    elif band:
        words = (
            f"{band['band'] or band['also']} is not a magnitude that can be cut: only Gaia's G is."
        )
        yield Fault("magnitude", f"{words} Within which bounds of G?")
    elif re.search(r"\babsolute (?:g |mag)", reader.text, re.IGNORECASE) and _is_cut(reader):
        words = "Absolute magnitudes are not in the catalogues: the cut is by the apparent G."
        yield Fault("magnitude", f"{words} Within which bounds of G?")
    elif _COMPARED_SIZE.search(reader.masked()):
        words = "Nothing is chosen by its size, mass or speed."
        yield Fault("condition", f"{words} Say what is wanted in other words.")
    elif compared := _COMPARED.search(rest):
        words = f"What is meant by {compared[0].strip().strip(TAKEN)!r} was not understood."
        yield Fault("condition", f"{words} Say it in other words, or leave it out.")


def _is_cut(reader: Reader) -> bool:
    return any(kind == "magnitude" for _, _, kind in reader.taken)


def bound_faults_of(bounds: Bounds | None, part: Part) -> Iterator[Fault]:
    """Return that a range is to be left out, which no single cut does."""
    if bounds and bounds.is_outside:
        words = f"What lies on both sides of {bounds.low:g} to {bounds.high:g} is no single cut."
        yield Fault(part, f"{words} Which side is to be kept?")


def denied_faults(named: Iterable[str]) -> Iterator[Fault]:
    """Return that something is to be left out, where tools only choose what is named."""
    for one in named:
        words = f"All but {one} cannot be searched for: name what is wanted instead."
        yield Fault("filters", words)


def _place_faults(reader: Reader, radius_deg: float | None) -> Iterator[Fault]:
    rest = reader.rest
    if is_off_the_sky(reader.text):
        yield Fault("positions", "Which position? RA lies in 0 to 360 degrees, Dec in -90 to 90.")
    if radius_deg == 0 or _NEGATIVE.search(rest):
        said = "A radius of 0 holds nothing." if radius_deg == 0 else "No radius is negative."
        yield Fault("radius_deg", f"{said} Which radius do you mean? For example 5 arcmin.")
    elif _BEYOND.search(reader.masked()):
        yield Fault("radius_deg", "What lies outside of a radius is not searched. Within which?")
    bare = _BARE.search(rest)
    if bare and radius_deg is None:
        words = f"{bare['n'] or bare['m']} of which unit is the radius?"
        yield Fault("radius_deg", f"{words} Give it as 5 arcmin, 30 arcsec or 0.1 degrees.")
    length = _LENGTH.search(rest)
    if length and radius_deg is None:
        words = f"{length['unit']} is no angle on the sky."
        yield Fault("radius_deg", f"{words} Within which angle, such as 5 arcmin or 0.1 degrees?")

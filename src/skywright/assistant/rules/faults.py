"""What a question gives that cannot be: a day that no calendar has, a radius of nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

from skywright.assistant.rules.amounts import COUNTED
from skywright.assistant.rules.angles import UNIT
from skywright.assistant.rules.dates import impossible_date_in
from skywright.assistant.rules.numbers import NUMBER
from skywright.assistant.rules.positions import is_off_the_sky
from skywright.assistant.rules.reading import Reader

Part = Literal["span", "radius_deg", "positions", "count"]

_NEGATIVE = re.compile(
    rf"(?:\b(?:within|radius|of|by|is)|[=:])\s*-\s?{NUMBER}\s?(?:{UNIT})", re.IGNORECASE
)
_BEYOND = re.compile(
    r"\b(?:more|farther|further|greater|larger|wider) than \x1f+ (?:away|from|of|off|around)\b"
    r"|\b(?:beyond|outside(?: of)?) (?:a radius of |of )?\x1f",
    re.IGNORECASE,
)
_RING = re.compile(
    rf"\b(?:between|from) {NUMBER} ?(?:\x1f+ ?)?(?:and|to|-) ?\x1f+ ?(?:of|from|around|away)\b"
    r"|\bannul(?:us|i|ar)\b",
    re.IGNORECASE,
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
    """Return what else cannot be; to be called after everything was read.

    Parameters
    ----------
    reader : Reader
        The question with its angles and positions taken.
    radius_deg : float or None
        As read [deg].
    """
    rest = reader.rest
    if is_off_the_sky(reader.text):
        yield Fault("positions", "Which position? RA lies in 0 to 360 degrees, Dec in -90 to 90.")
    if radius_deg == 0 or _NEGATIVE.search(rest):
        said = "A radius of 0 holds nothing." if radius_deg == 0 else "No radius is negative."
        yield Fault("radius_deg", f"{said} Which radius do you mean? For example 5 arcmin.")
    elif _BEYOND.search(rest) or _RING.search(rest):
        yield Fault("radius_deg", "What lies outside of a radius is not searched. Within which?")
    bare = _BARE.search(rest)
    if bare and radius_deg is None:
        words = f"{bare['n'] or bare['m']} of which unit is the radius?"
        yield Fault("radius_deg", f"{words} Give it as 5 arcmin, 30 arcsec or 0.1 degrees.")
    length = _LENGTH.search(rest)
    if length and radius_deg is None:
        words = f"{length['unit']} is no angle on the sky."
        yield Fault("radius_deg", f"{words} Within which angle, such as 5 arcmin or 0.1 degrees?")
    if _NONE.search(rest):
        yield Fault("count", "How many are wanted? At least 1.")

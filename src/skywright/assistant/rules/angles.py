"""Angles with their units, from ``5'`` to "five arcminutes", in degrees."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from skywright.assistant.rules.numbers import NUMBER, number_of
from skywright.assistant.rules.reading import Reader

_UNITS = {
    "deg": (r"degrees?|degs?\b\.?|dg\b|°", 1.0),
    "rad": (r"radians?\b|rads?\b", math.degrees(1)),
    "mrad": (r"mrads?\b|milli-?radians?\b", math.degrees(1e-3)),
    "arcmin": (r"arc ?-?min(?:ute)?s?\b\.?|amin\b|'(?!\w)|minutes? of arc|mins? of arc", 1 / 60),
    "arcsec": (r"arc ?-?sec(?:ond)?s?\b\.?|asec\b|\"(?!\w)|seconds? of arc|secs? of arc", 1 / 3600),
    "mas": (r"mas\b|milli-?arc ?-?sec(?:ond)?s?\b", 1 / 3.6e6),
}
UNIT = "|".join(pattern for pattern, _ in _UNITS.values())
"""Any unit of an angle."""
_UNIT = "|".join(f"(?P<{name}>{pattern})" for name, (pattern, _) in _UNITS.items())
_GROUPED = r"\d{1,3}(?:,\d{3})+|\d+,\d{1,2}"
"""Thousands in groups, or a decimal comma."""
_ANGLE = re.compile(rf"(?<![\w.,+-])(?P<number>{_GROUPED}|{NUMBER})[ -]?(?:{_UNIT})", re.IGNORECASE)
_JOINT = re.compile(r"[\s\x1f]*(?:and|,)?[\s\x1f]*", re.IGNORECASE)
_ACROSS = re.compile(
    r"\b(?:diameter|across|wide|in width|field of view|fov|box|square)\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Angle:
    """An angle where it stands in the question."""

    deg: float
    start: int
    stop: int


def angles_in(reader: Reader) -> list[Angle]:
    """Take the angles [deg]; ``1 degree 30 arcmin`` is one."""

    def read(match: re.Match[str]) -> Angle | None:
        factor = next(factor for name, (_, factor) in _UNITS.items() if match[name])
        deg = _number(match["number"]) * factor
        return Angle(deg, *match.span()) if math.isfinite(deg) else None

    joined: list[Angle] = []
    for one in reader.take(_ANGLE, "angle", read):
        last = joined[-1] if joined else None
        between = reader.rest[last.stop : one.start] if last else "no"
        if last and _JOINT.fullmatch(between) and one.deg < last.deg:
            joined[-1] = Angle(last.deg + one.deg, last.start, one.stop)
        else:
            joined.append(one)
    return joined


def _number(text: str) -> float:
    if "," not in text:
        return number_of(text)
    is_grouped = len(text.rpartition(",")[2]) == 3
    return float(text.replace(",", "" if is_grouped else "."))


def radius_deg(reader: Reader, angles: list[Angle]) -> float | None:
    """Return the first angle as a radius: what is said to be a diameter counts half."""
    if not angles:
        return None
    first = angles[0]
    near = reader.rest[max(0, first.start - 24) : first.stop + 18]
    return first.deg / 2 if _ACROSS.search(near) else first.deg

"""Dates as they are written, and spans of days."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date
from functools import cache

MONTHS = (
    {name.lower(): k for k, name in enumerate(calendar.month_name) if k}
    | {name.lower(): k for k, name in enumerate(calendar.month_abbr) if k}
    | {"sept": 9}
)
MONTH = "|".join(sorted(MONTHS, key=len, reverse=True))
LONG_MONTH = "|".join(name.lower() for name in calendar.month_name if name)
YEAR = r"(?:1[89]|20)\d\d"
DAY = r"\d{1,2}(?:st|nd|rd|th)?"
_CLOCK = r"(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?Z?)?"
"""A time of day behind an ISO date is read over: days are what is asked by."""
_UNITS = (
    r"k|kelvins?|km|kg|m|g|ly|pc|kpc|mpc|au|days?|hours?|minutes?|seconds?|years?|light[- ]years?"
    r"|parsecs?|stars?|sources?|rows?|objects?|degrees?|arc\w+|solar|earths?|jupiters?|tonnes?|tons?"
)
"""What a number that looks like a year counts instead."""
_WRITTEN = (
    rf"(?P<y0_#>{YEAR})(?P<sep#>[-/.])(?P<m0_#>\d{{1,2}})(?:(?P=sep#)(?P<d0_#>\d{{1,2}}){_CLOCK})?",
    rf"(?:(?P<d1_#>{DAY})(?: of)?[ -])?(?P<m1_#>{MONTH})\.?,?[ -](?P<y1_#>{YEAR})",
    rf"(?P<m2_#>{MONTH})\.?[ -](?P<d2_#>{DAY}),?[ -](?P<y2_#>{YEAR})",
    rf"(?P<y3_#>{YEAR})[ -](?P<m3_#>{MONTH})\.?(?:[ -](?P<d3_#>{DAY}))?",
    rf"(?P<d4_#>\d{{1,2}})\.\s?(?P<m4_#>\d{{1,2}})\.\s?(?P<y4_#>{YEAR})",
    rf"(?:(?P<d5_#>\d{{1,2}})/)?(?P<m5_#>\d{{1,2}})/(?P<y5_#>{YEAR})",
    rf"(?:the )?(?:year )?(?P<y6_#>{YEAR})(?! ?(?:{_UNITS})\b)",
)
"""Ways to write a date, those that hold others first; the fifth and sixth begin with the day."""
SLASHES = 5
FORMS = range(len(_WRITTEN))
DATE = f"(?:{'|'.join(_WRITTEN)})"


@dataclass(frozen=True, slots=True)
class Span:
    """Days from ``since`` to ``until``, both included; None leaves it open on that side."""

    since: date | None
    until: date | None
    is_day: bool = False
    """Whether one day was named."""
    is_to_come: bool = False
    """Whether it begins after the day of the question."""
    is_today: bool = False
    is_over: bool = False
    """Whether it ends before that day."""


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    """Return a pattern of whole words and numbers, without regard to case."""
    return re.compile(rf"(?<![\w.+-]){pattern}(?![\w]|\.\d|-\d)", re.IGNORECASE)


def parts(match: re.Match[str], k: int = 1) -> tuple[int, int | None, int | None]:
    """Return year, month and day of the k-th date of a match; None for what is not said."""
    group = match.groupdict()
    form = next(one for one in FORMS if group[f"y{one}_{k}"])
    month, day = group.get(f"m{form}_{k}"), group.get(f"d{form}_{k}")
    number = None if month is None else MONTHS.get(month.lower()) or int(month)
    days = int(re.sub(r"\D", "", day)) if day else None
    if form == SLASHES and days and number and number > 12 >= days:
        number, days = days, number  # as it is written in America
    return int(group[f"y{form}_{k}"]), number, days


def first_of(match: re.Match[str], k: int = 1) -> date:
    """Return the first day of the k-th date of a match."""
    year, month, day = parts(match, k)
    month = min(max(month or 1, 1), 12)
    return date(year, month, min(day or 1, calendar.monthrange(year, month)[1]))


def last_of(match: re.Match[str], k: int = 1) -> date:
    """Return the last day of the k-th date of a match."""
    year, month, day = parts(match, k)
    month = min(max(month or 12, 1), 12)
    longest = calendar.monthrange(year, month)[1]
    return date(year, month, min(day or longest, longest))

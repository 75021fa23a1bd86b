"""Dates that no calendar has, that lack their year, or that are not understood."""

from __future__ import annotations

import calendar
import re
from datetime import date

from skywright.assistant.rules.dates import span_in
from skywright.assistant.rules.reading import Reader
from skywright.assistant.rules.written_dates import (
    DATE,
    DAY,
    LONG_MONTH,
    MONTH,
    SLASHES,
    compiled,
    parts,
)

_WITHOUT_YEAR = (
    rf"(?P<said>{DAY}(?: of)? (?:{MONTH}))",
    rf"(?<!long )(?P<said>(?:{LONG_MONTH}) {DAY})",  # "dec 10" is a declination
    rf"(?:in|during|until|before|after|from|between) (?P<said>{LONG_MONTH})",
)
_FAR_YEAR = re.compile(
    r"\b(?:in|since|during|before|after|until|year) (?:the year )?(?P<year>\d{4})"
    r"(?=\s*(?:[?.!,]|$|and\b|by\b|with\b))",
    re.IGNORECASE,
)
"""A number behind "in" is a year only where nothing follows that it could count."""
_NOT_READ = re.compile(
    r"\b(?:\w+ ago|(?:the )?(?:day|week|month|year) (?:before|after)|birthday|easter"
    r"|thanksgiving|solstice|equinox|weekend|spring|summer|autumn|winter)\b",
    re.IGNORECASE,
)
"""Words of time that are not understood."""


def impossible_date_in(reader: Reader, today: date) -> str:
    """Take dates that no calendar has, or that can be read in two ways.

    Returns
    -------
    str
        A sentence on the first that asks for another, empty if all are possible.
    """
    whole = compiled(DATE.replace("#", "1"))
    told = reader.take(whole, "time", _fault)
    if told:
        return told[0]
    rest = reader.rest
    is_read = span_in(Reader(rest), today) is not None
    for pattern in _WITHOUT_YEAR:
        if not is_read and (found := compiled(pattern).search(rest)):
            return f"{found['said'].strip()} of which year? Write it as {today.year}-03-14."
    found = _NOT_READ.search(rest)
    if found and not is_read:
        return f"{found[0]!r} was not understood. Write the day as {today.year}-03-14."
    found = _FAR_YEAR.search(rest)
    if found and not 1800 <= int(found["year"]) <= 2099:
        return f"The year {found['year']} lies outside of 1800 to 2099. Which year do you mean?"
    return ""


def _fault(match: re.Match[str]) -> str | None:
    year, month, day = parts(match)
    if month is None or _is_years(match):
        return None
    if not 1 <= month <= 12:
        return f"{match[0].strip()} is no date: a year has 12 months. Which day do you mean?"
    days = calendar.monthrange(year, month)[1]
    if day is not None and not 1 <= day <= days:
        name = calendar.month_name[month]
        return f"{match[0].strip()} is no date: {name} {year} has {days} days. Which do you mean?"
    if day and match[f"y{SLASHES}_1"] and max(day, month) <= 12 and day != month:
        one, other = date(year, month, day), date(year, day, month)
        return f"Is {match[0].strip()} {one} or {other}? Write the day in this way."
    return None


def _is_years(match: re.Match[str]) -> bool:
    """Tell whether ``2018-22`` is from 2018 to 2022."""
    year, month, day = parts(match)
    is_iso = bool(match["y0_1"]) and match["sep1"] == "-" and len(match["m0_1"]) == 2
    return is_iso and day is None and month is not None and month > max(12, year % 100)

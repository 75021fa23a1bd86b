"""Spans that are counted from today: "last month", "three days ago", "next week"."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from datetime import date, timedelta

from skywright.assistant.rules.numbers import NUMBER, number_of
from skywright.assistant.rules.written_dates import LONG_MONTH, MONTHS, YEAR, Span

_IN = r"in|during|of|for|from|on|within|throughout|at"
_UNIT = r"(?P<unit>day|week|fortnight|month|year|decade|century)"
_DAYS = {"day": 1, "week": 7, "fortnight": 14, "month": 30}
_YEARS = {"year": 1, "decade": 10, "century": 100}
_MOST = 10_000
"""Units that are counted back or ahead; more reach beyond any calendar."""
_WEEKDAYS = [name.lower() for name in calendar.day_name]
_FEASTS = {
    "christmas eve": (12, 24), "christmas": (12, 25), "xmas": (12, 25), "new year's eve": (12, 31),
    "new year's day": (1, 1), "new year": (1, 1), "halloween": (10, 31),
    "valentine's day": (2, 14),
}  # fmt: skip
_TO_COME = re.compile(
    r"\b(?:planned|scheduled|upcoming|due|next|coming|will|going to|expected|slated|future"
    r"|launching|flying|lifting off)\b",
    re.IGNORECASE,
)


def _latest_month(match: re.Match[str], today: date) -> Span:
    month = MONTHS[match["month"].lower()]
    year = today.year if month <= today.month else today.year - 1
    first = date(year, month, 1)
    if match["which"].lower() == "since":
        return Span(first, None)
    return Span(first, date(year, month, calendar.monthrange(year, month)[1]))


def _month_to_come(match: re.Match[str], today: date) -> Span | None:
    """Read "planned for December", where a month without its year is the next."""
    if not _TO_COME.search(match.string):
        return None
    month = MONTHS[match["month"].lower()]
    year = today.year if month >= today.month else today.year + 1
    return Span(date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1]))


def _count(text: str) -> int:
    return int(min(number_of(text), _MOST))


def _moved(day: date, days: int) -> date:
    return date.fromordinal(min(max(day.toordinal() + days, 1), date.max.toordinal()))


def _back(match: re.Match[str], today: date) -> Span:
    """Whole years back for years (the last 5 years of 2026 start in 2021), days otherwise."""
    count = _count(match["n"])
    unit = match["unit"].lower()
    if unit in _YEARS:
        return Span(date(max(today.year - _YEARS[unit] * count, 1), 1, 1), today)
    return Span(_moved(today, -_DAYS[unit] * count), today)


def _ahead(match: re.Match[str], today: date) -> Span:
    count = _count(match["n"] or "one")
    unit = match["unit"].lower()
    days = 365 * _YEARS[unit] * count if unit in _YEARS else _DAYS[unit] * count
    return Span(today, _moved(today, days))


def _named_period(match: re.Match[str], today: date) -> Span:
    is_last = match["which"].lower() in {"last", "previous", "past"}
    unit = match["unit"].lower()
    if unit == "year":
        year = today.year - is_last
        return Span(date(year, 1, 1), date(year, 12, 31))
    if unit == "month":
        start = today.replace(day=1)
        if is_last:
            start = (start - timedelta(1)).replace(day=1)
        longest = calendar.monthrange(start.year, start.month)[1]
        return Span(start, start.replace(day=longest))
    if unit == "decade":
        first = today.year - 10 if is_last else today.year // 10 * 10
        return Span(date(first, 1, 1), today)
    if unit == "century":
        first = today.year // 100 * 100 - 100 * is_last
        return Span(date(first, 1, 1), date(first + 99, 12, 31))
    if unit == "week" and not is_last:
        monday = today - timedelta(today.weekday())
        return Span(monday, monday + timedelta(6))
    return Span(today - timedelta(_DAYS[unit]), today)


def _near_day(match: re.Match[str], today: date) -> Span:
    day = today + timedelta({"yesterday": -1, "today": 0, "tomorrow": 1}[match["which"].lower()])
    return Span(day, day, is_day=True)


def _ago(match: re.Match[str], today: date) -> Span | None:
    """Read "three days ago" as that day, "two years ago" as that year."""
    count, unit = _count(match["n"]), match["unit"].lower()
    if count >= _MOST:
        return None
    if unit in _YEARS:
        year = max(today.year - _YEARS[unit] * count, 1)
        return Span(date(year, 1, 1), date(year, 12, 31))
    day = _moved(today, -_DAYS[unit] * count)
    return Span(day, day, is_day=True)


def _weekday(match: re.Match[str], today: date) -> Span:
    """Read "last Monday" and "on Monday" as the latest, "next Monday" as that to come."""
    wanted = _WEEKDAYS.index(match["weekday"].lower())
    which = (match["which"] or "").lower()
    if which in {"next", "coming"} or (not which and _TO_COME.search(match.string)):
        day = today + timedelta((wanted - today.weekday() - 1) % 7 + 1)
    else:
        day = today - timedelta((today.weekday() - wanted - 1) % 7 + 1)
    return Span(day, day, is_day=True)


def _feast(match: re.Match[str], today: date) -> Span:
    """Read a feast of a year, or the latest."""
    month, day = _FEASTS[match["feast"].lower()]
    latest = today.year if (month, day) <= (today.month, today.day) else today.year - 1
    found = date(int(match["year"]) if match["year"] else latest, month, day)
    return Span(found, found, is_day=True)


def _in_year(day: date | None, years: int) -> date | None:
    """Return the same day some years later; the last of February stays the last."""
    if day is None:
        return None
    longest = calendar.monthrange(day.year + years, day.month)[1]
    is_last = day.day == calendar.monthrange(day.year, day.month)[1]
    return date(day.year + years, day.month, longest if is_last else min(day.day, longest))


def shifted(text: str, span: Span) -> Span | None:
    """Return the span that "the year before" and the like mean after another was spoken of.

    Parameters
    ----------
    text : str
        The question.
    span : Span
        Spoken of last.
    """
    found = _SHIFT.search(text)
    start = span.since or span.until
    if not found or start is None:
        return None
    way = found["way"] or found["side"] or found["bare"]
    sign = -1 if way.lower() in _EARLIER else 1
    unit = (found["unit"] or found["also"] or found["day"]).lower()
    if unit in _YEARS:
        years = sign * _YEARS[unit]
        return Span(_in_year(span.since, years), _in_year(span.until, years), is_day=span.is_day)
    if unit == "month":
        month = start.month - 1 + sign
        first = date(start.year + month // 12, month % 12 + 1, 1)
        return Span(first, first.replace(day=calendar.monthrange(first.year, first.month)[1]))
    day = start + timedelta(sign * _DAYS[unit])
    return Span(day, day + timedelta(_DAYS[unit] - 1), is_day=unit == "day")


_EARLIER = frozenset(["before", "earlier", "previous", "preceding"])
_SHIFT = re.compile(
    r"\b(?:the|a|one) (?P<unit>day|week|month|year|decade) (?P<way>before|after|earlier|later)\b"
    r"|\bthe (?P<side>previous|preceding|following|next) (?P<also>day|week|month|year|decade)\b"
    r"|^(?:and )?(?P<bare>next|previous) (?P<day>day)\W*$",
    re.IGNORECASE,
)
_WHICH_DAY = "(?:(?P<which>last|this|past|previous|next|coming) )?"
_FEAST = rf"(?:on |at |for )?(?P<feast>{'|'.join(_FEASTS)})(?: day)?"
FEASTS = ((rf"{_FEAST},? (?:(?:of|in) )?(?P<year>{YEAR})", _feast),)
"""To be read before a year by itself."""
PATTERNS: tuple[tuple[str, Callable[[re.Match[str], date], Span | None]], ...] = (
    (rf"(?:{_IN}|over)? ?(?:the )?(?:last|past|previous) (?P<n>{NUMBER}) {_UNIT}s?", _back),
    (rf"(?:no|not|nothing) (?:older|earlier) than (?:the last )?(?P<n>{NUMBER}) {_UNIT}s?", _back),
    (rf"(?:newer|younger|more recent|less) than (?P<n>{NUMBER}) {_UNIT}s?(?: old)?", _back),
    (rf"(?:from )?(?:about )?(?P<n>{NUMBER}) {_UNIT}s? ago", _ago),
    (
        rf"(?:{_IN}|over)? ?(?:the )?(?P<which>last|this|past|previous|current) {_UNIT}",
        _named_period,
    ),
    (rf"(?:{_IN}|over)? ?(?:the )?(?:next|coming) (?:(?P<n>{NUMBER}) )?{_UNIT}s?", _ahead),
    (rf"(?P<which>since|last|past|this)(?: last)? (?P<month>{LONG_MONTH})", _latest_month),
    (rf"(?:in|for|during|next|coming|by|this) (?P<month>{LONG_MONTH})", _month_to_come),
    (
        rf"(?:on |from )?(?:the )?{_WHICH_DAY}(?P<weekday>{'|'.join(_WEEKDAYS)})",
        _weekday,
    ),
    (rf"{_FEAST}(?P<year>)", _feast),
    (r"(?P<which>today|yesterday|tomorrow)(?:'s)?", _near_day),
)

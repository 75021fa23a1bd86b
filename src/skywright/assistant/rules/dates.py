"""Dates and spans of time, from "since 2020" to "last month"; today is given, never read."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from skywright.assistant.rules.numbers import NUMBER, number_of
from skywright.assistant.rules.reading import Reader

_MONTHS = {name.lower(): k for k, name in enumerate(calendar.month_name) if k} | {
    name.lower(): k for k, name in enumerate(calendar.month_abbr) if k
}
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
_YEAR = r"(?:1[89]|20)\d\d"
_ISO = rf"(?P<y#>{_YEAR})-(?P<m#>\d\d)(?:-(?P<d#>\d\d))?"
_NTH = r"(?:st|nd|rd|th)?"
_IN_WORDS = (
    rf"(?:(?P<db#>\d{{1,2}}){_NTH}(?: of)? )?(?P<mb#>{_MONTH})\.?"
    rf"(?: (?P<dc#>\d{{1,2}}){_NTH},?)?,? (?P<yb#>{_YEAR})"
)
_DATE = rf"(?:{_ISO}|{_IN_WORDS}|(?:the )?(?:year )?(?P<yc#>{_YEAR}))"


@dataclass(frozen=True, slots=True)
class Span:
    """Days from ``since`` to ``until``, both included; None leaves it open on that side."""

    since: date | None
    until: date | None
    is_day: bool = False
    """Whether one day was named."""


def span_in(reader: Reader, today: date) -> Span | None:
    """Take the span of time that a question names, as of ``today`` (UTC)."""
    for pattern, meaning in _PATTERNS:

        def read(
            match: re.Match[str], meaning: Callable[[re.Match[str], date], Span] = meaning
        ) -> Span:
            return meaning(match, today)

        taken = reader.take(_compiled(pattern), "time", read)
        if taken:
            return taken[0]
    return None


def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w.+-]){pattern}(?![\w]|\.\d|-\d)", re.IGNORECASE)


def _parts(match: re.Match[str], k: int = 1) -> tuple[int, int | None, int | None]:
    group = match.groupdict()
    year = group[f"y{k}"] or group[f"yb{k}"] or group[f"yc{k}"]
    month = group[f"m{k}"] or group[f"mb{k}"]
    day = group[f"d{k}"] or group[f"db{k}"] or group[f"dc{k}"]
    number = None if month is None else _MONTHS.get(month.lower()) or int(month)
    return int(year), number, int(day) if day else None


def _within(match: re.Match[str], _today: date) -> Span:
    return Span(_first(match), _last(match), is_day=_parts(match)[2] is not None)


def _since(match: re.Match[str], _today: date) -> Span:
    return Span(_first(match), None, is_day=_parts(match)[2] is not None)


def _before(match: re.Match[str], _today: date) -> Span:
    return Span(None, _first(match) - timedelta(1))


def _until(match: re.Match[str], _today: date) -> Span:
    return Span(None, _last(match))


def _first(match: re.Match[str], k: int = 1) -> date:
    year, month, day = _parts(match, k)
    month = min(max(month or 1, 1), 12)
    return date(year, month, min(day or 1, calendar.monthrange(year, month)[1]))


def _last(match: re.Match[str], k: int = 1) -> date:
    year, month, day = _parts(match, k)
    month = min(max(month or 12, 1), 12)
    longest = calendar.monthrange(year, month)[1]
    return date(year, month, min(day or longest, longest))


def _between(match: re.Match[str], _today: date) -> Span:
    first, last = _first(match), _last(match, 2)
    return Span(first, last) if first <= last else Span(_first(match, 2), _last(match))


def _after(match: re.Match[str], _today: date) -> Span:
    return Span(_last(match) + timedelta(1), None)


def _decade(match: re.Match[str], _today: date) -> Span:
    year = int(match["decade"])
    return Span(date(year, 1, 1), date(year + 9, 12, 31))


def _back(match: re.Match[str], today: date) -> Span:
    """Whole years back for years (the last 5 years of 2026 start in 2021), days otherwise."""
    count = int(number_of(match["n"]))
    unit = match["unit"].lower()
    if unit == "year":
        return Span(date(max(today.year - count, 1), 1, 1), today)
    days = {"day": 1, "week": 7, "month": 30}[unit] * count
    return Span(today - timedelta(days), today)


def _named_period(match: re.Match[str], today: date) -> Span:
    is_last = match["which"].lower() in {"last", "previous", "past"}
    unit = match["unit"].lower()
    if unit == "year":
        year = today.year - is_last
        return Span(date(year, 1, 1), date(year, 12, 31))
    if unit == "month":
        first = today.replace(day=1)
        if is_last:
            first = (first - timedelta(1)).replace(day=1)
        longest = calendar.monthrange(first.year, first.month)[1]
        return Span(first, first.replace(day=longest))
    days = 7 if unit == "week" else 1
    return Span(today - timedelta(days), today)


def _near_day(match: re.Match[str], today: date) -> Span:
    day = today + timedelta({"yesterday": -1, "today": 0, "tomorrow": 1}[match["which"].lower()])
    return Span(day, day, is_day=True)


_ONE, _TWO = _DATE.replace("#", "1"), _DATE.replace("#", "2")
_UNIT = r"(?P<unit>day|week|month|year)"
_FROM = r"since|from|starting(?: in| from)?|beginning(?: in)?"
_TO = r"until|till|up to|through|to|by the end of|no later than"
_IN = r"in|during|of|for|from|on|within|throughout|at"
_PATTERNS: tuple[tuple[str, Callable[[re.Match[str], date], Span]], ...] = (
    (rf"(?:between|from|in|during)? ?{_ONE} ?(?:and|to|until|till|through|-) ?{_TWO}", _between),
    (rf"(?:{_FROM}) {_ONE}(?: on(?:wards?)?)?", _since),
    (rf"(?:after|past|(?:newer|later|more recent|younger) than) {_ONE}", _after),
    (rf"{_ONE} (?:(?:or|and) (?:later|after|newer)|onwards?)", _since),
    (rf"(?:before|prior to|earlier than|older than) {_ONE}", _before),
    (rf"(?:{_TO}) {_ONE}", _until),
    (rf"(?:{_IN})? ?{_ONE}", _within),
    (r"(?:in|during|from)? ?the (?P<decade>(?:1[89]|20)\d0)s", _decade),
    (rf"(?:{_IN}|over)? ?(?:the )?(?:last|past|previous) (?P<n>{NUMBER}) {_UNIT}s?", _back),
    (
        rf"(?:{_IN}|over)? ?(?:the )?(?P<which>last|this|past|previous|current) {_UNIT}",
        _named_period,
    ),
    (r"(?P<which>today|yesterday|tomorrow)(?:'s)?", _near_day),
)

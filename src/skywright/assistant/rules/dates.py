"""Dates and spans of time, from "since 2020" to "last month"; today is given, never read."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta

from skywright.assistant.rules.numbers import NUMBER, number_of
from skywright.assistant.rules.reading import Reader

_MONTHS = (
    {name.lower(): k for k, name in enumerate(calendar.month_name) if k}
    | {name.lower(): k for k, name in enumerate(calendar.month_abbr) if k}
    | {"sept": 9}
)
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
_LONG_MONTH = "|".join(name.lower() for name in calendar.month_name if name)
_YEAR = r"(?:1[89]|20)\d\d"
_DAY = r"\d{1,2}(?:st|nd|rd|th)?"
_WRITTEN = (
    rf"(?P<y0_#>{_YEAR})(?P<sep#>[-/.])(?P<m0_#>\d{{1,2}})(?:(?P=sep#)(?P<d0_#>\d{{1,2}}))?",
    rf"(?:(?P<d1_#>{_DAY})(?: of)?[ -])?(?P<m1_#>{_MONTH})\.?,?[ -](?P<y1_#>{_YEAR})",
    rf"(?P<m2_#>{_MONTH})\.?[ -](?P<d2_#>{_DAY}),?[ -](?P<y2_#>{_YEAR})",
    rf"(?P<y3_#>{_YEAR})[ -](?P<m3_#>{_MONTH})\.?(?:[ -](?P<d3_#>{_DAY}))?",
    rf"(?P<d4_#>\d{{1,2}})\.\s?(?P<m4_#>\d{{1,2}})\.\s?(?P<y4_#>{_YEAR})",
    rf"(?:(?P<d5_#>\d{{1,2}})/)?(?P<m5_#>\d{{1,2}})/(?P<y5_#>{_YEAR})",
    rf"(?:the )?(?:year )?(?P<y6_#>{_YEAR})",
)
"""Ways to write a date, those that hold others first; the fifth and sixth begin with the day."""
_SLASHES = 5
_FORMS = range(len(_WRITTEN))
_DATE = f"(?:{'|'.join(_WRITTEN)})"


@dataclass(frozen=True, slots=True)
class Span:
    """Days from ``since`` to ``until``, both included; None leaves it open on that side."""

    since: date | None
    until: date | None
    is_day: bool = False
    """Whether one day was named."""
    is_to_come: bool = False
    """Whether it begins after the day of the question."""
    is_over: bool = False
    """Whether it ends before that day."""


def span_in(reader: Reader, today: date) -> Span | None:
    """Take the span of time that a question names, as of ``today`` (UTC)."""
    for pattern, meaning in _PATTERNS:

        def read(
            match: re.Match[str], meaning: Callable[[re.Match[str], date], Span | None] = meaning
        ) -> Span | None:
            return meaning(match, today)

        taken = reader.take(_compiled(pattern), "time", read)
        if taken:
            since, until = taken[0].since, taken[0].until
            is_begun = since is None or since < today
            is_to_come = not is_begun and (since != today or until != today)
            is_over = until is not None and until < today
            return replace(taken[0], is_to_come=is_to_come, is_over=is_over)
    return None


def impossible_date_in(reader: Reader, today: date) -> str:
    """Take dates that no calendar has, or that can be read in two ways.

    Returns
    -------
    str
        A sentence on the first that asks for another, empty if all are possible.
    """
    whole = _compiled(_DATE.replace("#", "1"))
    told = reader.take(whole, "time", _fault)
    if told:
        return told[0]
    rest = reader.rest
    for pattern in _WITHOUT_YEAR:
        if (found := _compiled(pattern).search(rest)) and not _has_span(rest, today):
            return f"{found['said'].strip()} of which year? Write it as {today.year}-03-14."
    found = _FAR_YEAR.search(rest)
    if found and not 1800 <= int(found["year"]) <= 2099:
        return f"The year {found['year']} lies outside of 1800 to 2099. Which year do you mean?"
    return ""


def _has_span(text: str, today: date) -> bool:
    return span_in(Reader(text), today) is not None


def _fault(match: re.Match[str]) -> str | None:
    year, month, day = _parts(match)
    if month is None or _is_years(match):
        return None
    if not 1 <= month <= 12:
        return f"{match[0].strip()} is no date: a year has 12 months. Which day do you mean?"
    days = calendar.monthrange(year, month)[1]
    if day is not None and not 1 <= day <= days:
        name = calendar.month_name[month]
        return f"{match[0].strip()} is no date: {name} {year} has {days} days. Which do you mean?"
    if day and match[f"y{_SLASHES}_1"] and max(day, month) <= 12 and day != month:
        one, other = date(year, month, day), date(year, day, month)
        return f"Is {match[0].strip()} {one} or {other}? Write the day in this way."
    return None


def _is_years(match: re.Match[str]) -> bool:
    """Tell whether ``2018-22`` is from 2018 to 2022."""
    year, month, day = _parts(match)
    is_iso = bool(match["y0_1"]) and match["sep1"] == "-" and len(match["m0_1"]) == 2
    return is_iso and day is None and month is not None and month > max(12, year % 100)


def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w.+-]){pattern}(?![\w]|\.\d|-\d)", re.IGNORECASE)


def _parts(match: re.Match[str], k: int = 1) -> tuple[int, int | None, int | None]:
    group = match.groupdict()
    form = next(one for one in _FORMS if group[f"y{one}_{k}"])
    month, day = group.get(f"m{form}_{k}"), group.get(f"d{form}_{k}")
    number = None if month is None else _MONTHS.get(month.lower()) or int(month)
    days = int(re.sub(r"\D", "", day)) if day else None
    if form == _SLASHES and days and number and number > 12 >= days:
        number, days = days, number  # as it is written in America
    return int(group[f"y{form}_{k}"]), number, days


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


def _from_to(match: re.Match[str], _today: date) -> Span:
    is_after = match["from"].lower() == "after"
    since = _last(match) + timedelta(1) if is_after else _first(match)
    is_before = match["to"].lower() in {"before", "prior to"}
    until = _first(match, 2) - timedelta(1) if is_before else _last(match, 2)
    return Span(min(since, until), max(since, until))


def _not_before(match: re.Match[str], _today: date) -> Span:
    k = 1 if any(match[f"y{form}_1"] for form in _FORMS) else 2
    return Span(_first(match, k), None)


def _between(match: re.Match[str], _today: date) -> Span:
    first, last = _first(match), _last(match, 2)
    return Span(first, last) if first <= last else Span(_first(match, 2), _last(match))


def _after(match: re.Match[str], _today: date) -> Span:
    return Span(_last(match) + timedelta(1), None)


def _decade(match: re.Match[str], _today: date) -> Span:
    year = int(match["decade"])
    return Span(date(year, 1, 1), date(year + 9, 12, 31))


def _years(match: re.Match[str], _today: date) -> Span | None:
    first, last = int(match["first"]), int(match["first"][:2] + match["last"])
    is_range = last > first and int(match["last"]) > 12
    return Span(date(first, 1, 1), date(last, 12, 31)) if is_range else None


def _parts_of_year(match: re.Match[str], _today: date) -> Span | None:
    """Read "January to March 2024" and "3 May to 5 June 2024", where the year is said once."""
    year = int(match["year"])
    first = _named_day(year, match["first"], match["first_day"], 1)
    last = _named_day(year, match["last"], match["last_day"], 31)
    return Span(min(first, last), max(first, last)) if first and last else None


def _days_of_month(match: re.Match[str], _today: date) -> Span | None:
    year, month = int(match["year"]), match["month"]
    first = _named_day(year, month, match["first"], 1)
    last = _named_day(year, month, match["last"], 31)
    return Span(min(first, last), max(first, last)) if first and last else None


def _named_day(year: int, name: str, day: str | None, otherwise: int) -> date | None:
    month = _MONTHS[name.lower()]
    longest = calendar.monthrange(year, month)[1]
    number = int(re.sub(r"\D", "", day)) if day else min(otherwise, longest)
    return date(year, month, number) if 1 <= number <= longest else None


def _quarter(match: re.Match[str], _today: date) -> Span:
    year = int(match["year"])
    last = 3 * (int(match["q"]) if match["q"] else _NTH[match["nth"].lower()])
    return Span(date(year, last - 2, 1), date(year, last, calendar.monthrange(year, last)[1]))


def _latest_month(match: re.Match[str], today: date) -> Span:
    month = _MONTHS[match["month"].lower()]
    year = today.year if month <= today.month else today.year - 1
    first = date(year, month, 1)
    if match["which"].lower() == "since":
        return Span(first, None)
    return Span(first, date(year, month, calendar.monthrange(year, month)[1]))


def _month_to_come(match: re.Match[str], today: date) -> Span | None:
    """Read "planned for December", where a month without its year is the next."""
    if not _TO_COME.search(match.string):
        return None
    month = _MONTHS[match["month"].lower()]
    year = today.year if month >= today.month else today.year + 1
    return Span(date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1]))


def _back(match: re.Match[str], today: date) -> Span:
    """Whole years back for years (the last 5 years of 2026 start in 2021), days otherwise."""
    count = int(number_of(match["n"]))
    unit = match["unit"].lower()
    if unit in _YEARS:
        return Span(date(max(today.year - _YEARS[unit] * count, 1), 1, 1), today)
    return Span(today - timedelta(_DAYS[unit] * count), today)


def _ahead(match: re.Match[str], today: date) -> Span:
    count = int(number_of(match["n"] or "one"))
    unit = match["unit"].lower()
    days = 365 * _YEARS[unit] * count if unit in _YEARS else _DAYS[unit] * count
    return Span(today, today + timedelta(days))


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


_ONE, _TWO = _DATE.replace("#", "1"), _DATE.replace("#", "2")
_UNIT = r"(?P<unit>day|week|fortnight|month|year|decade|century)"
_DAYS = {"day": 1, "week": 7, "fortnight": 14, "month": 30}
_YEARS = {"year": 1, "decade": 10, "century": 100}
_FROM = r"since|from|starting(?: in| from)?|beginning(?: in)?"
_TO = r"until|till|up to|through|to|by the end of|no later than"
_IN = r"in|during|of|for|from|on|within|throughout|at"
_NTH = {"first": 1, "1st": 1, "second": 2, "2nd": 2, "third": 3, "3rd": 3, "fourth": 4,
        "4th": 4, "last": 4}  # fmt: skip
_NAMED_DAY = rf"(?:(?P<#_day>{_DAY})(?: of)? )?(?P<#>{_MONTH})\.?"
_FIRST_DAY, _LAST_DAY = _NAMED_DAY.replace("#", "first"), _NAMED_DAY.replace("#", "last")
_OF_YEAR = rf"(?P<year>{_YEAR})"
_JOINED = r" ?(?:and|to|until|till|through|-) ?"
_PATTERNS: tuple[tuple[str, Callable[[re.Match[str], date], Span | None]], ...] = (
    (r"(?:in|during|from)? ?(?:the )?(?P<decade>(?:1[89]|20)\d0)'?s", _decade),
    (r"(?P<first>(?:19|20)\d\d)[-/](?P<last>\d\d)", _years),
    (
        rf"{_FIRST_DAY}{_JOINED}{_LAST_DAY},? {_OF_YEAR}",
        _parts_of_year,
    ),
    (
        rf"(?P<first>{_DAY}){_JOINED}(?P<last>{_DAY}) (?P<month>{_MONTH})\.? {_OF_YEAR}",
        _days_of_month,
    ),
    (
        rf"(?P<month>{_MONTH})\.? (?P<first>{_DAY}){_JOINED}(?P<last>{_DAY}),? {_OF_YEAR}",
        _days_of_month,
    ),
    (
        rf"(?:the )?(?:q(?P<q>[1-4])|(?P<nth>{'|'.join(_NTH)}) quarter)(?: of)?[ /-]?{_OF_YEAR}",
        _quarter,
    ),
    (rf"(?:between|from|in|during)? ?{_ONE} ?(?:and|to|until|till|through|-) ?{_TWO}", _between),
    (
        (
            rf"(?P<from>after|since|from|starting(?: in| from)?) {_ONE},? ?(?:and |but )?"
            rf"(?P<to>before|prior to|until|till|up to) {_TWO}"
        ),
        _from_to,
    ),
    (rf"(?:no|not) (?:older|earlier) than {_ONE}|not before {_TWO}", _not_before),
    (rf"(?:no|not) (?:newer|later|more recent|younger) than {_ONE}", _until),
    (rf"(?:{_FROM}) {_ONE}(?: on(?:wards?)?)?", _since),
    (rf"(?:after|past|(?:newer|later|more recent|younger) than) {_ONE}", _after),
    (rf"{_ONE} (?:(?:or|and) (?:later|after|newer)|onwards?)", _since),
    (rf"(?:before|prior to|earlier than|older than) {_ONE}", _before),
    (rf"(?:{_TO}) {_ONE}", _until),
    (rf"(?:{_IN})? ?{_ONE}", _within),
    (rf"(?:{_IN}|over)? ?(?:the )?(?:last|past|previous) (?P<n>{NUMBER}) {_UNIT}s?", _back),
    (
        rf"(?:{_IN}|over)? ?(?:the )?(?P<which>last|this|past|previous|current) {_UNIT}",
        _named_period,
    ),
    (
        rf"(?:{_IN}|over)? ?(?:the )?(?:next|coming) (?:(?P<n>{NUMBER}) )?{_UNIT}s?",
        _ahead,
    ),
    (rf"(?P<which>since|last|past|this)(?: last)? (?P<month>{_LONG_MONTH})", _latest_month),
    (rf"(?:in|for|during|next|coming|by|this) (?P<month>{_LONG_MONTH})", _month_to_come),
    (r"(?P<which>today|yesterday|tomorrow)(?:'s)?", _near_day),
)
_TO_COME = re.compile(
    r"\b(?:planned|scheduled|upcoming|due|next|coming|will|going to|expected|slated|future)\b",
    re.IGNORECASE,
)
_WITHOUT_YEAR = (
    rf"(?P<said>{_DAY}(?: of)? (?:{_MONTH}))",
    rf"(?P<said>(?:{_LONG_MONTH}) {_DAY})",  # "dec 10" is a declination
    rf"(?:in|during|until|before|after|from|between) (?P<said>{_LONG_MONTH})",
)
_FAR_YEAR = re.compile(
    r"\b(?:in|since|during|before|after|until|year) (?:the year )?(?P<year>\d{4})"
    r"(?=\s*(?:[?.!,]|$|and\b|by\b|with\b))",
    re.IGNORECASE,
)
"""A number behind "in" is a year only where nothing follows that it could count."""

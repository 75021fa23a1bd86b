"""Dates and spans of time, from "since 2020" to "last month"; today is given, never read."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

from skywright.assistant.rules.numbers import number_of
from skywright.assistant.rules.reading import Reader
from skywright.assistant.rules.relative_dates import FEASTS
from skywright.assistant.rules.relative_dates import PATTERNS as RELATIVE
from skywright.assistant.rules.written_dates import (
    DATE,
    DAY,
    FORMS,
    MONTH,
    MONTHS,
    YEAR,
    Span,
    compiled,
    first_of,
    last_of,
    parts,
)


def span_in(reader: Reader, today: date) -> Span | None:
    """Take the span of time that a question names, as of ``today`` (UTC)."""
    for pattern, meaning in (*FEASTS, *_PATTERNS, *RELATIVE):

        def read(
            match: re.Match[str], meaning: Callable[[re.Match[str], date], Span | None] = meaning
        ) -> Span | None:
            return meaning(match, today)

        taken = reader.take(compiled(pattern), "time", read)
        if taken:
            since, until = taken[0].since, taken[0].until
            is_begun = since is None or since < today
            is_to_come = not is_begun and (since != today or until != today)
            is_over = until is not None and until < today
            is_today = since == until == today
            return replace(taken[0], is_to_come=is_to_come, is_today=is_today, is_over=is_over)
    return None


def _within(match: re.Match[str], _today: date) -> Span:
    return Span(first_of(match), last_of(match), is_day=parts(match)[2] is not None)


def _since(match: re.Match[str], _today: date) -> Span:
    return Span(first_of(match), None, is_day=parts(match)[2] is not None)


def _before(match: re.Match[str], _today: date) -> Span:
    return Span(None, first_of(match) - timedelta(1))


def _until(match: re.Match[str], _today: date) -> Span:
    return Span(None, last_of(match))


def _from_to(match: re.Match[str], _today: date) -> Span:
    is_after = match["from"].lower() == "after"
    since = last_of(match) + timedelta(1) if is_after else first_of(match)
    is_before = match["to"].lower() in {"before", "prior to"}
    until = first_of(match, 2) - timedelta(1) if is_before else last_of(match, 2)
    return Span(min(since, until), max(since, until))


def _not_before(match: re.Match[str], _today: date) -> Span:
    k = 1 if any(match[f"y{form}_1"] for form in FORMS) else 2
    return Span(first_of(match, k), None)


def _between(match: re.Match[str], _today: date) -> Span:
    first, last = first_of(match), last_of(match, 2)
    return Span(first, last) if first <= last else Span(first_of(match, 2), last_of(match))


def _after(match: re.Match[str], _today: date) -> Span:
    return Span(last_of(match) + timedelta(1), None)


def _decade(match: re.Match[str], _today: date) -> Span:
    year = int(match["decade"])
    return Span(date(year, 1, 1), date(year + 9, 12, 31))


def _spoken_decade(match: re.Match[str], _today: date) -> Span:
    """Read "the seventies" as those of the last century."""
    year = 1900 + int(number_of(match["tens"][:-3] + "y"))
    return Span(date(year, 1, 1), date(year + 9, 12, 31))


def _short_decade(match: re.Match[str], _today: date) -> Span:
    """Read "the 80s" as those of the last century."""
    year = 1900 + int(match["short"])
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
    month = MONTHS[name.lower()]
    longest = calendar.monthrange(year, month)[1]
    number = int(re.sub(r"\D", "", day)) if day else min(otherwise, longest)
    return date(year, month, number) if 1 <= number <= longest else None


def _quarter(match: re.Match[str], _today: date) -> Span:
    year = int(match["year"])
    last = 3 * (int(match["q"]) if match["q"] else _NTH[match["nth"].lower()])
    return Span(date(year, last - 2, 1), date(year, last, calendar.monthrange(year, last)[1]))


def _half(match: re.Match[str], _today: date) -> Span:
    year = int(match["year"])
    if match["half"].lower() in {"first", "1st"}:
        return Span(date(year, 1, 1), date(year, 6, 30))
    return Span(date(year, 7, 1), date(year, 12, 31))


def _week(match: re.Match[str], _today: date) -> Span:
    """Read "the week of 4 October 1957" as the one, from Monday on, that holds the day."""
    first = first_of(match)
    if match["how"].lower() in {"of", "around"}:
        first -= timedelta(first.weekday())
    return Span(first, first + timedelta(6))


_ONE, _TWO = DATE.replace("#", "1"), DATE.replace("#", "2")
_NOW = r"(?:now|today|date|(?:the )?present(?: day)?)"
_FROM = r"since|starting(?: in| from)?|beginning(?: in)?"
_TO = r"until|till|up to|through|to|by the end of|no later than"
_IN = r"in|during|of|for|from|on|within|throughout|at"
_NTH = {"first": 1, "1st": 1, "second": 2, "2nd": 2, "third": 3, "3rd": 3, "fourth": 4,
        "4th": 4, "last": 4}  # fmt: skip
_NAMED_DAY = rf"(?:(?P<#_day>{DAY})(?: of)? )?(?P<#>{MONTH})\.?"
_FIRST_DAY, _LAST_DAY = _NAMED_DAY.replace("#", "first"), _NAMED_DAY.replace("#", "last")
_OF_YEAR = rf"(?P<year>{YEAR})"
_JOINED = r" ?(?:and|to|until|till|through|-) ?"
_PATTERNS: tuple[tuple[str, Callable[[re.Match[str], date], Span | None]], ...] = (
    (r"(?:in|during|from)? ?(?:the )?(?P<decade>(?:1[89]|20)\d0)'?s", _decade),
    (r"(?:in|during|from|of)? ?the (?P<tens>(?:fift|sixt|sevent|eight|ninet)ies)", _spoken_decade),
    (r"(?:in|during|from|of)? ?the '?(?P<short>[2-9]0)'?s", _short_decade),
    (r"(?P<first>(?:19|20)\d\d)[-/](?P<last>\d\d)", _years),
    (
        rf"{_FIRST_DAY}{_JOINED}{_LAST_DAY},? {_OF_YEAR}",
        _parts_of_year,
    ),
    (
        rf"(?P<first>{DAY}){_JOINED}(?P<last>{DAY}) (?P<month>{MONTH})\.? {_OF_YEAR}",
        _days_of_month,
    ),
    (
        rf"(?P<month>{MONTH})\.? (?P<first>{DAY}){_JOINED}(?P<last>{DAY}),? {_OF_YEAR}",
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
    (
        rf"(?:{_IN})? ?(?:the )?week (?P<how>of|around|from|starting|beginning)(?: on)? {_ONE}",
        _week,
    ),
    (rf"(?:{_IN})? ?(?:the )?(?P<half>first|second|1st|2nd) half of {_OF_YEAR}", _half),
    (rf"pre-? ?{_ONE}", _before),
    (rf"post-? ?{_ONE}", _after),
    (rf"(?:no|not) (?:older|earlier) than {_ONE}|not before {_TWO}", _not_before),
    (rf"(?:no|not) (?:newer|later|more recent|younger) than {_ONE}", _until),
    (
        rf"(?:from |since )?{_ONE} ?(?:to|until|till|through|up to|-) ?{_NOW}",
        _since,
    ),
    (rf"(?:{_FROM}) {_ONE}(?: on(?:wards?)?)?", _since),
    (rf"from {_ONE} on(?:wards?)?", _since),
    (rf"(?:after|past|(?:newer|later|more recent|younger) than) {_ONE}", _after),
    (rf"{_ONE} (?:(?:or|and) (?:later|after|newer)|onwards?)", _since),
    (rf"(?:before|prior to|earlier than|older than) {_ONE}", _before),
    (rf"(?:{_TO}) {_ONE}", _until),
    (rf"(?:{_IN})? ?{_ONE}", _within),
)

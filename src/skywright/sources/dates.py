"""Days as people and services write them, in ISO 8601."""

from __future__ import annotations

import datetime as dt
import re

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NAME = r"(jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]*\.?"
_FORMS = (
    (re.compile(r"(?<!\d)((?:19|20)\d\d)-(\d{1,2})-(\d{1,2})(?!\d)"), "ymd"),
    (
        re.compile(rf"\b{_NAME}\s+(\d{{1,2}})(?:st|nd|rd|th)?,?\s+((?:19|20)\d\d)(?!\d)", re.I),
        "mdy",
    ),
    (re.compile(rf"(?<!\d)(\d{{1,2}})\s+{_NAME},?\s+((?:19|20)\d\d)(?!\d)", re.I), "dmy"),
    (re.compile(r"(?<!\d)(\d{1,2})/(\d{1,2})/((?:19|20)\d\d)(?!\d)"), "mdy"),
    (re.compile(r"(?<!\d)((?:19|20)\d\d)(\d\d)(\d\d)(?!\d)"), "ymd"),
)
_QUARTER = re.compile(r"(?:\bQ([1-4])[\s_-]*((?:19|20)\d\d)|((?:19|20)\d\d)[\s_-]*Q([1-4]))(?!\d)")
_YEAR = re.compile(r"(?<!\d)((?:19|20)\d\d)(?!\d)")


def iso_date(text: str) -> str | None:
    """Return the first day a text names as ``YYYY-MM-DD``; None where it names none.

    Numbers with strokes are month, day, year, as in the United States.
    """
    for form, order in _FORMS:
        found = form.search(text)
        if found is None:
            continue
        parts = dict(zip(order, found.groups(), strict=True))
        try:
            return dt.date(int(parts["y"]), _month(parts["m"]), int(parts["d"])).isoformat()
        except ValueError:
            continue
    return None


def iso_period(text: str) -> str | None:
    """Return the day, the last month of the quarter, or the latest year that a text names."""
    day = iso_date(text)
    if day is not None:
        return day
    quarter = _QUARTER.search(text)
    if quarter is not None:
        return f"{quarter[2] or quarter[3]}-{3 * int(quarter[1] or quarter[4]):02d}"
    years = _YEAR.findall(text)
    return max(years) if years else None


def _month(text: str) -> int:
    return int(text) if text.isdigit() else _MONTHS.index(text[:3].lower()) + 1

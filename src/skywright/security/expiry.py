"""When a key ends: ``30d``, or a date."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from skywright.errors import InputError

_SPAN = re.compile(r"(\d{1,6})([hdwy])")
_HOURS = {"h": 1, "d": 24, "w": 24 * 7, "y": 24 * 365}
_LONGEST = timedelta(days=100 * 365)
_ALLOWED = "Give a span such as 12h, 30d, 8w or 1y, or a date such as 2031-01-31."


def read_expiry(text: str, now: datetime) -> str:
    """Return the time that a span or a date means.

    Parameters
    ----------
    text : str
        A number with h, d, w or y, or an ISO 8601 date or time; UTC where no zone is named. A date
        means its first moment.
    now : datetime
        Time that a span counts from, with a time zone.

    Returns
    -------
    str
        Time [UTC, ISO 8601, milliseconds], which compares as text like the times on record.

    Raises
    ------
    InputError
        If the text is neither, or the time is past or more than 100 years away.
    """
    end = _read(text.strip(), now)
    if not now < end <= now + _LONGEST:
        message = f"--expires {text!r} must lie ahead, and not more than 100 years."
        raise InputError(message, hint=_ALLOWED)
    return end.astimezone(UTC).isoformat(timespec="milliseconds")


def _read(text: str, now: datetime) -> datetime:
    span = _SPAN.fullmatch(text.lower())
    if span:
        hours = int(span[1]) * _HOURS[span[2]]
        return now + min(timedelta(hours=hours), 2 * _LONGEST)
    try:
        end = datetime.fromisoformat(text)
    except ValueError as error:
        message = f"--expires {text[:40]!r} is neither a span nor a date."
        raise InputError(message, hint=_ALLOWED) from error
    return end if end.tzinfo else end.replace(tzinfo=UTC)

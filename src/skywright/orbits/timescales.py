"""Time scales and dates: TDB, TT and UTC as Julian dates, calendar text to JD and back."""

from __future__ import annotations

import re
import warnings

import erfa
import numpy as np
from numpy.typing import ArrayLike, NDArray

from skywright.errors import InputError

FloatArray = NDArray[np.float64]

_DATE = re.compile(
    r"(?P<year>[+-]?\d{1,5})-(?P<month>\d{1,2})-(?P<day>\d{1,2}(\.\d+)?)"
    r"([T ](?P<hour>\d{1,2}):(?P<minute>\d{2})(:(?P<second>\d{2}(\.\d*)?))?)?"
)
_NUMBER = re.compile(r"(?P<kind>JD|MJD)?\s*(?P<value>\d+(\.\d*)?)")
_MJD_ZERO = 2_400_000.5
_JD_RANGE = (625_673.5, 2_816_787.5)  # years -3000 to 3000, wider than DE440


def tt_from_tdb(jd_tdb: ArrayLike) -> FloatArray:
    """Return TT of times given in TDB.

    Parameters
    ----------
    jd_tdb : array-like
        Times [JD TDB].

    Returns
    -------
    ndarray, the same shape
        Times [JD TT], at the geocentre; the two differ by at most 2 ms.

    References
    ----------
    Fairhead & Bretagnon (1990), A&A 229, 240, as in ERFA ``dtdb``.
    """
    jd = np.asarray(jd_tdb, np.float64)
    return np.asarray(jd - _tdb_minus_tt_d(jd), np.float64)


def tdb_from_tt(jd_tt: ArrayLike) -> FloatArray:
    """Return TDB of times given in TT.

    Parameters
    ----------
    jd_tt : array-like
        Times [JD TT].

    Returns
    -------
    ndarray, the same shape
        Times [JD TDB], at the geocentre.

    References
    ----------
    Fairhead & Bretagnon (1990), A&A 229, 240, as in ERFA ``dtdb``.
    """
    jd = np.asarray(jd_tt, np.float64)
    return np.asarray(jd + _tdb_minus_tt_d(jd), np.float64)


def utc_from_tdb(jd_tdb: ArrayLike) -> FloatArray:
    """Return UTC of times given in TDB.

    Parameters
    ----------
    jd_tdb : array-like
        Times [JD TDB].

    Returns
    -------
    ndarray, the same shape
        Times [JD UTC] (ERFA's quasi-JD on days with a leap second). Before 1960 TAI - UTC counts as
        0, after the last announced leap second it stays as it is.
    """
    tt = tt_from_tdb(jd_tdb)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", erfa.ErfaWarning)  # "dubious year" is told in the docstring
        one, two = erfa.taiutc(*erfa.tttai(tt, 0.0))
    return np.asarray(one + two, np.float64)


def tdb_from_utc(jd_utc: ArrayLike) -> FloatArray:
    """Return TDB of times given in UTC.

    Parameters
    ----------
    jd_utc : array-like
        Times [JD UTC].

    Returns
    -------
    ndarray, the same shape
        Times [JD TDB]; outside 1960 and the last announced leap second as in ``utc_from_tdb``.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", erfa.ErfaWarning)
        one, two = erfa.taitt(*erfa.utctai(np.asarray(jd_utc, np.float64), 0.0))
    return tdb_from_tt(one + two)


def jd_tdb_from_text(text: str) -> float:
    """Read a date.

    Parameters
    ----------
    text : str
        ``2029-04-13``, ``2029-04-13.9``, ``2029-04-13T21:46``, ``2029-04-13 21:46:07.5``,
        ``2462240.4``, ``JD 2462240.4`` or ``MJD 62239.9``. TDB unless ``UTC``, ``TT`` or ``Z``
        (UTC) follows.

    Returns
    -------
    float
        The time [JD TDB].

    Raises
    ------
    InputError
        If the text is not a date, or lies outside the years -3000 to 3000.
    """
    body, scale = _without_scale(text)
    jd = _jd_of_calendar(body, text) if _DATE.fullmatch(body) else _jd_of_number(body, text)
    if not _JD_RANGE[0] <= jd <= _JD_RANGE[1]:
        message = f"Date {text!r} is JD {jd:.1f}, outside the years -3000 to 3000; check the year."
        raise InputError(message)
    if scale == "UTC":
        return float(tdb_from_utc(jd))
    return float(tdb_from_tt(jd)) if scale == "TT" else jd


def calendar_from_jd(jd: float, *, decimals: int = 0) -> str:
    """Write a Julian date as ``2029-04-13T21:46:07`` (Gregorian, same time scale).

    Parameters
    ----------
    jd : float
        Time [JD, any scale without leap seconds].
    decimals : int
        Digits of the second, 0 to 4; one double carries no more.

    Returns
    -------
    str
        ISO 8601 date and time, without a scale.

    Raises
    ------
    InputError
        If the date is not finite or before the Gregorian reckoning of ERFA (-4799).
    """
    if not np.isfinite(jd) or jd < -68569.5:
        message = (
            f"JD {jd} cannot be written as a date; give a finite Julian date from year -4799 on."
        )
        raise InputError(message)
    year, month, day, (hour, minute, second, part) = _split(float(jd), decimals)
    tail = f".{part:0{decimals}d}" if decimals else ""
    return f"{year:04d}-{month:02d}-{day:02d}T{hour:02d}:{minute:02d}:{second:02d}{tail}"


def _split(jd: float, decimals: int) -> tuple[int, int, int, tuple[int, int, int, int]]:
    year, month, day, clock = erfa.d2dtf("TDB", decimals, jd, 0.0)
    hour, minute, second, part = (int(clock[name]) for name in ("h", "m", "s", "f"))
    return int(year), int(month), int(day), (hour, minute, second, part)


def _tdb_minus_tt_d(jd: FloatArray) -> FloatArray:
    return np.asarray(erfa.dtdb(jd, 0.0, 0.0, 0.0, 0.0, 0.0) / erfa.DAYSEC, np.float64)


def _without_scale(text: str) -> tuple[str, str]:
    body = text.strip()
    if body.endswith(("Z", "z")):
        return body[:-1].rstrip(), "UTC"
    for scale in ("TDB", "UTC", "TT"):
        if body.upper().endswith(scale):
            return body[: -len(scale)].rstrip(), scale
    return body, "TDB"


def _jd_of_number(body: str, text: str) -> float:
    match = _NUMBER.fullmatch(body.upper())
    if match is None:
        message = (
            f"Date {text!r} is not understood; write it like 2029-04-13, 2029-04-13T21:46 or as a "
            "Julian date like 2462240.4, with UTC behind it if it is not TDB."
        )
        raise InputError(message)
    value = float(match["value"])
    return value + _MJD_ZERO if match["kind"] == "MJD" else value


def _jd_of_calendar(body: str, text: str) -> float:
    match = _DATE.fullmatch(body)
    assert match is not None  # noqa: S101 - the caller matched it
    year, month, day = int(match["year"]), int(match["month"]), float(match["day"])
    hour, minute, second = (float(match[name] or 0) for name in ("hour", "minute", "second"))
    if not 1 <= month <= 12 or not 1 <= day < _days_in_month(year, month) + 1:
        message = f"Date {text!r} is not in the calendar; check month and day."
        raise InputError(message)
    if hour > 23 or minute > 59 or second >= 61:
        message = f"Time of day in {text!r} is not on the clock; hours go to 23, minutes to 59."
        raise InputError(message)
    zero, days = erfa.cal2jd(year, month, int(day))
    fraction = day % 1 + (hour + (minute + second / 60) / 60) / 24
    return float(zero + days + fraction)


def _days_in_month(year: int, month: int) -> int:
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return 28 + leap if month == 2 else 30 + (month + month // 8) % 2

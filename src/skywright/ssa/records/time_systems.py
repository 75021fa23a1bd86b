"""Epochs of messages: ISO 8601 by calendar or day of year, in the time systems of satellites.

Offsets: TAI = UTC + leap seconds (IERS, as in ERFA ``dat``), TT = TAI + 32.184 s, GPS = TAI - 19 s.
Whole microseconds are kept, in which a satellite moves by less than a centimetre.
"""

from __future__ import annotations

import re
import warnings
from datetime import UTC, datetime, timedelta

import erfa

from skywright.errors import InputError

SYSTEMS = ("UTC", "TAI", "TT", "GPS")
"""Time systems that are understood."""

_AHEAD_OF_TAI_S = {"TAI": 0.0, "TT": 32.184, "GPS": -19.0}
_EPOCH = re.compile(
    r"(?P<date>\d{4}-\d{2}-\d{2}|\d{4}-\d{3})T(?P<clock>\d{2}:\d{2}:\d{2})(?P<part>\.\d*)?Z?"
)


def epoch_utc(text: str, system: str, name: str) -> datetime:
    """Return an epoch of a message in UTC, without a zone.

    Parameters
    ----------
    text : str
        Such as ``2024-07-06T00:00:00.5`` or ``2024-188T00:00:00Z``.
    system : str
        One of `SYSTEMS`.
    name : str
        How the sentence names the value.

    Raises
    ------
    InputError
        If it is no epoch, falls into a leap second, or the system is not known.
    """
    refuse_system(system, name)
    found = _EPOCH.fullmatch(text.strip())
    try:
        if found is None:
            raise ValueError
        form = "%Y-%j" if len(found["date"]) == 8 else "%Y-%m-%d"
        told = datetime.strptime(f"{found['date']} {found['clock']} +0000", f"{form} %H:%M:%S %z")
    except ValueError as error:
        message = f"{name} must be a date and time such as 2024-07-06T00:00:00, got {text!r}."
        hint = "No datetime holds a leap second (:60); leave that row out." if ":60" in text else ""
        raise InputError(message, hint=hint) from error
    told = told.replace(tzinfo=None)
    told += timedelta(microseconds=round(float(f"0{found['part'] or ''}") * 1e6))
    return told if system == "UTC" else _utc_of(told, system)


def epoch_text(moment_utc: datetime, system: str) -> str:
    """Return a moment of UTC as an epoch of a message; what `epoch_utc` reads from it is the same.

    Raises
    ------
    InputError
        If the system is not known.
    """
    refuse_system(system, "TIME_SYSTEM")
    told = moment_utc.astimezone(UTC).replace(tzinfo=None) if moment_utc.tzinfo else moment_utc
    if system != "UTC":
        told += timedelta(seconds=_leap_s(told) + _AHEAD_OF_TAI_S[system])
    return told.isoformat(timespec="microseconds" if told.microsecond else "seconds")


def refuse_system(system: str, name: str) -> None:
    """Refuse a time system that is not understood.

    Raises
    ------
    InputError
        Names it and those that are.
    """
    if system not in SYSTEMS:
        message = f"{name}: TIME_SYSTEM must be one of {', '.join(SYSTEMS)}, got {system!r}."
        raise InputError(message)


def _utc_of(told: datetime, system: str) -> datetime:
    tai = told - timedelta(seconds=_AHEAD_OF_TAI_S[system])
    near = tai - timedelta(seconds=_leap_s(tai))
    return tai - timedelta(seconds=_leap_s(near))


def _leap_s(moment_utc: datetime) -> float:
    """Return TAI - UTC at a moment [s]."""
    day = moment_utc
    passed = (day.hour + (day.minute + day.second / 60.0) / 60.0) / 24.0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", erfa.ErfaWarning)  # the last announced leap second stays
        return float(erfa.dat(day.year, day.month, day.day, passed))

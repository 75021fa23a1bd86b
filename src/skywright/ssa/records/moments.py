"""Dates and times as people write them, in UTC."""

from __future__ import annotations

from datetime import UTC, datetime

from skywright.errors import InputError


def moment_of(text: str, name: str) -> datetime:
    """Return a moment in UTC, without a zone.

    Parameters
    ----------
    text : str
        ISO 8601; without a zone it is UTC.
    name : str
        How the sentence names the value.

    Raises
    ------
    InputError
        If it is no date and time.
    """
    try:
        told = datetime.fromisoformat(text.strip())
    except ValueError as error:
        message = (
            f"{name} must be a date and time in UTC such as 2024-07-06T00:00:00, got {text!r}."
        )
        raise InputError(message) from error
    return told.astimezone(UTC).replace(tzinfo=None) if told.tzinfo else told

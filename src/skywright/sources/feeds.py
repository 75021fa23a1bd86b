"""RSS and Atom feeds as elements of XML, without the doors that XML leaves open."""

from __future__ import annotations

import datetime as dt
import email.utils
from xml.etree import ElementTree as ET

from skywright.errors import SourceError
from skywright.sources.records import unknown_shape
from skywright.sources.state import SourceState


def parse_feed(content: bytes, state: SourceState) -> ET.Element:
    """Parse a feed of a provider.

    Raises
    ------
    SourceError
        If it is no XML, or declares a document type, which a feed has no need of.
    """
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        what = "a document type in a feed"
        raise unknown_shape(state, what)
    try:
        return ET.fromstring(content)  # noqa: S314 - no entities, see above
    except ET.ParseError as error:
        message = f"{state.title} sent a feed that is damaged or cut short: {error}."
        raise SourceError(message, hint="Try again.") from error


def utc_of_mail(text: str | None) -> str | None:
    """Return a date as RSS writes it (RFC 5322) in ISO 8601, UTC; None where it is none."""
    try:
        when = email.utils.parsedate_to_datetime(text or "")
    except ValueError:
        return None
    known = when if when.tzinfo else when.replace(tzinfo=dt.UTC)
    return known.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

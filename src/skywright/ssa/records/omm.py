"""Orbit mean-elements messages (CCSDS 502.0-B-3), in key-value notation and in XML.

Numbers of any size, which two-line sets cannot hold. SGP4 theory and the frame TEME are what our
histories hold; messages of another theory are refused.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from skywright.errors import InputError

KEYS = {
    "EPOCH": "epoch_utc",
    "MEAN_MOTION": "mean_motion_rev_day",
    "ECCENTRICITY": "eccentricity",
    "INCLINATION": "inclination_deg",
    "RA_OF_ASC_NODE": "raan_deg",
    "ARG_OF_PERICENTER": "argp_deg",
    "MEAN_ANOMALY": "mean_anomaly_deg",
    "NORAD_CAT_ID": "norad_id",
    "BSTAR": "bstar",
}
"""Keys of a message that a history needs, and its columns."""

_LINE = re.compile(r"^\s*([A-Z0-9_]+)\s*=\s*(.*?)\s*(?:\[(.*)\])?\s*$")
_THEORIES = ("SGP4", "SGP/SGP4", "")
_ALSO = ("OBJECT_NAME", "OBJECT_ID", "CREATION_DATE", "MEAN_MOTION_DOT", "REV_AT_EPOCH")
_NUMBERS = frozenset(KEYS) - {"EPOCH", "NORAD_CAT_ID"} | {"MEAN_MOTION_DOT"}


def read_omm(text: str, name: str = "the message") -> list[dict[str, Any]]:
    """Read one message in key-value notation, or one or many in XML.

    Returns
    -------
    list of dict
        Keys as in the standard; numbers are numbers.

    Raises
    ------
    InputError
        If it is neither, a key is missing, a value is no number, or the theory is not SGP4.
    """
    if text.lstrip().startswith("<"):
        told = list(_of_xml(text, name))
        if not told:
            message = f"{name} holds no OMM."
            raise InputError(message)
        return [_checked(one, name) for one in told]
    return [_checked(_of_lines(text, name), name)]


def write_omm(row: dict[str, Any], *, created_utc: datetime) -> str:
    """Return an element set as a message in key-value notation.

    Parameters
    ----------
    row : dict
        Columns of a history; optional ``object_name`` and ``cospar_id``.
    created_utc : datetime
        When the message is made, UTC.
    """
    lines = [
        "CCSDS_OMM_VERS = 3.0",
        f"CREATION_DATE = {created_utc.replace(tzinfo=None).isoformat()}",
        "ORIGINATOR = skywright",
        f"OBJECT_NAME = {row.get('object_name') or row['norad_id']}",
        f"OBJECT_ID = {row.get('cospar_id') or 'UNKNOWN'}",
        "CENTER_NAME = EARTH",
        "REF_FRAME = TEME",
        "TIME_SYSTEM = UTC",
        "MEAN_ELEMENT_THEORY = SGP4",
    ]
    for key, column in KEYS.items():
        value = row[column]
        told = value.replace(tzinfo=None).isoformat() if key == "EPOCH" else repr(value)
        lines.append(f"{key} = {told}")
    lines.append(f"MEAN_MOTION_DOT = {float(row.get('ndot_rev_day2') or 0.0) / 2.0!r}")
    return "\n".join(lines) + "\n"


def _of_lines(text: str, name: str) -> dict[str, str]:
    told: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("COMMENT"):
            continue
        found = _LINE.match(line)
        if found is None:
            message = f"Line {number} of {name} is no 'KEY = value': {line.strip()[:60]!r}."
            raise InputError(message)
        if found[1] in told:
            message = f"Line {number} of {name} gives {found[1]} a second time."
            raise InputError(message)
        told[found[1]] = found[2]
    return told


def _of_xml(text: str, name: str) -> Iterator[dict[str, str]]:
    from xml.etree.ElementTree import ParseError, iterparse

    if "<!" in text.replace("<!--", ""):
        message = f"{name} declares a document type or an entity; plain XML is read."
        raise InputError(message)
    try:
        for _, element in iterparse(io.StringIO(text)):  # noqa: S314 - entities are refused
            if element.tag.rpartition("}")[2] == "omm":
                yield {
                    one.tag.rpartition("}")[2]: (one.text or "").strip()
                    for one in element.iter()
                    if not len(one)
                }
    except ParseError as error:
        message = f"{name} is not valid XML: {error}."
        raise InputError(message) from error


def _checked(told: dict[str, str], name: str) -> dict[str, Any]:
    missing = [key for key in KEYS if key not in told]
    if missing:
        message = f"{name} lacks {', '.join(missing)}."
        raise InputError(message)
    theory = told.get("MEAN_ELEMENT_THEORY", "")
    if theory not in _THEORIES:
        message = f"{name}: MEAN_ELEMENT_THEORY must be SGP4, got {theory!r}."
        raise InputError(message)
    frame = told.get("REF_FRAME", "TEME")
    if frame != "TEME":
        message = f"{name}: REF_FRAME must be TEME for elements of SGP4, got {frame!r}."
        raise InputError(message)
    return {key: _value(key, told[key], name) for key in (*KEYS, *_ALSO) if key in told}


def _value(key: str, text: str, name: str) -> Any:
    if key not in _NUMBERS and key != "NORAD_CAT_ID":
        return text
    try:
        return int(text) if key == "NORAD_CAT_ID" else float(text)
    except ValueError as error:
        message = f"{name}: {key} must be a number, got {text!r}."
        raise InputError(message) from error

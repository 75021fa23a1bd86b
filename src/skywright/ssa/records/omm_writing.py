"""Many element sets as orbit mean-elements messages: XML, JSON and CSV, as catalogues give them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any
from xml.etree.ElementTree import Element, SubElement

from skywright.errors import InputError
from skywright.ssa.records.plain_xml import add_leaf, new_message, text_of
from skywright.ssa.records.record_limits import refuse_unknown

VERSION = "3.0"
"""Of the standard (CCSDS 502.0-B-3)."""

_HEADER = ("CREATION_DATE", "ORIGINATOR")
_METADATA = (
    "OBJECT_NAME", "OBJECT_ID", "CENTER_NAME", "REF_FRAME", "TIME_SYSTEM", "MEAN_ELEMENT_THEORY",
)  # fmt: skip
_ELEMENTS = (
    "EPOCH", "MEAN_MOTION", "ECCENTRICITY", "INCLINATION", "RA_OF_ASC_NODE", "ARG_OF_PERICENTER",
    "MEAN_ANOMALY",
)  # fmt: skip
_TLE = (
    "EPHEMERIS_TYPE", "CLASSIFICATION_TYPE", "NORAD_CAT_ID", "ELEMENT_SET_NO", "REV_AT_EPOCH",
    "BSTAR", "MEAN_MOTION_DOT", "MEAN_MOTION_DDOT",
)  # fmt: skip
_DEGREES = frozenset(_ELEMENTS[3:])


def write_omms(rows: Iterable[Mapping[str, Any]], *, created_utc: datetime, form: str) -> str:
    """Return element sets as one text, which ``read_history`` reads to the same digits.

    Parameters
    ----------
    rows : iterable of dict
        Columns of a history; optional ``object_name``, ``cospar_id``, ``rev_no``,
        ``ndot_rev_day2``.
    created_utc : datetime
        When the messages are made, UTC.
    form : str
        ``xml``, ``json`` or ``csv``.

    Raises
    ------
    InputError
        If there are no sets, or the form is none of these.
    """
    writers: dict[str, Callable[[list[dict[str, Any]]], str]] = {
        "xml": _xml,
        "json": lambda told: json.dumps(told, indent=1, allow_nan=False) + "\n",
        "csv": _csv,
    }
    if form not in writers:
        refuse_unknown("form", form, writers)
    told = [_fields(row, created_utc) for row in rows]
    if not told:
        message = "There are no element sets to write."
        raise InputError(message)
    return writers[form](told)


def _fields(row: Mapping[str, Any], created_utc: datetime) -> dict[str, Any]:
    """Return the fields of one set; the standard's derivative of the mean motion is a half."""
    return {
        "OBJECT_NAME": row.get("object_name") or str(row["norad_id"]),
        "OBJECT_ID": row.get("cospar_id") or "UNKNOWN",
        "CENTER_NAME": "EARTH",
        "REF_FRAME": "TEME",
        "TIME_SYSTEM": "UTC",
        "MEAN_ELEMENT_THEORY": "SGP4",
        "EPOCH": row["epoch_utc"].replace(tzinfo=None).isoformat(timespec="microseconds"),
        "MEAN_MOTION": row["mean_motion_rev_day"],
        "ECCENTRICITY": row["eccentricity"],
        "INCLINATION": row["inclination_deg"],
        "RA_OF_ASC_NODE": row["raan_deg"],
        "ARG_OF_PERICENTER": row["argp_deg"],
        "MEAN_ANOMALY": row["mean_anomaly_deg"],
        "EPHEMERIS_TYPE": 0,
        "CLASSIFICATION_TYPE": "U",
        "NORAD_CAT_ID": row["norad_id"],
        "ELEMENT_SET_NO": 999,
        "REV_AT_EPOCH": int(row.get("rev_no") or 0),
        "BSTAR": row["bstar"],
        "MEAN_MOTION_DOT": float(row.get("ndot_rev_day2") or 0.0) / 2.0,
        "MEAN_MOTION_DDOT": 0.0,
        "CREATION_DATE": created_utc.replace(tzinfo=None).isoformat(),
        "ORIGINATOR": "skywright",
    }


def _csv(told: list[dict[str, Any]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(told[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(told)
    return text.getvalue()


def _xml(told: list[dict[str, Any]]) -> str:
    root = Element("ndm")
    for one in told:
        message = new_message("omm", VERSION)
        root.append(message)
        _group(message, "header", one, _HEADER)
        segment = SubElement(SubElement(message, "body"), "segment")
        _group(segment, "metadata", one, _METADATA)
        data = SubElement(segment, "data")
        _group(data, "meanElements", one, _ELEMENTS)
        _group(data, "tleParameters", one, _TLE)
    return text_of(root)


def _group(parent: Element, tag: str, told: dict[str, Any], keys: tuple[str, ...]) -> None:
    group = SubElement(parent, tag)
    for key in keys:
        value = told[key]
        text = value if isinstance(value, str) else repr(value)
        add_leaf(group, key, text, _unit(key))


def _unit(key: str) -> str:
    return {
        "MEAN_MOTION": "rev/day",
        "BSTAR": "1/ER",
        "MEAN_MOTION_DOT": "rev/day**2",
        "MEAN_MOTION_DDOT": "rev/day**3",
    }.get(key, "deg" if key in _DEGREES else "")

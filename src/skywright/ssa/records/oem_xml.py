"""Ephemeris messages as XML (CCSDS 505.0-B-3, section 4): what stands there, not yet judged."""

from __future__ import annotations

from xml.etree.ElementTree import Element, SubElement

from skywright.errors import InputError
from skywright.ssa.records.oem_text import (
    COVARIANCE_KEYS,
    STATE_KEYS,
    RawCovariance,
    RawOem,
    RawSegment,
)
from skywright.ssa.records.plain_xml import add_leaf, leaves, messages_of, new_message, text_of

_ACCELERATION = ("X_DDOT", "Y_DDOT", "Z_DDOT")
_UNITS = {
    **dict.fromkeys(STATE_KEYS[:3], "km"),
    **dict.fromkeys(STATE_KEYS[3:], "km/s"),
    **dict.fromkeys(_ACCELERATION, "km/s**2"),
    **{key: ("km**2", "km**2/s", "km**2/s**2")[key.count("_DOT")] for key in COVARIANCE_KEYS},
}


def raw_of_xml(text: str, name: str) -> RawOem:
    """Read a message, alone or the only one within ``ndm``.

    Raises
    ------
    InputError
        If it is no plain XML, holds none or several, or a state or covariance lacks a component or
        has another unit than the standard's.
    """
    found = messages_of(text, "oem", name)
    if len(found) > 1:
        message = f"{name} holds {len(found)} messages; give one a file."
        raise InputError(message)
    (root,) = found
    header = root.find("header")
    told = [] if header is None else [(key, value) for key, value, _ in leaves(header)]
    return RawOem(
        root.get("version", ""),
        {key: value for key, value in told if key != "COMMENT"},
        [value for key, value in told if key == "COMMENT"],
        [_segment(one, name) for one in root.iter("segment")],
    )


def xml_of(raw: RawOem) -> str:
    """Return a message as XML."""
    root = new_message("oem", raw.version)
    header = SubElement(root, "header")
    for told in raw.comments:
        add_leaf(header, "COMMENT", told)
    for key, value in raw.header.items():
        add_leaf(header, key, value)
    body = SubElement(root, "body")
    for one in raw.segments:
        segment = SubElement(body, "segment")
        metadata = SubElement(segment, "metadata")
        for key, value in one.meta.items():
            add_leaf(metadata, key, value)
        data = SubElement(segment, "data")
        for told in one.comments:
            add_leaf(data, "COMMENT", told)
        for epoch, values in one.lines:
            _add(data, "stateVector", epoch, None, dict(zip(_keys(values), values, strict=True)))
        for cov in one.covariances:
            matrix = dict(zip(COVARIANCE_KEYS, cov.values, strict=True))
            _add(data, "covarianceMatrix", cov.epoch, cov.frame, matrix)
    return text_of(root)


def _segment(element: Element, name: str) -> RawSegment:
    made = RawSegment()
    metadata = element.find("metadata")
    for key, value, _ in [] if metadata is None else leaves(metadata):
        if key == "COMMENT":
            made.comments.append(value)
        else:
            made.meta[key] = value
    data = element.find("data")
    for one in [] if data is None else list(data):
        if one.tag == "COMMENT":
            made.comments.append(" ".join((one.text or "").split()))
        elif one.tag == "stateVector":
            told = _checked(one, name)
            more = _ACCELERATION if _ACCELERATION[0] in told else ()
            made.lines.append((told["EPOCH"], _values(told, (*STATE_KEYS, *more), name)))
        elif one.tag == "covarianceMatrix":
            told = _checked(one, name)
            values = _values(told, COVARIANCE_KEYS, name)
            made.covariances.append(RawCovariance(told["EPOCH"], told.get("COV_REF_FRAME"), values))
    return made


def _checked(element: Element, name: str) -> dict[str, str]:
    told = {}
    for key, value, unit in leaves(element):
        if unit and unit != _UNITS.get(key, unit):
            message = f"{name}: {key} has the unit {unit!r}; the standard's is {_UNITS[key]!r}."
            raise InputError(message)
        told[key] = value
    if "EPOCH" not in told:
        message = f"{name}: a {element.tag} lacks its EPOCH."
        raise InputError(message)
    return told


def _values(told: dict[str, str], keys: tuple[str, ...], name: str) -> list[str]:
    missing = [key for key in keys if key not in told]
    if missing:
        message = f"{name}, {told['EPOCH']}: {', '.join(missing)} is missing."
        raise InputError(message)
    return [told[key] for key in keys]


def _keys(values: list[str]) -> tuple[str, ...]:
    return STATE_KEYS if len(values) == len(STATE_KEYS) else (*STATE_KEYS, *_ACCELERATION)


def _add(data: Element, tag: str, epoch: str, frame: str | None, values: dict[str, str]) -> None:
    one = SubElement(data, tag)
    add_leaf(one, "EPOCH", epoch)
    if frame is not None:
        add_leaf(one, "COV_REF_FRAME", frame)
    for key, value in values.items():
        add_leaf(one, key, value, _UNITS[key])

"""Conjunction data messages in XML (CCSDS 508.0-B-1, section 5), the same message as in lines.

The tree is turned into key-value lines and back, so that every check of `cdm` holds here too.
"""

from __future__ import annotations

from xml.etree.ElementTree import Element, SubElement

from skywright.errors import InputError
from skywright.ssa.records.cdm import AXES, STATE, UNITS, Cdm, parse_cdm, write_cdm
from skywright.ssa.records.plain_xml import add_leaf, leaves, messages_of, new_message, text_of

VERSION = "1.0"
"""Of the standard's messages."""

_HEADER = ("CREATION_DATE", "ORIGINATOR", "MESSAGE_FOR", "MESSAGE_ID")
_RELATIVE = ("TCA", "MISS_DISTANCE", "RELATIVE_SPEED")
_RELATIVE_STATE = tuple(f"RELATIVE_{what}_{a}" for what in ("POSITION", "VELOCITY") for a in "RTN")
_SCREEN = (
    "START_SCREEN_PERIOD", "STOP_SCREEN_PERIOD", "SCREEN_VOLUME_FRAME", "SCREEN_VOLUME_SHAPE",
    "SCREEN_VOLUME_X", "SCREEN_VOLUME_Y", "SCREEN_VOLUME_Z", "SCREEN_ENTRY_TIME",
    "SCREEN_EXIT_TIME", "COLLISION_PROBABILITY", "COLLISION_PROBABILITY_METHOD",
)  # fmt: skip
_METADATA = (
    "OBJECT", "OBJECT_DESIGNATOR", "CATALOG_NAME", "OBJECT_NAME", "INTERNATIONAL_DESIGNATOR",
    "OBJECT_TYPE", "OPERATOR_CONTACT_POSITION", "OPERATOR_ORGANIZATION", "OPERATOR_PHONE",
    "OPERATOR_EMAIL", "EPHEMERIS_NAME", "COVARIANCE_METHOD", "MANEUVERABLE", "ORBIT_CENTER",
    "REF_FRAME", "GRAVITY_MODEL", "ATMOSPHERIC_MODEL", "N_BODY_PERTURBATIONS",
    "SOLAR_RAD_PRESSURE", "EARTH_TIDES", "INTRACK_THRUST",
)  # fmt: skip
_OD = (
    "TIME_LASTOB_START", "TIME_LASTOB_END", "RECOMMENDED_OD_SPAN", "ACTUAL_OD_SPAN",
    "OBS_AVAILABLE", "OBS_USED", "TRACKS_AVAILABLE", "TRACKS_USED", "RESIDUALS_ACCEPTED",
    "WEIGHTED_RMS",
)  # fmt: skip
_ADDITIONAL = (
    "AREA_PC", "AREA_DRG", "AREA_SRP", "MASS", "CD_AREA_OVER_MASS", "CR_AREA_OVER_MASS",
    "THRUST_ACCELERATION", "SEDR",
)  # fmt: skip
_MORE_AXES = (*AXES, "DRG", "SRP", "THR")
_COVARIANCE = tuple(f"C{a}_{b}" for k, a in enumerate(_MORE_AXES) for b in _MORE_AXES[: k + 1])

Leaves = list[tuple[str, str, str]]


def cdm_of(text: str, name: str = "the message") -> Cdm:
    """Read a message in either notation; raises like `parse_cdm`."""
    return (parse_cdm_xml if text.lstrip().startswith("<") else parse_cdm)(text, name)


def parse_cdm_xml(text: str, name: str = "the message") -> Cdm:
    """Read a message in XML, alone or the only one within ``ndm``.

    Raises
    ------
    InputError
        If it is no plain XML, holds none or several, or as in `parse_cdm`.
    """
    found = messages_of(text, "cdm", name)
    if len(found) > 1:
        message = f"{name} holds {len(found)} messages; give one a file."
        raise InputError(message)
    return parse_cdm(_lines(found[0]), name)


def write_cdm_xml(cdm: Cdm) -> str:
    """Return a message as XML; what `parse_cdm_xml` reads from it is the same message.

    Fields that the standard does not know become comments, so that the text keeps to its schema.
    """
    parts = _parts(write_cdm(cdm))
    root = new_message("cdm", VERSION)
    told = {key: (value, unit) for key, value, unit in parts[0] if key != "COMMENT"}
    told.pop("CCSDS_CDM_VERS")
    _group(root, "header", told, _HEADER)
    body = SubElement(root, "body")
    relative = SubElement(body, "relativeMetadataData")
    for key, value, _ in parts[0]:
        if key == "COMMENT":
            add_leaf(relative, key, value)
    _unknown(relative, told, (*_HEADER, *_RELATIVE, *_RELATIVE_STATE, *_SCREEN))
    _fill(relative, told, _RELATIVE)
    _group(relative, "relativeStateVector", told, _RELATIVE_STATE)
    _fill(relative, told, _SCREEN)
    for part in parts[1:]:
        _segment(body, {key: (value, unit) for key, value, unit in part})
    return text_of(root)


def _segment(body: Element, told: dict[str, tuple[str, str]]) -> None:
    segment = SubElement(body, "segment")
    known = (*_METADATA, *_OD, *_ADDITIONAL, *STATE, *_COVARIANCE)
    metadata = SubElement(segment, "metadata")
    _unknown(metadata, told, known)
    _fill(metadata, told, _METADATA)
    data = SubElement(segment, "data")
    for tag, keys in (
        ("odParameters", _OD),
        ("additionalParameters", _ADDITIONAL),
        ("stateVector", STATE),
        ("covarianceMatrix", _COVARIANCE),
    ):
        _group(data, tag, told, keys)


def _group(
    parent: Element, tag: str, told: dict[str, tuple[str, str]], keys: tuple[str, ...]
) -> None:
    if any(key in told for key in keys):
        _fill(SubElement(parent, tag), told, keys)


def _fill(parent: Element, told: dict[str, tuple[str, str]], keys: tuple[str, ...]) -> None:
    for key in keys:
        if key in told:
            value, unit = told[key]
            add_leaf(parent, key, value, unit)


def _unknown(parent: Element, told: dict[str, tuple[str, str]], known: tuple[str, ...]) -> None:
    for key in told:
        if key not in known:
            add_leaf(parent, "COMMENT", f"{key} = {told[key][0]}")


def _parts(text: str) -> list[Leaves]:
    """Return key, value and unit of the header and of both objects of lines that we wrote."""
    parts: list[Leaves] = [[]]
    for line in text.splitlines():
        key, _, value = line.partition(" = ")
        if line.startswith("COMMENT "):
            key, value = "COMMENT", line.removeprefix("COMMENT ")
        if key == "OBJECT":
            parts.append([])
        unit = ""
        if key in STATE or key in _COVARIANCE or key in UNITS:
            value, _, unit = value.removesuffix("]").partition(" [")
        parts[-1].append((key, value, unit))
    return parts


def _lines(root: Element) -> str:
    """Return a message as key-value lines; of each segment the name of the object comes first."""
    lines = [f"CCSDS_CDM_VERS = {root.get('version', VERSION)}"]
    for section in root.iter():
        if section.tag in ("header", "relativeMetadataData"):
            lines += map(_line, leaves(section))
        elif section.tag == "segment":
            told = list(leaves(section))
            lines += [_line(one) for one in told if one[0] == "OBJECT"]
            lines += [_line(one) for one in told if one[0] not in ("OBJECT", "COMMENT")]
    return "\n".join(lines)


def _line(leaf: tuple[str, str, str]) -> str:
    key, value, unit = leaf
    if key == "COMMENT":
        return f"COMMENT {value}"
    return f"{key} = {value}" + (f" [{unit}]" if unit else "")

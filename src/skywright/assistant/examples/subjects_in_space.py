"""Satellites, conjunctions and light curves of the files that lie in some folders."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from skywright.assistant.examples.subject import Subject
from skywright.sources.light_curves import has_columns
from skywright.sources.sandbox import catalogues

_MOST_SATELLITES = 400
_MOST_BYTES = 100_000
_MOST_CHARACTERS = 1_600  # of a message: it stands in the question and in the call
_SUFFIXES = (".cdm", ".kvn", ".txt")
_NEEDED = re.compile(
    r"(?:CCSDS_CDM_VERS|CREATION_DATE|ORIGINATOR|MESSAGE_ID|TCA|MISS_DISTANCE|OBJECT|HBR"
    r"|OBJECT_DESIGNATOR|CATALOG_NAME|OBJECT_NAME|INTERNATIONAL_DESIGNATOR|EPHEMERIS_NAME"
    r"|COVARIANCE_METHOD|MANEUVERABLE|REF_FRAME|[XYZ](?:_DOT)?|C[RTN]_[RTN]|COMMENT HBR)\s*="
)
"""Lines of a conjunction data message without which no probability follows (CCSDS 508.0-B-1)."""
_ELEMENTS = (
    "OBJECT_NAME", "OBJECT_ID", "EPOCH", "MEAN_MOTION", "ECCENTRICITY", "INCLINATION",
    "RA_OF_ASC_NODE", "ARG_OF_PERICENTER", "MEAN_ANOMALY", "NORAD_CAT_ID", "BSTAR",
    "MEAN_MOTION_DOT", "MEAN_MOTION_DDOT",
)  # fmt: skip
"""Keywords of an orbit mean-elements message that a propagation needs (CCSDS 502.0-B-3)."""
_FITS = ("_lc.fits", "_llc.fits", "_slc.fits", "_lc.fits.gz")
_UNIT = re.compile(r"\s*\[[^]]*\]\s*$")


def satellites(files: Sequence[Path]) -> dict[str, list[Subject]]:
    """Return satellites with element sets; files of lines, which tell no keywords, are left out."""
    found = {
        number: Subject(f"NORAD {number}", str(one["OBJECT_NAME"]), _facts(number, one))
        for file in files
        if not file.is_relative_to(catalogues.SAMPLES)
        for one in _sets(file)
        if (number := _number(one)) and one.get("OBJECT_NAME")
    }
    ordered = sorted(found.values(), key=lambda one: hashlib.sha256(one.key.encode()).digest())
    return {"satellite": ordered[:_MOST_SATELLITES]}


def _facts(number: int, one: Mapping[str, Any]) -> dict[str, Any]:
    return {"norad_id": number, "elements": {key: one[key] for key in _ELEMENTS if key in one}}


def _sets(file: Path) -> Iterator[dict[str, Any]]:
    name = file.name.lower().removesuffix(".gz")
    if name.endswith(".json"):
        with catalogues.opened(file) as text:
            yield from (one for one in json.load(text) if isinstance(one, dict))
    elif name.endswith(".csv"):
        yield from catalogues.records([file])


def _number(one: dict[str, Any]) -> int:
    text = str(one.get("NORAD_CAT_ID") or "")
    return int(text) if text.isdigit() else 0


def conjunctions(folders: Sequence[Path]) -> dict[str, list[Subject]]:
    """Return the conjunctions of messages (key-value notation), cut to what is needed of them."""
    found = [_conjunction(file) for file in _messages(folders)]
    return {"conjunction": [one for one in found if one]}


def _messages(folders: Sequence[Path]) -> list[Path]:
    files = {one for folder in folders for one in folder.rglob("*") if one.suffix in _SUFFIXES}
    return sorted(one for one in files if one.is_file() and one.stat().st_size < _MOST_BYTES)


def _conjunction(file: Path) -> Subject | None:
    text = file.read_text(encoding="utf-8", errors="replace")
    if not text.lstrip().startswith("CCSDS_CDM_VERS"):
        return None
    lines = (_UNIT.sub("", line.strip()) for line in text.splitlines())
    needed = [re.sub(r"\s*=\s*", " = ", line) for line in lines if _NEEDED.match(line)]
    of = [line.partition("= ")[2] for line in needed if line.startswith("OBJECT_DESIGNATOR")]
    told = "\n".join(needed)
    if not of or len(told) > _MOST_CHARACTERS:
        return None
    return Subject(" and ".join(of), file.name, {"message": told})


def light_curves(folders: Sequence[Path]) -> dict[str, list[Subject]]:
    """Return the light curves: tables with columns of time and flux, FITS of TESS and Kepler."""
    files = sorted({one for folder in folders for one in folder.rglob("*") if one.is_file()})
    found = [one for one in files if one.name.lower().endswith(_FITS) or _is_table(one)]
    return {"light-curve": [_light_curve(one) for one in found]}


def _light_curve(file: Path) -> Subject:
    name = re.sub(r"\.(?:csv|fits)(?:\.gz)?$", "", file.name, flags=re.IGNORECASE)
    return Subject(name, name, {"path": str(file)})


def _is_table(file: Path) -> bool:
    if not file.name.lower().endswith((".csv", ".csv.gz")):
        return False
    with catalogues.opened(file) as text:
        return has_columns(text.readline().strip().split(","))

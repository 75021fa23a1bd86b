"""Conjunction data messages in key-value notation (CCSDS 508.0-B-1), read strictly and written.

States are kilometres and kilometres a second in the frame that the message names; covariances
are square metres in the radial, in-track and cross-track axes of each object, as in the standard.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt

from skywright.errors import InputError
from skywright.ssa.records.files import content_of

F64 = npt.NDArray[np.float64]

FRAMES = ("EME2000", "GCRF", "ITRF", "TEME")
"""Frames that are understood; the standard knows the first three."""

STATE = ("X", "Y", "Z", "X_DOT", "Y_DOT", "Z_DOT")
"""Keys of a state."""

AXES = ("R", "T", "N", "RDOT", "TDOT", "NDOT")
"""Axes of a covariance; C{row}_{column} of the lower triangle are its keys."""

UNITS = {
    **dict.fromkeys(("MISS_DISTANCE", *(f"RELATIVE_POSITION_{a}" for a in "RTN")), "m"),
    **dict.fromkeys(("RELATIVE_SPEED", *(f"RELATIVE_VELOCITY_{a}" for a in "RTN")), "m/s"),
    **dict.fromkeys((f"SCREEN_VOLUME_{a}" for a in "XYZ"), "m"),
    **dict.fromkeys(("RECOMMENDED_OD_SPAN", "ACTUAL_OD_SPAN"), "d"),
    **dict.fromkeys(("AREA_PC", "AREA_DRG", "AREA_SRP"), "m**2"),
    **dict.fromkeys(("CD_AREA_OVER_MASS", "CR_AREA_OVER_MASS"), "m**2/kg"),
    "RESIDUALS_ACCEPTED": "%",
    "MASS": "kg",
    "THRUST_ACCELERATION": "m/s**2",
    "SEDR": "W/kg",
}
"""Units of the standard (tables 3-3 and 3-4) beside those of states and covariances."""

_COVARIANCE = {f"C{a}_{b}" for k, a in enumerate(AXES) for b in AXES[: k + 1]}
_HEADER = ("CREATION_DATE", "TCA")
_TOLD = (*_HEADER, "CCSDS_CDM_VERS", "MESSAGE_ID")
_LINE = re.compile(r"^\s*([A-Z0-9_]+)\s*=\s*(.*?)\s*(?:\[(.*)\])?\s*$")
_HBR = re.compile(r"HBR\s*=\s*([-+0-9.eE]+)")
_NEAREST_KM, _FARTHEST_KM = 6000.0, 1e6
_SLOWEST_KM_S, _FASTEST_KM_S = 0.05, 13.0
_MOST_SIGMA_M = 1e8
_UNITS = {"km": 1.0, "m": 1e-3, "km/s": 1.0, "m/s": 1e-3}


@dataclass(frozen=True, slots=True)
class CdmObject:
    """One of the two objects."""

    designator: str
    name: str
    frame: str
    state: F64
    """Position [km] and velocity [km/s] at the time of closest approach; (6,)."""
    covariance: F64
    """Radial, in-track, cross-track; m2, m2/s, m2/s2; (6, 6), NaN where a message gives none."""
    fields: dict[str, str] = field(default_factory=dict)
    """Everything else that the message says of it."""


@dataclass(frozen=True, slots=True)
class Cdm:
    """One message."""

    message_id: str
    created_utc: datetime
    tca_utc: datetime
    objects: tuple[CdmObject, CdmObject]
    hbr_m: float | None
    """Combined hard-body radius from a comment ``HBR = ...`` [m]."""
    fields: dict[str, str] = field(default_factory=dict)
    """Everything else of the header."""
    comments: tuple[str, ...] = ()

    def number(self, key: str) -> float | None:
        """Return a number of the header, or None."""
        text = self.fields.get(key, "")
        try:
            return float(text)
        except ValueError:
            return None


def read_cdm(source: Path | str) -> Cdm:
    """Read a file in either notation; raises like `content_of` and `parse_cdm`."""
    from skywright.ssa.records.cdm_xml import cdm_of  # which stands on this module

    content, name = content_of(source)
    return cdm_of(content.decode("utf-8-sig", errors="replace"), name)


def parse_cdm(text: str, name: str = "the message") -> Cdm:
    """Read a message.

    Raises
    ------
    InputError
        If it is no CDM, lacks an object, a state or a date; if a number is not finite, a unit or a
        frame is not known, a variance is negative, or a state is off by a factor of 1,000. Names
        the message, the object, the key and the value.
    """
    parts, comments, units = _parts(text, name)
    if len(parts) != 3:
        message = f"{name} must describe OBJECT1 and OBJECT2, it describes {len(parts) - 1}."
        raise InputError(message)
    header = parts[0]
    dates = {key: _date(header, key, name) for key in _HEADER}
    return Cdm(
        header.get("MESSAGE_ID", name),
        dates["CREATION_DATE"],
        dates["TCA"],
        (
            _object(parts[1], units[1], f"{name}, object 1"),
            _object(parts[2], units[2], f"{name}, object 2"),
        ),
        _hbr(comments, name),
        {key: value for key, value in header.items() if key not in _TOLD},
        tuple(comments),
    )


def write_cdm(cdm: Cdm) -> str:
    """Return a message as text; what `parse_cdm` reads from it is the same message."""
    lines = ["CCSDS_CDM_VERS = 1.0", f"CREATION_DATE = {_iso(cdm.created_utc)}"]
    header = {"ORIGINATOR": "skywright", **cdm.fields, "MESSAGE_ID": cdm.message_id}
    header.pop("CCSDS_CDM_VERS", None)
    lines += [_line(key, value) for key, value in header.items()]
    lines.append(f"TCA = {_iso(cdm.tca_utc)}")
    lines += [f"COMMENT {one}" for one in cdm.comments]
    if cdm.hbr_m is not None and not any(_HBR.search(one) for one in cdm.comments):
        lines.append(f"COMMENT HBR = {cdm.hbr_m!r} [m]")
    for k, one in enumerate(cdm.objects, start=1):
        lines += [f"OBJECT = OBJECT{k}", f"OBJECT_DESIGNATOR = {one.designator}"]
        lines += [f"OBJECT_NAME = {one.name}", f"REF_FRAME = {one.frame}"]
        lines += [_line(key, value) for key, value in one.fields.items()]
        units = ["km"] * 3 + ["km/s"] * 3
        lines += [
            f"{key} = {float(value)!r} [{unit}]"
            for key, value, unit in zip(STATE, one.state, units, strict=True)
        ]
        for row in range(6):
            if math.isnan(one.covariance[row, 0]):
                break
            lines += [
                f"C{AXES[row]}_{AXES[column]} = {float(one.covariance[row, column])!r} "
                f"[{('m**2', 'm**2/s', 'm**2/s**2')[(row > 2) + (column > 2)]}]"
                for column in range(row + 1)
            ]
    return "\n".join(lines) + "\n"


def _parts(text: str, name: str) -> tuple[list[dict[str, str]], list[str], list[dict[str, str]]]:
    if "CCSDS_CDM_VERS" not in text:
        message = f"{name} is no conjunction data message: CCSDS_CDM_VERS is missing."
        raise InputError(message, hint="Messages in key-value notation are read.")
    parts: list[dict[str, str]] = [{}]
    units: list[dict[str, str]] = [{}]
    comments = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        if line.lstrip().startswith("COMMENT"):
            if len(parts) == 1:
                comments.append(line.strip().removeprefix("COMMENT").strip())
            continue
        found = _LINE.match(line)
        if found is None:
            message = f"Line {number} of {name} is no 'KEY = value': {line.strip()[:60]!r}."
            raise InputError(message)
        key, value, unit = found[1], found[2], found[3] or ""
        if key == "OBJECT":
            parts.append({})
            units.append({})
        elif key in parts[-1]:
            message = f"Line {number} of {name} gives {key} a second time."
            raise InputError(message)
        else:
            other = key in UNITS and unit.lower() not in ("", UNITS[key].lower())
            parts[-1][key] = f"{value} [{unit}]" if other else value
            units[-1][key] = unit
    return parts, comments, units


def _object(told: dict[str, str], units: dict[str, str], name: str) -> CdmObject:
    frame = told.get("REF_FRAME", "").strip()
    if frame not in FRAMES:
        message = f"{name}: REF_FRAME must be one of {', '.join(FRAMES)}, got {frame!r}."
        raise InputError(message)
    state = np.array([_number(told, key, name) * _scale(units, key, name) for key in STATE])
    _refuse_units(state, name)
    taken = {*STATE, "REF_FRAME", "OBJECT_DESIGNATOR", "OBJECT_NAME"}
    covariance = _covariance(told, name)
    rest = {k: v for k, v in told.items() if k not in taken and k not in _COVARIANCE}
    return CdmObject(
        told.get("OBJECT_DESIGNATOR", ""),
        told.get("OBJECT_NAME", ""),
        frame,
        state,
        covariance,
        rest,
    )


def _covariance(told: dict[str, str], name: str) -> F64:
    """Lower triangle to matrix; the velocity part may be missing as a whole."""
    matrix = np.full((6, 6), np.nan)
    for row in range(6):
        keys = [f"C{AXES[row]}_{AXES[column]}" for column in range(row + 1)]
        if row > 2 and not any(key in told for key in keys):
            break
        for column, key in enumerate(keys):
            matrix[row, column] = matrix[column, row] = _number(told, key, name)
        if matrix[row, row] < 0.0:
            message = f"{name}: the variance {keys[-1]} must not be negative, got {told[keys[-1]]}."
            raise InputError(message)
    if math.sqrt(matrix[:3, :3].diagonal().max()) > _MOST_SIGMA_M:
        message = f"{name}: a position sigma above {_MOST_SIGMA_M:g} m; covariances are in m2."
        raise InputError(message)
    return matrix


def _refuse_units(state: F64, name: str) -> None:
    r, v = float(np.linalg.norm(state[:3])), float(np.linalg.norm(state[3:]))
    if not _NEAREST_KM < r < _FARTHEST_KM:
        message = f"{name}: X, Y, Z lie {r:.6g} km from the Earth's centre; they must be km."
        raise InputError(message, hint=f"Allowed are {_NEAREST_KM:g} to {_FARTHEST_KM:g} km.")
    if not _SLOWEST_KM_S < v < _FASTEST_KM_S:
        message = f"{name}: X_DOT, Y_DOT, Z_DOT are {v:.6g} km/s; they must be km/s."
        raise InputError(message, hint=f"Allowed are {_SLOWEST_KM_S:g} to {_FASTEST_KM_S:g} km/s.")


def _scale(units: dict[str, str], key: str, name: str) -> float:
    unit = units.get(key, "") or ("km/s" if key.endswith("DOT") else "km")
    if unit not in _UNITS or ("/s" in unit) != key.endswith("DOT"):
        message = f"{name}: {key} has the unit [{unit}]; allowed are km, m, km/s and m/s."
        raise InputError(message)
    return _UNITS[unit]


def _number(told: dict[str, str], key: str, name: str) -> float:
    if key not in told:
        message = f"{name}: {key} is missing."
        raise InputError(message)
    try:
        value = float(told[key])
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        message = f"{name}: {key} must be a finite number, got {told[key]!r}."
        raise InputError(message)
    return value


def _date(told: dict[str, str], key: str, name: str) -> datetime:
    text = told.get(key, "")
    try:
        found = datetime.fromisoformat(_from_day_of_year(text))
    except ValueError as error:
        message = f"{name}: {key} must be a date and time of ISO 8601 in UTC, got {text!r}."
        raise InputError(message) from error
    return found.replace(tzinfo=None)


def _from_day_of_year(text: str) -> str:
    found = re.fullmatch(r"(\d{4})-(\d{3})T(.*)", text)
    if found is None:
        return text[:26].rstrip("Z") if "." in text else text.rstrip("Z")
    day = datetime.strptime(f"{found[1]} {found[2]}", "%Y %j")  # noqa: DTZ007 - UTC throughout
    return f"{day:%Y-%m-%d}T{found[3][:15].rstrip('Z')}"


def _hbr(comments: list[str], name: str) -> float | None:
    for one in comments:
        found = _HBR.search(one)
        if found is None:
            continue
        try:
            value = float(found[1])
        except ValueError:
            value = math.nan
        if not 0.0 < value < 1000.0:
            message = f"{name}: HBR must be 0 to 1000 m, got {found[1]!r}."
            raise InputError(message)
        return value
    return None


def _line(key: str, value: str) -> str:
    bare = key in UNITS and not value.endswith("]")
    return f"{key} = {value} [{UNITS[key]}]" if bare else f"{key} = {value}"


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds" if moment.microsecond else "seconds")

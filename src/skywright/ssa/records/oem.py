"""Orbit ephemeris messages (CCSDS 502.0-B-3, section 5), in key-value lines and in XML.

Positions are kilometres, velocities kilometres a second, accelerations kilometres a second
squared, covariances km2, km2/s, km2/s2, as in the standard, which allows no other units. Epochs
become UTC; the time system that a message is written in is kept and written again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from skywright.errors import InputError
from skywright.ssa.records.files import content_of
from skywright.ssa.records.oem_text import (
    COVARIANCE_KEYS,
    ENDS,
    RawCovariance,
    RawOem,
    RawSegment,
    kvn_of,
    raw_of_kvn,
)
from skywright.ssa.records.oem_xml import raw_of_xml, xml_of
from skywright.ssa.records.record_limits import (
    FARTHEST_KM,
    FASTEST_KM_S,
    NEAREST_KM,
    SLOWEST_KM_S,
    refuse_covariance,
    refuse_length,
    refuse_unknown,
)
from skywright.ssa.records.time_systems import epoch_text, epoch_utc, refuse_system

F64 = npt.NDArray[np.float64]

FRAMES = {
    "EME2000": "EME2000",
    "GCRF": "GCRF",
    "ICRF": "GCRF",
    "TEME": "TEME",
    **dict.fromkeys(
        ("ITRF", "ITRF-93", "ITRF-97", "ITRF1993", "ITRF1997", "ITRF2000", "ITRF2005", "ITRF2008",
         "ITRF2014", "ITRF2020"), "ITRF",
    ),
}  # fmt: skip
"""Frames of messages, and those of records; about the Earth, ICRF has the axes of GCRF."""

COVARIANCE_FRAMES = {**FRAMES, "RTN": "RTN", "RSW": "RTN", "TNW": "TNW"}
"""Frames of covariances."""

_TAKEN = (
    "OBJECT_NAME", "OBJECT_ID", "CENTER_NAME", "REF_FRAME", "TIME_SYSTEM", *ENDS,
    "INTERPOLATION", "INTERPOLATION_DEGREE",
)  # fmt: skip
_INTERPOLATIONS = ("HERMITE", "LAGRANGE", "LINEAR")
_MOST_ACCELERATION_KM_S2 = 0.1


@dataclass(frozen=True, slots=True)
class OemCovariance:
    """A covariance at a moment."""

    epoch_utc: datetime
    matrix: F64
    """km2, km2/s, km2/s2; (6, 6)."""
    frame: str | None = None
    """As written; that of the segment where it is left out."""


@dataclass(frozen=True, slots=True)
class OemSegment:
    """One object over one stretch of time."""

    object_name: str
    object_id: str
    frame: str
    """As written."""
    time_system: str
    epochs_utc: tuple[datetime, ...]
    states: F64
    """Positions [km] and velocities [km/s]; (n, 6)."""
    start_utc: datetime
    stop_utc: datetime
    useable_start_utc: datetime | None = None
    useable_stop_utc: datetime | None = None
    interpolation: str | None = None
    interpolation_degree: int | None = None
    accelerations: F64 | None = None
    """km/s2; (n, 3)."""
    covariances: tuple[OemCovariance, ...] = ()
    comments: tuple[str, ...] = ()
    fields: dict[str, str] = field(default_factory=dict)
    """Everything else of the metadata."""


@dataclass(frozen=True, slots=True)
class Oem:
    """One message."""

    created_utc: datetime
    originator: str
    segments: tuple[OemSegment, ...]
    version: str = "2.0"
    comments: tuple[str, ...] = ()
    fields: dict[str, str] = field(default_factory=dict)
    """Everything else of the header."""


def read_oem(source: Path | str) -> Oem:
    """Read a file in either notation; raises like `content_of` and `parse_oem`."""
    content, name = content_of(source)
    return parse_oem(content.decode("utf-8-sig", errors="replace"), name)


def parse_oem(text: str, name: str = "the message") -> Oem:
    """Read a message.

    Raises
    ------
    InputError
        If it is no OEM; a key is missing; a centre, frame, time system or interpolation is not
        known; epochs do not rise or lie outside the segment; a value is not finite, off by a factor
        of 1,000, or a negative variance. Names the message, the segment, the key and the value.
    """
    raw = (raw_of_xml if text.lstrip().startswith("<") else raw_of_kvn)(text, name)
    rest = dict(raw.header)
    created = epoch_utc(_needed(rest, "CREATION_DATE", name), "UTC", f"{name}: CREATION_DATE")
    originator = _needed(rest, "ORIGINATOR", name)
    segments = tuple(
        _segment(one, f"{name}, segment {k}") for k, one in enumerate(raw.segments, start=1)
    )
    if not segments:
        message = f"{name} holds no segment; an ephemeris has one at least."
        raise InputError(message)
    return Oem(created, originator, segments, raw.version, tuple(raw.comments), rest)


def write_oem(oem: Oem, *, form: str = "kvn") -> str:
    """Return a message as text; what `parse_oem` reads from it is the same message.

    Parameters
    ----------
    oem : Oem
        The message.
    form : str
        ``kvn`` or ``xml``.

    Raises
    ------
    InputError
        If the form is neither.
    """
    writers: dict[str, Callable[[RawOem], str]] = {"kvn": kvn_of, "xml": xml_of}
    if form not in writers:
        refuse_unknown("form", form, writers)
    header = {
        "CREATION_DATE": epoch_text(oem.created_utc, "UTC"),
        "ORIGINATOR": oem.originator,
        **oem.fields,
    }
    raw = RawOem(oem.version, header, list(oem.comments), [_raw(one) for one in oem.segments])
    return writers[form](raw)


def _segment(raw: RawSegment, name: str) -> OemSegment:
    meta = dict(raw.meta)
    for key, allowed in (("CENTER_NAME", {"EARTH": "EARTH"}), ("REF_FRAME", FRAMES)):
        value = _needed(meta, key, name).upper()
        if value not in allowed:
            refuse_unknown(f"{name}: {key}", value, allowed)
        meta[key] = value
    system = _needed(meta, "TIME_SYSTEM", name).upper()
    refuse_system(system, name)
    ends = {
        key: epoch_utc(meta[key], system, f"{name}: {key}") if key in meta else None for key in ENDS
    }
    epochs = tuple(epoch_utc(one, system, f"{name}: epoch") for one, _ in raw.lines)
    start, stop = (ends[key] or _missing(key, name) for key in ("START_TIME", "STOP_TIME"))
    _refuse_order(epochs, (start, stop), name)
    states, accelerations = _states(raw, name)
    return OemSegment(
        _needed(meta, "OBJECT_NAME", name, pop=False),
        _needed(meta, "OBJECT_ID", name, pop=False),
        meta["REF_FRAME"],
        system,
        epochs,
        states,
        start,
        stop,
        ends["USEABLE_START_TIME"],
        ends["USEABLE_STOP_TIME"],
        *_interpolation(meta, name),
        accelerations,
        tuple(_covariance(one, system, states, name) for one in raw.covariances),
        tuple(raw.comments),
        {key: value for key, value in meta.items() if key not in _TAKEN},
    )


def _states(raw: RawSegment, name: str) -> tuple[F64, F64 | None]:
    widths = {len(values) for _, values in raw.lines}
    if not widths <= {6, 9} or len(widths) > 1:
        message = (
            f"{name}: a line must hold 6 numbers (9 with accelerations), the same all through; "
            f"got {sorted(widths)}."
        )
        raise InputError(message)
    rows = np.array([[_number(v, f"{name}, {epoch}") for v in vs] for epoch, vs in raw.lines])
    for (epoch, _), row in zip(raw.lines, rows.tolist(), strict=True):
        refuse_length(f"{name}, {epoch}: X, Y, Z", row[:3], (NEAREST_KM, FARTHEST_KM), "km")
        speeds = (SLOWEST_KM_S, FASTEST_KM_S)
        refuse_length(f"{name}, {epoch}: X_DOT, Y_DOT, Z_DOT", row[3:6], speeds, "km/s")
        if len(row) == 9:
            most = (0.0, _MOST_ACCELERATION_KM_S2)
            refuse_length(f"{name}, {epoch}: X_DDOT, Y_DDOT, Z_DDOT", row[6:], most, "km/s2")
    return rows[:, :6], rows[:, 6:] if rows.shape[1] == 9 else None


def _covariance(raw: RawCovariance, system: str, states: F64, name: str) -> OemCovariance:
    place = f"{name}, covariance of {raw.epoch}"
    if len(raw.values) != len(COVARIANCE_KEYS):
        message = f"{place}: it must hold {len(COVARIANCE_KEYS)} numbers, got {len(raw.values)}."
        raise InputError(message)
    matrix = np.zeros((6, 6))
    values = [_number(one, place) for one in raw.values]
    matrix[np.tril_indices(6)] = values
    matrix = np.tril(matrix) + np.tril(matrix, -1).T
    frame = None if raw.frame is None else raw.frame.upper()
    if frame is not None and frame not in COVARIANCE_FRAMES:
        refuse_unknown(f"{place}: COV_REF_FRAME", frame, COVARIANCE_FRAMES)
    farthest = float(np.linalg.norm(states[:, :3], axis=1).max())
    try:
        refuse_covariance(tuple(map(tuple, matrix.tolist())), farthest)
    except InputError as error:
        raise InputError(f"{place}: {error.message}", hint=error.hint) from error  # noqa: EM102
    return OemCovariance(epoch_utc(raw.epoch, system, f"{place}: EPOCH"), matrix, frame)


def _interpolation(meta: dict[str, str], name: str) -> tuple[str | None, int | None]:
    method = meta["INTERPOLATION"].upper() if "INTERPOLATION" in meta else None
    if method is not None and method not in _INTERPOLATIONS:
        refuse_unknown(f"{name}: INTERPOLATION", method, _INTERPOLATIONS)
    degree = meta.get("INTERPOLATION_DEGREE")
    if degree is not None and not (degree.isdecimal() and int(degree) > 0):
        message = f"{name}: INTERPOLATION_DEGREE must be a whole number above 0, got {degree!r}."
        raise InputError(message)
    if method is not None and degree is None:
        message = f"{name}: INTERPOLATION is {method}, so INTERPOLATION_DEGREE must be given."
        raise InputError(message)
    return method, None if degree is None else int(degree)


def _refuse_order(epochs: tuple[datetime, ...], span: tuple[datetime, datetime], name: str) -> None:
    if not epochs:
        message = f"{name} holds no states."
        raise InputError(message)
    for one, two in pairwise(epochs):
        if two <= one:
            message = (
                f"{name}: epochs must rise; {two.isoformat()} follows {one.isoformat()} (UTC)."
            )
            raise InputError(message)
    for one in (epochs[0], epochs[-1]):
        if not span[0] <= one <= span[1]:
            message = (
                f"{name}: the state of {one.isoformat()} lies outside START_TIME "
                f"{span[0].isoformat()} and STOP_TIME {span[1].isoformat()} (UTC)."
            )
            raise InputError(message)


def _raw(one: OemSegment) -> RawSegment:
    def told(moment: datetime) -> str:
        return epoch_text(moment, one.time_system)

    ends = zip(
        ENDS,
        (one.start_utc, one.useable_start_utc, one.useable_stop_utc, one.stop_utc),
        strict=True,
    )
    meta = {
        "OBJECT_NAME": one.object_name,
        "OBJECT_ID": one.object_id,
        "CENTER_NAME": "EARTH",
        "REF_FRAME": one.frame,
        **one.fields,
        "TIME_SYSTEM": one.time_system,
        **{key: told(moment) for key, moment in ends if moment is not None},
    }
    if one.interpolation is not None:
        meta["INTERPOLATION"] = one.interpolation
    if one.interpolation_degree is not None:
        meta["INTERPOLATION_DEGREE"] = str(one.interpolation_degree)
    rows = one.states if one.accelerations is None else np.hstack([one.states, one.accelerations])
    return RawSegment(
        meta,
        list(one.comments),
        [
            (told(epoch), [repr(value) for value in row])
            for epoch, row in zip(one.epochs_utc, rows.tolist(), strict=True)
        ],
        [
            RawCovariance(
                told(cov.epoch_utc),
                cov.frame,
                [repr(value) for value in cov.matrix[np.tril_indices(6)].tolist()],
            )
            for cov in one.covariances
        ],
    )


def _number(text: str, name: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not np.isfinite(value):
        message = f"{name}: {text!r} is no finite number."
        raise InputError(message)
    return value


def _needed(told: dict[str, str], key: str, name: str, *, pop: bool = True) -> str:
    if not told.get(key):
        _missing(key, name)
    return told.pop(key) if pop else told[key]


def _missing(key: str, name: str) -> datetime:
    message = f"{name}: {key} is missing."
    raise InputError(message)

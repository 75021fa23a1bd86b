"""Ephemeris messages as key-value lines: what stands there, not yet judged."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from skywright.errors import InputError

ENDS = ("START_TIME", "USEABLE_START_TIME", "USEABLE_STOP_TIME", "STOP_TIME")
"""Keys of the moments of a segment, in their order."""

STATE_KEYS = ("X", "Y", "Z", "X_DOT", "Y_DOT", "Z_DOT")
"""Components of a state, in their order."""

COVARIANCE_KEYS = tuple(
    f"C{one}_{two}" for k, one in enumerate(STATE_KEYS) for two in STATE_KEYS[: k + 1]
)
"""Lower triangle of a covariance, row by row."""

_LINE = re.compile(r"^\s*([A-Z0-9_]+)\s*=\s*(.*?)\s*$")
_VERSION = "CCSDS_OEM_VERS"


@dataclass(slots=True)
class RawCovariance:
    """One matrix."""

    epoch: str
    frame: str | None
    values: list[str]


@dataclass(slots=True)
class RawSegment:
    """One segment."""

    meta: dict[str, str] = field(default_factory=dict)
    comments: list[str] = field(default_factory=list)
    lines: list[tuple[str, list[str]]] = field(default_factory=list)
    covariances: list[RawCovariance] = field(default_factory=list)


@dataclass(slots=True)
class RawOem:
    """One message."""

    version: str
    header: dict[str, str]
    comments: list[str]
    segments: list[RawSegment]


def raw_of_kvn(text: str, name: str) -> RawOem:
    """Read key-value lines.

    Raises
    ------
    InputError
        If they are no OEM, a line is none of those that may stand there, a key comes twice, or a
        block is not closed; names the line.
    """
    raw = RawOem("", {}, [], [])
    block = "header"
    for number, line in _told(text):
        place = f"Line {number} of {name}"
        if line.startswith("COMMENT"):
            told = line.removeprefix("COMMENT").strip()
            (raw.segments[-1].comments if raw.segments else raw.comments).append(told)
        elif line.endswith(("_START", "_STOP")) and "=" not in line:
            block = _turned(raw, block, line, place)
        elif block == "covariance":
            _covariance_line(raw.segments[-1], line, place)
        elif block == "data":
            epoch, *values = line.split()
            raw.segments[-1].lines.append((epoch, values))
        else:
            _put(raw.header if block == "header" else raw.segments[-1].meta, line, place)
    if block in ("meta", "covariance"):
        message = f"{name} ends within {block.upper()}_START; its end is missing."
        raise InputError(message)
    raw.version = raw.header.pop(_VERSION, "")
    if not raw.version:
        message = f"{name} is no orbit ephemeris message: {_VERSION} is missing."
        raise InputError(message)
    return raw


def kvn_of(raw: RawOem) -> str:
    """Return a message as key-value lines."""
    lines = [f"{_VERSION} = {raw.version}", *(f"COMMENT {one}" for one in raw.comments)]
    lines += [f"{key} = {value}" for key, value in raw.header.items()]
    for one in raw.segments:
        lines += ["", "META_START"]
        lines += [f"{key} = {value}" for key, value in one.meta.items()]
        lines += ["META_STOP", "", *(f"COMMENT {told}" for told in one.comments)]
        lines += [" ".join((epoch, *values)) for epoch, values in one.lines]
        if one.covariances:
            lines += ["", "COVARIANCE_START"]
            for covariance in one.covariances:
                lines += _covariance_lines(covariance)
            lines.append("COVARIANCE_STOP")
    return "\n".join(lines) + "\n"


def _told(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            yield number, line.strip()


def _turned(raw: RawOem, block: str, line: str, place: str) -> str:
    """Return the block that a line opens, or the one after the block that it closes."""
    allowed = {
        "META_START": ("header", "data"),
        "META_STOP": ("meta",),
        "COVARIANCE_START": ("data",),
        "COVARIANCE_STOP": ("covariance",),
    }
    if block not in allowed.get(line, ()):
        message = f"{place} is {line}, which cannot stand in the {block} part."
        raise InputError(message)
    if line == "META_START":
        raw.segments.append(RawSegment())
    return {"META_START": "meta", "COVARIANCE_START": "covariance"}.get(line, "data")


def _covariance_line(segment: RawSegment, line: str, place: str) -> None:
    found = _LINE.match(line)
    if found is None:
        if not segment.covariances:
            message = f"{place} is a row of a covariance before its EPOCH."
            raise InputError(message)
        segment.covariances[-1].values += line.split()
    elif found[1] == "EPOCH":
        segment.covariances.append(RawCovariance(found[2], None, []))
    elif found[1] == "COV_REF_FRAME" and segment.covariances:
        segment.covariances[-1].frame = found[2]
    else:
        message = f"{place} gives {found[1]}; a covariance has EPOCH, COV_REF_FRAME and its rows."
        raise InputError(message)


def _put(told: dict[str, str], line: str, place: str) -> None:
    found = _LINE.match(line)
    if found is None:
        message = f"{place} is no 'KEY = value': {line[:60]!r}."
        raise InputError(message)
    if found[1] in told:
        message = f"{place} gives {found[1]} a second time."
        raise InputError(message)
    told[found[1]] = found[2]


def _covariance_lines(covariance: RawCovariance) -> list[str]:
    lines = [f"EPOCH = {covariance.epoch}"]
    if covariance.frame is not None:
        lines.append(f"COV_REF_FRAME = {covariance.frame}")
    values = iter(covariance.values)
    return lines + [" ".join(next(values) for _ in range(row + 1)) for row in range(6)]

"""CelesTrak GP: element sets by number, launch, name and group, in its formats, with its refusals.

The sets are those of the files given. Without a file they are a dozen that we made up for real
names, with round numbers and the epoch of today's midnight: good for trying out, not for pointing.

References
----------
.. [1] Kelso, "A New Way to Obtain GP Data", celestrak.org/NORAD/documentation/gp-data-formats.php.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from skywright.sources.sandbox.catalogues import SAMPLES, opened, records

_TEXTS = ("OBJECT_NAME", "OBJECT_ID", "EPOCH", "CLASSIFICATION_TYPE")
_WHOLE = ("EPHEMERIS_TYPE", "NORAD_CAT_ID", "ELEMENT_SET_NO", "REV_AT_EPOCH")
_UNTOLD = {
    "OBJECT_NAME": "UNKNOWN", "OBJECT_ID": "", "EPHEMERIS_TYPE": "0", "CLASSIFICATION_TYPE": "U",
    "ELEMENT_SET_NO": "999", "REV_AT_EPOCH": "0", "BSTAR": "0", "MEAN_MOTION_DOT": "0",
    "MEAN_MOTION_DDOT": "0",
}  # fmt: skip
_KEYWORDS = (
    "OBJECT_NAME", "OBJECT_ID", "EPOCH", "MEAN_MOTION", "ECCENTRICITY", "INCLINATION",
    "RA_OF_ASC_NODE", "ARG_OF_PERICENTER", "MEAN_ANOMALY", "EPHEMERIS_TYPE",
    "CLASSIFICATION_TYPE", "NORAD_CAT_ID", "ELEMENT_SET_NO", "REV_AT_EPOCH", "BSTAR",
    "MEAN_MOTION_DOT", "MEAN_MOTION_DDOT",
)  # fmt: skip
_QUERIES = ("CATNR", "INTDES", "GROUP", "NAME")
_FORMATS = ("TLE", "3LE", "2LE", "JSON", "JSON-PRETTY", "CSV")
_MOST_OF_A_LINE = 99_999  # CelesTrak leaves longer numbers out of its lines
_MADE_UP = "Made up by the sandbox; no real orbit."
_NOTHING = "No GP data found"

Record = dict[str, Any]


class Satellites:
    """The service, whatever stands before ``NORAD``."""

    def __init__(self, files: Sequence[Path]) -> None:
        self._sets = cache(lambda: list(_read(files)))

    def routes(self) -> list[Route]:
        """Return what is answered, relative to the prefix."""
        return [Route("/NORAD/elements/gp.php", self._answer)]

    def _answer(self, request: Request) -> Response:
        asked = {name.upper(): value.strip() for name, value in request.query_params.items()}
        form = asked.pop("FORMAT", "TLE").upper()
        kinds = [name for name in asked if name in _QUERIES]
        reason = _not_allowed(asked, kinds, form)
        if not reason and kinds[0] == "GROUP" and not self._has_group(asked["GROUP"]):
            reason = f"GROUP={asked['GROUP']} not found"
        if reason:
            return PlainTextResponse(f'Invalid query: "{request.url.query}" ({reason})', 400)
        is_meant = _MEANT[kinds[0]]
        found = [_dated(one) for one in self._sets() if is_meant(one, asked[kinds[0]])]
        return _written(found, form) if found else PlainTextResponse(_NOTHING, 404)

    def _has_group(self, name: str) -> bool:
        return name.lower() == "active" or any(_is_in_group(one, name) for one in self._sets())


def _not_allowed(asked: Mapping[str, str], kinds: Sequence[str], form: str) -> str:
    if len(kinds) != 1 or not asked[kinds[0]]:
        return f"one of {', '.join(_QUERIES)} is needed"
    if form not in _FORMATS:
        return f"FORMAT={form} is none of {', '.join(_FORMATS)}"
    value = asked[kinds[0]]
    if kinds[0] == "CATNR" and not re.fullmatch(r"[0-9]{1,9}", value):
        return f"CATNR={value} is no number of 1 to 9 digits"
    if kinds[0] == "INTDES" and not re.fullmatch(r"[0-9]{4}-[0-9]{3}", value):
        return f"INTDES={value} is not like 1998-067"
    return ""


def _is_in_group(one: Record, name: str) -> bool:
    return name.lower() in one["GROUPS"]


_MEANT: dict[str, Callable[[Record, str], bool]] = {
    "CATNR": lambda one, value: bool(one["NORAD_CAT_ID"] == int(value)),
    "INTDES": lambda one, value: str(one["OBJECT_ID"]).startswith(value),
    "GROUP": lambda one, value: value.lower() == "active" or _is_in_group(one, value),
    "NAME": lambda one, value: value.lower() in str(one["OBJECT_NAME"]).lower(),
}


def _dated(one: Record) -> Record:
    """Return the set as it is told; those of our own are of today's midnight."""
    told = {name: one[name] for name in _KEYWORDS}
    if not told["EPOCH"]:
        midnight = dt.datetime.combine(dt.datetime.now(dt.UTC).date(), dt.time())
        told["EPOCH"] = midnight.isoformat(timespec="microseconds")
        told["COMMENT"] = _MADE_UP
    return told


def _written(found: Sequence[Record], form: str) -> Response:
    if form.startswith("JSON"):
        text = json.dumps(found, indent=4 if form.endswith("PRETTY") else None)
        return Response(text, media_type="application/json")
    if form == "CSV":
        sheet = io.StringIO()
        writer = csv.DictWriter(sheet, _KEYWORDS, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(found)
        return Response(sheet.getvalue(), media_type="text/csv")
    short = [one for one in found if one["NORAD_CAT_ID"] <= _MOST_OF_A_LINE]
    lines = [line for one in short for line in _lines(one, has_name=form != "2LE")]
    return PlainTextResponse("".join(f"{line}\r\n" for line in lines))


def _lines(one: Record, *, has_name: bool) -> list[str]:
    from sgp4 import exporter, omm
    from sgp4.api import Satrec

    satellite = Satrec()
    omm.initialize(satellite, one)
    name = [f"{one['OBJECT_NAME']:<24}"] if has_name else []
    return [*name, *exporter.export_tle(satellite)]


def _read(files: Sequence[Path]) -> Iterator[Record]:
    """Return the element sets of files; a set without a number where one belongs is left out."""
    for file in files:
        name = file.name.lower().removesuffix(".gz")
        for raw in _read_lines(file) if name.endswith((".tle", ".3le")) else _read_omm(file, name):
            one = _record({key: value for key, value in raw.items() if value not in {None, ""}})
            if one is not None and (one["EPOCH"] or file.parent == SAMPLES):
                groups = str(raw.get("GROUPS") or "").lower().split()
                one["GROUPS"] = frozenset([*groups, name.partition(".")[0]])
                yield one


def _read_omm(file: Path, name: str) -> Iterator[Mapping[str, Any]]:
    if not name.endswith(".json"):
        yield from records([file])
        return
    with opened(file) as text:
        payload = json.load(text)
    yield from (one for one in payload if isinstance(one, dict))


def _read_lines(file: Path) -> Iterator[Mapping[str, Any]]:
    from sgp4 import exporter
    from sgp4.api import Satrec

    title, first = "", ""
    with opened(file) as text:
        for line in map(str.rstrip, text):
            if line.startswith("1 "):
                first = line
            elif line.startswith("2 ") and first:
                yield exporter.export_omm(Satrec.twoline2rv(first, line), title or "UNKNOWN")
                title, first = "", ""
            else:
                title = line.removeprefix("0 ").strip()


def _record(raw: Mapping[str, Any]) -> Record | None:
    told = {"EPOCH": "", **_UNTOLD, **raw}
    try:
        one: Record = {name: float(told[name]) for name in _KEYWORDS if name not in _TEXTS}
    except (KeyError, TypeError, ValueError):
        return None
    if not all(map(math.isfinite, one.values())):
        return None
    return one | {name: int(one[name]) for name in _WHOLE} | {n: str(told[n]) for n in _TEXTS}

"""JPL Horizons: where a body or spacecraft is, as vectors or as seen from a place.

References
----------
ssd-api.jpl.nasa.gov/doc/horizons.html (parameters, version 1.x of the API).
"""

from __future__ import annotations

import datetime as dt
import io
import re
import threading
from dataclasses import dataclass

import polars as pl

from skywright.errors import InputError, NotFoundError, SourceError
from skywright.sources import tap
from skywright.sources.collecting import Collector, Part, Visit
from skywright.sources.records import unknown_shape
from skywright.sources.state import JPL_LICENCE, SourceState

STATE = SourceState(
    name="horizons",
    title="JPL Horizons",
    url_setting="horizons_url",
    status="live",
    licence=JPL_LICENCE,
    citation="JPL Horizons, https://ssd.jpl.nasa.gov/horizons",
    documentation="https://ssd-api.jpl.nasa.gov/doc/horizons.html",
    checked="2022-06-16",
    fresh_s=3_600.0,
    most="10,000 rows",
    remark="Vectors are in the mean ecliptic and equinox of J2000, times are TDB.",
    smallest="?format=text&COMMAND=399&OBJ_DATA=NO&EPHEM_TYPE=VECTORS&CENTER=%4010"
    "&START_TIME=2024-01-01&STOP_TIME=2024-01-02&STEP_SIZE=1d",
)

MOST_ROWS = 10_000
"""Most rows of one request; the service itself ends at about 90,000."""

_VECTORS = {
    "JDTDB": "epoch_tdb_jd", "X": "x_au", "Y": "y_au", "Z": "z_au", "VX": "vx_au_d",
    "VY": "vy_au_d", "VZ": "vz_au_d", "LT": "light_time_d", "RG": "range_au",
    "RR": "range_rate_au_d",
}  # fmt: skip
_OBSERVED = {
    "R.A._(ICRF)": "ra_deg", "DEC_(ICRF)": "dec_deg", "APmag": "magnitude", "r": "sun_distance_au",
    "delta": "distance_au", "deldot": "range_rate_km_s", "S-O-T": "elongation_deg",
    "Date_________JDUT": "epoch_utc_jd",
}  # fmt: skip
_QUANTITIES = "1,9,19,20,23"  # position, magnitude, distances, elongation
_NAME = re.compile(r"[A-Za-z0-9 .;=+/()@_-]{1,60}")
_PLANETS = {
    "199": "Mercury", "299": "Venus", "399": "Earth", "499": "Mars", "599": "Jupiter",
    "699": "Saturn", "799": "Uranus", "899": "Neptune",
}  # fmt: skip
_UNASKED_D = 30


@dataclass(frozen=True, slots=True)
class Span:
    """A time span and its step."""

    start: dt.datetime
    stop: dt.datetime
    step_min: int = 1_440
    """Step, whole minutes."""

    def __post_init__(self) -> None:
        for name in ("start", "stop"):
            if getattr(self, name).tzinfo is None:
                message = f"{name} has no time zone; give UTC."
                raise InputError(message)
        if self.stop <= self.start or self.step_min < 1:
            message = f"{self.start} to {self.stop} by {self.step_min} minutes is no time span."
            raise InputError(message, hint="The end comes after the start, the step is 1 or more.")
        if self.rows > MOST_ROWS:
            message = f"The span has {self.rows} steps; {MOST_ROWS} are allowed."
            raise InputError(message, hint="Take a longer step or a shorter span.")

    @property
    def rows(self) -> int:
        """Return how many epochs there are."""
        return int((self.stop - self.start).total_seconds() // (60 * self.step_min)) + 1


def vectors(
    visit: Visit, body: str, span: Span, centre: str = "@10", stop: threading.Event | None = None
) -> pl.DataFrame:
    """Return positions and velocities of a body [au, au/d], ecliptic and equinox of J2000.

    Parameters
    ----------
    visit : Visit
        Of this source; gets a provenance row.
    body : str
        As Horizons writes it: ``499``, ``DES=2004 MN4;``, ``-48``.
    span : Span
        Epochs; their scale is TDB.
    centre : str
        Origin: ``@10`` is the Sun, ``@0`` the barycentre of the solar system.
    stop : threading.Event, optional
        Ends the wait when set.

    Raises
    ------
    InputError
        If a name holds other letters than Horizons knows.
    NotFoundError
        If there is no such body, or several.
    SourceError, StoppedError
        If the service cannot be reached, refuses, or answers in another shape.
    """
    special = {"EPHEM_TYPE": "VECTORS", "OUT_UNITS": "AU-D", "REF_PLANE": "ECLIPTIC",
               "VEC_TABLE": "3"}  # fmt: skip
    return _table(visit, _asked(body, centre, span) | special, _VECTORS, stop)


def observed(
    visit: Visit, body: str, span: Span, place: str = "500", stop: threading.Event | None = None
) -> pl.DataFrame:
    """Return where a body is seen: position (ICRF) [deg], magnitude, distances, elongation.

    ``place`` is an observatory of the Minor Planet Center; ``500`` is the centre of the Earth.
    Times are UTC. Raises like ``vectors``.
    """
    special = {"EPHEM_TYPE": "OBSERVER", "ANG_FORMAT": "DEG", "CAL_FORMAT": "BOTH",
               "QUANTITIES": _quoted(_QUANTITIES), "EXTRA_PREC": "YES"}  # fmt: skip
    return _table(visit, _asked(body, f"{place}@399", span) | special, _OBSERVED, stop)


def read_ephemeris(content: bytes, names: dict[str, str]) -> pl.DataFrame:
    """Read an answer in CSV; ``names`` are the columns that are kept, with our names.

    Raises
    ------
    NotFoundError
        If no body, or more than one, has the name; says what Horizons said.
    SourceError
        If there is no table in it.
    """
    text = content.decode("utf-8", "replace")
    head, begin, rest = text.partition("$$SOE\n")
    body, end, _ = rest.partition("$$EOE")
    if not begin:
        raise _refusal(text)
    if not end:
        message = f"{STATE.title} answered with a table that is cut short."
        raise SourceError(message, hint="Try again.")
    if not body.strip():
        message = f"{STATE.title} answered with a table that has no rows."
        raise SourceError(message, hint="Ask for another span of time.")
    titles = [line for line in head.splitlines() if "," in line and "***" not in line]
    columns = [name.strip().removesuffix(",") for name in titles[-1].split(",")] if titles else []
    columns = [name if name else f"_{k}" for k, name in enumerate(columns)]
    wanted = {name: ours for name, ours in names.items() if name in columns}
    if not wanted or len(set(columns)) != len(columns):
        what = "a table without columns that we know"
        raise unknown_shape(STATE, what)
    raw = pl.read_csv(
        io.StringIO(body), has_header=False, new_columns=columns, infer_schema=False,
        truncate_ragged_lines=True,
    )  # fmt: skip
    return raw.select(
        pl.col(name).str.strip_chars().str.split("/").list.first().cast(pl.Float64, strict=False)
        .alias(ours)
        for name, ours in wanted.items()
    )  # fmt: skip


def _refusal(text: str) -> NotFoundError | SourceError:
    lines = [line.strip() for line in text.splitlines() if line.strip("* \t")]
    lines = [line for line in lines if not line.startswith(("API VERSION", "API SOURCE", "JPL/"))]
    said = " ".join(" ".join(lines).split())[:300].rstrip(".")
    if re.search(r"no matches found|multiple major-bodies|matching small-bodies", text, re.I):
        message = f"{STATE.title} knows no body of that name, or several, and said: {said}."
        return NotFoundError(message, hint="Numbers are best: 499 is Mars, 'DES=99942;' Apophis.")
    message = f"{STATE.title} gave no ephemeris and said: {said or 'nothing'}."
    return SourceError(message, hint=f"See {STATE.documentation}.")


def _quoted(text: str) -> str:
    return f"'{text}'"


def _asked(body: str, centre: str, span: Span) -> dict[str, str]:
    for name, value in {"body": body, "centre": centre}.items():
        if not _NAME.fullmatch(value.strip()):
            message = f"{name} = {value[:60]!r} is no name that JPL Horizons takes."
            raise InputError(message, hint="Such as 499, DES=2004 MN4; or -48.")
    return {
        "format": "text",
        "COMMAND": _quoted(body.strip()),
        "CENTER": _quoted(centre.strip()),
        "START_TIME": _quoted(_time(span.start)),
        "STOP_TIME": _quoted(_time(span.stop)),
        "STEP_SIZE": _quoted(f"{span.step_min}m"),
        "OBJ_DATA": "NO",
        "CSV_FORMAT": "YES",
    }


def _time(when: dt.datetime) -> str:
    return f"{when.astimezone(dt.UTC):%Y-%m-%d %H:%M:%S}"


def _table(
    visit: Visit, asked: dict[str, str], names: dict[str, str], stop: threading.Event | None
) -> pl.DataFrame:
    def read(content: bytes) -> pl.DataFrame:
        return read_ephemeris(content, names)

    return tap.unless_stopped(lambda: visit.table("", asked, read), stop)


def _planets(visit: Visit) -> pl.DataFrame:
    day = visit.wish.since or dt.datetime.now(dt.UTC).date()
    start = dt.datetime.combine(day, dt.time(), dt.UTC)
    span = Span(start, start + dt.timedelta(days=_UNASKED_D))
    parts = []
    for done, (body, name) in enumerate(_PLANETS.items()):
        visit.progress("planets", done, len(_PLANETS))
        parts.append(vectors(visit, body, span).with_columns(pl.lit(name).alias("name")))
    return pl.concat(parts)


COLLECTOR = Collector(STATE, {"planets": Part(_planets)})

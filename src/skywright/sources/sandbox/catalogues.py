"""Which tables the services get from the files of a folder, each told by its columns.

Nothing is made up: a column that a file does not have is null, and identifiers of rows are their
numbers in the file, not those of the survey. Zero and 99.999, by which photometry marks a missing
magnitude, become null.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import IO, Any

from skywright.settings import get_settings
from skywright.sources import gaia
from skywright.sources.cadc import KNOWN
from skywright.sources.sandbox import columns
from skywright.sources.sandbox.holdings import Field, Row, Table
from skywright.sources.sandbox.openngc import Objects

SAMPLES = Path(__file__).parent / "samples"
"""Small tables of our own, so that every service has something to say."""

_GAIA_NAMES = {
    "phot_g_mean_mag": ("phot_g_mean_mag", "gmag", "g"),
    "phot_bp_mean_mag": ("phot_bp_mean_mag", "bpmag", "bp"),
    "phot_rp_mean_mag": ("phot_rp_mean_mag", "rpmag", "rp"),
}
_POSITIONS = {"ra": ("ra", "ra_icrs", "ra_deg"), "dec": ("dec", "de_icrs", "dec_deg")}
_MISSING_MAG = 90.0
_ELEMENT_SETS = re.compile(
    r"\.(tle|3le)(\.gz)?$|(^|[_-])(gp|omm|celestrak)[^a-z](.*\.)?json(\.gz)?$"
)


@dataclass(slots=True)
class Found:
    """The files of a folder by what they hold."""

    gaia: list[Path] = field(default_factory=list)
    openngc: list[Path] = field(default_factory=list)
    sdss: list[Path] = field(default_factory=list)
    planets: list[Path] = field(default_factory=list)
    satellites: list[Path] = field(default_factory=list)
    spectra: list[Path] = field(default_factory=list)


def find(folders: Sequence[Path]) -> Found:
    """Look through folders for catalogues that are known by their columns."""
    found = Found()
    for folder in folders:
        for file in sorted(one for one in folder.rglob("*") if one.is_file()):
            _sort_in(found, file)
    for kind in ("gaia", "openngc", "sdss", "planets", "satellites", "spectra"):
        if not getattr(found, kind):
            setattr(found, kind, sorted(SAMPLES.glob(f"{kind}*.csv")))
    return found


def _sort_in(found: Found, file: Path) -> None:
    name = file.name.lower()
    if name.endswith((".json", ".json.gz")) and "exoplanet" in name:
        found.planets.append(file)
    if _ELEMENT_SETS.search(name):
        found.satellites.append(file)
    if not name.endswith((".csv", ".csv.gz")):
        return
    with opened(file) as text:
        head = text.readline().strip()
    if head.startswith("Name;Type;RA;Dec"):
        found.openngc.append(file)
        return
    names = head.replace('"', "").split(",")
    lower = {one.strip().lower() for one in names}
    if "pl_name" in lower:
        found.planets.append(file)
    elif {"specobjid", "class", "z", "ra", "dec"} <= lower:
        found.spectra.append(file)
    elif {"norad_cat_id", "mean_motion"} <= lower:
        found.satellites.append(file)
    elif {"u", "g", "r", "i", "z", "ra", "dec"} <= set(names):
        found.sdss.append(file)
    elif _known_as(lower, _POSITIONS["ra"]) and _known_as(lower, _GAIA_NAMES["phot_g_mean_mag"]):
        found.gaia.append(file)


def _known_as(names: set[str], choices: Sequence[str]) -> str:
    return next((choice for choice in choices if choice in names), "")


def opened(file: Path) -> IO[str]:
    """Open a text, compressed or not."""
    if file.suffix == ".gz":
        return io.TextIOWrapper(gzip.open(file), encoding="utf-8")
    return file.open(encoding="utf-8")


def tables(found: Found) -> dict[str, list[Table]]:
    """Return the tables of each TAP service by its name."""
    return {
        "gaia": [_gaia_source(found.gaia)],
        "simbad": _simbad(found.openngc),
        "vizier": [_gaia_in_vizier(found.gaia)],
        "sdss": [
            *_with_other_names(_photoobj(found.sdss), "PhotoObjAll", "Star"),
            _spectra(found.spectra),
        ],
        "exoplanets": _with_other_names(_planets(found.planets), "ps"),
    }


def _with_other_names(table: Table, *names: str) -> list[Table]:
    others = [replace(table, name=name, view_of=table.name, indexes=()) for name in names]
    return [table, *others]


def stamp_of(files: Sequence[Path]) -> str:
    """Return a hash of what files hold."""
    whole = hashlib.sha256()
    for file in files:
        whole.update(hashlib.sha256(file.read_bytes()).digest())
    return whole.hexdigest()


def records(files: Sequence[Path], separator: str = ",") -> Iterator[dict[str, str]]:
    """Return the lines of CSV files by column, lower case unless it is OpenNGC's."""
    for file in files:
        with opened(file) as text:
            reader = csv.DictReader(text, delimiter=separator)
            reader.fieldnames = [name.strip() for name in reader.fieldnames or ()]
            yield from reader


def _gaia_rows(files: Sequence[Path], names: Sequence[str]) -> Iterator[Row]:
    for number, record in enumerate(records(files), 1):
        low = {key.lower(): value for key, value in record.items() if key}
        row: dict[str, Any] = {
            name: as_number(low[name]) for name in names if name in low and name != "source_id"
        }
        row["source_id"] = number
        for name, choices in (*_POSITIONS.items(), *_GAIA_NAMES.items()):
            row[name] = as_number(low.get(_known_as(set(low), choices), ""))
        for name in _GAIA_NAMES:
            row[name] = _magnitude(row[name])
        bp, rp = row["phot_bp_mean_mag"], row["phot_rp_mean_mag"]
        row["bp_rp"] = None if bp is None or rp is None else round(bp - rp, 6)
        yield [row.get(name) for name in names]


def as_number(text: str | None) -> float | None:
    """Return a number, or nothing for an empty cell, NaN or a word."""
    try:
        value = float(text or "nan")
    except ValueError:
        return None
    return None if math.isnan(value) else value


def _magnitude(value: float | None) -> float | None:
    return None if value is None or value == 0.0 or value > _MISSING_MAG else value


def _gaia_source(files: Sequence[Path]) -> Table:
    described = {one.name: one for one in columns.GAIA}
    known = gaia.known(get_settings()).get("gaiadr3.gaia_source", ())
    there = {name.strip().lower() for file in files for name in _head(file)}
    filled = dict.fromkeys([*described, *(name for name in known if name in there)])
    names = dict.fromkeys([*filled, *known])
    return Table(
        "gaiadr3",
        "gaia_source",
        tuple(described.get(name, Field(name, "double")) for name in names),
        lambda: _gaia_rows(files, tuple(filled)),
        stamp_of(files),
        "Sources of the files given, with the columns of Gaia DR3",
        indexes=("source_id", "dec"),
        filled=len(filled),
    )


def _head(file: Path) -> list[str]:
    with opened(file) as text:
        return text.readline().strip().replace('"', "").split(",")


def _gaia_in_vizier(files: Sequence[Path]) -> Table:
    known = {one.name: one for one in columns.GAIA}
    fields = tuple(
        Field(
            name, known[ours].datatype, known[ours].unit, known[ours].ucd, known[ours].description
        )
        for name, ours in columns.GAIA_IN_VIZIER.items()
    )
    names = list(columns.GAIA_IN_VIZIER.values())
    return Table(
        "",
        "I/355/gaiadr3",
        fields,
        lambda: _gaia_rows(files, names),
        stamp_of(files),
        "Sources of the files given, with the columns of VizieR's Gaia DR3",
        indexes=("DE_ICRS",),
    )


def _simbad(files: Sequence[Path]) -> list[Table]:
    stamp = stamp_of(files)
    objects = cache(lambda: Objects(records(files, ";")))
    otypes = [(short, label, words) for short, (label, words) in columns.OTYPES.items()]
    filters = [(band, f"Magnitude {band}", "V") for band in columns.FLUXES]
    return [
        Table(
            "", "basic", columns.BASIC, lambda: objects().basic(), stamp, "Objects", ("oid", "dec")
        ),
        Table(
            "", "ident", columns.IDENT, lambda: objects().ident(), stamp, "Names", ("id", "oidref")
        ),
        Table(
            "",
            "allfluxes",
            columns.ALLFLUXES,
            lambda: objects().allfluxes(),
            stamp,
            "Magnitudes",
            ("oidref",),
        ),
        Table("", "otypedef", columns.OTYPEDEF, lambda: otypes, repr(otypes), "Types of objects"),
        Table("", "filter", columns.FILTER, lambda: filters, repr(filters), "Bands"),
    ]


def _photoobj(files: Sequence[Path]) -> Table:
    def rows() -> Iterator[Row]:
        for number, record in enumerate(records(files), 1):
            magnitudes = [_magnitude(as_number(record.get(band))) for band in "ugriz"]
            errors = [as_number(record.get(f"{band}Error")) for band in "ugriz"]
            there = [
                error if magnitude is not None else None
                for error, magnitude in zip(errors, magnitudes, strict=True)
            ]
            position = (as_number(record.get("ra")), as_number(record.get("dec")))
            yield (number, *position, as_whole(record.get("type")), *magnitudes, *there)

    words = "Photometry of the files given, with the columns of SDSS"
    return Table("", "PhotoObj", columns.PHOTOOBJ, rows, stamp_of(files), words, ("objID", "dec"))


def _spectra(files: Sequence[Path]) -> Table:
    """Return the spectra; their numbers are those of the file, since plates are known by them."""

    def rows() -> Iterator[Row]:
        for record in records(files):
            low = {key.lower(): value.strip() for key, value in record.items() if key and value}
            yield [_cell(low.get(one.name.lower(), ""), one) for one in columns.SPECOBJ]

    words = "Spectra of the files given, with the columns of SDSS"
    indexes = ("specObjID", "dec")
    return Table("", "SpecObj", columns.SPECOBJ, rows, stamp_of(files), words, indexes)


def as_whole(text: str | None) -> int | None:
    """Return a whole number with all its digits, or nothing; so too for more than 63 bits."""
    number: int | None
    try:
        number = int(text or "")
    except ValueError:
        told = as_number(text)
        number = None if told is None else int(told)
    return number if number is None or abs(number) < 1 << 63 else None


def _planets(files: Sequence[Path]) -> Table:
    names = [one.name for one in columns.PLANETS]

    def rows() -> Iterator[Row]:
        for planet in _planet_records(files):
            planet.setdefault("hostname", str(planet["pl_name"]).rpartition(" ")[0])
            yield [planet.get(key) if planet.get(key) != "" else None for key in names]

    words = "Planets of the files given, with the columns of the archive's composite table"
    return Table(
        "", "pscomppars", columns.PLANETS, rows, stamp_of(files), words, ("pl_name", "hostname")
    )


def _planet_records(files: Sequence[Path]) -> Iterator[dict[str, Any]]:
    for file in files:
        if ".json" in file.name:
            with opened(file) as text:
                yield from json.load(text)
        else:
            yield from (dict(record) for record in records([file]))


def observations() -> dict[str, list[Table]]:
    """Return the tables of MAST and CADC: a dozen made-up rows, named so, of real programmes."""
    mast, cadc = (list(records([SAMPLES / name])) for name in ("observations.csv", "canadian.csv"))
    for one in cadc:
        one |= {"obsID": one["observationID"], "planeID": one["observationID"] + "/1"}
        one["productID"] = one["planeID"]
    described = {one.name: one for one in columns.OBSERVATION}
    whole = [described.get(name, Field(name)) for name in KNOWN["caom2.Observation"]]
    return {
        "mast": [_own("ivoa", "obscore", columns.OBSCORE, mast)],
        "cadc": [
            _own("caom2", "Observation", tuple(whole), cadc),
            _own("caom2", "Plane", columns.PLANE, cadc),
        ],
    }


def _own(
    schema: str, name: str, fields: Sequence[Field], found: Sequence[Mapping[str, str]]
) -> Table:
    rows = [[_cell(one.get(field.name, ""), field) for field in fields] for one in found]
    words = "Rows of the sandbox, made for trying out"
    return Table(schema, name, tuple(fields), lambda: rows, repr(rows), words)


def _cell(text: str, field: Field) -> Any:
    if field.datatype == "char":
        return text or None
    return as_whole(text) if field.datatype in {"int", "long"} else as_number(text)

"""What examples are about: objects, fields, planets and papers of the files that are there."""

from __future__ import annotations

import csv
import hashlib
import json
import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from skywright.assistant.examples.subject import Subject
from skywright.assistant.examples.subjects_in_space import conjunctions, light_curves, satellites
from skywright.assistant.examples.subjects_without_files import near_earth, rankings
from skywright.errors import NotFoundError
from skywright.sources.openngc import read_openngc
from skywright.sources.sandbox import catalogues
from skywright.sources.sandbox.library import Library

_CELL_DEG = 0.1
_LEAST_STARS, _MOST_STARS = 12, 1_500
_CLUSTER_CELLS = 8  # more cells than these around one place are a cluster
_NOT_THERE = frozenset({"Dup", "NonEx"})
_NEEDED = {
    "openngc": "OpenNGC (NGC.csv), from github.com/mattiaverga/OpenNGC",
    "gaia": "a table of stars with the columns ra, dec and phot_g_mean_mag",
    "planets": "planets of the NASA Exoplanet Archive, with the column pl_name",
}


@dataclass(frozen=True, slots=True)
class Pools:
    """Subjects by kind, and what they were read from."""

    by_kind: Mapping[str, Sequence[Subject]]
    hashes: Mapping[str, str]
    """SHA-256 of the files, by name."""


def read_pools(folders: Sequence[Path], seed: int) -> Pools:
    """Read subjects from folders of catalogues and recordings, in an order that the seed decides.

    Raises
    ------
    NotFoundError
        If a needed kind of file is not there; the hint says how files are installed.
    """
    found = catalogues.find(folders)
    absent = [
        told
        for kind, told in _NEEDED.items()
        if any(one.is_relative_to(catalogues.SAMPLES) for one in getattr(found, kind))
    ]
    if absent:
        message = f"Examples need catalogue files that are not installed: {'; '.join(absent)}."
        hint = "Install them with: skywright catalogues add FILES, or name a folder: --catalogues."
        raise NotFoundError(message, hint=hint)
    kinds: dict[str, list[Subject]] = defaultdict(list)
    for reader, given in (
        (_deep_sky, found.openngc),
        (_star_fields, found.gaia),
        (_planets, found.planets),
        (_papers, folders),
        (_launches, folders),
        (satellites, found.satellites),
        (conjunctions, folders),
        (light_curves, folders),
    ):
        for kind, subjects in reader(given).items():
            kinds[kind] += subjects
    kinds |= {"near-earth": near_earth(), "ranking": rankings()}
    draw = random.Random(seed)  # noqa: S311 - an order, no secret
    for kind in sorted(kinds):
        kinds[kind].sort(key=lambda one: (one.key, one.name))
        draw.shuffle(kinds[kind])
    own = [one for one in found.satellites if not one.is_relative_to(catalogues.SAMPLES)]
    own += [Path(one.facts["path"]) for one in kinds["light-curve"]]
    files = [*found.openngc, *found.gaia, *found.planets, *own, *launch_logs(folders)]
    hashes = {one.name: hashlib.sha256(one.read_bytes()).hexdigest() for one in sorted(set(files))}
    return Pools(dict(kinds), hashes)


def _deep_sky(files: Sequence[Path]) -> dict[str, list[Subject]]:
    rows = [row for file in files for row in read_openngc(file.read_bytes()).to_dicts()]
    there = [
        row for row in rows if row["ra_deg"] is not None and row["kind_code"] not in _NOT_THERE
    ]
    objects = [
        Subject(row["name"], names[0], {**row, "names": names})
        for row in there
        if (names := _names(row))
    ]
    return {kind: [one for one in objects if test(one.facts)] for kind, test in _KINDS.items()} | {
        "nonexistent": [
            Subject(row["name"], _spaced(row["name"]), row)
            for row in rows
            if row["kind_code"] == "NonEx" and _spaced(row["name"])
        ]
    }


def _has(*names: str) -> Callable[[Mapping[str, Any]], bool]:
    return lambda facts: all(facts.get(name) is not None for name in names)


def _is_well_known(facts: Mapping[str, Any]) -> bool:
    return bool(facts.get("messier") or facts.get("common_names"))


_KINDS: Mapping[str, Callable[[Mapping[str, Any]], bool]] = {
    "well-known": _is_well_known,
    "object": lambda facts: len(facts["names"]) > 0 and facts["kind_code"] != "Other",
    "galaxy": lambda facts: (
        facts["kind_code"] == "G" and _has("redshift", "b_mag")(facts) and facts["redshift"] > 0.003
    ),
    "classified-galaxy": lambda facts: facts["kind_code"] == "G" and bool(facts.get("hubble_type")),
    "infrared": _has("j_mag", "h_mag", "k_mag"),
    "without-magnitudes": lambda facts: (
        not any(facts.get(f"{band}_mag") is not None for band in "bvjhk")
    ),
    "sized": lambda facts: (
        _has("major_axis_arcmin", "minor_axis_arcmin")(facts)
        and facts["kind_code"] == "G"
        and facts["minor_axis_arcmin"] < facts["major_axis_arcmin"]
    ),
}


def _names(row: Mapping[str, Any]) -> list[str]:
    """Return what people call an object, the best known first."""
    messier = [f"M{int(row['messier'])}"] if str(row.get("messier") or "").isdigit() else []
    common = [one.strip() for one in str(row.get("common_names") or "").split(",") if one.strip()]
    own = _spaced(row["name"])
    # Names such as "the Eyes" mean several entries or a part of one.
    return [*messier, *(one for one in common[:1] if len(one) > 6), *([own] if own else [])]


def _spaced(name: str) -> str:
    """Write NGC0224 as NGC 224; entries of parts such as NGC0070 NED01 are left out."""
    for catalogue in ("NGC", "IC"):
        number = name.removeprefix(catalogue)
        if number != name and number.isdigit():
            return f"{catalogue} {int(number)}"
    return ""


def _star_fields(files: Sequence[Path]) -> dict[str, list[Subject]]:
    fields: list[Subject] = []
    for file in files:
        table = pl.read_csv(file, infer_schema_length=None)
        lower = {name.lower(): name for name in table.columns}
        ra, dec = (table[lower[one]].to_numpy().astype(np.float64) for one in ("ra", "dec"))
        fields += _cells(ra, dec, file.name)
    return {"field": fields}


def _cells(
    ra_deg: npt.NDArray[np.float64], dec_deg: npt.NDArray[np.float64], source: str
) -> list[Subject]:
    """Cut a table into cells on the sky that share no star.

    A circle inside a cell holds the stars of no other. Crowded cells, which are one cluster, share
    a key and therefore a part.
    """
    stretch = np.cos(np.radians(np.median(dec_deg)))
    columns = np.floor(ra_deg * stretch / _CELL_DEG).astype(int)
    rows = np.floor(dec_deg / _CELL_DEG).astype(int)
    cells, counts = np.unique(np.stack([columns, rows], axis=1), axis=0, return_counts=True)
    crowded = counts > 0.1 * counts.max() if len(counts) > _CLUSTER_CELLS else counts < 0
    made = []
    for (column, row), count, is_crowded in zip(cells, counts, crowded, strict=True):
        if not _LEAST_STARS <= count <= _MOST_STARS:
            continue
        place = (
            round(float((column + 0.5) * _CELL_DEG / stretch), 3),
            round(float((row + 0.5) * _CELL_DEG), 3),
        )
        name = f"RA {place[0]:.3f}, Dec {place[1]:.3f}"
        key = f"{source} crowded" if is_crowded else f"{source} {column} {row}"
        facts = {"ra_deg": place[0], "dec_deg": place[1], "stars": int(count)}
        made.append(Subject(key, name, facts))
    return made


def _planets(files: Sequence[Path]) -> dict[str, list[Subject]]:
    rows = [row for file in files for row in _planet_rows(file)]
    hosts: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        row["hostname"] = row.get("hostname") or str(row["pl_name"]).rpartition(" ")[0]
        hosts[row["hostname"]].append(row)
    planets = [Subject(row["hostname"], row["pl_name"], row) for row in rows]
    measured = [one for one in planets if _positive(one.facts, "pl_rade", "pl_bmasse", "pl_orbper")]
    return {
        "planet": planets,
        "measured-planet": measured,
        "host": [Subject(name, name, {"planets": len(of)}) for name, of in hosts.items()],
        "system": [
            Subject(name, name, {"planets": len(of)}) for name, of in hosts.items() if len(of) > 2
        ],
        "campaign": _campaigns(rows),
    }


def _planet_rows(file: Path) -> list[dict[str, Any]]:
    if ".json" not in file.name:
        return [dict(one) for one in catalogues.records([file])]
    with catalogues.opened(file) as text:
        rows: list[dict[str, Any]] = json.load(text)
    return rows


def _campaigns(rows: Iterable[Mapping[str, Any]]) -> list[Subject]:
    """Return the facilities with the years in which they found a handful of planets or more."""
    counted: dict[tuple[str, int], int] = defaultdict(int)
    for row in rows:
        if row.get("disc_facility") and row.get("disc_year") and _positive(row, "pl_orbper"):
            counted[str(row["disc_facility"]), int(row["disc_year"])] += 1
    return [
        Subject(f"{name} {year}", f"{name} in {year}", {"facility": name, "year": year})
        for (name, year), count in counted.items()
        if 4 <= count <= 400
    ]


def _positive(row: Mapping[str, Any], *names: str) -> bool:
    try:
        return all(float(row.get(name) or 0) > 0 for name in names)
    except (TypeError, ValueError):
        return False


def _launches(folders: Sequence[Path]) -> dict[str, list[Subject]]:
    """Return the rockets with the years in which they flew a few times, of GCAT's launch log."""
    flown: dict[tuple[str, str], set[str]] = defaultdict(set)
    for file in launch_logs(folders):
        with catalogues.opened(file) as text:
            for row in csv.DictReader(text, delimiter="\t", quoting=csv.QUOTE_NONE):
                year = (row["Launch_Date"] or "")[:4]
                if year.isdigit():
                    flown[(row["LV_Type"] or "").strip(), year].add(row["#Launch_Tag"].strip())
    return {
        "rocket-year": [
            Subject(rocket, rocket, {"year": int(year)})
            for (rocket, year), tags in flown.items()
            if 3 <= len(tags) <= 30 and len(rocket) > 3
        ]
    }


def launch_logs(folders: Sequence[Path]) -> list[Path]:
    """Return the files of GCAT's launch log in some folders."""
    return sorted(
        {one for folder in folders for one in folder.rglob("launchlog.tsv*") if one.is_file()}
    )


def _papers(folders: Sequence[Path]) -> dict[str, list[Subject]]:
    papers = Library(folders).papers
    return {
        "paper": [
            Subject(one["bibcode"], one["title"][0].rstrip("."), one)
            for one in papers
            if one.get("author")
        ]
    }

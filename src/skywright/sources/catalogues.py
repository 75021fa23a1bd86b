"""Catalogue files of one's own: known by their columns, kept in one folder, read with our names."""

from __future__ import annotations

import gzip
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import polars as pl

from skywright.errors import ConflictError, InputError, NotFoundError, SourceError
from skywright.settings import Settings
from skywright.sources import light_curves
from skywright.sources.cones import Cone, within
from skywright.sources.everyday_names import catalogued
from skywright.sources.openngc import read_openngc

MOST_BYTES = 2 << 30
"""Largest file that is installed, as it lies on the disk [bytes]."""

_STARS = {
    "source_id": ("source_id", "source"),
    "ra": ("ra", "ra_icrs", "ra_deg", "raj2000", "_raj2000"),
    "dec": ("dec", "de_icrs", "dec_deg", "dej2000", "_dej2000"),
    "phot_g_mean_mag": ("phot_g_mean_mag", "gmag", "g_mag", "g"),
    "phot_bp_mean_mag": ("phot_bp_mean_mag", "bpmag", "bp_mag", "bp"),
    "phot_rp_mean_mag": ("phot_rp_mean_mag", "rpmag", "rp_mag", "rp"),
    "parallax": ("parallax", "plx"),
    "pmra": ("pmra",),
    "pmdec": ("pmdec", "pmde"),
}
_SDSS = {"ra": ("ra",), "dec": ("dec",)} | {
    band: (band, f"psfmag_{band}", f"modelmag_{band}", f"{band}mag") for band in "ugriz"
}
_KNOWN: Mapping[str, tuple[Mapping[str, tuple[str, ...]], tuple[str, ...]]] = {
    "sdss": (_SDSS, ("ra", "dec", *"ugriz")),
    "gaia": (_STARS, ("ra", "dec", "phot_g_mean_mag")),
}
_TOLD = (
    "OpenNGC and its addendum (Name;Type;RA;Dec;...), tables of stars as Gaia has them (ra, dec, "
    "phot_g_mean_mag or G or Gmag), photometry as SDSS has it (ra, dec, u, g, r, i, z), and light "
    "curves: FITS of TESS, Kepler and K2, or tables with time (or bjd, jd, mjd) and flux or mag"
)
_SUFFIXES = light_curves.SUFFIXES
_MISSING_MAG = 90.0  # 99.999 and the like stand for no value


@dataclass(frozen=True, slots=True)
class Catalogue:
    """An installed file."""

    name: str
    """Of the file."""
    kind: str
    """``openngc``, ``openngc-addendum``, ``gaia``, ``sdss`` or ``light-curve``."""
    path: Path
    rows: int
    """Of a light curve: those with a value and without a flag."""
    columns: tuple[str, ...]
    """As the file has them."""
    size_bytes: int
    star: str = ""
    """What a light curve is of, where its header says it."""


def installed(settings: Settings) -> list[Catalogue]:
    """Return the installed files that can be read, by name; others in the folder are passed by."""
    folder = settings.catalogues_dir
    if not folder.is_dir():
        return []
    found: list[Catalogue] = []
    for path in sorted(folder.iterdir()):
        if path.is_file() and path.name.lower().endswith(_SUFFIXES):
            status = path.stat()
            one = _described(path, status.st_mtime_ns, status.st_size)
            found += [one] if one is not None else []
    return found


def add(paths: Sequence[Path], settings: Settings) -> list[Catalogue]:
    """Install files: all of them, or none where one is not known or cannot be read.

    Raises
    ------
    InputError
        If a file does not exist, is none of the known kinds (names them), or is too large.
    ConflictError
        If another file of that name is installed.
    """
    for path in paths:
        _check(path)
    folder = settings.catalogues_dir
    described = [_recognised(path) for path in paths]
    for path in paths:
        there = folder / path.name
        if there.exists() and there.read_bytes() != path.read_bytes():
            message = f"Another file named {path.name} is installed in {folder}."
            raise ConflictError(message, hint=f"First: skywright catalogues rm {path.name}")
    folder.mkdir(parents=True, exist_ok=True)
    for path in paths:
        partial = folder / f"{path.name}.partial"
        try:
            shutil.copyfile(path, partial)
            partial.replace(folder / path.name)
        finally:
            partial.unlink(missing_ok=True)
    names = {one.name for one in described}
    return [one for one in installed(settings) if one.name in names]


def remove(name: str, settings: Settings) -> Catalogue:
    """Remove an installed file.

    Raises
    ------
    NotFoundError
        If no file of that name is installed; lists those that are.
    """
    there = {one.name: one for one in installed(settings)}
    if name not in there:
        known = ", ".join(there) or "none"
        message = f"No catalogue named {name!r} is installed; there are: {known}."
        raise NotFoundError(message)
    there[name].path.unlink()
    return there[name]


def read(catalogue: Catalogue) -> pl.DataFrame:
    """Return the rows of a file with the names of Gaia, SDSS or our OpenNGC reader.

    Of a light curve ``time_d`` [d] and ``normalised_flux``. Magnitudes of 0 or above 90, by which
    files mark a missing value, are null; ``bp_rp`` is there where both of its bands are.

    Raises
    ------
    InputError
        If the file can no longer be read.
    """
    status = catalogue.path.stat()
    return _read(catalogue.path, catalogue.kind, status.st_mtime_ns)


def cone(
    settings: Settings, around: Cone, kind: str, limit: int
) -> tuple[pl.DataFrame, list[str], bool]:
    """Return the rows of all installed files of a kind (``gaia`` or ``sdss``) within a cone.

    Returns
    -------
    tuple
        The rows, the nearest first; the files that hold some; whether rows were left out.
    """
    parts: list[pl.DataFrame] = []
    names: list[str] = []
    for one in installed(settings):
        found = within(read(one), around, "ra", "dec") if one.kind == kind else None
        if found is not None and found.height:
            parts.append(found)
            names.append(one.name)
    if not parts:
        return pl.DataFrame(), [], False
    whole = pl.concat(parts, how="diagonal_relaxed").sort("distance_deg")
    return whole.head(limit), names, whole.height > limit


def light_curve_files(settings: Settings, star: str) -> list[Path]:
    """Return the installed light curves of a star, the last by name first, as sectors are counted.

    Its name stands in the header of the file (``TIC 261136679``) or in the name of the file.
    """
    folder = settings.catalogues_dir
    wanted = {_joined(name) for name in (star, catalogued(star))} - {""}
    if not wanted or not folder.is_dir():
        return []
    files = sorted((one for one in folder.iterdir() if one.is_file()), reverse=True)
    return [
        path
        for path in files
        if path.name.lower().endswith(_SUFFIXES)
        and _kind(_heading(path)) == "light-curve"
        and wanted & {_joined(light_curves.heading(path).star), *_runs(path.name)}
    ]


def _joined(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _runs(name: str) -> set[str]:
    """Return runs of words of a name, joined: ``kepler-10_llc`` holds ``kepler10``."""
    words = re.findall(r"[a-z0-9]+", name.lower())
    return {"".join(words[i:j]) for i in range(len(words)) for j in range(i + 1, len(words) + 1)}


def _check(path: Path) -> None:
    if not path.is_file():
        message = f"There is no file {path}."
        raise InputError(message, hint="Check the path.")
    if not path.name.lower().endswith(_SUFFIXES):
        message = f"The name {path.name} does not end in {', '.join(_SUFFIXES)}."
        raise InputError(message, hint=f"Known are: {_TOLD}.")
    if path.stat().st_size > MOST_BYTES:
        message = f"The file {path.name} is larger than {MOST_BYTES >> 30} GiB."
        raise InputError(message, hint="Cut it to the part of the sky you need.")


def _recognised(path: Path) -> Catalogue:
    status = path.stat()
    if path.name.lower().endswith(light_curves.FITS):
        light_curves.read_fits(path)  # says what is wrong with a file that is none
    kind = _kind(_heading(path))
    if kind is None:
        message = f"The file {path.name} is none of the catalogues that are known by their columns."
        raise InputError(message, hint=f"Known are: {_TOLD}.")
    _read(path, kind, status.st_mtime_ns)
    one = _described(path, status.st_mtime_ns, status.st_size)
    assert one is not None  # noqa: S101 - it was read just now
    return one


@lru_cache(maxsize=64)
def _described(path: Path, stamp: int, size: int) -> Catalogue | None:
    columns = _heading(path)
    kind = _kind(columns)
    if kind is None:
        return None
    try:
        table = _read(path, kind, stamp)
    except InputError:
        return None
    if kind == "openngc":
        share = table["name"].str.contains(r"^(?:NGC|IC)\d").mean() or 0.0
        kind = "openngc" if float(str(share)) > 0.5 else "openngc-addendum"
    star = light_curves.heading(path).star
    return Catalogue(path.name, kind, path, table.height, tuple(columns), size, star)


def _heading(path: Path) -> list[str]:
    if path.name.lower().endswith(light_curves.FITS):
        return list(light_curves.heading(path).columns)
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            line = file.readline(100_000).decode("utf-8-sig")
    except (OSError, EOFError, UnicodeDecodeError):
        return []
    separator = light_curves.separator_of(line)
    return [name.strip().strip('"') for name in line.strip().split(separator)]


def _kind(columns: list[str]) -> str | None:
    if columns[:4] == ["Name", "Type", "RA", "Dec"]:
        return "openngc"
    lower = {name.lower() for name in columns}
    for kind, (choices, needed) in _KNOWN.items():
        if all(_first(choices[name], lower) for name in needed):
            return kind
    return "light-curve" if light_curves.has_columns(columns) else None


def _first(choices: Sequence[str], there: set[str]) -> str:
    return next((name for name in choices if name in there), "")


@lru_cache(maxsize=4)
def _read(path: Path, kind: str, stamp: int) -> pl.DataFrame:
    if kind.startswith("openngc"):
        try:
            return read_openngc(path.read_bytes())
        except (SourceError, OSError, EOFError) as error:
            message = f"The file {path.name} cannot be read: {error}"
            raise InputError(message) from error
    if kind == "light-curve":
        curve = light_curves.read_file(path)
        return pl.DataFrame({"time_d": curve.time_d, "normalised_flux": curve.flux})
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    separator = light_curves.separator_of(
        content[:100_000].split(b"\n", 1)[0].decode("utf-8", "replace")
    )
    try:
        raw = pl.read_csv(content, separator=separator, infer_schema_length=10_000)
    except pl.exceptions.PolarsError as error:
        message = f"The file {path.name} cannot be read: {' '.join(str(error).split())[:200]}."
        raise InputError(message) from error
    return _renamed(raw, kind, path.name)


def _renamed(raw: pl.DataFrame, kind: str, name: str) -> pl.DataFrame:
    choices = _KNOWN[kind][0]
    lower = {column.strip().lower(): column for column in raw.columns}
    old = {ours: lower[_first(names, set(lower))] for ours, names in choices.items()
           if _first(names, set(lower))}  # fmt: skip
    table = raw.rename({theirs: ours for ours, theirs in old.items() if theirs != ours})
    numbers = [ours for ours in old if ours != "source_id"]
    table = table.with_columns(pl.col(numbers).cast(pl.Float64, strict=False).fill_nan(None))
    bad = table.filter(~(pl.col("ra").is_between(0, 360) & pl.col("dec").is_between(-90, 90)))
    if bad.height or table["ra"].null_count() == table.height:
        message = f"The file {name} has positions that are no degrees (ra 0 to 360, dec -90 to 90)."
        raise InputError(message, hint="Write ra and dec in decimal degrees.")
    magnitudes = [n for n in numbers if n.endswith("_mag") or (kind == "sdss" and n in "ugriz")]
    value = pl.col(magnitudes)
    table = table.with_columns(pl.when((value == 0.0) | (value > _MISSING_MAG)).then(None)
                               .otherwise(value).name.keep())  # fmt: skip
    if {"phot_bp_mean_mag", "phot_rp_mean_mag"} <= set(table.columns):
        colour = pl.col("phot_bp_mean_mag") - pl.col("phot_rp_mean_mag")
        table = table.with_columns(colour.round(6).alias("bp_rp"))
    return table

"""Light curves from tables and from the files of TESS and Kepler, normalised by their median.

References
----------
TESS Science Data Products Description (EXP-TESS-ARC-ICD-0014) and Kepler Archive Manual
(KDMC-10008): TIME, PDCSAP_FLUX, QUALITY or SAP_QUALITY, BJDREFI and BJDREFF.
"""

from __future__ import annotations

import gzip
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from skywright.errors import InputError

F64 = npt.NDArray[np.float64]

MOST_FILE_BYTES = 200 * 1024 * 1024
"""Largest file that is read."""

_TIMES = {
    "bjd_tdb": ("BJD", 0.0), "bjd": ("BJD", 0.0), "hjd": ("HJD", 0.0), "jd": ("JD", 0.0),
    "mjd": ("MJD", 0.0), "btjd": ("BJD", 2_457_000.0), "bkjd": ("BJD", 2_454_833.0),
    "time": ("time", 0.0),
}  # fmt: skip
_FLUXES = ("pdcsap_flux", "flux", "norm_flux", "rel_flux", "relative_flux", "sap_flux")
_MAGNITUDES = ("mag", "magnitude", "mag_v", "vmag", "v_mag", "phot_g_mean_mag")
_QUALITIES = ("quality", "sap_quality")
FITS = (".fits", ".fit", ".fits.gz")
"""How the names of FITS files end."""
_TEXT = (".csv", ".csv.gz", ".tsv", ".tsv.gz")
SUFFIXES = (*FITS, *_TEXT)
"""How the names of files that can be read end."""
_NO_VALUE_FROM_MAG = 90.0
_JULIAN_FROM = 2_000_000.0
_LEAST_POINTS = 2


@dataclass(frozen=True, slots=True)
class LightCurve:
    """Flux over time."""

    name: str
    """What it is of, or what it stands in."""
    time_d: F64
    """Time less ``offset_d`` [d], rising, shape (n,)."""
    flux: F64
    """Flux divided by its median, shape (n,)."""
    scale: str
    """Such as ``BJD``; ``time`` where the file does not say."""
    offset_d: float
    """To be added to ``time_d`` [d]."""
    quantity: str
    """Column that was taken."""
    left_out: int
    """Rows without a value, or with a flag of quality."""
    mission: str = ""

    @property
    def time_label(self) -> str:
        """What stands at the axis of time, with the offset."""
        return f"{self.scale} − {self.offset_d:,.10g}" if self.offset_d else self.scale


def has_columns(columns: Iterable[str]) -> bool:
    """Tell whether a table has a column of time and one of flux or magnitude."""
    names = list(columns)
    return bool(_named(names, tuple(_TIMES)) and _named(names, (*_FLUXES, *_MAGNITUDES)))


def light_curve_of(rows: pl.DataFrame, name: str) -> LightCurve:
    """Read a light curve from a table.

    Parameters
    ----------
    rows : polars.DataFrame
        A column of time [d] (time, jd, bjd, hjd, mjd, btjd, bkjd) and one of flux or magnitude;
        where there is a column of quality, rows of quality 0 are kept.
    name : str
        What it is of.

    Raises
    ------
    InputError
        If a column is missing, or fewer than two rows have values.
    """
    time = _named(rows.columns, tuple(_TIMES))
    value = _named(rows.columns, _FLUXES) or _named(rows.columns, _MAGNITUDES)
    if not time or not value:
        what = "a flux or magnitude" if time else "time"
        message = f"The table {name} has no column of {what}; its columns are "
        hint = "Name them time (or bjd, jd, mjd) [d], and flux or mag."
        raise InputError(message + ", ".join(rows.columns[:30]) + ".", hint=hint)
    values = _numbers(rows, value)
    if value.strip().lower() in _MAGNITUDES:
        values = _flux_of(values)
    scale, offset_d = _TIMES[time.strip().lower()]
    flag = _named(rows.columns, _QUALITIES)
    good = _numbers(rows, flag) == 0 if flag else np.ones(rows.height, bool)
    return _made(name, (_numbers(rows, time), values, good), (scale, offset_d, value))


def read_file(path: Path, name: str = "") -> LightCurve:
    """Read a file: FITS of TESS or Kepler, else a table with separators; raises InputError."""
    if path.name.lower().endswith(FITS):
        return read_fits(path, name)
    return light_curve_of(read_text(path), name or path.name)


def read_text(path: Path) -> pl.DataFrame:
    """Read a table with commas, semicolons or tabs, also as .gz; raises InputError."""
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            content = file.read(MOST_FILE_BYTES + 1)
        if len(content) > MOST_FILE_BYTES:
            raise _too_large(path)
        separator = separator_of(content[:100_000].split(b"\n", 1)[0].decode("utf-8", "replace"))
        return pl.read_csv(content, separator=separator, infer_schema_length=10_000)
    except (pl.exceptions.PolarsError, OSError, EOFError) as error:
        message = f"The file {path.name} cannot be read: {' '.join(str(error).split())[:200]}."
        raise InputError(message) from error


def separator_of(line: str) -> str:
    """Return what separates the columns of a line: a comma, a semicolon or a tab."""
    return max((",", ";", "\t"), key=line.count)


def read_fits(path: Path, name: str = "") -> LightCurve:
    """Read a light-curve file of TESS, Kepler or K2: the cadences without a flag.

    PDCSAP_FLUX is taken; where a file has none, as those of other pipelines, FLUX or SAP_FLUX.

    Raises
    ------
    InputError
        If it is no such file, or too large.
    """
    if path.stat().st_size > MOST_FILE_BYTES:
        raise _too_large(path)
    first, second, columns = _opened(path)
    value = next((one for one in _FLUXES if one in columns), "")
    if "time" not in columns or not value:
        missing = "PDCSAP_FLUX" if "time" in columns else "TIME"
        message = f"The file {path.name} has no column {missing} with a value for each cadence."
        raise InputError(message, hint="A light curve of TESS ends in _lc.fits, of Kepler in _llc.")
    offset_d = float(second.get("BJDREFI", 0)) + float(second.get("BJDREFF", 0.0))
    flag = next((columns[one] for one in _QUALITIES if one in columns), None)
    time, flux = (_plain(columns[one]) for one in ("time", value))
    good = np.ones(time.size, bool) if flag is None else np.asarray(flag) == 0
    called = name or str(first.get("OBJECT") or path.name)
    return _made(called, (time, flux, good), ("BJD", offset_d, value.upper()), _mission(first))


def _opened(path: Path) -> tuple[Any, Any, dict[str, Any]]:
    """Return both headers and the columns that have one value a row, by lower-case name."""
    from astropy.io import fits

    try:
        # Opened here, as astropy leaves a file open that it cannot read.
        with warnings.catch_warnings(), path.open("rb") as file:
            warnings.simplefilter("ignore")
            units = fits.open(file, memmap=False)
            table = units[1]
            columns = {one.lower(): table.data[one] for one in table.columns.names}
            flat = {name: values for name, values in columns.items() if np.ndim(values) == 1}
            return units[0].header, table.header, flat
    except (OSError, IndexError, AttributeError, ValueError, TypeError, EOFError) as error:
        message = f"The file {path.name} is no light curve in FITS: {_first_sentence(error)}."
        raise InputError(message) from error


def _first_sentence(error: Exception) -> str:
    return " ".join(str(error).split()).partition(". ")[0].rstrip(".")[:200]


def _mission(header: Any) -> str:
    return str(header.get("MISSION") or header.get("TELESCOP") or "")


@dataclass(frozen=True, slots=True)
class Heading:
    """What the headers of a FITS file say."""

    star: str = ""
    """Such as TIC 261136679 or KIC 11904151; may be empty."""
    columns: tuple[str, ...] = ()
    """Of the first table; none where the file is no FITS."""


def heading(path: Path) -> Heading:
    """Return what the headers of a FITS file say, without its values; empty for other files."""
    if not path.name.lower().endswith(FITS):
        return Heading()
    return _heading(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=10_000)
def _heading(path: Path, stamp: int) -> Heading:
    from astropy.io import fits

    try:
        with warnings.catch_warnings(), path.open("rb") as file:
            warnings.simplefilter("ignore")
            units = fits.open(file, memmap=False)
            star = " ".join(str(units[0].header.get("OBJECT") or "").split())
            return Heading(star, tuple(units[1].columns.names))
    except (OSError, IndexError, AttributeError, ValueError, TypeError, EOFError):
        return Heading()


def _too_large(path: Path) -> InputError:
    return InputError(f"The file {path.name} is larger than {MOST_FILE_BYTES // 1024**2} MiB.")


def _made(
    name: str,
    values: tuple[F64, F64, npt.NDArray[np.bool_]],
    about: tuple[str, float, str],
    mission: str = "",
) -> LightCurve:
    time, flux, good = values
    scale, offset_d, quantity = about
    kept = good & np.isfinite(time) & np.isfinite(flux)
    median = float(np.median(flux[kept])) if kept.any() else 0.0
    if int(kept.sum()) < _LEAST_POINTS or not median > 0:
        message = f"The light curve of {name} has no two values of good quality above zero."
        raise InputError(message)
    order = np.argsort(time[kept], kind="stable")
    time_d, flux = time[kept][order], flux[kept][order] / median
    if not offset_d and time_d[0] > _JULIAN_FROM:
        offset_d = 100.0 * float(np.floor(time_d[0] / 100.0))
        time_d -= offset_d
    left_out = int(time.size - kept.sum())
    return LightCurve(name, time_d, flux, scale, offset_d, quantity, left_out, mission)


def _flux_of(magnitudes: F64) -> F64:
    """Return flux over that of the median magnitude; 99.999 and the like stand for no value."""
    known = np.where(magnitudes < _NO_VALUE_FROM_MAG, magnitudes, np.nan)
    median = np.median(known[np.isfinite(known)]) if np.isfinite(known).any() else 0.0
    return np.asarray(10 ** (-0.4 * (known - median)), np.float64)


def _named(columns: Iterable[str], names: tuple[str, ...]) -> str:
    spelled = {name.strip().lower(): name for name in columns}
    return next((spelled[name] for name in names if name in spelled), "")


def _numbers(rows: pl.DataFrame, column: str) -> F64:
    return rows[column].cast(pl.Float64, strict=False).to_numpy().astype(np.float64)


def _plain(values: Any) -> F64:
    return np.array(values, dtype=np.float64)

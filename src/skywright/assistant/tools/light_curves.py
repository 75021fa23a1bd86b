"""Light curves from tables and from the files of TESS and Kepler, normalised by their median.

References
----------
TESS Science Data Products Description (EXP-TESS-ARC-ICD-0014) and Kepler Archive Manual
(KDMC-10008): TIME, PDCSAP_FLUX, QUALITY or SAP_QUALITY, BJDREFI and BJDREFF.
"""

from __future__ import annotations

from dataclasses import dataclass
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


def is_light_curve(rows: pl.DataFrame) -> bool:
    """Tell whether a table has a column of time and one of flux or magnitude."""
    return bool(_named(rows, tuple(_TIMES)) and _named(rows, (*_FLUXES, *_MAGNITUDES)))


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
    time = _named(rows, tuple(_TIMES))
    value = _named(rows, _FLUXES) or _named(rows, _MAGNITUDES)
    if not time or not value:
        what = "a flux or magnitude" if time else "time"
        message = f"The table {name} has no column of {what}; its columns are "
        hint = "Name them time (or bjd, jd, mjd) [d], and flux or mag."
        raise InputError(message + ", ".join(rows.columns[:30]) + ".", hint=hint)
    values = _numbers(rows, value)
    if value.lower() in _MAGNITUDES:
        values = np.asarray(10 ** (-0.4 * (values - np.nanmedian(values))), np.float64)
    scale, offset_d = _TIMES[time.lower()]
    flag = _named(rows, _QUALITIES)
    good = _numbers(rows, flag) == 0 if flag else np.ones(rows.height, bool)
    return _made(name, (_numbers(rows, time), values, good), (scale, offset_d, value))


def read_fits(path: Path, name: str = "") -> LightCurve:
    """Read a light-curve file of TESS or Kepler: PDCSAP_FLUX of the cadences without a flag.

    Raises
    ------
    InputError
        If it is no such file, or too large.
    """
    from astropy.io import fits

    if path.stat().st_size > MOST_FILE_BYTES:
        message = f"The file {path.name} is larger than {MOST_FILE_BYTES // 1024**2} MiB."
        raise InputError(message)
    try:
        with fits.open(path, memmap=False) as units:
            first, second = units[0].header, units[1].header
            columns = {one.lower(): units[1].data[one] for one in units[1].columns.names}
    except (OSError, IndexError, AttributeError, ValueError, TypeError) as error:
        message = f"The file {path.name} is no light curve in FITS: {str(error)[:200]}."
        raise InputError(message) from error
    missing = [one for one in ("time", "pdcsap_flux") if one not in columns]
    if missing:
        message = f"The file {path.name} has no column {missing[0].upper()}."
        raise InputError(message, hint="A light curve of TESS ends in _lc.fits, of Kepler in _llc.")
    offset_d = float(second.get("BJDREFI", 0)) + float(second.get("BJDREFF", 0.0))
    flag = next((columns[one] for one in _QUALITIES if one in columns), None)
    time, flux = (_plain(columns[one]) for one in ("time", "pdcsap_flux"))
    good = np.ones(time.size, bool) if flag is None else np.asarray(flag) == 0
    called = name or str(first.get("OBJECT") or path.name)
    mission = str(first.get("MISSION") or first.get("TELESCOP") or "")
    return _made(called, (time, flux, good), ("BJD", offset_d, "PDCSAP_FLUX"), mission)


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


def _named(rows: pl.DataFrame, names: tuple[str, ...]) -> str:
    spelled = {name.strip().lower(): name for name in rows.columns}
    return next((spelled[name] for name in names if name in spelled), "")


def _numbers(rows: pl.DataFrame, column: str) -> F64:
    return rows[column].cast(pl.Float64, strict=False).to_numpy().astype(np.float64)


def _plain(values: Any) -> F64:
    return np.array(values, dtype=np.float64)

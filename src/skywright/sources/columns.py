"""Names that others give to the columns of an orbit, and ours; units and time scales made ours.

Ours: ``designation, epoch_jd_tdb, a_au, q_au, e, i_deg, node_deg, peri_deg, mean_anomaly_deg,
tp_jd_tdb, x_au ... vz_au_d, covariance, h_mag, ...``: heliocentric mean ecliptic and equinox of
J2000, TDB, degrees, au, days.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import numpy as np
import polars as pl

from skywright.errors import InputError
from skywright.orbits.frames import ecliptic_from_equatorial
from skywright.orbits.timescales import tdb_from_tt, tdb_from_utc

OTHER_NAMES: dict[str, tuple[str, ...]] = {
    "designation": ("pdes", "des", "object", "full_name", "name"),
    "a_au": ("a",),
    "q_au": ("q",),
    "i_deg": ("i", "incl"),
    "node_deg": ("om", "node"),
    "peri_deg": ("w", "peri"),
    "mean_anomaly_deg": ("ma", "M"),
    "tp_jd_tdb": ("tp", "tp_jd"),
    "h_mag": ("H",),
    "g_slope": ("G",),
    "a1_au_d2": ("A1",),
    "a2_au_d2": ("A2",),
    "a3_au_d2": ("A3",),
    "diameter_km": ("diameter",),
    "rot_per_h": ("rot_per",),
    "arc_d": ("data_arc", "arc_days"),
    "n_obs": ("n_obs_used",),
}
"""Our name: the names of JPL's Small-Body Database and of our reference tables, best first."""

NUMERIC = (
    "epoch_jd_tdb", "a_au", "q_au", "e", "i_deg", "node_deg", "peri_deg", "mean_anomaly_deg",
    "tp_jd_tdb", "x_au", "y_au", "z_au", "vx_au_d", "vy_au_d", "vz_au_d", "h_mag", "h_sigma",
    "g_slope", "a1_au_d2", "a2_au_d2", "a3_au_d2", "diameter_km", "albedo", "rot_per_h", "arc_d",
    "n_obs", "condition_code", "target_jd_tdb",
)  # fmt: skip
"""Columns that must hold numbers."""

_MJD_ZERO = 2_400_000.5
_STATE = ("x_au", "y_au", "z_au", "vx_au_d", "vy_au_d", "vz_au_d")
_SCALES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "tdb": lambda jd: jd,
    "tt": tdb_from_tt,
    "tdt": tdb_from_tt,
    "utc": tdb_from_utc,
}


def with_our_names(table: pl.DataFrame, *, first_line: int = 1) -> pl.DataFrame:
    """Add our columns where a table uses other names; all columns of the table stay.

    Parameters
    ----------
    table : polars.DataFrame
        Any table of orbits.
    first_line : int
        How a sentence counts the first row: 1, or 2 below the heading of a text file.

    Returns
    -------
    polars.DataFrame
        The same rows, with our columns added and ``covariance`` as lists of numbers.

    Raises
    ------
    InputError
        If a cell cannot be read; names the row, the column and the cell.
    """
    extra = [
        pl.col(other).alias(ours)
        for ours, others in OTHER_NAMES.items()
        if ours not in table.columns
        for other in [next((name for name in others if name in table.columns), None)]
        if other is not None
    ]
    table = _with_uncertainty_code(table.with_columns(extra))
    table = _as_numbers(_with_epoch(table, first_line), first_line)
    if "covariance" in table.columns:
        table = table.with_columns(_covariances(table["covariance"], first_line))
    return _in_our_frame(table, first_line)


def _with_epoch(table: pl.DataFrame, first_line: int) -> pl.DataFrame:
    if "epoch_jd_tdb" in table.columns:
        return table
    if "epoch_jd_tt" in table.columns:
        return table.with_columns(_in_tdb(table, "epoch_jd_tt", 0.0, "tt", first_line))
    for name, zero in (("epoch_jd", 0.0), ("epoch_mjd", _MJD_ZERO), ("epoch", 0.0)):
        if name in table.columns:
            return table.with_columns(_in_tdb(table, name, zero, "tdb", first_line))
    return table


def _in_tdb(table: pl.DataFrame, name: str, zero: float, scale: str, first_line: int) -> pl.Series:
    jd = _cast(table[name], first_line).to_numpy().astype(np.float64) + zero
    scales = [scale] * table.height
    if "time_scale" in table.columns:
        scales = [str(s or scale).lower() for s in table["time_scale"].to_list()]
    unknown = next((k for k, s in enumerate(scales) if s not in _SCALES), None)
    if unknown is not None:
        message = (
            f"Row {unknown + first_line} has time_scale = {scales[unknown]!r}; "
            f"known are {', '.join(_SCALES)}."
        )
        raise InputError(message)
    kinds = np.asarray(scales)
    for kind in set(scales):
        rows = (kinds == kind) & np.isfinite(jd)
        jd[rows] = _SCALES[kind](jd[rows])
    return pl.Series("epoch_jd_tdb", jd)


def _with_uncertainty_code(table: pl.DataFrame) -> pl.DataFrame:
    """Take the Minor Planet Center's code as condition code; its letters mean "not computed"."""
    if "condition_code" in table.columns or "u_code" not in table.columns:
        return table
    code = pl.col("u_code").cast(pl.String).cast(pl.Int64, strict=False)
    return table.with_columns(code.alias("condition_code"))


def _as_numbers(table: pl.DataFrame, first_line: int) -> pl.DataFrame:
    text = [name for name in NUMERIC if name in table.columns and not _numeric(table[name])]
    return table.with_columns(_cast(table[name], first_line) for name in text)


def _numeric(column: pl.Series) -> bool:
    return column.dtype.is_numeric()


def _cast(column: pl.Series, first_line: int) -> pl.Series:
    if _numeric(column):
        return column.cast(pl.Float64)
    if column.dtype == pl.Null:
        return column.cast(pl.Float64)
    text = column.cast(pl.String).str.strip_chars()
    text = text.set(text == "", None)
    values = text.cast(pl.Float64, strict=False)
    bad = (values.is_null() & text.is_not_null()).arg_true()
    if bad.len():
        k = int(bad[0])
        message = (
            f"Row {k + first_line} has {column.name} = {text[k]!r}, which is not a number; "
            "correct it, or leave the cell empty."
        )
        raise InputError(message)
    return values


def _covariances(column: pl.Series, first_line: int) -> pl.Series:
    """Read cells of text as JSON or as numbers between blanks, commas or semicolons."""
    if column.dtype != pl.String:
        return column
    rows = [_numbers_of(text, k + first_line) for k, text in enumerate(column.to_list())]
    return pl.Series(column.name, rows, dtype=pl.List(pl.Float64))


def _numbers_of(text: str | None, row: int) -> list[float] | None:
    if text is None or not text.strip():
        return None
    try:
        if text.lstrip().startswith("["):
            values = np.asarray(json.loads(text), dtype=np.float64).ravel().tolist()
        else:
            values = [float(part) for part in re.split(r"[\s;,]+", text.strip())]
    except (ValueError, TypeError) as error:
        message = (
            f"Row {row} has a covariance that cannot be read: {text[:40]!r}; write a JSON list of "
            "36 numbers, or 36 numbers with blanks between them."
        )
        raise InputError(message) from error
    if len(values) != 36:
        message = f"Row {row} has a covariance of {len(values)} numbers; it must have 36."
        raise InputError(message)
    return [float(value) for value in values]


def _in_our_frame(table: pl.DataFrame, first_line: int) -> pl.DataFrame:
    """Turn equatorial states to the ecliptic; refuse origins other than the Sun."""
    if not set(_STATE) <= set(table.columns):
        return table
    _refuse_other(table, "origin", {"sun"}, first_line)
    _refuse_other(table, "frame", {"ecliptic", "equatorial"}, first_line)
    if "frame" not in table.columns:
        return table
    rows = (table["frame"].str.to_lowercase() == "equatorial").fill_null(value=False).to_numpy()
    if not rows.any():
        return table
    if (
        "covariance" in table.columns
        and table["covariance"].filter(pl.Series(rows)).is_not_null().any()
    ):
        message = "A covariance over an equatorial state is not supported; give it ecliptic J2000."
        raise InputError(message)
    states = table.select(_STATE).to_numpy().astype(np.float64)
    for half in (slice(0, 3), slice(3, 6)):
        states[rows, half] = ecliptic_from_equatorial(states[rows, half])
    turned = [pl.Series(name, states[:, k]) for k, name in enumerate(_STATE)]
    return table.with_columns(*turned, pl.lit("ecliptic").alias("frame"))


def _refuse_other(table: pl.DataFrame, name: str, known: set[str], first_line: int) -> None:
    if name not in table.columns:
        return
    values = table[name].cast(pl.String).str.to_lowercase()
    bad = (~values.is_in(list(known)) & values.is_not_null()).arg_true()
    if bad.len():
        k = int(bad[0])
        message = (
            f"Row {k + first_line} has {name} = {table[name][k]!r}; known are "
            f"{', '.join(sorted(known))}."
        )
        raise InputError(message)

"""Checks of the columns a person hands in; a sentence names the row, field and value."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import polars as pl

from skywright.errors import EphemerisRangeError, InputError, OrbitError

ELEMENT_ANGLES = ("i_deg", "node_deg", "peri_deg")
"""Inclination, longitude of the ascending node, argument of perihelion [deg]."""

STATE_COLUMNS = ("x_au", "y_au", "z_au", "vx_au_d", "vy_au_d", "vz_au_d")
"""Heliocentric ecliptic state [au, au/d]."""

_DE440_JD = (2_287_184.5, 2_688_976.5)
_ROWS_TO_JUDGE_UNITS = 10  # fewer rows may all have small angles by chance


def row_name(table: pl.DataFrame, k: int) -> str:
    """Return how a sentence calls row k: ``row 3 (2004 MN4)``."""
    if "designation" in table.columns and table["designation"][k] is not None:
        return f"row {k + 1} ({table['designation'][k]})"
    return f"row {k + 1}"


def require_columns(table: pl.DataFrame, names: Iterable[str], command: str) -> None:
    """Refuse a table that lacks one of the columns.

    Raises
    ------
    InputError
        Lists what is missing and what the table has.
    """
    missing = [name for name in names if name not in table.columns]
    if missing:
        message = (
            f"{command} needs the columns {', '.join(missing)}, which the input does not have; "
            f"it has {', '.join(table.columns[:30])}."
        )
        raise InputError(message, hint="Rename or add them; docs/columns.md lists all names.")


def numbers(table: pl.DataFrame, name: str) -> npt.NDArray[np.float64]:
    """Return a column as float64 with NaN for nulls.

    Raises
    ------
    InputError
        If the column holds text that is not a number.
    """
    column = table[name]
    if column.dtype.is_nested():
        message = f"Column {name} must hold one number a row, not lists."
        raise InputError(message)
    try:
        values = column.cast(pl.Float64, strict=True)
    except pl.exceptions.PolarsError as error:
        bad = column.filter(column.cast(pl.Float64, strict=False).is_null() & column.is_not_null())
        message = (
            f"Column {name} must hold numbers, but has {bad[0]!r}." if bad.len() else str(error)
        )
        raise InputError(message) from error
    return values.to_numpy().astype(np.float64)


def perihelia(table: pl.DataFrame) -> npt.NDArray[np.float64]:
    """Return the perihelion distances [au], shape (n,): ``q_au``, or a (1 - e) where that is null.

    ``q_au`` is preferred because it stays finite on a parabola, and a covariance is over it.

    Raises
    ------
    InputError
        If the table has neither ``q_au`` nor ``a_au``.
    """
    if "a_au" not in table.columns and "q_au" not in table.columns:
        require_columns(table, ("a_au",), "An orbit (a_au or q_au)")
    q = numbers(table, "q_au") if "q_au" in table.columns else np.full(table.height, np.nan)
    if "a_au" not in table.columns:
        return q
    return np.where(np.isnan(q), numbers(table, "a_au") * (1 - numbers(table, "e")), q)


def refuse_bad_elements(table: pl.DataFrame) -> None:
    """Refuse elements that describe no orbit: not finite, e < 0, q <= 0, a of the wrong sign, i.

    Raises
    ------
    OrbitError
        For the first bad row, with the field, its value and what is allowed.
    """
    e = numbers(table, "e")
    _refuse(table, "e", e, ~np.isfinite(e), "a finite number >= 0")
    _refuse(table, "e", e, e < 0, "an eccentricity >= 0")
    for name in ELEMENT_ANGLES:
        angle = numbers(table, name)
        _refuse(table, name, angle, ~np.isfinite(angle), "a finite angle in degrees")
    i = numbers(table, "i_deg")
    _refuse(table, "i_deg", i, (i < 0) | (i > 180), "an inclination in [0, 180] degrees")
    _refuse_bad_size(table, e)


def _refuse_bad_size(table: pl.DataFrame, e: npt.NDArray[np.float64]) -> None:
    if "a_au" in table.columns:
        a = numbers(table, "a_au")
        used = np.full(table.height, fill_value=True)
        if "q_au" in table.columns:
            used = np.isnan(numbers(table, "q_au"))
        _refuse(table, "a_au", a, used & ~np.isfinite(a), "a finite semi-major axis, or use q_au")
        _refuse(table, "a_au", a, used & (e < 1) & (a <= 0), "a_au > 0 where e < 1")
        _refuse(table, "a_au", a, used & (e > 1) & (a >= 0), "a_au < 0 where e > 1")
        _refuse(table, "a_au", a, used & (e == 1), "q_au instead of a_au where e = 1")
    q = perihelia(table)
    _refuse(table, "q_au", q, ~np.isfinite(q) | (q <= 0), "a perihelion distance > 0 au")


def refuse_bad_epochs(table: pl.DataFrame, name: str = "epoch_jd_tdb") -> None:
    """Refuse dates outside DE440; a modified Julian date is recognised as one.

    Raises
    ------
    EphemerisRangeError
        For the first bad row.
    """
    date = numbers(table, name)
    rows = np.flatnonzero(~((date >= _DE440_JD[0]) & (date <= _DE440_JD[1])))
    if rows.size == 0:
        return
    k = int(rows[0])
    message = (
        f"{row_name(table, k)} has {name} = {date[k]:.9g}; the ephemeris DE440 covers JD TDB "
        f"{_DE440_JD[0]} to {_DE440_JD[1]} (years 1550 to 2650)."
    )
    looks_modified = 0 < date[k] < 100_000
    hint = "It looks like a modified Julian date: add 2400000.5." if looks_modified else ""
    raise EphemerisRangeError(message, hint=hint)


def refuse_bad_states(table: pl.DataFrame) -> None:
    """Refuse Cartesian states that are not finite or lie in the Sun's centre.

    Raises
    ------
    OrbitError
        For the first bad row.
    """
    for name in STATE_COLUMNS:
        values = numbers(table, name)
        _refuse(table, name, values, ~np.isfinite(values), "a finite number [au or au/d]")
    r = np.linalg.norm(np.column_stack([numbers(table, n) for n in STATE_COLUMNS[:3]]), axis=1)
    _refuse(table, "x_au, y_au, z_au", r, r == 0, "a position away from the Sun's centre")


def refuse_radians(table: pl.DataFrame) -> None:
    """Refuse a table whose angles are all below 2 pi although they should fill [0, 360).

    Angles of the node and of perihelion are spread over the circle in every real population, so the
    chance that ten orbits have both below 6.3 degrees is under (6.3 / 360)^20.

    Raises
    ------
    InputError
        Says that the angles look like radians and how to convert them.
    """
    if table.height < _ROWS_TO_JUDGE_UNITS:
        return
    largest = max(float(np.max(np.abs(numbers(table, name)))) for name in ELEMENT_ANGLES)
    if 0 < largest <= 2 * np.pi:
        message = (
            f"All angles i_deg, node_deg and peri_deg of the {table.height} rows lie within "
            f"{largest:.3f} degrees: they look like radians. Multiply them by 180/pi; this "
            "program takes degrees."
        )
        raise InputError(message)


def _refuse(
    table: pl.DataFrame,
    name: str,
    values: npt.NDArray[np.float64],
    bad: npt.NDArray[np.bool_],
    allowed: str,
) -> None:
    rows = np.flatnonzero(bad)
    if rows.size == 0:
        return
    k = int(rows[0])
    more = f" ({rows.size - 1} more rows like it)" if rows.size > 1 else ""
    message = f"{row_name(table, k)} has {name} = {values[k]:.9g}; it must be {allowed}{more}."
    raise OrbitError(message, hint="Correct or remove the row.")

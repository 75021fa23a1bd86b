"""Histories of element sets as tables, and SGP4 on them.

A history has one row per element set, with the columns of `COLUMNS` and any others. Elements are
the mean elements of SGP4 (Hoots and Roehrich 1980; Vallado et al. 2006, AIAA 2006-6753): frame
TEME of date, times UTC, constants of WGS 72.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt
import polars as pl
from sgp4.api import WGS72, Satrec

from skywright.errors import InputError

F64 = npt.NDArray[np.float64]

GM_EARTH_KM3_S2 = 398600.8
"""Gravitational parameter of WGS 72, which element sets are made with [km3/s2]."""

EARTH_RADIUS_KM = 6378.135
"""Equatorial radius of WGS 72 [km]."""

COLUMNS = (
    "norad_id",
    "epoch_utc",
    "mean_motion_rev_day",
    "eccentricity",
    "inclination_deg",
    "raan_deg",
    "argp_deg",
    "mean_anomaly_deg",
    "bstar",
)
"""What every history holds; ``ndot_rev_day2``, ``received_utc``, ``satellite`` are optional."""

SGP4_EPOCH_JD = 2433281.5
"""1949-12-31 00:00 UTC, from which SGP4 counts days [d]."""

MINUTES_PER_DAY = 1440.0
"""Its unit of time is the minute."""

RANGES = {
    "mean_motion_rev_day": (0.01, 20.0),
    "eccentricity": (0.0, 0.999999),
    "inclination_deg": (0.0, 180.0),
    "raan_deg": (-360.0, 720.0),
    "argp_deg": (-360.0, 720.0),
    "mean_anomaly_deg": (-360.0, 720.0),
    "bstar": (-10.0, 10.0),
}
"""What each element may be."""

_UNIX_EPOCH_JD = 2440587.5
_PER_MINUTE = 2.0 * np.pi / 1440.0
_SGP4_ORDER = (
    "mean_motion_rev_day",
    "eccentricity",
    "inclination_deg",
    "raan_deg",
    "argp_deg",
    "mean_anomaly_deg",
    "bstar",
)


def checked_history(table: pl.DataFrame) -> pl.DataFrame:
    """Return a history sorted by object and epoch, its elements floats and its epochs UTC.

    Parameters
    ----------
    table : DataFrame
        At least the columns of `COLUMNS`; epochs datetimes without a zone, or in UTC.

    Raises
    ------
    InputError
        If a column is missing, the table is empty, or a value is null, not finite or out of range;
        names the column, the row and the value.
    """
    missing = [name for name in COLUMNS if name not in table.columns]
    if missing:
        message = f"The history has no column {', '.join(missing)}; it needs {', '.join(COLUMNS)}."
        raise InputError(message)
    if table.is_empty():
        message = "The history is empty; give at least one element set."
        raise InputError(message)
    if not isinstance(table.schema["epoch_utc"], pl.Datetime):
        message = f"epoch_utc must be a datetime in UTC, got {table.schema['epoch_utc']}."
        raise InputError(message)
    given = table if _typed(table) else _cast(table)
    for name in ("norad_id", "epoch_utc"):
        if given[name].null_count():
            message = f"{name} is empty in row {given[name].is_null().arg_true()[0]}."
            raise InputError(message)
    _refuse_outside(given)
    if _sorted(given):
        return given
    return given.sort("norad_id", "epoch_utc", maintain_order=True)


_TYPES = {
    "norad_id": pl.Int64(),
    "epoch_utc": pl.Datetime("us"),
    **dict.fromkeys(RANGES, pl.Float64()),
}


def _typed(table: pl.DataFrame) -> bool:
    """Whether the columns have their types already: histories pass here many times over."""
    schema = table.schema
    return all(schema[name] == kind for name, kind in _TYPES.items())


def _sorted(table: pl.DataFrame) -> bool:
    ids = table["norad_id"].to_numpy()
    later = np.diff(table["epoch_utc"].to_numpy().astype(np.int64))
    same = np.diff(ids)
    return bool(np.all((same > 0) | ((same == 0) & (later >= 0))))


def _cast(table: pl.DataFrame) -> pl.DataFrame:
    return table.with_columns(
        pl.col("epoch_utc").dt.replace_time_zone(None).dt.cast_time_unit("us"),
        pl.col("norad_id").cast(pl.Int64),
        *(pl.col(name).cast(pl.Float64) for name in RANGES),
    )


def _refuse_outside(table: pl.DataFrame) -> None:
    values = np.stack([table[name].to_numpy() for name in RANGES])
    low, high = np.array(list(RANGES.values())).T[:, :, None]
    places, rows = np.nonzero(~((values >= low) & (values <= high)))
    if len(rows):
        name, row = list(RANGES)[places[0]], int(rows[0])
        least, most = RANGES[name]
        given = table[name][row]
        message = f"{name} must be {least:g} to {most:g}, got {given} in row {row}."
        raise InputError(message)


def epochs_jd(table: pl.DataFrame, column: str = "epoch_utc") -> tuple[F64, F64]:
    """Return a column of datetimes as Julian dates UTC: midnight or noon part, and fraction [d]."""
    micros = table[column].to_numpy().astype("datetime64[us]").astype(np.int64)
    days, rest = np.divmod(micros, 86_400_000_000)
    return days + _UNIX_EPOCH_JD, rest / 86_400e6


def moment_jd(at_utc: datetime) -> tuple[float, float]:
    """Return one moment as a Julian date UTC in two parts, as `epochs_jd` does [d]."""
    naive = at_utc if at_utc.tzinfo is None else at_utc.astimezone(UTC).replace(tzinfo=None)
    since = naive - datetime(1970, 1, 1)  # noqa: DTZ001 - UTC without a zone
    return since.days + _UNIX_EPOCH_JD, (since.seconds + since.microseconds * 1e-6) / 86400.0


def satrecs(table: pl.DataFrame, rows: Sequence[int] | None = None) -> list[Satrec]:
    """Return one propagator per row of a history, or of some rows, in their order.

    Elements are used, never the text of the lines, so that operators' sets and numbers above
    99999 work alike. A set that SGP4 itself refuses has ``error`` set.
    """
    jd, fraction = epochs_jd(table)
    epoch_d = (jd - SGP4_EPOCH_JD) + fraction
    given = sgp4_elements(table)
    ndot = optional(table, "ndot_rev_day2") * (_PER_MINUTE / MINUTES_PER_DAY)
    ids = table["norad_id"].to_numpy()
    chosen = range(table.height) if rows is None else rows
    return [sgp4_propagator(epoch_d[k], given[k], int(ids[k]), ndot[k]) for k in chosen]


def sgp4_elements(table: pl.DataFrame) -> F64:
    """Return what SGP4 takes of each row.

    Returns
    -------
    (n, 7) array
        Kozai mean motion [rad/min], eccentricity, inclination, node, argument of perigee, mean
        anomaly [rad], B* [1/Earth radii].
    """
    told = np.column_stack([table[name].to_numpy() for name in _SGP4_ORDER])
    told[:, 0] *= _PER_MINUTE
    told[:, 2:6] = np.radians(told[:, 2:6])
    return told


def sgp4_propagator(epoch_d: float, given: F64, norad_id: int = 0, ndot: float = 0.0) -> Satrec:
    """Return the published propagator of one set.

    Parameters
    ----------
    epoch_d : float
        Days since `SGP4_EPOCH_JD`, UTC [d].
    given : (7,) array
        As from `sgp4_elements`.
    norad_id : int
        Number of the object; nothing depends on it.
    ndot : float
        Rate of the mean motion [rad/min2]; nothing depends on it.
    """
    one = Satrec()
    n, e, i, node, argp, anomaly, bstar = given.tolist()
    number = norad_id % 340_000
    one.sgp4init(WGS72, "i", number, epoch_d, bstar, ndot, 0.0, e, argp, i, anomaly, n, node)
    return one


def optional(table: pl.DataFrame, name: str) -> F64:
    """Return a column that may be missing, 0 where nothing is told."""
    if name not in table.columns or table.schema[name] == pl.Null:
        return np.zeros(table.height)
    values = table[name].to_numpy().astype(np.float64)
    return np.where(np.isnan(values), 0.0, values)


def states_at(propagators: Sequence[Satrec], jd: F64, fraction: F64) -> F64:
    """Propagate each propagator to its own time.

    Parameters
    ----------
    propagators : sequence of Satrec, n
        As from `satrecs`.
    jd, fraction : (n,) arrays
        Julian dates UTC in two parts, as from `epochs_jd`.

    Returns
    -------
    (n, 6) array
        Position [km] and velocity [km/s] in TEME of date; NaN where SGP4 gives an error (decayed,
        eccentricity out of range).
    """
    out = np.full((len(propagators), 6), np.nan)
    for k, one in enumerate(propagators):
        error, r, v = one.sgp4(jd[k], fraction[k])
        if error == 0:
            out[k, :3], out[k, 3:] = r, v
    return out


def semi_major_axis_km(mean_motion_rev_day: npt.ArrayLike) -> F64:
    """Return the semi-major axis of a Kozai mean motion by Kepler's third law [km], unperturbed."""
    n = np.asarray(mean_motion_rev_day, dtype=np.float64) * (2.0 * np.pi / 86400.0)
    return np.asarray((GM_EARTH_KM3_S2 / n**2) ** (1.0 / 3.0), dtype=np.float64)

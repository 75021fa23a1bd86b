"""Orbits from a table: the one place where columns in degrees become arrays in radians.

Elements win where a table holds both elements and a Cartesian state; the covariance is then over
``e, q_au, tp_jd_tdb, node_deg, peri_deg, i_deg``. A text column ``covariance_over`` (``elements``
or ``cartesian``) says otherwise.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from skywright.errors import InputError
from skywright.neo.columns import (
    ELEMENT_ANGLES,
    STATE_COLUMNS,
    numbers,
    perihelia,
    refuse_bad_elements,
    refuse_bad_epochs,
    refuse_bad_states,
    refuse_radians,
    require_columns,
    row_name,
)
from skywright.orbits.elements import (
    Elements,
    elements_from_state,
    state_from_elements,
    tp_from_mean_anomaly,
)

F64 = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Orbits:
    """Orbits of n objects, heliocentric mean ecliptic and equinox of J2000, TDB."""

    designation: tuple[str, ...]
    """Name of each object; the row number where the table has none."""
    epoch_jd_tdb: F64
    """Epoch of elements and states, shape (n,) [JD TDB]."""
    elements: Elements
    """Arrays of shape (n,): q_au, e, and i, node, peri in radians, tp_jd_tdb."""
    states: F64
    """Positions [au] and velocities [au/d], shape (n, 6)."""
    nongrav: F64
    """A1, A2, A3 at 1 au, shape (n, 3) [au/d^2]; zero where unknown."""
    covariance: tuple[F64 | None, ...]
    """As given, shape (6, 6) each, in au, days and degrees; None where there is none."""
    covariance_over: str
    """What the covariance is over: ``elements`` or ``cartesian``."""

    @classmethod
    def from_table(cls, table: pl.DataFrame, *, command: str = "this command") -> Orbits:
        """Read and check the orbit columns of a table.

        Parameters
        ----------
        table : polars.DataFrame
            Columns as the package documentation lists them, angles in degrees.
        command : str
            Named in the sentence when a column is missing.

        Returns
        -------
        Orbits
            All rows, in order.

        Raises
        ------
        InputError
            If a column is missing or a value is not allowed; names the row, field and value.
        """
        require_columns(table, ("epoch_jd_tdb",), command)
        refuse_bad_epochs(table)
        epoch = numbers(table, "epoch_jd_tdb")
        if has_elements(table):
            elements, states = _from_elements(table, epoch)
            over = "elements"
        else:
            elements, states = _from_states(table, epoch, command)
            over = "cartesian"
        over = _over(table, over)
        return cls(
            designation=designations(table),
            epoch_jd_tdb=epoch,
            elements=elements,
            states=states,
            nongrav=_nongrav(table),
            covariance=_covariances(table),
            covariance_over=over,
        )

    def __len__(self) -> int:
        """Return the number of objects."""
        return len(self.designation)


def has_elements(table: pl.DataFrame) -> bool:
    """Tell whether a table holds complete elements, the date within the orbit included."""
    names = set(table.columns)
    size = bool(names & {"a_au", "q_au"})
    phase = bool(names & {"mean_anomaly_deg", "tp_jd_tdb"})
    return size and phase and names >= {"e", *ELEMENT_ANGLES}


def designations(table: pl.DataFrame) -> tuple[str, ...]:
    """Return the names of the rows; ``row 1`` and so on where the table names none."""
    if "designation" not in table.columns:
        return tuple(f"row {k + 1}" for k in range(table.height))
    names = table["designation"].cast(pl.String).to_list()
    return tuple(name if name else f"row {k + 1}" for k, name in enumerate(names))


def _from_elements(table: pl.DataFrame, epoch: F64) -> tuple[Elements, F64]:
    refuse_bad_elements(table)
    refuse_radians(table)
    e = numbers(table, "e")
    q = perihelia(table)
    i, node, peri = (np.radians(numbers(table, name)) for name in ELEMENT_ANGLES)
    elements = Elements(q, e, i, node, peri, _perihelion_time(table, q, e, epoch))
    return elements, state_from_elements(elements, epoch)


def _perihelion_time(table: pl.DataFrame, q: F64, e: F64, epoch: F64) -> F64:
    tp = np.full(table.height, np.nan)
    if "tp_jd_tdb" in table.columns:
        tp = numbers(table, "tp_jd_tdb")
    if "mean_anomaly_deg" in table.columns and np.isnan(tp).any():
        M = np.radians(numbers(table, "mean_anomaly_deg"))
        with np.errstate(divide="ignore", invalid="ignore"):
            tp = np.where(np.isnan(tp), tp_from_mean_anomaly(q / (1.0 - e), e, M, epoch), tp)
    bad = np.flatnonzero(~np.isfinite(tp))
    if bad.size:
        message = (
            f"{row_name(table, int(bad[0]))} has neither a finite tp_jd_tdb nor a mean_anomaly_deg "
            "that fixes it; give the time of perihelion as tp_jd_tdb [JD TDB]."
        )
        raise InputError(message)
    return tp


def _from_states(table: pl.DataFrame, epoch: F64, command: str) -> tuple[Elements, F64]:
    if not set(STATE_COLUMNS) <= set(table.columns):
        missing = [n for n in ("e", *ELEMENT_ANGLES) if n not in table.columns]
        if not {"a_au", "q_au"} & set(table.columns):
            missing.append("q_au (or a_au)")
        if not {"mean_anomaly_deg", "tp_jd_tdb"} & set(table.columns):
            missing.append("tp_jd_tdb (or mean_anomaly_deg)")
        message = (
            f"{command} needs an orbit, but these columns are missing: {', '.join(missing)}. "
            f"Add them, or give a heliocentric ecliptic state as {', '.join(STATE_COLUMNS)}."
        )
        raise InputError(message)
    refuse_bad_states(table)
    states = np.column_stack([numbers(table, name) for name in STATE_COLUMNS])
    return elements_from_state(states, epoch), states


def _nongrav(table: pl.DataFrame) -> F64:
    names = ("a1_au_d2", "a2_au_d2", "a3_au_d2")
    columns = [
        np.nan_to_num(numbers(table, name)) if name in table.columns else np.zeros(table.height)
        for name in names
    ]
    return np.column_stack(columns)


def _over(table: pl.DataFrame, default: str) -> str:
    if "covariance_over" not in table.columns or table.height == 0:
        return default
    values = set(table["covariance_over"].drop_nulls().to_list()) or {default}
    if len(values) > 1 or not values <= {"elements", "cartesian"}:
        message = (
            f"covariance_over holds {', '.join(sorted(map(repr, values)))}; one file takes one of "
            "'elements' or 'cartesian' for all its rows."
        )
        raise InputError(message)
    return str(values.pop())


def _covariances(table: pl.DataFrame) -> tuple[F64 | None, ...]:
    if "covariance" not in table.columns:
        return (None,) * table.height
    return tuple(
        None if value is None else _matrix(value, row_name(table, k))
        for k, value in enumerate(table["covariance"].to_list())
    )


def refuse_unknown_orbits(orbits: Orbits) -> None:
    """Refuse sigmas so large that the orbit is not known at all: clones would go anywhere.

    Raises
    ------
    InputError
        For the first such orbit, with the element, its sigma and the largest one that is taken.
    """
    limits = _SIGMA_LIMITS[orbits.covariance_over]
    for designation, matrix in zip(orbits.designation, orbits.covariance, strict=True):
        if matrix is None:
            continue
        for k, (name, most) in enumerate(limits.items()):
            if matrix[k, k] > most**2:
                message = (
                    f"{designation} has a covariance with sigma = {np.sqrt(matrix[k, k]):.4g} in "
                    f"{name}; at most {most:g} still describes an orbit. The order is "
                    f"{', '.join(limits)}."
                )
                raise InputError(message, hint="Check order and units: au, days, degrees.")


_SIGMA_LIMITS = {
    "elements": {
        "e": 1.0,
        "q_au": 5.0,
        "tp_jd_tdb": 36_525.0,
        "node_deg": 360.0,
        "peri_deg": 360.0,
        "i_deg": 90.0,
    },
    "cartesian": dict.fromkeys(STATE_COLUMNS[:3], 5.0) | dict.fromkeys(STATE_COLUMNS[3:], 0.05),
}
"""Largest one-sigma uncertainties that are taken [au, d, deg; au, au/d]."""


def _matrix(value: object, row: str) -> F64 | None:
    if isinstance(value, str):
        value = _parsed(value, row)
    numbers = np.asarray(value, dtype=np.float64).ravel()
    if numbers.size == 0:
        return None
    if numbers.size != 36:
        message = (
            f"{row} has a covariance of {numbers.size} numbers; 36 are needed, row by row over "
            "e, q_au, tp_jd_tdb, node_deg, peri_deg, i_deg (or over the Cartesian state)."
        )
        raise InputError(message)
    if not np.isfinite(numbers).all():
        message = f"{row} has a covariance with a value that is not finite; all 36 must be numbers."
        raise InputError(message)
    return numbers.reshape(6, 6)


def _parsed(text: str, row: str) -> list[float]:
    try:
        return [float(x) for x in np.ravel(json.loads(text))] if text.strip() else []
    except (ValueError, TypeError) as error:
        message = f"{row} has a covariance that is not a JSON list of 36 numbers."
        raise InputError(message) from error

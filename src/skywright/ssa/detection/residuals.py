"""What earlier element sets predict for the epochs of later ones, and by how much they miss.

The residual of a set is the position that an earlier set of the same object predicts for its epoch
minus its own, in the radial, in-track and cross-track axes of its own orbit.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

from skywright.errors import InputError
from skywright.orbits._rtn import offsets_rtn
from skywright.ssa.element_sets import checked_history
from skywright.ssa.sets import Sets

F64 = npt.NDArray[np.float64]

AXES = ("radial", "intrack", "crosstrack")
"""Order of the axes."""


def residuals(history: pl.DataFrame, ahead: Sequence[int] = (1, 2, 4)) -> pl.DataFrame:
    """Return what sets some places earlier miss at the epoch of each set.

    Parameters
    ----------
    history : DataFrame
        As in ``ssa.element_sets``, of one object or of many.
    ahead : sequence of int
        How many sets the earlier one lies before.

    Returns
    -------
    DataFrame
        One row per set, sorted by object and epoch: ``norad_id``, ``epoch_utc``, ``interval_d``
        since the set before, ``axis_change_km`` of Brouwer's semi-major axis since then, and for
        each place n ``radial_n_km``, ``intrack_n_km``, ``crosstrack_n_km`` and ``span_n_d``.
        Null where there is no such set or SGP4 gives no state.

    Raises
    ------
    InputError
        If a place is not a positive whole number.
    """
    if any(place < 1 for place in ahead):
        message = f"ahead must be positive whole numbers, got {list(ahead)}."
        raise InputError(message)
    table = checked_history(history)
    parts = [_of_one(part, ahead) for part in table.partition_by("norad_id", maintain_order=True)]
    return pl.concat(parts)


def _of_one(part: pl.DataFrame, ahead: Sequence[int]) -> pl.DataFrame:
    return part.select("norad_id", "epoch_utc").with_columns(
        pl.Series(name, values, nan_to_null=True)
        for name, values in columns_of_one(Sets.of(part), ahead).items()
    )


def columns_of_one(sets: Sets, ahead: Sequence[int]) -> dict[str, F64]:
    """Return the columns of `residuals` for one object, sorted by epoch; NaN where null there."""
    jd, fraction, n = sets.jd, sets.fraction, len(sets)
    columns: dict[str, F64] = {
        "interval_d": _since(jd, fraction, 1),
        "axis_change_km": _later(np.diff(sets.elements[:, 0]), 1),
    }
    # Each set at its own epoch, then the earlier ones at the epochs of later ones.
    at = np.concatenate([np.arange(n), *(np.arange(place, n) for place in ahead)])
    by = np.concatenate([np.arange(n), *(np.arange(n - min(place, n)) for place in ahead)])
    told = sets.states(by, jd[at], fraction[at])
    missed = np.empty((len(at), 3))
    offsets_rtn(told[at], told, missed)
    start = n
    for place in ahead:
        stop = start + max(n - place, 0)
        for k, axis_name in enumerate(AXES):
            columns[f"{axis_name}_{place}_km"] = _later(missed[start:stop, k], place)
        columns[f"span_{place}_d"] = _since(jd, fraction, place)
        start = stop
    return columns


def _since(jd: F64, fraction: F64, place: int) -> F64:
    days = (jd - jd[0]) + fraction
    return _later(days[place:] - days[:-place], place)


def _later(values: F64, place: int) -> F64:
    """Put values that belong to sets from ``place`` on in their rows."""
    return np.concatenate([np.full(place, np.nan), values])

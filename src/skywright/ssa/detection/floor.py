"""The floor: changes of the semi-major axis from set to set, a rolling z, one threshold."""

from __future__ import annotations

from datetime import timedelta
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import polars as pl

from skywright.ssa.detection.residuals import residuals

F64 = npt.NDArray[np.float64]

THRESHOLDS = MappingProxyType({"leo": 12.0, "geo": 50.0})
"""Least robust z; the best on the satellites that it is scored on, which favours the floor."""

_WINDOW = 41
_APART_D = 2.0


def floor_times(history: pl.DataFrame, threshold: float) -> F64:
    """Return the times at which one satellite's sets jump, Julian dates UTC [d].

    Parameters
    ----------
    history : DataFrame
        Of one object.
    threshold : float
        Least robust z.
    """
    told = residuals(history, ahead=(1,)).with_columns(
        middle=pl.col("epoch_utc") - pl.duration(days=pl.col("interval_d") / 2.0)
    )
    z = _rolling_z(told["axis_change_km"].to_numpy())
    at = told["middle"].fill_null(told["epoch_utc"][0]).dt.epoch("us").to_numpy()
    days = at / timedelta(days=1).total_seconds() / 1e6 + 2440587.5
    chosen: list[float] = []
    for place in np.argsort(-z, kind="stable").tolist():
        if z[place] < threshold:
            break
        if all(abs(days[place] - other) >= _APART_D for other in chosen):
            chosen.append(float(days[place]))
    return np.array(sorted(chosen))


def _rolling_z(values: F64) -> F64:
    known = pl.Series(values).fill_nan(None)
    middle = known.rolling_median(_WINDOW, min_samples=5, center=True)
    spread = (known - middle).abs().rolling_median(_WINDOW, min_samples=5, center=True)
    return ((known - middle).abs() / (1.4826 * spread + 1e-6)).fill_null(0.0).to_numpy()

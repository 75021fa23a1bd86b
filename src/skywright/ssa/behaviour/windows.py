"""Windows of 30 days of many objects as arrays, and the regimes they are of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from skywright.ssa.behaviour.slots import SLOTS, WINDOW_D, behaviour_vector
from skywright.ssa.detection.search import Finds
from skywright.ssa.element_sets import checked_history, epochs_jd

F64 = npt.NDArray[np.float64]
Texts = npt.NDArray[np.str_]

REGIMES = ("leo", "geo", "meo", "heo")
"""Kinds of orbit, each with a calibration of its own."""

PASSIVE, STRETCH, SIMULATED = "passive", "stretch", "simulated"
"""Sources of windows: an object that cannot manoeuvre, a satellite that can, a simulated one."""

_LEAST_SETS = 8
_LOW_AXIS_KM = 8_900.0
_ECCENTRIC = 0.25


@dataclass(frozen=True, slots=True)
class Windows:
    """Windows of 30 days, one row each."""

    slots: F64
    """(n, 128), as from ``behaviour_vector``."""
    regime: Texts
    """One of `REGIMES`."""
    name: Texts
    """Object: rows of one are never divided."""
    source: Texts
    """`PASSIVE`, `STRETCH` or `SIMULATED`."""
    moved: npt.NDArray[np.bool_]
    """Whether a manoeuvre was reported in the window; quiet if not."""
    at_d: F64
    """End of the window, Julian date UTC [d]."""

    def rows(self, chosen: npt.NDArray[np.bool_] | npt.NDArray[np.int64]) -> Windows:
        """Return some of them."""
        return Windows(*(getattr(self, one.name)[chosen] for one in fields(self)))


def joined(parts: Sequence[Windows]) -> Windows:
    """Return windows one after another."""
    return Windows(
        *(np.concatenate([getattr(p, one.name) for p in parts]) for one in fields(Windows))
    )


def save(path: Path, some: Windows) -> None:
    """Write windows as one file of arrays."""
    with path.open("wb") as file:
        np.savez_compressed(file, **{one.name: getattr(some, one.name) for one in fields(some)})


def read(path: Path) -> Windows:
    """Read what `save` wrote."""
    with np.load(path, allow_pickle=False) as kept:
        return Windows(*(kept[one.name] for one in fields(Windows)))


def regimes_of(vectors: F64) -> Texts:
    """Return the regime of each row of slots: geo, heo, leo or meo; (n,).

    Geosynchronous is 0.9 to 1.1 revolutions a day, eccentric above 0.25, low below an axis of
    8,900 km.
    """
    names = [one.name for one in SLOTS]
    period = vectors[:, names.index("period_min")]
    eccentricity = vectors[:, names.index("eccentricity")]
    axis = vectors[:, names.index("axis_km")]
    rev_d = 1440.0 / period
    return np.select(
        [eccentricity > _ECCENTRIC, (rev_d > 0.9) & (rev_d < 1.1), axis < _LOW_AXIS_KM],
        ["heo", "geo", "leo"],
        "meo",
    ).astype(np.str_)


def windows_of(
    history: pl.DataFrame,
    moments_d: F64,
    *,
    name: str,
    source: str,
    detector: Finds | None = None,
) -> Windows:
    """Return the windows of one object that end at some moments and hold at least eight sets.

    Parameters
    ----------
    history : DataFrame
        Sets of one object.
    moments_d : (n,) array
        Ends of windows, Julian dates UTC [d].
    name, source : str
        As in `Windows`.
    detector : Finds, optional
        Finds the burns; the detector in use if left out.
    """
    table = checked_history(history)
    days = np.add(*epochs_jd(table))
    vectors, kept = [], []
    for moment in moments_d.tolist():
        low, high = np.searchsorted(days, [moment - WINDOW_D - 1.0, moment], side="right")
        inside = days[low:high] > moment - WINDOW_D
        if int(inside.sum()) < _LEAST_SETS:
            continue
        part = table[int(low) : int(high)]
        vectors.append(behaviour_vector(part, _utc(moment), detector=detector))
        kept.append(moment)
    slots = np.array(vectors).reshape(-1, len(SLOTS))
    count = len(kept)
    return Windows(
        slots,
        regimes_of(slots),
        np.full(count, name),
        np.full(count, source),
        np.zeros(count, dtype=np.bool_),
        np.array(kept),
    )


def _utc(days: float) -> datetime:
    return datetime(2000, 1, 1, 12) + timedelta(days=days - 2451545.0)  # noqa: DTZ001 - naive UTC

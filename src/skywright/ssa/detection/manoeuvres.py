"""``detect``: a history in, manoeuvres out, with time, size, direction and score.

Sizes follow from steps of the mean orbit: an in-track burn dv changes the semi-major axis by
2 a dv / v (Vallado 2013, section 6.2), a cross-track burn tilts the orbit by dv / v at most. Both
are sizes that the element sets show: a radial burn is hardly seen, and a cross-track one is told
low where it was made far from the place at which it tilts most.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from skywright.ssa.detection.detector import ManoeuvreDetector, detector_in_use
from skywright.ssa.detection.features import Candidates
from skywright.ssa.detection.search import Search, search_of
from skywright.ssa.detection.series import LEAST_SETS, Series
from skywright.ssa.element_sets import GM_EARTH_KM3_S2, checked_history
from skywright.ssa.sets import Sets

F64 = npt.NDArray[np.float64]

SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "satellite": pl.String,
    "norad_id": pl.Int64,
    "time_utc": pl.Datetime("us"),
    "start_utc": pl.Datetime("us"),
    "end_utc": pl.Datetime("us"),
    "dv_total_m_s": pl.Float64,
    "dv_radial_m_s": pl.Float64,
    "dv_intrack_m_s": pl.Float64,
    "dv_crosstrack_m_s": pl.Float64,
    "direction": pl.String,
    "axis_step_m": pl.Float64,
    "score": pl.Float64,
}
"""Columns of manoeuvres; ``start_utc`` and ``end_utc`` are the sets between which it was."""

_UNIX_JD = 2440587.5
_SEEN_TILT = 5.0
_MOSTLY = 0.7


@dataclass(frozen=True, slots=True)
class Detection:
    """What was found, and what was not looked at."""

    manoeuvres: pl.DataFrame
    """With the columns of `SCHEMA`, by satellite and time."""
    satellites: pl.DataFrame
    """One row each: norad_id, satellite, sets, first_utc, last_utc, years, manoeuvres, note."""
    thresholds: dict[str, float]
    """Least score that counts, by regime."""


def detect(history: pl.DataFrame, detector: ManoeuvreDetector | None = None) -> Detection:
    """Find the manoeuvres of each satellite of a history.

    Parameters
    ----------
    history : DataFrame
        As in ``ssa.element_sets``; ``satellite`` may name them.
    detector : ManoeuvreDetector, optional
        Instead of the one in use.

    Raises
    ------
    InputError
        If the history is not one.
    """
    table = checked_history(history)
    used = detector or detector_in_use()
    told = [_of_one(part, used) for part in table.partition_by("norad_id", maintain_order=True)]
    thresholds = {name: one.threshold for name, one in used.operating.items()}
    manoeuvres = pl.concat([found for found, _ in told])
    return Detection(manoeuvres, pl.DataFrame([row for _, row in told]), thresholds)


def _of_one(part: pl.DataFrame, used: ManoeuvreDetector) -> tuple[pl.DataFrame, dict[str, object]]:
    norad_id = int(part["norad_id"][0])
    name = str(part["satellite"][0]) if "satellite" in part.columns else str(norad_id)
    first, last = part["epoch_utc"][0], part["epoch_utc"][-1]
    row: dict[str, object] = {
        "norad_id": norad_id,
        "satellite": name,
        "sets": part.height,
        "first_utc": first,
        "last_utc": last,
        "years": (last - first) / timedelta(days=365.25),
        "manoeuvres": 0,
        "note": "",
    }
    found = search_of(Sets.of(part), used)
    if found is None:
        row["note"] = f"fewer than {LEAST_SETS} sets half a day apart: nothing can be told"
        return pl.DataFrame(schema=SCHEMA), row
    rows = manoeuvres_of(found)
    row["manoeuvres"] = len(rows)
    named = [{"satellite": name, "norad_id": norad_id, **one} for one in rows]
    return pl.DataFrame(named, schema=SCHEMA), row


def manoeuvres_of(found: Search | None) -> list[dict[str, Any]]:
    """Return what a search found as rows of `SCHEMA`."""
    if found is None:
        return []
    scores = found.scores[found.places].tolist()
    return [
        _manoeuvre(found.series, found.gaps, place, score)
        for place, score in zip(found.places.tolist(), scores, strict=True)
    ]


def _manoeuvre(series: Series, gaps: Candidates, place: int, score: float) -> dict[str, Any]:
    speed_m_s = np.sqrt(GM_EARTH_KM3_S2 / series.axis_km) * 1e3
    axis_m = series.axis_km * 1e3
    step = float(gaps.axis_step_m[place])
    intrack = speed_m_s * step / (2.0 * axis_m)
    tilted = gaps.plane_statistic[place] > _SEEN_TILT
    cross = float(speed_m_s * gaps.plane_step_m[place] / axis_m) if tilted else None
    total = float(np.hypot(intrack, cross or 0.0))
    return {
        "time_utc": _utc(gaps.at[place]),
        "start_utc": _utc(series.days[place]),
        "end_utc": _utc(series.days[place + 1]),
        "dv_total_m_s": total,
        "dv_radial_m_s": None,
        "dv_intrack_m_s": float(intrack),
        "dv_crosstrack_m_s": cross,
        "direction": _direction(float(intrack), cross or 0.0),
        "axis_step_m": step,
        "score": score,
    }


def _direction(intrack: float, cross: float) -> str:
    total = np.hypot(intrack, cross)
    along = "forward" if intrack > 0.0 else "backward"
    if abs(intrack) >= _MOSTLY * total:
        return f"in-track {along}"
    return "cross-track" if cross >= _MOSTLY * total else f"in-track {along} and cross-track"


def _utc(jd: float) -> datetime:
    return datetime(1970, 1, 1) + timedelta(days=float(jd) - _UNIX_JD)  # noqa: DTZ001 - UTC

"""Slots of the orbit an object is on, and of how it is tracked."""

from __future__ import annotations

from datetime import datetime

import erfa
import numpy as np
import numpy.typing as npt

from skywright.ssa.element_sets import EARTH_RADIUS_KM, moment_jd
from skywright.ssa.relative_elements import carried
from skywright.ssa.sets import Sets

F64 = npt.NDArray[np.float64]

REGIME = {
    "axis_km": ("km", "mean semi-major axis of the last set"),
    "eccentricity": ("", "mean eccentricity of the last set"),
    "inclination_deg": ("deg", "mean inclination of the last set"),
    "perigee_km": ("km", "height of the perigee"),
    "apogee_km": ("km", "height of the apogee"),
    "sun_synchronous_deg_d": ("deg/d", "rate of the node less that of the mean Sun"),
    "frozen_distance": ("", "distance of the eccentricity vector from that of a frozen orbit"),
    "longitude_sin": ("", "sine of the mean longitude over the Earth; geosynchronous only"),
    "longitude_cos": ("", "cosine of the mean longitude over the Earth; geosynchronous only"),
    "period_min": ("min", "period of revolution"),
}
"""The orbit."""

CADENCE = {
    "sets": ("", "element sets in the window"),
    "interval_median_d": ("d", "median time between sets"),
    "interval_most_d": ("d", "longest time between sets"),
    "interval_spread_d": ("d", "interquartile range of the times between sets"),
    "age_d": ("d", "age of the last set"),
    "gap_share": ("", "share of the window in gaps longer than three medians"),
}
"""How it is tracked: kept apart, so that it can be left out."""

_SUN_DEG_D = 360.0 / 365.2422
_J3_OVER_J2 = 2.34e-3


def regime_slots(sets: Sets) -> dict[str, float]:
    """Return the slots of the orbit, from the last set."""
    last = sets.elements[-1]
    a, e, i, node, argp, anomaly = last.tolist()
    next_day = carried(last, 1.0)
    n = float(sets.mean_motion_rev_day[-1])
    told = {
        "axis_km": a,
        "eccentricity": e,
        "inclination_deg": float(np.degrees(i)),
        "perigee_km": a * (1.0 - e) - EARTH_RADIUS_KM,
        "apogee_km": a * (1.0 + e) - EARTH_RADIUS_KM,
        "sun_synchronous_deg_d": float(np.degrees(next_day[3] - node)) - _SUN_DEG_D,
        "frozen_distance": _frozen_distance(a, e, i, argp),
        "period_min": 1440.0 / n,
    }
    if 0.9 < n < 1.1:
        over = node + argp + anomaly - float(erfa.gmst82(sets.jd[-1], sets.fraction[-1]))
        told |= {"longitude_sin": float(np.sin(over)), "longitude_cos": float(np.cos(over))}
    return told


def cadence_slots(sets: Sets, at_utc: datetime) -> dict[str, float]:
    """Return the slots of the schedule of sets."""
    days = sets.days
    told = {"sets": float(len(days)), "age_d": float(sum(moment_jd(at_utc)) - days[-1])}
    if len(days) < 2:
        return told
    gaps = np.diff(days)
    median = float(np.median(gaps))
    low, high = np.quantile(gaps, [0.25, 0.75])
    return told | {
        "interval_median_d": median,
        "interval_most_d": float(gaps.max()),
        "interval_spread_d": float(high - low),
        "gap_share": float(gaps[gaps > 3.0 * median].sum() / gaps.sum()),
    }


def _frozen_distance(a: float, e: float, i: float, argp: float) -> float:
    frozen = 0.5 * _J3_OVER_J2 * (EARTH_RADIUS_KM / a) * np.sin(i)
    return float(np.hypot(e * np.cos(argp), e * np.sin(argp) - frozen))

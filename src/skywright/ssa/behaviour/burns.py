"""Slots of detected burns."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import numpy.typing as npt

from skywright.ssa.detection.features import Candidates
from skywright.ssa.detection.search import Search
from skywright.ssa.detection.series import Series
from skywright.ssa.element_sets import GM_EARTH_KM3_S2, moment_jd

F64 = npt.NDArray[np.float64]

BURNS = {
    "burns": ("", "detected manoeuvres"),
    "burns_per_30_d": ("", "the same in 30 days"),
    "burn_total_m_s": ("m/s", "sum of their sizes"),
    "burn_largest_m_s": ("m/s", "largest size"),
    "burn_mean_m_s": ("m/s", "mean size"),
    "burn_last_m_s": ("m/s", "size of the last, forward positive"),
    "burn_net_m_s": ("m/s", "sum of the in-track parts, with their signs"),
    "burn_forward_share": ("", "share of burns that are forward"),
    "burn_out_of_plane_share": ("", "share of the sizes that is cross-track"),
    "burn_regularity": ("", "spread of the times between burns over their mean"),
    "burn_since_d": ("d", "days since the last"),
    "burn_score_most": ("", "highest score of any gap"),
    "burn_score_sum": ("", "sum of the scores of all gaps: expected manoeuvres"),
    "burn_agreed_most": ("", "largest statistic on which both axes agree"),
    "low_thrust": ("", "share of steps of the travelled axis with the commoner sign, over chance"),
    "axis_net_m": ("m", "semi-major axis of the end less that of the start"),
}
"""What it burnt, by the detector in use."""


def burn_slots(found: Search | None, at_utc: datetime) -> dict[str, float]:
    """Return the slots of what a search found."""
    if found is None:
        return {}
    series, gaps, scores, places = found.series, found.gaps, found.scores, found.places
    told = {
        "burns": float(len(places)),
        "burns_per_30_d": 30.0 * len(places) / max(float(series.days[-1] - series.days[0]), 1.0),
        "burn_score_most": float(scores.max()),
        "burn_score_sum": float(scores.sum()),
        "burn_agreed_most": float(gaps.agreed.max()),
        "low_thrust": _one_way(series.travelled_m),
        "axis_net_m": float(np.median(series.told_m[-3:]) - np.median(series.told_m[:3])),
    }
    if len(places):
        told |= _of_burns(series, gaps, places, at_utc)
    return told


def _of_burns(
    series: Series, gaps: Candidates, places: npt.NDArray[np.int64], at_utc: datetime
) -> dict[str, float]:
    speed = float(np.sqrt(GM_EARTH_KM3_S2 / series.axis_km)) * 1e3
    along = speed * gaps.axis_step_m[places] / (2e3 * series.axis_km)
    seen = gaps.plane_statistic[places] > 5.0
    across = np.where(seen, speed * gaps.plane_step_m[places] / (series.axis_km * 1e3), 0.0)
    sizes = np.hypot(along, across)
    between = np.diff(gaps.at[places])
    told = {
        "burn_total_m_s": float(sizes.sum()),
        "burn_largest_m_s": float(sizes.max()),
        "burn_mean_m_s": float(sizes.mean()),
        "burn_last_m_s": float(np.sign(along[-1]) * sizes[-1]),
        "burn_net_m_s": float(along.sum()),
        "burn_forward_share": float((along > 0.0).mean()),
        "burn_out_of_plane_share": float(across.sum() / max(sizes.sum(), 1e-12)),
        "burn_since_d": float(sum(moment_jd(at_utc)) - gaps.at[places[-1]]),
    }
    if len(between) >= 2:
        told["burn_regularity"] = float(between.std() / max(between.mean(), 1e-6))
    return told


def _one_way(travelled_m: F64) -> float:
    steps = np.sign(np.diff(travelled_m))
    if not len(steps):
        return float("nan")
    share = float(max((steps > 0).mean(), (steps < 0).mean()))
    return (share - 0.5) * 2.0 * float(np.sqrt(len(steps)))

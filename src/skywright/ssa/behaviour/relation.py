"""Slots of how an object stands to a protected asset."""

from __future__ import annotations

from datetime import datetime

import erfa
import numpy as np
import numpy.typing as npt
import polars as pl

from skywright.ssa.conjunction.foster import pc_2d
from skywright.ssa.conjunction.growth import position_sigmas_km
from skywright.ssa.conjunction.slow import separation_across
from skywright.ssa.detection.search import search_of
from skywright.ssa.element_sets import epochs_jd, moment_jd
from skywright.ssa.relative_track import RelativeTrack, track_of
from skywright.ssa.sets import Sets

F64 = npt.NDArray[np.float64]

RELATION = {
    "relative_axis_km": ("km", "relative semi-major axis"),
    "relative_longitude_km": ("km", "relative mean longitude times the axis"),
    "relative_ex_km": ("km", "relative eccentricity vector, x, times the axis"),
    "relative_ey_km": ("km", "relative eccentricity vector, y, times the axis"),
    "relative_ix_km": ("km", "relative inclination vector, x, times the axis"),
    "relative_iy_km": ("km", "relative inclination vector, y, times the axis"),
    "range_km": ("km", "distance at the moment"),
    "range_rate_km_s": ("km/s", "its rate; negative is closing"),
    "least_range_ahead_km": ("km", "least distance predicted for three days"),
    "least_range_in_d": ("d", "time until then"),
    "log10_pc": ("", "log10 of the probability there, with the usual growth of errors of sets"),
    "pc_valid": ("", "1 if that passage is fast enough for the formula"),
    "separation_across_km": (
        "km",
        "least distance across the flight direction, any shift in-track",
    ),
    "coplanar_days": ("", "days of 30 with planes within half a degree and 100 km in the axis"),
    "sun_angle_deg": ("deg", "angle at the asset between the object and the Sun"),
    "after_asset_burns": (
        "",
        "share of its burns within three days after unplanned ones of the asset",
    ),
    "least_range_past_km": ("km", "least distance of the last 14 days"),
    "approach_km": ("km", "how much nearer the relative orbit lies than 30 days before"),
}
"""Relation to the asset; not known without one."""

_HBR_KM = 0.02
_FAST_KM_S = 0.1
_LEAST_LOG10 = -30.0
_NEAR_DEG, _NEAR_KM = 0.5, 100.0
_AFTER_D = 3.0
_SAME_PLAN_D = 1.0


def relation_slots(
    asset: Sets,
    other: Sets,
    at_utc: datetime,
    *,
    track: RelativeTrack | None,
    found: F64,
    asset_burns: F64,
) -> dict[str, float]:
    """Return the slots; ``found`` are the times of the object's own burns [d]."""
    motion = track or track_of(asset, other, at_utc)
    elements = motion.elements_km
    last = elements[-1]
    told = dict(zip(list(RELATION)[:6], last.tolist(), strict=True))
    told["separation_across_km"] = separation_across(last[2:4], last[4:6])
    axis = float(np.linalg.norm(elements[:, 4:6], axis=1).max())
    tilt_km = np.radians(_NEAR_DEG) * float(asset.elements[-1, 0])
    near = (np.linalg.norm(elements[:, 4:6], axis=1) < tilt_km) & (
        np.abs(elements[:, 0]) < _NEAR_KM
    )
    told["coplanar_days"] = float(near.sum()) if np.isfinite(axis) else float("nan")
    size = np.linalg.norm(np.arcsinh(elements), axis=1)
    told["approach_km"] = float(size[0] - size[-1])
    told |= _ranges(motion)
    told |= _nearest(motion, asset, other, at_utc)
    told["sun_angle_deg"] = _sun_angle(motion, at_utc)
    told["after_asset_burns"] = _after(asset_burns, found)
    return told


def _ranges(motion: RelativeTrack) -> dict[str, float]:
    past = motion.days <= 0.0
    if not past.any():
        return {}
    ranges = motion.range_km
    now = int(np.flatnonzero(past)[-1])
    return {
        "range_km": float(ranges[now]),
        "range_rate_km_s": float(motion.range_rate_km_s[now]),
        "least_range_past_km": float(ranges[past].min()),
    }


def _nearest(motion: RelativeTrack, asset: Sets, other: Sets, at_utc: datetime) -> dict[str, float]:
    ahead = np.flatnonzero(motion.days > 0.0)
    if not len(ahead):
        return {}
    place = int(ahead[motion.range_km[ahead].argmin()])
    days = float(motion.days[place])
    now = sum(moment_jd(at_utc))
    ages = [float(now + days - one.days[-1]) for one in (asset, other)]
    radial, along, across = np.sqrt(sum(position_sigmas_km(age) ** 2 for age in ages))
    r, t, n = motion.rtn_km[place]
    # The encounter plane of a crossing object holds the radial axis and one between the others.
    miss = np.array([[r, np.hypot(t, n)]])
    spread = np.array([[[radial**2, 0.0], [0.0, 0.5 * (along**2 + across**2)]]])
    pc = float(pc_2d(miss, spread, _HBR_KM)[0])
    speed = abs(float(motion.speed_km_s[place]))
    return {
        "least_range_ahead_km": float(motion.range_km[place]),
        "least_range_in_d": days,
        "log10_pc": max(float(np.log10(max(pc, 1e-300))), _LEAST_LOG10),
        "pc_valid": float(speed > _FAST_KM_S),
    }


def _sun_angle(motion: RelativeTrack, at_utc: datetime) -> float:
    past = np.flatnonzero(motion.days <= 0.0)
    if not len(past):
        return float("nan")
    jd, fraction = moment_jd(at_utc)
    sun = -np.asarray(erfa.epv00(jd, fraction)[0]["p"])
    towards = motion.direction[past[-1]]
    cosine = float(towards @ sun / np.linalg.norm(sun))
    return float(np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0))))


def unplanned_burns(asset: Sets, planned: pl.DataFrame | None = None) -> F64:
    """Return the times of the asset's burns that its operator did not plan [d]; NaN if unknown.

    A single NaN stands for a history too short to tell.
    """
    found = search_of(asset)
    if found is None:
        return np.array([np.nan])
    own = found.times
    if planned is not None and planned.height:
        known = np.add(*epochs_jd(planned, "start_utc"))
        own = own[[bool(np.abs(known - one).min() > _SAME_PLAN_D) for one in own]]
    return own


def _after(own: F64, found: F64) -> float:
    if not len(found) or np.isnan(own).any():
        return float("nan")
    if not len(own):
        return 0.0
    since = found[:, None] - own[None, :]
    return float(((since >= 0.0) & (since <= _AFTER_D)).any(axis=1).mean())

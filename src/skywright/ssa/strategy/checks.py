"""Checking a burn by physics: what it does to every conjunction, and to the operator's limits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from skywright.orbits.frames import rtn_basis
from skywright.ssa.conjunction.foster import pc_2d
from skywright.ssa.strategy.constraints import Constraints
from skywright.ssa.strategy.encounters import Encounters, planes
from skywright.ssa.strategy.impulse import kepler_step

F64 = npt.NDArray[np.float64]

POST_BURN_S = 7 * 86400.0
"""How long the orbit after a burn is screened."""

_SLACK = 1.0 + 1e-9


@dataclass(frozen=True, slots=True)
class Check:
    """One constraint of one plan."""

    name: str
    ok: bool
    value: float | str
    limit: float | str

    def told(self) -> dict[str, Any]:
        """Return it as a dictionary."""
        return {"name": self.name, "ok": self.ok, "value": self.value, "limit": self.limit}


def burned(some: Encounters, before_s: F64, dv_rtn_km_s: F64) -> F64:
    """Return own states right after impulses; (n, 6)."""
    states = kepler_step(some.own, -before_s)
    states[:, 3:] += np.einsum("nij,ni->nj", rtn_basis(states), dv_rtn_km_s)
    return states


def after_burn(some: Encounters, before_s: F64, dv_rtn_km_s: F64) -> tuple[F64, F64]:
    """Return probability and miss distance [km] after impulses, by two-body motion in full.

    Nothing is linear here, so it is a check of the optimiser's linear answer.
    """
    own = kepler_step(burned(some, before_s, dv_rtn_km_s), before_s)
    moved = Encounters(
        some.ids, some.assets, own, some.other, some.covariance, some.hbr_km, some.time_to_tca_s
    )
    at = planes(moved)
    return pc_2d(at.miss_km, at.covariance_km2, some.hbr_km), np.linalg.norm(at.miss_km, axis=1)


def time_allowed(before_s: float, time_to_tca_s: float, limits: Constraints) -> list[Check]:
    """Return the checks of a burn's moment."""
    hours = before_s / 3600.0
    left = min(time_to_tca_s, limits.time_to_tca_s) - before_s
    checks = [Check("command_lead_s", left >= limits.command_lead_s, left, limits.command_lead_s)]
    for first, last in limits.blackouts_h:
        outside = not last <= hours <= first
        checks.append(Check("blackouts_h", outside, hours, f"not from {first:g} to {last:g}"))
    if limits.windows_h:
        inside = any(last <= hours <= first for first, last in limits.windows_h)
        told = " or ".join(f"{first:g} to {last:g}" for first, last in limits.windows_h)
        checks.append(Check("windows_h", inside, hours, told))
    return checks


def burn_allowed(
    dv_rtn_m_s: F64, before_s: float, period_s: float, limits: Constraints
) -> list[Check]:
    """Return the checks of a burn's size and of the drift that it starts."""
    size = float(np.linalg.norm(dv_rtn_m_s))
    total = size * (2.0 if limits.return_burn else 1.0)
    # Clohessy-Wiltshire: an in-track impulse drifts 3 dv t, until one revolution after.
    drift = 3.0 * abs(float(dv_rtn_m_s[1])) * 1e-3 * (before_s + period_s)
    return [
        Check("max_dv_m_s", size <= limits.max_dv_m_s * _SLACK, size, limits.max_dv_m_s),
        Check(
            "max_total_dv_m_s",
            total <= limits.max_total_dv_m_s * _SLACK,
            total,
            limits.max_total_dv_m_s,
        ),
        Check(
            "min_impulse_m_s",
            size * _SLACK >= limits.min_impulse_m_s,
            size,
            limits.min_impulse_m_s,
        ),
        Check("station_box_km", drift <= limits.station_box_km, drift, limits.station_box_km),
    ]


@dataclass(frozen=True, slots=True)
class Burn:
    """A burn for one conjunction of a set."""

    row: int
    before_s: float
    dv_rtn_km_s: F64


def others_after(some: Encounters, burn: Burn) -> tuple[list[int], F64, F64]:
    """Return the other conjunctions of the same satellite, with probability before and after."""
    asset = some.assets[burn.row]
    rows = [k for k in some.of_asset.get(asset, ()) if k != burn.row]
    if not rows:
        return [], np.empty(0), np.empty(0)
    left = some.time_to_tca_s - some.time_to_tca_s[burn.row] + burn.before_s
    rows = [k for k in rows if left[k] > 0.0]
    if not rows:
        return [], np.empty(0), np.empty(0)
    theirs = some.rows(rows)
    at = planes(theirs)
    before = pc_2d(at.miss_km, at.covariance_km2, theirs.hbr_km)
    # The burn acts on each conjunction's own state of the satellite, at the same moment.
    dv = np.repeat(burn.dv_rtn_km_s[None], len(rows), axis=0)
    after, _ = after_burn(theirs, left[rows], dv)
    return rows, before, after


def others_allowed(some: Encounters, burn: Burn, limits: Constraints) -> list[Check]:
    """Return the checks that no other conjunction is raised above the target."""
    rows, before, after = others_after(some, burn)
    return [
        Check(
            f"pc of {some.ids[k]}",
            bool(a <= max(limits.target_pc, b) * _SLACK),
            float(a),
            max(limits.target_pc, float(b)),
        )
        for k, b, a in zip(rows, before, after, strict=True)
    ]

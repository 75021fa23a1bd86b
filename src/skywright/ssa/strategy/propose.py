"""Plans for conjunctions: proposed by the network or the optimiser, always checked by physics."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
import numpy.typing as npt

from skywright.errors import InputError
from skywright.ssa.conjunction.foster import pc_2d
from skywright.ssa.strategy.actions import AXIS_ACTS, Act
from skywright.ssa.strategy.checks import (
    POST_BURN_S,
    Burn,
    Check,
    after_burn,
    burn_allowed,
    burned,
    others_allowed,
    time_allowed,
)
from skywright.ssa.strategy.constraints import Constraints
from skywright.ssa.strategy.encounters import Encounters, Planes, planes, responses
from skywright.ssa.strategy.generator import Generator, features
from skywright.ssa.strategy.impulse import axis_impulses, least_impulses
from skywright.ssa.strategy.joint import least_for_all
from skywright.ssa.strategy.post_burn import CatalogueScreening, in_teme
from skywright.ssa.strategy.timing import TimingPolicy

F64 = npt.NDArray[np.float64]

MOST_GAP = 0.10
"""A proposal dearer than the optimum by more than this share gives way to it."""

_AIM = 0.999  # of the target, as the optimiser is linear and the check is not
_GROWTH = 1.002
_SPARE_LEADS = tuple(0.1 * k for k in range(1, 41))


@dataclass(frozen=True, slots=True)
class Candidate:
    """One burn time for all conjunctions: the optimum, and what was proposed."""

    lead: F64
    """(n,) revolutions."""
    before_s: F64
    optimum: F64
    """(n, 3) km/s."""
    chosen: F64
    """(n, 3) km/s."""
    acts: tuple[Act, ...]
    from_network: npt.NDArray[np.bool_]
    gave_way: npt.NDArray[np.bool_]
    """Whether a proposal of the network was replaced."""
    pc_after: F64
    miss_after_km: F64
    value: F64 | None
    """(n, 2) of the network: log10 of the fuel [m/s] and of the risk if nothing is done."""


def propose(
    conjunctions: Encounters,
    constraints: Constraints | None = None,
    *,
    network: bool = True,
    post_burn: CatalogueScreening | None = None,
) -> list[dict[str, Any]]:
    """Return ranked plans for each conjunction.

    Parameters
    ----------
    conjunctions : Encounters
        One or many; those of one ``asset`` are weighed together.
    constraints : Constraints, optional
        Of the operator.
    network : bool
        Whether the StrategyGenerator proposes; the optimiser checks and caps it either way.
    post_burn : CatalogueScreening, optional
        Screens the orbit after a burn for seven days: plans in their order until one is clear.

    Returns
    -------
    list of dict
        One per conjunction in the given order: ``plans`` (the recommended first), ``by_lead``,
        ``solved``, ``binding_constraint``, probabilities, the network's ``value``, and ``act_now``:
        whether to burn on this message or wait for the next (None where no time is told).

    Raises
    ------
    InputError
        If conjunctions of one satellite do not say when they happen, or all lie too near, or the
        orbit after a burn is to be screened and the moment is not told.
    """
    limits = constraints or Constraints()
    _check_times(conjunctions, limits)
    at = planes(conjunctions)
    before = pc_2d(at.miss_km, at.covariance_km2, conjunctions.hbr_km)
    generator = Generator() if network else None
    candidates = [
        _candidate(conjunctions, at, np.full(len(conjunctions), lead), limits, generator)
        for lead in limits.lead_revolutions
    ]
    view = _View(conjunctions, at, before, limits, post_burn, _timing(generator))
    return [_answer(view, k, candidates) for k in range(len(conjunctions))]


def in_short(answer: dict[str, Any]) -> str:
    """Return what one answer of `propose` advises, for the record."""
    plan = answer["recommended"]
    return f"none: {answer['binding_constraint']}" if plan is None else str(plan["action"])


@dataclass(frozen=True, slots=True)
class _View:
    some: Encounters
    at: Planes
    before: F64
    limits: Constraints
    post_burn: CatalogueScreening | None
    timing: TimingPolicy | None


def _check_times(some: Encounters, limits: Constraints) -> None:
    for k, asset in enumerate(some.assets):
        if asset and some.assets.count(asset) > 1 and math.isinf(some.time_to_tca_s[k]):
            message = f"Conjunction {some.ids[k]}: time_to_tca_s is needed, as {asset} has several."
            raise InputError(message)
    left = np.minimum(some.time_to_tca_s, limits.time_to_tca_s)
    if np.any(left <= limits.command_lead_s):
        k = int(np.argmin(left))
        message = (
            f"Conjunction {some.ids[k]}: time_to_tca_s must be more than command_lead_s "
            f"({limits.command_lead_s:g} s), got {left[k]:g}; no burn can be commanded any more."
        )
        raise InputError(message)


def _candidate(
    some: Encounters,
    at: Planes,
    lead: F64,
    limits: Constraints,
    generator: Generator | None,
) -> Candidate:
    before_s = lead * some.period_s
    response = responses(some, at, before_s)
    plane = (at.miss_km, at.covariance_km2, some.hbr_km, response)
    optimum = least_impulses(*plane, limits.target_pc * _AIM)
    optimum = _at_least(optimum, limits.min_impulse_m_s)
    optimum, pc, miss = _grown(some, before_s, optimum, limits.target_pc)
    acts = [Act.TILTED] * len(some)
    told = (optimum, np.zeros(len(some), dtype=bool), np.zeros(len(some), dtype=bool), pc, miss)
    value = None
    if generator is not None:
        inputs = features(*plane)
        value = generator.answers(inputs)[1] if generator.trained else None
        picks = generator.acts(inputs)
        acts, told = _proposed(some, limits, picks, (before_s, plane, told))
    chosen, mine, gave_way, pc, miss = told
    return Candidate(lead, before_s, optimum, chosen, tuple(acts), mine, gave_way, pc, miss, value)


def _proposed(
    some: Encounters, limits: Constraints, picks: npt.NDArray[np.int64], job: Any
) -> tuple[list[Act], Any]:
    """Size the network's acts, and let the optimum stand where they fail or cost too much."""
    before_s, plane, (optimum, _, _, pc, miss) = job
    sizes = np.full(len(some), np.nan)
    for axis in np.unique(picks[picks < len(AXIS_ACTS)] // 2):
        miss_km, covariance, hbr_km, response = plane
        one = response[:, :, axis : axis + 1]
        both = axis_impulses(miss_km, covariance, hbr_km, one, limits.target_pc * _AIM)
        rows = picks // 2 == axis
        sizes[rows] = both[rows, picks[rows] % 2]
    dv = np.zeros((len(some), 3))
    # What is far too dear needs no check, and might not even stay on a closed orbit.
    least = np.linalg.norm(optimum, axis=1)
    sizes[~(sizes <= 2.0 * least)] = np.nan
    rows = np.flatnonzero(np.isfinite(sizes))
    dv[rows, picks[rows] // 2] = sizes[rows] * np.where(picks[rows] % 2 == 0, 1.0, -1.0)
    dv = _at_least(dv, limits.min_impulse_m_s)
    dv, own_pc, own_miss = _grown(some, before_s, dv, limits.target_pc)
    good = np.isfinite(sizes) & (own_pc <= limits.target_pc)
    good &= np.linalg.norm(dv, axis=1) <= (1.0 + MOST_GAP) * least
    gave_way = (picks < len(AXIS_ACTS)) & ~good
    acts = [AXIS_ACTS[p] if g else Act.TILTED for p, g in zip(picks, good, strict=True)]
    wide = good[:, None]
    told = (
        np.where(wide, dv, optimum),
        good,
        gave_way,
        np.where(good, own_pc, pc),
        np.where(good, own_miss, miss),
    )
    return acts, told


def _at_least(dv: F64, least_m_s: float) -> F64:
    size = np.linalg.norm(dv, axis=1, keepdims=True)
    scale = np.maximum(least_m_s * 1e-3 / np.maximum(size, 1e-15), 1.0)
    return np.asarray(dv * np.where(size > 0.0, scale, 1.0))


def _grown(some: Encounters, before_s: F64, dv: F64, target: float) -> tuple[F64, F64, F64]:
    """Enlarge burns a little where the full motion misses the target that the linear one met."""
    pc, miss = after_burn(some, before_s, dv)
    for _ in range(60):
        rows = np.flatnonzero((pc > target) & (pc < 10.0 * target))
        if not len(rows):
            break
        dv = dv.copy()
        dv[rows] *= _GROWTH
        pc[rows], miss[rows] = after_burn(some.rows(rows), before_s[rows], dv[rows])
    return dv, pc, miss


def _answer(view: _View, k: int, candidates: Sequence[Candidate]) -> dict[str, Any]:
    some, limits = view.some, view.limits
    common = {
        "conjunction_id": some.ids[k],
        "pc_before": float(view.before[k]),
        "miss_before_km": float(np.linalg.norm(view.at.miss_km[k])),
        "target_pc": limits.target_pc,
        "period_s": float(some.period_s[k]),
        "act_now": _act_now(view, k),
    }
    by_lead = [_plan(view, k, one, k) for one in candidates]
    if view.before[k] <= limits.target_pc:
        return common | _watched(by_lead, common)
    if not any(plan["feasible"] for plan in by_lead):
        by_lead = by_lead + _elsewhere(view, k, by_lead)
    able = [plan for plan in by_lead if plan["feasible"]]
    able.sort(key=lambda plan: (plan["dv_total_m_s"], plan["before_tca_s"]))
    if view.post_burn is not None:
        able = _clear_first(view, k, able)
    binding = None if able else _binding(by_lead)
    inform = {"action": Act.REQUEST_TRACKING.value if able else Act.COORDINATE.value}
    return common | {
        "solved": bool(able),
        "recommended": able[0] if able else None,
        "plans": able,
        "by_lead": by_lead,
        "also": [inform, {"action": Act.ASK_FOR_EPHEMERIS.value}],
        "binding_constraint": binding,
        "needs_approval": not limits.approved,
    }


def _timing(generator: Generator | None) -> TimingPolicy | None:
    return generator.timing() if generator is not None and generator.trained else None


def _act_now(view: _View, k: int) -> bool | None:
    """Whether to burn on this message or wait for the next, by the policy learned from series."""
    days = min(float(view.some.time_to_tca_s[k]), view.limits.time_to_tca_s) / 86400.0
    if view.timing is None or math.isinf(days):
        return None
    return view.timing.act_now(days, float(view.before[k]))


def _clear_first(view: _View, k: int, plans: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Screen the orbits after plans in their order until one is clear; drop those that are not."""
    screening, some = view.post_burn, view.some
    tca = some.tca_utc[k] if some.tca_utc else None
    if screening is None or tca is None:
        message = f"Conjunction {some.ids[k]}: tca_utc is needed to screen the orbit after a burn."
        raise InputError(message)
    for place, plan in enumerate(plans):
        before_s = float(plan["before_tca_s"])
        dv = np.asarray(plan["dv_rtn_m_s"]) * 1e-3
        state = burned(some.rows([k]), np.array([before_s]), dv[None])[0]
        frame = some.frames[k] if some.frames else "EME2000"
        # The axes are those of the closest approach, also where they turn with the Earth.
        found = screening(
            in_teme(state, frame, tca),
            tca - timedelta(seconds=before_s),
            POST_BURN_S,
            spare=some.numbers[k] if some.numbers else (),
        )
        clear = not np.isfinite(found.nearest_km)
        plan["constraints"].append(
            Check("post_burn_screening_km", clear, found.nearest_km, screening.km).told()
            | {"norad_id": found.norad_id, "tca_utc": found.tca_utc}
        )
        plan["feasible"] = clear
        if clear:
            return plans[place:]
    return []


def _watched(by_lead: list[dict[str, Any]], common: dict[str, Any]) -> dict[str, Any]:
    plan = {
        "action": Act.WATCH.value,
        "dv_rtn_m_s": [0.0, 0.0, 0.0],
        "dv_total_m_s": 0.0,
        "pc_before": common["pc_before"],
        "pc_after": common["pc_before"],
        "miss_before_km": common["miss_before_km"],
        "miss_after_km": common["miss_before_km"],
        "optimality_gap": 0.0,
        "constraints": [],
        "feasible": True,
        "source": "optimiser",
    }
    return {
        "solved": True,
        "recommended": plan,
        "plans": [plan],
        "by_lead": [plan | {"lead_revolutions": p["lead_revolutions"]} for p in by_lead],
        "also": [],
        "binding_constraint": None,
        "needs_approval": False,
    }


def _plan(view: _View, k: int, one: Candidate, j: int) -> dict[str, Any]:
    """Tell the plan of conjunction ``k`` at a candidate's row ``j``."""
    limits, some = view.limits, view.some
    dv, act, before_s = one.chosen[j], one.acts[j], float(one.before_s[j])
    pc, miss = float(one.pc_after[j]), float(one.miss_after_km[j])
    source, note = ("network" if one.from_network[j] else "optimiser"), ""
    if one.gave_way[j]:
        note = "the network's act failed a check or cost over 1.10 of the optimum"
    others = others_allowed(some, Burn(k, before_s, dv), limits)
    if not all(check.ok for check in others):
        found = least_for_all(some, Burn(k, before_s, one.optimum[j]), limits)
        if found is not None:
            dv, act, source = found, Act.TILTED, "optimiser"
            note = "enlarged or turned so that no other conjunction rises above the target"
            row = some.rows([k])
            pcs, misses = after_burn(row, np.array([before_s]), dv[None])
            pc, miss = float(pcs[0]), float(misses[0])
            others = others_allowed(some, Burn(k, before_s, dv), limits)
    checks = [
        Check("target_pc", pc <= limits.target_pc, pc, limits.target_pc),
        *time_allowed(before_s, float(some.time_to_tca_s[k]), limits),
        *burn_allowed(dv * 1e3, before_s, float(some.period_s[k]), limits),
        *others,
    ]
    size, least = float(np.linalg.norm(dv)) * 1e3, float(np.linalg.norm(one.optimum[j])) * 1e3
    return {
        "action": act.value,
        "lead_revolutions": float(one.lead[j]),
        "before_tca_s": before_s,
        "dv_rtn_m_s": (dv * 1e3).tolist(),
        "dv_m_s": size,
        "return_dv_rtn_m_s": (-dv * 1e3).tolist() if limits.return_burn else None,
        "dv_total_m_s": size * (2.0 if limits.return_burn else 1.0),
        "optimum_dv_m_s": least,
        "optimality_gap": size / least - 1.0 if least > 0.0 else 0.0,
        "pc_before": float(view.before[k]),
        "pc_after": pc,
        "miss_before_km": float(np.linalg.norm(view.at.miss_km[k])),
        "miss_after_km": miss,
        "constraints": [check.told() for check in checks],
        "feasible": all(check.ok for check in checks),
        "source": source,
        "note": note,
        "value": _value(one, j),
    }


def _value(one: Candidate, j: int) -> dict[str, float] | None:
    if one.value is None:
        return None
    fuel, risk = one.value[j]
    return {"expected_dv_m_s": float(10.0**fuel), "expected_pc_unmoved": float(10.0**risk)}


def _elsewhere(view: _View, k: int, tried: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Plan at other times, where the ones asked for do not do."""
    row = view.some.rows([k])
    period, time_s = float(row.period_s[0]), float(row.time_to_tca_s[0])
    done = {round(plan["lead_revolutions"], 3) for plan in tried}
    plans = []
    for lead in _SPARE_LEADS:
        if round(lead, 3) in done:
            continue
        if not all(c.ok for c in time_allowed(lead * period, time_s, view.limits)):
            continue
        one = _candidate(row, planes(row), np.array([lead]), view.limits, None)
        plan = _plan(view, k, one, 0)
        if plan["feasible"]:
            plans.append(plan)
    plans.sort(key=lambda plan: float(plan["dv_total_m_s"]))
    return plans[:3]


def _binding(plans: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the constraint that stands in the way of the plan nearest to feasible."""
    nearest = min(plans, key=lambda plan: sum(not c["ok"] for c in plan["constraints"]))
    failed: dict[str, Any] = next(c for c in nearest["constraints"] if not c["ok"])
    return failed | {"lead_revolutions": nearest["lead_revolutions"]}

"""The linear programme over many burns (LP-MPC), begun from the best single impulse.

Where the own path lies outside the range, each place has a separating plane; burns that keep the
path beyond all planes are a convex set, so each programme's plan is feasible and none is dearer
than the last (sequential convex programming). It is followed until tracking contradicts it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from skywright.ssa.clohessy_wiltshire import state_transition
from skywright.ssa.coorbit.drawing import KEEP_KM, STEP_S
from skywright.ssa.coorbit.passes import least_range
from skywright.ssa.coorbit.planner import (
    DECISIONS,
    DIRECTIONS,
    OPTIMISER,
    Planner,
    Plans,
    Rule,
)
from skywright.ssa.coorbit.worlds import MOST_M_S, Worlds

F64 = npt.NDArray[np.float64]

_NEAR_KM, _EACH_S, _ROUNDS, _GAIN = 3.0, 60.0, 3, 0.005
_KEPT_MARGIN = 0.7  # of the margin, beyond which a plan is kept


@dataclass(frozen=True, slots=True)
class Problem:
    """What a plan of one world must hold to."""

    states: F64
    """Relative states of the neighbours, shape (neighbours, 6) [km, km/s]."""
    n_rad_s: float
    dark: npt.NDArray[np.bool_]
    """Decisions at which nothing can be burnt."""
    growth_km: F64
    """By how much the range of each neighbour grows for each radian of the own orbit [km]."""
    keep_km: float
    """Range to keep now."""
    fuel_m_s: float
    """All that may be spent."""


def polished(problem: Problem, burns_m_s: F64) -> F64:
    """Return a plan no dearer than a feasible one, shape (decisions, 3) [m/s].

    Parameters
    ----------
    problem : Problem
        What to hold to.
    burns_m_s : ndarray, shape (decisions, 3)
        A feasible plan.
    """
    from scipy.optimize import linprog

    p, steps = problem, len(problem.dark)
    times = np.arange(_EACH_S, steps * STEP_S + 1, _EACH_S)
    free = (state_transition(p.n_rad_s, times) @ p.states.T)[:, :3]  # (times, 3, neighbours)
    since = times[:, None] - np.arange(steps) * STEP_S
    gain = state_transition(p.n_rad_s, since)[..., :3, 3:] * (since > 0)[..., None, None] / 1000
    gain = np.moveaxis(gain, 1, 2).reshape(len(times), 3, -1)
    keep = p.keep_km + p.growth_km * (p.n_rad_s * times)[:, None]
    most = np.repeat(np.where(p.dark, 0.0, min(MOST_M_S, p.fuel_m_s)), 3)
    bounds = [(0.0, float(one)) for one in np.tile(most, 2)]
    plan, cost = burns_m_s.reshape(-1), float(np.abs(burns_m_s).sum())
    for _ in range(_ROUNDS):
        place = free - (gain @ plan)[..., None]
        far = np.linalg.norm(place, axis=1)
        at, who = np.nonzero(far < _NEAR_KM)
        normal = place[at, :, who] / far[at, who, None]
        rows = np.einsum("rc,rcb->rb", normal, gain[at])
        room = np.einsum("rc,rc->r", normal, free[at, :, who]) - keep[at, who]
        told = linprog(np.ones(6 * steps), np.hstack([rows, -rows]), room, bounds=bounds)
        if told.x is None or told.fun is None or told.fun > cost * (1 - _GAIN):
            break
        plan, cost = told.x[: 3 * steps] - told.x[3 * steps :], float(told.fun)
    return np.asarray(np.where(np.abs(plan) < 1e-6, 0.0, plan)).reshape(steps, 3)


class Programme(Planner):
    """Plans burns by the programme; each is kept until what is seen no longer bears it out."""

    def __init__(self, worlds: Worlds, rule: Rule = OPTIMISER) -> None:
        super().__init__(worlds, rule)
        self._kept = np.zeros((worlds.count, DECISIONS, 3))

    def act(self) -> F64:
        """Return the impulses of this decision, shape (count, 3) [m/s]."""
        which = self.situation.which
        quiet = np.ones(self.worlds.count, bool)
        quiet[which] = False
        self._kept[quiet | (self.worlds.step_number == 0)] = 0.0
        self._plan(which)
        impulse = self._kept[:, 0].copy()
        self._kept[:, :-1] = self._kept[:, 1:]
        self._kept[:, -1] = 0.0
        return np.asarray(impulse)

    def _plan(self, which: npt.NDArray[np.int64]) -> None:
        singles = self.plans()
        for i, k in enumerate(which.tolist()):
            if self._holds(k):
                continue
            plan = _alone(singles, i)
            if singles.clear[i]:
                problem = problem_of(self, k, self.rule.margin_km)
                short = polished(problem, plan[: len(problem.dark)])
                plan[: len(short)] = short
            self._kept[k] = plan

    def _holds(self, k: int) -> bool:
        if not self._kept[k].any():
            return False
        problem = problem_of(self, k, _KEPT_MARGIN * self.rule.margin_km)
        plan = self._kept[k, : len(problem.dark)]
        turn = self.turns[k, : self.last[k] + 1]
        least = least_range(problem.states, problem.n_rad_s, turn, plan / 1000)
        left = len(problem.dark) * STEP_S * problem.n_rad_s
        grown = 0.4 * float(problem.growth_km.max()) * min(left, 8.0)
        return bool(least >= problem.keep_km + grown)


def problem_of(planner: Planner, k: int, margin_km: float, *, known: bool = False) -> Problem:
    """Return what a plan of world k must hold to; ``known`` looks at the truth, not estimates."""
    w, number = planner.worlds, int(planner.worlds.step_number[k])
    steps = min(w.setting.steps - number, DECISIONS)
    some = w.there[k]
    dark = w.blackout[k, number : number + steps]
    growth = planner.rule.sigmas * w.sigma_km[k, some]
    seen = w.near[k] - w.own[k] if known else w.seen()[k]
    keep = KEEP_KM + margin_km
    states = np.ascontiguousarray(seen[some])
    return Problem(states, float(w.n[k]), dark, growth, keep, float(w.fuel_m_s[k]))


def _alone(some: Plans, i: int) -> F64:
    plan = np.zeros((DECISIONS, 3))
    plan[some.step[i]] = DIRECTIONS[some.kind[i]] * some.size_m_s[i]
    return plan


def ideal(worlds: Worlds, count: int) -> F64:
    """Return what keeping clear costs who knows all and keeps no margin, shape (count,) [m/s].

    The programme is begun from the best single impulse of each kind, so this is what a feasible
    plan costs, and no proof that none is cheaper: see `limit.pair_bound` for that. Neighbours must
    coast. Infinite where no single impulse keeps clear.
    """
    sure = Planner(worlds, Rule(0.0, 0.0))
    table = sure.table(np.arange(count), known=True)
    told = np.full(count, np.inf)
    for k in range(count):
        problem = problem_of(sure, k, 0.0, known=True)
        for kind in range(len(DIRECTIONS)):
            step = int(table[k, :, kind].argmin())
            size = float(table[k, step, kind])
            if np.isfinite(size):
                plan = np.zeros((len(problem.dark), 3))
                plan[step] = DIRECTIONS[kind] * size
                told[k] = min(told[k], np.abs(polished(problem, plan)).sum())
    return told

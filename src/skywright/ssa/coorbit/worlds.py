"""Many worlds at once: the own satellite in its slot, up to three neighbours, tracking, fuel.

All motion is relative to the centre of the slot, in closed form (Clohessy and Wiltshire 1960).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from skywright.errors import InputError
from skywright.ssa.clohessy_wiltshire import state_transition
from skywright.ssa.coorbit.drawing import CASES, KEEP_KM, STEP_S, Drawn, mean_motions, neighbours

F64 = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

MOST_M_S = 0.2
"""Greatest impulse along one axis at one decision [m/s]."""

HARD_KM, COLLISION_KM = 0.2, 0.05
"""Ranges below which an episode ends: a hard breach, and what counts as a collision [km]."""

SOFT_BOX_KM, HARD_BOX_KM = 10.0, 30.0
"""In-track distance from the slot that costs, and that ends an episode [km]."""

NEIGHBOURS = 3

TRACKING_KEPT, TRACKING_RATE = 0.9, 0.2
"""Part of a tracking error that is left a decision later; of rates, as a part of n times places."""

REACTS_KM_S = 1e-5
"""Greatest burn of a reacting neighbour at one decision [km/s]."""

_SUBSTEPS = 10
_LEAST_GO = 0.25  # part of a revolution
_PER_M_S, _PER_BOX_STEP, _FIRST_BREACH, _DEPTH, _END = 10.0, 0.02, 3.0, 5.0, 10.0


@dataclass(frozen=True, slots=True)
class Setting:
    """What worlds are drawn with."""

    case: str = "any"
    hours: float = 6.0
    budget_m_s: tuple[float, float] = (0.5, 2.0)
    blackout_share: float = 0.15

    def __post_init__(self) -> None:
        """Refuse what makes no world."""
        if self.case not in {*CASES, "any"}:
            message = f"case is one of {', '.join((*CASES, 'any'))}, not {self.case!r}."
            raise InputError(message)
        if not 6.0 <= self.hours <= 24.0:
            message = f"hours is between 6 and 24, not {self.hours!r}."
            raise InputError(message)

    @property
    def steps(self) -> int:
        """Decisions in an episode."""
        return int(self.hours * 3600 / STEP_S)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one step did to each world."""

    reward: F64
    ended: Flags
    """Collision, hard breach or out of the box."""
    over: Flags
    """Time is up."""
    spent_m_s: F64


class Worlds:
    """Worlds side by side; every array has one row for each."""

    def __init__(self, count: int, setting: Setting, seed: int | None = None) -> None:
        self.setting = setting
        self.count = count
        self.random = np.random.default_rng(seed)
        self.n = np.zeros(count)
        self.own = np.zeros((count, 6))
        self.near = np.zeros((count, NEIGHBOURS, 6))
        self.there = np.zeros((count, NEIGHBOURS), bool)
        self.error = np.zeros((count, NEIGHBOURS, 6))
        self.sigma_km = np.zeros((count, NEIGHBOURS))
        self.fuel_m_s = np.zeros(count)
        self.budget_m_s = np.zeros(count)
        self.step_number = np.zeros(count, np.int64)
        self.blackout = np.zeros((count, setting.steps + 1), bool)
        self.reacting = np.zeros(count, bool)
        self.reach_km_s = np.zeros(count)
        self.closest_s = np.zeros((count, NEIGHBOURS))
        self.burn_step = np.full((count, NEIGHBOURS), -1)
        self.burn_km_s = np.zeros((count, NEIGHBOURS, 3))
        self.least_km = np.zeros(count)
        self.case = np.zeros(count, np.int64)
        self.phi_step = np.zeros((count, 6, 6))
        self.phi_parts = np.zeros((count, _SUBSTEPS, 3, 6))
        self.tick = 0
        self.reset(np.arange(count))

    def reset(self, which: npt.NDArray[np.int64]) -> None:
        """Draw some worlds anew; nothing of what was there stays."""
        count, random = len(which), self.random
        if not count:
            return
        self.tick += 1
        n = mean_motions(random, count)
        names = [self.setting.case] if self.setting.case != "any" else list(CASES)
        case = random.integers(0, len(names), count)
        self.case[which] = np.array([CASES.index(one) for one in names])[case]
        self.n[which] = n
        self.own[which] = 0.0
        self.there[which] = False
        self.near[which] = 0.0
        for k, name in enumerate(names):
            some = np.flatnonzero(case == k)
            if some.size:
                self._people(which[some], name)
        self.reacting[which] = self.case[which] == CASES.index("reacting")
        self.reach_km_s[which] = random.uniform(2e-5, 1e-4, count)
        self._tracking(which)
        low, high = self.setting.budget_m_s
        self.budget_m_s[which] = random.uniform(low, high, count)
        self.fuel_m_s[which] = self.budget_m_s[which]
        self.step_number[which] = 0
        self.least_km[which] = np.inf
        self._black_out(which)
        self.phi_step[which] = state_transition(n, STEP_S)
        parts = (np.arange(_SUBSTEPS) + 1.0) * STEP_S / _SUBSTEPS
        self.phi_parts[which] = state_transition(n[:, None], parts)[..., :3, :]

    def _people(self, which: npt.NDArray[np.int64], case: str) -> None:
        for k in range(NEIGHBOURS if case == "several" else 1):
            horizon = self.setting.hours * 3600
            drawn: Drawn = neighbours(self.random, case, self.n[which], horizon)
            self.near[which, k] = drawn.state
            self.closest_s[which, k] = drawn.closest_s
            self.burn_step[which, k] = drawn.burn_step
            self.burn_km_s[which, k] = drawn.burn_km_s
            self.there[which, k] = True

    def _tracking(self, which: npt.NDArray[np.int64]) -> None:
        self.sigma_km[which] = self.random.uniform(0.0005, 0.003, (len(which), NEIGHBOURS))
        self.error[which] = self._noise(which)

    def _noise(self, which: npt.NDArray[np.int64]) -> F64:
        """Draw errors of an estimate: sigma for places, a fifth of sigma times n for rates."""
        noise = self.random.normal(size=(len(which), NEIGHBOURS, 6)) * self.sigma_km[which, :, None]
        noise[..., 3:] *= TRACKING_RATE * self.n[which, None, None]
        return np.asarray(noise)

    def _black_out(self, which: npt.NDArray[np.int64]) -> None:
        steps = self.setting.steps + 1
        starts = self.random.random((len(which), steps)) < self.setting.blackout_share / 3
        dark = starts.copy()
        dark[:, 1:] |= starts[:, :-1]
        dark[:, 2:] |= starts[:, :-2]
        self.blackout[which] = dark

    @property
    def dark(self) -> Flags:
        """Worlds in which no command can be sent now."""
        return np.asarray(self.blackout[np.arange(self.count), self.step_number])

    def seen(self) -> F64:
        """Return the estimated states of the neighbours relative to the own satellite."""
        return np.asarray(self.near + self.error - self.own[:, None])

    def step(self, impulse_m_s: F64) -> Outcome:
        """Apply impulses (radial, in-track, cross-track), shape (count, 3), for one step."""
        spent = self._burn(impulse_m_s)
        self._others_burn()
        before = np.minimum(self.least_km, KEEP_KM)
        ranges = self._move().min(axis=1)
        nearest = np.where(self.there, ranges, np.inf).min(axis=1)
        first = (self.least_km >= KEEP_KM) & (nearest < KEEP_KM)
        self.least_km = np.minimum(self.least_km, nearest)
        fresh = self._noise(np.arange(self.count))
        self.error = TRACKING_KEPT * self.error + (1 - TRACKING_KEPT**2) ** 0.5 * fresh
        self.step_number += 1
        self.tick += 1
        off = np.abs(self.own[:, 1])
        ended = (self.least_km < HARD_KM) | (off > HARD_BOX_KM)
        depth = (before - np.minimum(self.least_km, KEEP_KM)) / KEEP_KM
        cost = _PER_M_S * spent + _FIRST_BREACH * first + _DEPTH * depth + _END * ended
        cost = cost + _PER_BOX_STEP * np.maximum(off - SOFT_BOX_KM, 0.0)
        over = self.step_number >= self.setting.steps
        return Outcome(-cost, ended, over & ~ended, spent)

    def _move(self) -> F64:
        """Let ten minutes pass; return the ranges on the way, shape (count, parts, neighbours)."""
        relative = np.where(self.there[..., None], self.near - self.own[:, None], 0.0)
        places = self.phi_parts @ np.swapaxes(relative, 1, 2)[:, None]
        self.own = (self.phi_step @ self.own[..., None])[..., 0]
        self.near = np.swapaxes(self.phi_step @ np.swapaxes(self.near, 1, 2), 1, 2)
        return np.asarray(np.linalg.norm(places, axis=2))

    def _burn(self, impulse_m_s: F64) -> F64:
        given = np.clip(impulse_m_s, -MOST_M_S, MOST_M_S) * ~self.dark[:, None]
        size = np.abs(given).sum(axis=1)
        part = np.minimum(1.0, self.fuel_m_s / np.maximum(size, 1e-12))
        given = given * part[:, None]
        spent = np.abs(given).sum(axis=1)
        self.fuel_m_s = np.maximum(self.fuel_m_s - spent, 0.0)
        self.own[:, 3:] += given / 1000
        return np.asarray(spent)

    def _others_burn(self) -> None:
        now = self.burn_step == self.step_number[:, None]
        self.near[..., 3:] += np.where(now[..., None], self.burn_km_s, 0.0)
        self.near[:, 0, 3:] += self._reaction()

    def _reaction(self) -> F64:
        """Close on the own satellite again: aim at it, a little at a time, while reach lasts."""
        go = self.closest_s[:, 0] - self.step_number * STEP_S
        relative = (self.near[:, 0] - self.own)[..., None]
        wanted = -(pursuit(self.n, go) @ relative)[..., 0]
        size = np.linalg.norm(wanted, axis=1)
        most = np.minimum(REACTS_KM_S, self.reach_km_s) * self.reacting
        burn = wanted * (np.minimum(most, size) / np.maximum(size, 1e-12))[:, None]
        self.reach_km_s = np.maximum(self.reach_km_s - np.linalg.norm(burn, axis=1), 0.0)
        return np.asarray(burn)


def pursuit(n_rad_s: F64, go_s: F64) -> F64:
    """Return the matrices (n, 3, 6) from a relative state to less the burn that closes in ``go_s``.

    A neighbour that has gone by, or soon will have, aims at 0.6 of a revolution ahead.
    """
    period = 2 * np.pi / n_rad_s
    go = np.where(go_s < _LEAST_GO * period, 0.6 * period, go_s)
    phi = state_transition(n_rad_s, go)[..., :3, :]
    gain = np.swapaxes(phi[..., 3:], 1, 2)
    return np.asarray(np.linalg.solve(gain @ phi[..., 3:] + 1e4 * np.eye(3), gain @ phi))

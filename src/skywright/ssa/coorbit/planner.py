"""The optimiser: which impulse keeps every neighbour at range, and at which decision.

A linear programme with one separating plane has its optimum in one component of one burn, so all of
them are tried: each decision, axis and sign, with the least size that keeps every neighbour clear
all along. Neighbours are taken to coast.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from skywright.orbits._jit import kernel
from skywright.ssa.clohessy_wiltshire import state_transition
from skywright.ssa.coorbit.drawing import KEEP_KM, STEP_S
from skywright.ssa.coorbit.worlds import MOST_M_S, Worlds

F64 = npt.NDArray[np.float64]

GRID_S = 120.0
LOOK_S = 6 * 3600.0
_A_STEP = int(STEP_S / GRID_S)
_SIZES = 64


@kernel
def least_range(
    places: F64, gains: F64, start: int, axis: int, size: float, enough: float
) -> float:
    """Return the least range after an impulse at grid point ``start``; stops below ``enough``."""
    least = np.inf
    for j in range(places.shape[1]):
        x0 = y0 = z0 = 0.0
        for g in range(places.shape[0]):
            x, y, z = places[g, j, 0], places[g, j, 1], places[g, j, 2]
            if g > start:
                x -= gains[g - start, 0, axis] * size
                y -= gains[g - start, 1, axis] * size
                z -= gains[g - start, 2, axis] * size
            if g > 0:
                dx, dy, dz = x - x0, y - y0, z - z0
                part = -(x0 * dx + y0 * dy + z0 * dz) / (dx * dx + dy * dy + dz * dz + 1e-18)
                part = min(1.0, max(0.0, part))
                a, b, c = x0 + part * dx, y0 + part * dy, z0 + part * dz
                least = min(least, np.sqrt(a * a + b * b + c * c))
                if least < enough:
                    return float(least)
            x0, y0, z0 = x, y, z
    return float(least)


@kernel
def least_impulse(
    places: F64,
    gains: F64,
    dark: npt.NDArray[np.bool_],
    allowed: npt.NDArray[np.bool_],
    limits: tuple[float, float],
) -> tuple[int, int, float, float]:
    """Return (decision, axis, size [km/s], clear) of the least impulse that keeps all clear.

    Without one, the impulse of full size now that leaves the greatest least range.
    """
    keep, most = limits
    best, at, along = np.inf, -1, 1
    for k in range(dark.shape[0]):
        if dark[k]:
            continue
        for turn in range(6):
            axis, sign = turn // 2, 1.0 - 2.0 * (turn % 2)
            if not allowed[axis]:
                continue
            for i in range(_SIZES):
                size = most * 0.005 * 200.0 ** (i / (_SIZES - 1.0))
                if size >= abs(best) * 0.999:
                    break
                if least_range(places, gains, k * _A_STEP, axis, sign * size, keep) >= keep:
                    best, at, along = sign * size, k, axis
                    break
    if at >= 0:
        return at, along, best, 1.0
    far = -1.0
    for turn in range(6):
        axis, sign = turn // 2, 1.0 - 2.0 * (turn % 2)
        if allowed[axis] and dark.shape[0] > 0 and not dark[0]:
            range_km = least_range(places, gains, 0, axis, sign * most, -1.0)
            if range_km > far:
                far, at, along, best = range_km, 0, axis, sign * most
    return at, along, best if at >= 0 else 0.0, 0.0


@dataclass(frozen=True, slots=True)
class Rule:
    """How a planner plans."""

    margin_km: float = 0.03
    """What is kept beyond the range."""
    sigmas: float = 2.0
    """Deviations of the tracking, grown to the approach, kept besides."""
    axes: tuple[int, ...] = (0, 1, 2)
    """Axes that it burns along."""
    lead_rev: float | None = None
    """Burn only from so many revolutions before the approach on; None for the best time."""


OPTIMISER = Rule()
CUT_OFF = Rule(lead_rev=1.0)
ALONG_TRACK = Rule(axes=(1,), lead_rev=0.5)


@dataclass(frozen=True, slots=True)
class Approach:
    """The closest predicted approach of each world."""

    range_km: F64
    """Infinite if nobody is there."""
    ahead_s: F64
    place_km: F64
    velocity_km_s: F64


@dataclass(frozen=True, slots=True)
class Plan:
    """One impulse along one axis."""

    step: int
    """Decisions from now; 0 is now, -1 never."""
    axis: int
    size_m_s: float
    """With its sign."""
    clear: bool
    """Whether it keeps every neighbour at range, if they coast."""

    @property
    def now_m_s(self) -> F64:
        """What to do now."""
        return np.asarray(np.eye(3)[self.axis] * (self.size_m_s if self.step == 0 else 0.0))


class Planner:
    """Plans for a batch of worlds; keeps the transition matrices of each mean motion."""

    def __init__(self, worlds: Worlds, rule: Rule = OPTIMISER) -> None:
        self.worlds, self.rule = worlds, rule
        self.ahead_s = np.arange(0.0, LOOK_S + 1, GRID_S)
        self._n = np.zeros(worlds.count)
        self._phi = np.zeros((worlds.count, len(self.ahead_s), 6, 6), np.float32)

    def approach(self) -> Approach:
        """Predict the closest approach over what is left of the episode, six hours at most."""
        w = self.worlds
        stale = np.flatnonzero(self._n != w.n)
        if stale.size:
            self._phi[stale] = state_transition(w.n[stale, None], self.ahead_s)
            self._n[stale] = w.n[stale]
        seen = np.where(w.there[..., None], w.seen(), 0.0).astype(np.float32)
        states = self._phi @ np.swapaxes(seen, 1, 2)[:, None]  # (count, grid, 6, neighbours)
        places, speeds = states[:, :, :3], states[:, :, 3:]
        # The grid alone is too coarse at 6 m/s: each point looks half a step to either side.
        square = np.maximum((speeds**2).sum(axis=2), 1e-18)
        more = np.clip(-(places * speeds).sum(axis=2) / square, -GRID_S / 2, GRID_S / 2)
        places = places + speeds * more[:, :, None]
        ranges = np.linalg.norm(places, axis=2)
        left_s = (w.setting.steps - w.step_number) * STEP_S
        off = ~w.there[:, None] | (self.ahead_s[:, None] > left_s[:, None, None])
        flat = np.where(off, np.inf, ranges).reshape(w.count, -1)
        best = flat.argmin(axis=1)
        at, who = np.divmod(best, seen.shape[1])
        rows = np.arange(w.count)
        ahead = np.maximum(self.ahead_s[at] + more[rows, at, who], 0.0)
        return Approach(
            flat[rows, best].astype(float),
            ahead,
            places[rows, at, :, who].astype(float),
            speeds[rows, at, :, who].astype(float),
        )

    def act(self) -> F64:
        """Return the impulses of this decision, shape (count, 3) [m/s]."""
        w, found = self.worlds, self.approach()
        impulse = np.zeros((w.count, 3))
        wanted = KEEP_KM + 0.4 * self._margin_km(found.ahead_s)
        for k in np.flatnonzero(found.range_km < wanted):
            impulse[k] = self.plan(int(k), float(found.ahead_s[k])).now_m_s
        return impulse

    def _margin_km(self, ahead_s: F64) -> F64:
        w = self.worlds
        grown = w.sigma_km.max(axis=1) * w.n * ahead_s
        return np.asarray(self.rule.margin_km + self.rule.sigmas * grown)

    def plan(self, k: int, ahead_s: float) -> Plan:
        """Return the least single impulse along one axis that keeps all clear in one world."""
        w = self.worlds
        steps = int(min(w.setting.steps - w.step_number[k], LOOK_S // STEP_S))
        dark = w.blackout[k, w.step_number[k] : w.step_number[k] + steps].copy()
        if self.rule.lead_rev is not None:
            wait = (ahead_s - self.rule.lead_rev * 2 * np.pi / w.n[k]) / STEP_S
            dark[: max(0, min(steps, int(wait) + 1))] |= wait > 0
        grid = steps * _A_STEP + 1
        seen = w.seen()[k, w.there[k]]
        places = np.ascontiguousarray((self._phi[k, :grid, :3] @ seen.T).swapaxes(1, 2), float)
        gains = np.ascontiguousarray(self._phi[k, :grid, :3, 3:], float)
        allowed = np.isin(np.arange(3), self.rule.axes)
        keep = KEEP_KM + float(self._margin_km(np.full(w.count, ahead_s))[k])
        most = min(MOST_M_S, float(w.fuel_m_s[k])) / 1000
        told = least_impulse(places, gains, dark, allowed, (keep, most))
        return Plan(int(told[0]), int(told[1]), told[2] * 1000, bool(told[3]))


def nothing(worlds: Worlds) -> Callable[[], F64]:
    """Return the policy that never burns."""
    return lambda: np.zeros((worlds.count, 3))

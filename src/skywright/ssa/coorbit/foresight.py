"""The limit for a neighbour that reacts: a planner that knows how, and how much it has left.

Every later decision, axis and sign is tried with the neighbour's answer to it played through
(best response), so the plan is what a blind planner could reach at most with a single impulse.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from skywright.orbits._jit import kernel
from skywright.ssa.coorbit.drawing import KEEP_KM, STEP_S
from skywright.ssa.coorbit.planner import DECISIONS, DIRECTIONS, Planner
from skywright.ssa.coorbit.worlds import MOST_M_S, REACTS_KM_S, pursuit

F64 = npt.NDArray[np.float64]

_SIZES, _HALVINGS = 20, 6


@kernel
def _onward(
    state: F64, wants: F64, step: F64, parts: F64, reach: F64, floor: tuple[float, int]
) -> float:
    """Play one decision through, in place; return the least square of the range [km2]."""
    limit, k = floor
    square = 0.0
    wanted = np.empty(3)
    for i in range(3):
        told = 0.0
        for j in range(6):
            told -= wants[k, i, j] * state[j]
        wanted[i] = told
        square += told * told
    size = np.sqrt(square)
    part = min(limit, reach[0], size) / max(size, 1e-12)
    reach[0] = max(reach[0] - part * size, 0.0)
    for i in range(3):
        state[3 + i] += wanted[i] * part
    least = np.inf
    x0, y0, z0 = state[0], state[1], state[2]
    for p in range(parts.shape[0]):
        x = y = z = 0.0
        for j in range(6):
            x += parts[p, 0, j] * state[j]
            y += parts[p, 1, j] * state[j]
            z += parts[p, 2, j] * state[j]
        dx, dy, dz = x - x0, y - y0, z - z0
        at = -(x0 * dx + y0 * dy + z0 * dz) / (dx * dx + dy * dy + dz * dz + 1e-18)
        at = min(1.0, max(0.0, at))
        a, b, c = x0 + at * dx, y0 + at * dy, z0 + at * dz
        least = min(least, a * a + b * b + c * c)
        x0, y0, z0 = x, y, z
    out = np.zeros(6)
    for i in range(6):
        for j in range(6):
            out[i] += step[i, j] * state[j]
    state[:] = out
    return float(least)


@kernel
def _least(
    start: F64,
    burn: F64,
    wants: F64,
    motion: tuple[F64, F64],
    facts: tuple[float, float, float],
    k: int,
) -> float:
    """Return the least square of the range after a burn at decision k, up to a breach."""
    state, reach = start.copy(), np.array([facts[0]])
    state[3:] -= burn
    least = np.inf
    for i in range(k, wants.shape[0]):
        least = min(least, _onward(state, wants, motion[0], motion[1], reach, (facts[1], i)))
        if least < facts[2]:
            break
    return float(least)


@kernel
def least_response(
    state: F64,
    wants: F64,
    motion: tuple[F64, F64],
    facts: tuple[float, float, float],
    dark: npt.NDArray[np.bool_],
    most: float,
) -> tuple[int, int, float]:
    """Return decision, kind and size [km/s] of the least impulse that holds against the answers.

    Parameters
    ----------
    state : ndarray, shape (6,)
        Relative state of the neighbour [km, km/s].
    wants : ndarray, shape (decisions, 3, 6)
        What it would burn at each decision, of its relative state.
    motion : tuple
        Transition over a decision (6, 6), and to places on the way (parts, 3, 6).
    facts : tuple
        Reach of the neighbour [km/s], its greatest burn [km/s], square of the range to keep [km2].
    dark : ndarray, shape (decisions,)
        Whether the own satellite cannot burn.
    most : float
        Greatest own impulse [km/s].

    Returns
    -------
    tuple
        Decision -1: nothing need be done; -2: no single impulse holds.
    """
    steps = wants.shape[0]
    before, reaches = np.empty((steps, 6)), np.empty(steps)
    here, reach = state.copy(), np.array([facts[0]])
    breach = steps
    for k in range(steps):
        before[k], reaches[k] = here, reach[0]
        if _onward(here, wants, motion[0], motion[1], reach, (facts[1], k)) < facts[2]:
            breach = k
            break
    if breach == steps:
        return -1, 0, 0.0
    best, at, along = most * 1.0000001, -2, 0
    for k in range(breach + 1):
        if dark[k]:
            continue
        now = (reaches[k], facts[1], facts[2])
        for kind in range(6):
            burn = np.zeros(3)
            side = 1.0 - 2.0 * (kind % 2)
            low = 0.0
            for i in range(_SIZES):
                size = most * 0.02 * 50.0 ** (i / (_SIZES - 1.0))
                if size >= best * 0.99:
                    break
                burn[kind // 2] = side * size
                if _least(before[k], burn, wants, motion, now, k) >= facts[2]:
                    for _ in range(_HALVINGS):
                        middle = 0.5 * (low + size)
                        burn[kind // 2] = side * middle
                        if _least(before[k], burn, wants, motion, now, k) >= facts[2]:
                            size = middle
                        else:
                            low = middle
                    best, at, along = size, k, kind
                    break
                low = size
    return at, along, best


class Foresight(Planner):
    """Plans with full knowledge of how a reacting neighbour answers; else as the optimiser."""

    def act(self) -> F64:
        """Return the impulses of this decision, shape (count, 3) [m/s]."""
        w = self.worlds
        impulse = super().act()
        seen = w.seen()[:, 0]
        for k in np.flatnonzero(w.reacting).tolist():
            known = self._one(k, seen[k])
            impulse[k] = impulse[k] if known is None else known
        return impulse

    def _one(self, k: int, state: F64) -> F64 | None:
        """Return the impulse of one world; None if no single one holds against the answers."""
        w = self.worlds
        number = int(w.step_number[k])
        steps = min(w.setting.steps - number, DECISIONS)
        go = w.closest_s[k, 0] - (number + np.arange(steps)) * STEP_S
        wants = pursuit(np.full(steps, w.n[k]), go)
        motion = (w.phi_step[k], np.ascontiguousarray(w.phi_parts[k, 1::2]))
        ahead = max(float(w.closest_s[k, 0]) - number * STEP_S, 0.0)
        grown = self.rule.sigmas * w.sigma_km[k, 0] * w.n[k] * ahead
        dark = w.blackout[k, number : number + steps]
        most = min(MOST_M_S, float(w.fuel_m_s[k])) / 1000
        for margin in (self.rule.margin_km + grown, 0.0):
            facts = (float(w.reach_km_s[k]), REACTS_KM_S, (KEEP_KM + margin) ** 2)
            at, kind, size = least_response(state, wants, motion, facts, dark, most)
            if at >= -1:
                return np.asarray(DIRECTIONS[kind] * (size * 1000 if at == 0 else 0.0))
        return None

"""What a policy is shown of a world: numbers near one, in a fixed order; estimates only."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from skywright.ssa.clohessy_wiltshire import state_transition
from skywright.ssa.coorbit.drawing import KEEP_KM, STEP_S
from skywright.ssa.coorbit.planner import DECISIONS, KINDS, Planner
from skywright.ssa.coorbit.worlds import (
    HARD_BOX_KM,
    NEIGHBOURS,
    TRACKING_KEPT,
    TRACKING_RATE,
    Worlds,
)

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]

_LEAST_M_S = 1e-4
_MOVED = 6.0  # cumulated, from which a neighbour is taken to have burnt
_USUAL = 2.0  # of the square of a surprise over its mean, what is let pass

SIZE_M_S, NEVER = 0.1, 4.0
"""Unit of the sizes that are shown, and what stands for a size that is not to be had."""

SLOTS = (
    *(
        f"neighbour_{k}_{name}"
        for k in range(1, NEIGHBOURS + 1)
        for name in ("there", "x", "y", "z", "vx", "vy", "vz", "sigma")
    ),
    "fuel", "box_x", "box_y", "box_vx", "box_vy", "time",
    *(f"dark_{k}" for k in range(6)),
    "approach_range", "approach_ahead", "approach_x", "approach_y", "approach_z",
    *(f"gain_{a}{b}" for a in "xyz" for b in "xyz"),
    *(f"now_{kind}" for kind in KINDS),
    *(f"later_{kind}" for kind in KINDS),
    *(f"excess_{kind}" for kind in KINDS),
    "excess_later", "wait", "alarmed", "surprise", "surprises",
)  # fmt: skip
"""Names of the numbers of an observation.

Places are signed square roots of km over 10 km, speeds the same over n. ``now`` and ``later`` are
least sizes of single impulses that keep all clear, ``excess`` the logarithm of one now (or the
least later) over the least of all; ``surprise`` is by how much more than tracking errors explain a
neighbour's speed changed without gravity in the last step, ``surprises`` the logarithm of the
cumulated sum of that (Page 1954).
"""

NOW = slice(SLOTS.index("now_radial_out"), SLOTS.index("now_radial_out") + len(KINDS))
"""Where the sizes of now stand."""


class Observer:
    """Observes a batch of worlds; remembers the last estimate of each neighbour."""

    def __init__(self, worlds: Worlds, planner: Planner) -> None:
        self.worlds, self.planner = worlds, planner
        self._last = np.zeros((worlds.count, NEIGHBOURS, 6))
        self._surprise = np.zeros((worlds.count, 2))
        self._odd = np.zeros((worlds.count, NEIGHBOURS))
        self._tick = -1

    def observe(self) -> F32:
        """Return the observations of all worlds, shape (count, slots)."""
        w = self.worlds
        if self._tick != w.tick:
            self._compare()
            self._tick = w.tick
        seen = np.where(w.there[..., None], w.seen(), 0.0)
        seen[..., 3:] /= w.n[:, None, None]
        tracked = w.sigma_km[..., None] * 100
        people = np.concatenate([w.there[..., None], _root(seen), tracked], axis=-1)
        off = w.own[:, [0, 1, 3, 4]] / np.array([1.0, HARD_BOX_KM, 1e-3, 1e-3])
        whole = np.stack([w.fuel_m_s / 2, w.step_number / w.setting.steps], axis=1)
        ahead = np.minimum(w.step_number[:, None] + np.arange(6), w.setting.steps)
        dark = w.blackout[np.arange(w.count)[:, None], ahead]
        parts = [
            people.reshape(w.count, -1), whole[:, :1], off, whole[:, 1:], dark,
            self._approach(), self._sizes(), self._surprise,
        ]  # fmt: skip
        return np.asarray(np.clip(np.concatenate(parts, axis=1), -10, 10), np.float32)

    @property
    def moved(self) -> npt.NDArray[np.bool_]:
        """Worlds in which a neighbour was seen to change its motion."""
        return np.asarray(self._odd.max(axis=1) > _MOVED)

    def _approach(self) -> F64:
        w, found = self.worlds, self.planner.situation.found
        near = np.where(np.isfinite(found.range_km), found.range_km, 99.0)
        close = near[:, None] < 5 * KEEP_KM
        gain = state_transition(w.n, found.ahead_s)[:, :3, 3:] * w.n[:, None, None] / 20
        first = np.stack([np.minimum(near, 5.0), found.ahead_s / (36 * STEP_S)], axis=1)
        place = np.where(close, found.place_km, 0.0)
        return np.concatenate([first, place, gain.reshape(w.count, 9)], axis=1)

    def _sizes(self) -> F64:
        """Return what single impulses cost now and later; nothing where nothing need be done."""
        now = self.planner.situation
        out = np.zeros((self.worlds.count, 3 * len(KINDS) + 3))
        out[:, : 2 * len(KINDS)] = NEVER
        some = len(now.which)
        if not some:
            return out
        table = np.clip(now.table, _LEAST_M_S, 1e3)
        later = table[:, 1:].min(axis=1)
        least = table.reshape(some, -1).min(axis=1)[:, None]
        size = np.minimum(np.concatenate([table[:, 0], later], axis=1) / SIZE_M_S, NEVER)
        nows = np.minimum(np.log(table[:, 0] / least), 3.0)
        after = np.minimum(np.log(later.min(axis=1) / least[:, 0]), 3.0)
        wait = table.reshape(some, -1).argmin(axis=1) // len(KINDS) / DECISIONS
        more = np.stack([after, wait, np.ones(some)], axis=1)
        out[now.which] = np.concatenate([size, nows, more], axis=1)
        return out

    def _compare(self) -> None:
        """Tell how far neighbours' speeds are from what gravity and tracking errors explain."""
        w = self.worlds
        here = np.where(w.there[..., None], w.near + w.error, 0.0)
        coasted = np.swapaxes(w.phi_step @ np.swapaxes(self._last, 1, 2), 1, 2)
        change = ((here - coasted)[..., 3:] ** 2).sum(axis=-1)
        odd = np.where(w.there, change / np.maximum(self._expected(), 1e-30), 0.0)
        fresh = (w.step_number == 0)[:, None]
        odd = np.where(fresh, 0.0, odd)
        self._odd = np.where(fresh, 0.0, np.maximum(self._odd + odd - _USUAL, 0.0))
        self._surprise[:, 0] = np.sqrt(odd.max(axis=1)) / 3
        self._surprise[:, 1] = np.log1p(self._odd.max(axis=1)) / 3
        self._last = here

    def _expected(self) -> F64:
        """Return the mean square of what tracking errors change of a speed in a step."""
        w = self.worlds
        of_place, of_speed = w.phi_step[:, 3:, :3], w.phi_step[:, 3:, 3:]
        faded = ((TRACKING_KEPT * np.eye(3) - of_speed) ** 2).sum(axis=(1, 2))
        rate = (TRACKING_RATE * w.n) ** 2 * (faded + 3 * (1 - TRACKING_KEPT**2))
        return np.asarray(((of_place**2).sum(axis=(1, 2)) + rate)[:, None] * w.sigma_km**2)


def _root(value: F64) -> F64:
    return np.asarray(np.sign(value) * np.sqrt(np.abs(value) / 10))

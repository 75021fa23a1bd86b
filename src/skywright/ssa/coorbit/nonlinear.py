"""Worlds to test in: two-body motion with J2 in place of Clohessy and Wiltshire's.

The slot is a circular orbit's place that itself moves under J2; places beside it are measured
along the orbit (radial, arc in-track, arc cross-track), so that curvature is no error.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from skywright.ssa.coorbit.drawing import STEP_S
from skywright.ssa.coorbit.worlds import Setting, Worlds

F64 = npt.NDArray[np.float64]

MU_KM3_S2, RADIUS_KM, J2 = 398600.4418, 6378.137, 1.08262668e-3

_STEP_S = 30.0
_PARTS = 10


def acceleration(place_km: F64) -> F64:
    """Return the acceleration of the Earth with J2, shape (..., 3) [km/s2].

    Vallado, Fundamentals of Astrodynamics and Applications, section 8.6.
    """
    r = np.linalg.norm(place_km, axis=-1, keepdims=True)
    ratio = (place_km[..., 2:] / r) ** 2
    part = 1.5 * J2 * (RADIUS_KM / r) ** 2
    factor = 1 + part * (np.array([1.0, 1.0, 3.0]) - 5 * ratio)
    return np.asarray(-MU_KM3_S2 / r**3 * place_km * factor)


def moved(states: F64, time_s: float) -> F64:
    """Return inertial states after a time, by Runge and Kutta's steps of 30 s or less."""
    count = max(1, int(np.ceil(time_s / _STEP_S - 1e-9)))
    h = time_s / count

    def rate(one: F64) -> F64:
        return np.concatenate([one[..., 3:], acceleration(one[..., :3])], axis=-1)

    for _ in range(count):
        a = rate(states)
        b = rate(states + h / 2 * a)
        c = rate(states + h / 2 * b)
        d = rate(states + h * c)
        states = states + h / 6 * (a + 2 * b + 2 * c + d)
    return states


def _frame(slot: F64) -> tuple[F64, F64, F64]:
    """Return axes (count, 3, 3) of the slot, its radius and its turning rate (count,)."""
    place, speed = slot[:, :3], slot[:, 3:]
    r = np.linalg.norm(place, axis=1)
    radial = place / r[:, None]
    h = np.cross(place, speed)
    cross = h / np.linalg.norm(h, axis=1, keepdims=True)
    axes = np.stack([radial, np.cross(cross, radial), cross], axis=1)
    return axes, r, np.linalg.norm(h, axis=1) / r**2


def beside(slot: F64, states: F64) -> F64:
    """Return states (count, k, 6) beside the slot (count, 6), along its orbit."""
    axes, r, turning = _frame(slot)
    place = np.einsum("cij,ckj->cki", axes, states[..., :3])
    speed = np.einsum("cij,ckj->cki", axes, states[..., 3:])
    spin = np.zeros_like(place)
    spin[..., 0], spin[..., 1] = -place[..., 1], place[..., 0]
    speed = speed - turning[:, None, None] * spin
    size = np.linalg.norm(place, axis=-1)
    flat = np.hypot(place[..., 0], place[..., 1])
    along = np.arctan2(place[..., 1], place[..., 0])
    up = np.arctan2(place[..., 2], flat)
    rise = (place * speed).sum(axis=-1) / size
    swing = (place[..., 0] * speed[..., 1] - place[..., 1] * speed[..., 0]) / flat**2
    lift = (speed[..., 2] * size - place[..., 2] * rise) / (size * flat)
    ring = r[:, None]
    climb = (slot[:, :3] * slot[:, 3:]).sum(axis=1)[:, None] / ring
    told = [size - ring, ring * along, ring * up, rise - climb]
    return np.stack([*told, ring * swing + climb * along, ring * lift + climb * up], axis=-1)


def inertial(slot: F64, states: F64) -> F64:
    """Return inertial states (count, k, 6) of states beside the slot; undoes `beside`."""
    axes, r, turning = _frame(slot)
    ring = r[:, None]
    climb = (slot[:, :3] * slot[:, 3:]).sum(axis=1)[:, None] / ring
    size, along, up = ring + states[..., 0], states[..., 1] / ring, states[..., 2] / ring
    rise = states[..., 3] + climb
    swing = (states[..., 4] - climb * along) / ring + turning[:, None]
    lift = (states[..., 5] - climb * up) / ring
    ca, sa, cu, su = np.cos(along), np.sin(along), np.cos(up), np.sin(up)
    out = np.stack([cu * ca, cu * sa, su], axis=-1)
    ahead = np.stack([-sa, ca, np.zeros_like(sa)], axis=-1)
    north = np.stack([-su * ca, -su * sa, cu], axis=-1)
    place = size[..., None] * out
    speed = rise[..., None] * out + (size * cu * swing)[..., None] * ahead
    speed = speed + (size * lift)[..., None] * north
    turned = [np.einsum("cji,ckj->cki", axes, one) for one in (place, speed)]
    return np.concatenate(turned, axis=-1)


class NonlinearWorlds(Worlds):
    """The same worlds, tracking and rewards, moved by gravity with J2.

    Policies still plan with Clohessy and Wiltshire's equations: this tells what that costs.
    """

    def __init__(self, count: int, setting: Setting, seed: int | None = None) -> None:
        self.slot = np.zeros((count, 6))
        super().__init__(count, setting, seed)

    def reset(self, which: npt.NDArray[np.int64]) -> None:
        """Draw some worlds anew, each at an inclination and a place of its orbit of its own."""
        super().reset(which)
        random, n = np.random.default_rng(self.random.integers(2**63)), self.n[which]
        tilt, node, phase = random.uniform(0, [[np.pi], [2 * np.pi], [2 * np.pi]], (3, len(which)))
        a = (MU_KM3_S2 / n**2) ** (1 / 3)
        ct, st, cn, sn = np.cos(tilt), np.sin(tilt), np.cos(node), np.sin(node)
        one = np.stack([cn, sn, 0 * cn], axis=1)
        two = np.stack([-sn * ct, cn * ct, st], axis=1)
        c, s = np.cos(phase)[:, None], np.sin(phase)[:, None]
        place = a[:, None] * (c * one + s * two)
        speed = (a * n)[:, None] * (c * two - s * one)
        self.slot[which] = np.concatenate([place, speed], axis=1)

    def _move(self) -> F64:
        """Let ten minutes pass; return the ranges on the way, shape (count, parts, neighbours)."""
        people = np.concatenate([self.own[:, None], self.near], axis=1)
        states = inertial(self.slot, people)
        ranges = []
        for _ in range(_PARTS):
            told = moved(np.concatenate([self.slot[:, None], states], axis=1), STEP_S / _PARTS)
            self.slot, states = told[:, 0], told[:, 1:]
            ranges.append(np.linalg.norm(states[:, 1:, :3] - states[:, :1, :3], axis=-1))
        people = beside(self.slot, states)
        self.own, self.near = people[:, 0], people[:, 1:]
        return np.stack(ranges, axis=1)

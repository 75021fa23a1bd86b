"""Playing episodes with a policy, and what comes of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from skywright.ssa.coorbit.drawing import KEEP_KM
from skywright.ssa.coorbit.observing import Observer
from skywright.ssa.coorbit.planner import Planner
from skywright.ssa.coorbit.worlds import Worlds

F64 = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Act = Callable[[], F64]
Choose = Callable[[npt.NDArray[np.float32]], F64]


@dataclass(frozen=True, slots=True)
class Played:
    """What came of each episode."""

    fuel_m_s: F64
    least_km: F64
    hard: Flags
    """Collision, breach of 200 m or out of the box."""
    reward: F64
    """Sum up to the end."""

    @property
    def success(self) -> Flags:
        """Whether all was kept clear."""
        return np.asarray((self.least_km >= KEEP_KM) & ~self.hard)


def play(worlds: Worlds, act: Act) -> Played:
    """Play fresh worlds to the end; what follows a hard end does not count."""
    hard = np.zeros(worlds.count, bool)
    reward, fuel = np.zeros(worlds.count), np.zeros(worlds.count)
    for _ in range(worlds.setting.steps):
        told = worlds.step(act())
        reward += np.where(hard, 0.0, told.reward)
        fuel += np.where(hard, 0.0, told.spent_m_s)
        hard |= told.ended
    return Played(fuel, worlds.least_km.copy(), hard, reward)


def by_network(worlds: Worlds, choose: Choose) -> Act:
    """Return the policy that does what a network says, unchecked."""
    observer = Observer(worlds, Planner(worlds))
    return lambda: choose(observer.observe())

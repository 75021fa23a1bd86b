"""Episodes of many worlds at once, kept as the decisions in which something had to be done.

Between two of them nothing is chosen, so a reward counts for the last decision before it; the
optimiser's plan stands in where the policy has nothing to choose.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from skywright.ssa.coorbit.observing import NEVER, NOW, Observer
from skywright.ssa.coorbit.planner import Planner
from skywright.ssa.coorbit.playing import play
from skywright.ssa.coorbit.worlds import Setting, Worlds

F32 = npt.NDArray[np.float32]

Sample = Callable[[Any], tuple[Any, Any, Any]]
"""From observations to acts, logarithms of factors, and impulses [m/s]: tensors."""


@dataclass(frozen=True, slots=True)
class Experience:
    """Decisions, those of one world one after the other."""

    x: F32
    act: npt.NDArray[np.int64]
    factor: F32
    """Logarithms of the factors, shape (decisions, 6)."""
    reward: F32
    """Up to the next decision, or the end."""
    better: F32
    """Sum of rewards of the whole episode, less what the optimiser earns in the same world."""
    last: npt.NDArray[np.bool_]
    """Whether the world had no further decision."""


def gathered(setting: Setting, count: int, seed: int, sample: Sample, *, moved: bool) -> Experience:
    """Play worlds to the end with a policy that tries things.

    The optimiser plays the same worlds with the same tracking errors: what it earns tells luck
    from skill far better than any critic. With ``moved`` the policy acts only where a neighbour
    was seen to burn, elsewhere the optimiser.
    """
    worlds = Worlds(count, setting, seed)
    usual = copy.deepcopy(worlds)
    earned = play(usual, Planner(usual).act).reward
    game = _Game(worlds)
    for _ in range(setting.steps):
        game.step(sample, moved=moved)
    return game.told(earned)


class _Game:
    """Worlds that are played, and what was chosen in them."""

    def __init__(self, worlds: Worlds) -> None:
        self.worlds = worlds
        self.planner = Planner(worlds)
        self.observer = Observer(worlds, self.planner)
        self.alive = np.ones(worlds.count, bool)
        self.chosen: list[tuple[F32, npt.NDArray[np.int64], F32]] = []
        self.chose: list[npt.NDArray[np.bool_]] = []
        self.rewards: list[F32] = []

    def step(self, sample: Sample, *, moved: bool) -> None:
        """Let the policy choose where it may, and time pass."""
        import torch

        x = self.observer.observe()
        free = self.alive & (x[:, NOW] < NEVER - 1e-3).any(axis=1)
        if moved:
            free &= self.observer.moved
        impulse = _stand_in(self.planner, free)
        with torch.no_grad():
            act, factor, burn = sample(torch.from_numpy(x[free]))
        impulse[free] = burn.numpy()
        told = self.worlds.step(impulse)
        self.rewards.append(np.where(self.alive, told.reward, 0.0).astype(np.float32))
        self.alive &= ~told.ended
        self.chose.append(free)
        self.chosen.append((x[free], act.numpy(), factor.numpy()))

    def told(self, earned: npt.NDArray[np.float64]) -> Experience:
        """Return the decisions, world by world."""
        chose, rewards = np.stack(self.chose), np.stack(self.rewards)
        step, world = np.nonzero(chose)
        order = np.lexsort((step, world))
        until = _until_next(rewards, chose)[step, world][order]
        world = world[order]
        last = np.append(world[1:] != world[:-1], True)
        x, act, factor = (np.concatenate(one)[order] for one in zip(*self.chosen, strict=True))
        better = (rewards.sum(axis=0) - earned)[world].astype(np.float32)
        return Experience(x, act, factor, until, better, last)


def _stand_in(planner: Planner, free: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """Return the optimiser's impulses where the policy is not asked."""
    impulse = np.zeros((planner.worlds.count, 3))
    rest = ~free[planner.situation.which]
    if rest.any():
        impulse[planner.situation.which[rest]] = planner.plans().now_m_s[rest]
    return impulse


def _until_next(rewards: F32, chose: npt.NDArray[np.bool_]) -> F32:
    """Return at each decision the sum of rewards up to the next one."""
    told, waiting = np.zeros_like(rewards), np.zeros(rewards.shape[1], np.float32)
    for step in range(len(rewards) - 1, -1, -1):
        waiting = waiting + rewards[step]
        told[step] = waiting
        waiting = np.where(chose[step], 0.0, waiting).astype(np.float32)
    return told

"""Soft actor-critic (Haarnoja et al. 2018) with a choice beside numbers, from a clone on.

Two critics value every act at once, given the factors (the hybrid form of Delalleau et al. 2019);
their mean over the policy is what the actor climbs. Straying from the clone costs, in acts and in
factors.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from skywright.ssa.coorbit.experience import Experience, gathered
from skywright.ssa.coorbit.network import ACTS
from skywright.ssa.coorbit.observing import SLOTS
from skywright.ssa.coorbit.planner import KINDS
from skywright.ssa.coorbit.worlds import Setting

_FACTOR_SPREAD = 0.1  # of factors, by which straying from the clone is measured


@dataclass(frozen=True, slots=True)
class SAC:
    """How it learns."""

    rounds: int = 200
    """Batches of fresh worlds."""
    worlds: int = 256
    """Worlds of a batch."""
    updates: int = 120
    """After each batch."""
    batch: int = 512
    rate: float = 3e-4
    """Of Adam, all networks."""
    tau: float = 0.01
    """Part by which the slow critics follow."""
    alpha: float = 2e-3
    """Weight of the entropy, in units of reward."""
    warm: int = 15
    """Rounds in which only the critics learn."""
    leash: float = 0.02
    """Weight of the divergence from the clone."""
    kept: int = 200_000
    """Decisions that are remembered."""
    cases: tuple[str, ...] = ("any", "reacting")
    """What neighbours do, in turn."""
    moved: bool = True
    """Whether it acts only where a neighbour was seen to burn."""
    seconds: float = 480.0
    """After which no other round begins."""


class Memory:
    """Decisions with what followed them; the oldest are forgotten."""

    def __init__(self, size: int) -> None:
        self.x = np.zeros((size, len(SLOTS)), np.float32)
        self.after = np.zeros((size, len(SLOTS)), np.float32)
        self.act = np.zeros(size, np.int64)
        self.factor = np.zeros((size, len(KINDS)), np.float32)
        self.reward = np.zeros(size, np.float32)
        self.goes_on = np.zeros(size, np.float32)
        self.size, self.count, self.at = size, 0, 0

    def add(self, some: Experience) -> None:
        """Remember decisions."""
        rows = (self.at + np.arange(len(some.act))) % self.size
        self.x[rows], self.act[rows], self.factor[rows] = some.x, some.act, some.factor
        self.after[rows] = np.roll(some.x, -1, axis=0)
        self.reward[rows], self.goes_on[rows] = some.reward, ~some.last
        self.at = (self.at + len(rows)) % self.size
        self.count = min(self.count + len(rows), self.size)

    def drawn(self, random: np.random.Generator, count: int) -> list[Any]:
        """Return some of them as tensors."""
        import torch

        rows = random.integers(0, self.count, count)
        every: tuple[npt.NDArray[Any], ...] = (
            self.x, self.act, self.factor, self.reward, self.after, self.goes_on
        )  # fmt: skip
        return [torch.from_numpy(one[rows]) for one in every]


def learned(module: Any, plan: SAC, seed: int, log: Callable[..., None]) -> Any:
    """Improve a network by reinforcement; returns it."""
    import torch

    torch.manual_seed(seed)
    learner = _Learner(module, plan, seed)
    begun = time.monotonic()
    for number in range(plan.rounds):
        fresh = seed * 100_003 + number
        some = gathered(
            Setting(plan.cases[number % len(plan.cases)]),
            plan.worlds,
            fresh,
            learner.sampled,
            moved=plan.moved,
        )
        learner.memory.add(some)
        for _ in range(plan.updates):
            learner.update(acts=number >= plan.warm)
        log(
            step=number,
            mean_return=float(some.reward.sum() / plan.worlds),
            better=float(some.better[some.last].sum() / plan.worlds),
        )
        if time.monotonic() - begun > plan.seconds:
            break
    return module


def _critic(module: Any) -> Any:
    import torch
    from torch import nn

    class Critic(nn.Module):
        """Values of all acts, given the factors: each act's from its own factor."""

        def __init__(self) -> None:
            super().__init__()
            self.scaled = module.scaled
            wide = 128
            self.body = nn.Sequential(
                nn.Linear(len(SLOTS) + len(KINDS), wide), nn.ReLU(),
                nn.Linear(wide, wide), nn.ReLU(), nn.Linear(wide, len(ACTS)),
            )  # fmt: skip

        def forward(self, seen: Any, factor: Any) -> Any:
            return self.body(torch.cat([self.scaled(seen), 5.0 * factor], dim=1))

    return Critic()


class _Learner:
    """Actor, critics, their slow copies and the memory."""

    def __init__(self, module: Any, plan: SAC, seed: int) -> None:
        import copy

        import torch

        self.module, self.plan = module, plan
        self.clone = copy.deepcopy(module)
        self.critics = torch.nn.ModuleList([_critic(module) for _ in range(2)])
        self.slow = torch.nn.ModuleList([_critic(module) for _ in range(2)])
        self.slow.load_state_dict(self.critics.state_dict())
        acting = [*module.actor.parameters(), module.log_std]
        self.acting = torch.optim.Adam(acting, lr=plan.rate)
        judging = [*self.critics.parameters(), *module.critic.parameters()]
        self.judging = torch.optim.Adam(judging, lr=plan.rate)
        self.memory = Memory(plan.kept)
        self.random = np.random.default_rng(seed)

    def policy(self, seen: Any) -> tuple[Any, Any, Any]:
        """Return log-probabilities of the acts, factors drawn, and their log-likelihoods."""
        import torch

        logits, centre = self.module.choices(seen)
        spread = self.module.log_std.clamp(-4.0, -1.0).exp()
        normal: Any = torch.distributions.Normal(
            centre, spread.expand_as(centre), validate_args=False
        )
        factor = normal.rsample()
        return logits.log_softmax(dim=1), factor, normal.log_prob(factor)

    def sampled(self, seen: Any) -> tuple[Any, Any, Any]:
        """Try something."""
        import torch

        log, factor, _ = self.policy(seen)
        act = log.exp().multinomial(1)[:, 0] if len(seen) else torch.zeros(0, dtype=torch.int64)
        return act, factor, self.module.burns(seen, act, factor)

    def soft(self, seen: Any, critics: Any) -> tuple[Any, Any]:
        """Return the soft value of states, and log-probabilities of the acts."""
        import torch

        log, factor, likely = self.policy(seen)
        worth = torch.minimum(*(one(seen, factor) for one in critics))
        likely = torch.cat([torch.zeros_like(likely[:, :1]), likely], dim=1)
        chance = log.exp()
        told = worth - self.plan.alpha * (log.clamp(min=-50.0) + likely)
        return (chance * torch.where(chance > 0, told, torch.zeros_like(told))).sum(dim=1), log

    def update(self, *, acts: bool) -> None:
        """Take one step of both critics, and of the actor if it may."""
        import torch
        from torch.nn.functional import smooth_l1_loss

        x, act, factor, reward, after, goes_on = self.memory.drawn(self.random, self.plan.batch)
        with torch.no_grad():
            aim = reward + goes_on * self.soft(after, self.slow)[0]
        loss = smooth_l1_loss(self.module.worth(x), aim)
        for critic in self.critics:
            loss = loss + smooth_l1_loss(critic(x, factor).gather(1, act[:, None])[:, 0], aim)
        _step(self.judging, loss)
        if acts:
            worth, log = self.soft(x, self.critics)
            with torch.no_grad():
                model, was = self.clone.choices(x)
            chance = model.softmax(dim=1)
            off = ((self.module.choices(x)[1] - was) / _FACTOR_SPREAD) ** 2 / 2
            strayed = (chance[:, 1:] * off - chance[:, 1:] * log[:, 1:].clamp(min=-50.0)).sum(dim=1)
            strayed = strayed - chance[:, 0] * log[:, 0]
            _step(self.acting, (-worth + self.plan.leash * strayed).mean())
        with torch.no_grad():
            pairs = zip(self.slow.parameters(), self.critics.parameters(), strict=True)
            for slow, one in pairs:
                slow.lerp_(one, self.plan.tau)


def _step(optimiser: Any, loss: Any) -> None:
    import torch

    optimiser.zero_grad()
    loss.backward()
    for group in optimiser.param_groups:
        torch.nn.utils.clip_grad_norm_(group["params"], 1.0)
    optimiser.step()

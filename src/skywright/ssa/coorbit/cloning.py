"""Behaviour cloning: what the optimiser does, in all cases, learned by the network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from skywright.ssa.coorbit.network import network
from skywright.ssa.coorbit.observing import Observer
from skywright.ssa.coorbit.planner import Planner
from skywright.ssa.coorbit.worlds import Setting, Worlds

F64 = npt.NDArray[np.float64]

_ASTRAY, _SKIPPED = 0.25, 0.1
_BATCH, _RATE = 512, 1e-3


@dataclass(frozen=True, slots=True)
class Lessons:
    """Observations in which something must be done, and what the optimiser does."""

    x: npt.NDArray[np.float32]
    act: npt.NDArray[np.int64]
    """Place in ``ACTS``."""


def lessons(episodes: int, seed: int, case: str = "any") -> Lessons:
    """Let the optimiser act, a little astray so that it shows how to recover.

    Parameters
    ----------
    episodes : int
        How many worlds.
    seed : int
        Of worlds and going astray.
    case : str
        What neighbours do.
    """
    worlds = Worlds(episodes, Setting(case), seed)
    random = np.random.default_rng(seed + 1)
    planner = Planner(worlds)
    observer = Observer(worlds, planner)
    seen, acts = [], []
    for _ in range(worlds.setting.steps):
        x, which, plans = observer.observe(), planner.situation.which, planner.plans()
        rows = which[plans.clear]
        seen.append(x[rows])
        acts.append(np.where(plans.step == 0, plans.kind + 1, 0)[plans.clear])
        impulse = np.zeros((episodes, 3))
        impulse[which] = plans.now_m_s
        astray = np.exp(random.normal(0.0, _ASTRAY, (episodes, 1)))
        worlds.step(impulse * astray * (random.random((episodes, 1)) > _SKIPPED))
    return Lessons(np.concatenate(seen), np.concatenate(acts))


def cloned(some: Lessons, epochs: int, seed: int, wide: int = 64) -> Any:
    """Return a network that does what the lessons show: cross-entropy, and factors of one."""
    import torch
    from torch import nn

    torch.manual_seed(seed)
    module = network(some.x, wide)
    x, act = torch.from_numpy(some.x), torch.from_numpy(some.act)
    optimiser = torch.optim.Adam(module.actor.parameters(), lr=_RATE)
    for epoch in range(epochs):
        optimiser.param_groups[0]["lr"] = _RATE * (1 - 0.9 * epoch / max(epochs - 1, 1))
        for rows in torch.randperm(len(x)).split(_BATCH):  # type: ignore[no-untyped-call]
            logits, factors = module.choices(x[rows])
            loss = nn.functional.cross_entropy(logits, act[rows]) + (factors**2).mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    return module


def agreement(module: Any, some: Lessons) -> float:
    """Return the share of the lessons in which a network does as the optimiser."""
    import torch

    with torch.no_grad():
        told = module.choices(torch.from_numpy(some.x))[0].argmax(dim=1).numpy()
    return float((told == some.act).mean())

"""Proximal policy optimisation (Schulman et al. 2017) on vectorised worlds, from a clone on.

The act is a choice, its factor a normal number; both are learned by the clipped ratio. The gain of
a decision is what the episode earned beyond the optimiser in the same world, less the critic.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from skywright.ssa.coorbit.experience import Experience, gathered
from skywright.ssa.coorbit.worlds import Setting


@dataclass(frozen=True, slots=True)
class PPO:
    """How it learns."""

    rounds: int = 120
    """Batches of fresh worlds."""
    worlds: int = 512
    """Worlds of a batch."""
    passes: int = 5
    """Over each batch."""
    batch: int = 512
    rate: float = 2e-4
    """Of Adam; falls linearly to a tenth."""
    clip: float = 0.2
    entropy: float = 1e-4
    warm: int = 5
    """Rounds in which only the critic learns, as a clone begins without one."""
    leash: float = 0.02
    """Weight of the divergence from the clone."""
    cases: tuple[str, ...] = ("any", "reacting")
    """What neighbours do, in turn."""
    moved: bool = True
    """Whether it acts only where a neighbour was seen to burn."""
    seconds: float = 480.0
    """After which no other round begins."""


def learned(module: Any, plan: PPO, seed: int, log: Callable[..., None]) -> Any:
    """Improve a network by reinforcement; returns it."""
    import copy

    import torch

    torch.manual_seed(seed)
    clone = copy.deepcopy(module)
    optimiser = torch.optim.Adam(module.parameters(), lr=plan.rate, eps=1e-5)
    begun = time.monotonic()
    for number in range(plan.rounds):
        fresh = seed * 100_003 + number
        some = gathered(
            Setting(plan.cases[number % len(plan.cases)]),
            plan.worlds,
            fresh,
            lambda x: _sampled(module, x),
            moved=plan.moved,
        )
        done = max(number / plan.rounds, (time.monotonic() - begun) / plan.seconds)
        for group in optimiser.param_groups:
            group["lr"] = plan.rate * max(0.1, 1 - 0.9 * done)
        _improve(module, clone, optimiser, some, plan, acts=number >= plan.warm)
        log(
            step=number,
            mean_return=float(some.reward.sum() / plan.worlds),
            better=float(some.better[some.last].sum() / plan.worlds),
        )
        if time.monotonic() - begun > plan.seconds:
            break
    return module


def _policy(module: Any, seen: Any) -> tuple[Any, Any]:
    import torch

    logits, factors = module.choices(seen)
    spread = module.log_std.clamp(-4.0, -1.0).exp().expand_as(factors)
    return (
        torch.distributions.Categorical(logits=logits, validate_args=False),
        torch.distributions.Normal(factors, spread, validate_args=False),
    )


def _sampled(module: Any, seen: Any) -> tuple[Any, Any, Any]:
    act, factor = (one.sample() for one in _policy(module, seen))
    return act, factor, module.burns(seen, act, factor)


def _likelihood(policy: tuple[Any, Any], act: Any, factor: Any) -> Any:
    """Return the log-likelihood of what was done: of the factor of the act chosen alone."""
    import torch

    every = policy[1].log_prob(factor)
    one = torch.cat([torch.zeros_like(every[:, :1]), every], dim=1).gather(1, act[:, None])[:, 0]
    return policy[0].log_prob(act) + one


def _improve(
    module: Any, clone: Any, optimiser: Any, some: Experience, plan: PPO, *, acts: bool
) -> None:
    import torch

    x, act = torch.from_numpy(some.x), torch.from_numpy(some.act)
    factor = torch.from_numpy(some.factor)
    with torch.no_grad():
        before = _likelihood(_policy(module, x), act, factor)
        value = module.worth(x).numpy()
        model = clone.choices(x)[0].log_softmax(dim=1).exp()
    gain = torch.from_numpy(some.better - value)
    gain_t = ((gain - gain.mean()) / (gain.std() + 1e-8)).clamp(-5.0, 5.0)
    back_t = torch.from_numpy(some.better)
    for _ in range(plan.passes):
        for rows in torch.randperm(len(x)).split(plan.batch):  # type: ignore[no-untyped-call]
            loss = torch.nn.functional.smooth_l1_loss(module.worth(x[rows]), back_t[rows])
            if acts:
                policy = _policy(module, x[rows])
                ratio = (_likelihood(policy, act[rows], factor[rows]) - before[rows]).exp()
                held = ratio.clamp(1 - plan.clip, 1 + plan.clip)
                loss = loss - torch.minimum(ratio * gain_t[rows], held * gain_t[rows]).mean()
                loss = loss - plan.entropy * policy[0].entropy().mean()
                strayed = -(model[rows] * policy[0].logits.clamp(min=-50.0)).sum(dim=1).mean()
                loss = loss + plan.leash * strayed
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(module.parameters(), 0.5)
            optimiser.step()

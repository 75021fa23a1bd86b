"""The network of the ActorCritic: whether to burn, along what, by how much, and what it expects.

It is shown what single impulses cost (``observing.SLOTS``), so it learns which of them to take,
when, and by which factor; a burn that physics does not offer cannot be chosen.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from skywright.ssa.coorbit.observing import NEVER, NOW, SIZE_M_S, SLOTS
from skywright.ssa.coorbit.planner import DIRECTIONS, KINDS
from skywright.ssa.coorbit.worlds import MOST_M_S

ACTS = ("nothing", *KINDS)
"""What it chooses among; nothing is the gate."""

MODEL, CLONE = "policy.onnx", "clone.onnx"

LEAST_FACTOR, MOST_FACTOR = 0.7, 1.6
"""Of the least size that keeps all clear, what may be burnt."""

OBSERVATION, IMPULSE, ACT, VALUE = "observation", "impulse", "acts", "value"


def network(x: npt.NDArray[np.float32], wide: int) -> Any:
    """Return an untrained network whose normalisation is that of some observations."""
    import torch
    from torch import nn

    def layers(outputs: int) -> Any:
        body = nn.Sequential(nn.Linear(x.shape[1], wide), nn.Tanh(), nn.Linear(wide, wide))
        return nn.Sequential(body, nn.Tanh(), nn.Linear(wide, outputs))

    class Network(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            spread = np.maximum(x.std(axis=0), 0.05)
            self.register_buffer("centre", torch.tensor(x.mean(axis=0), dtype=torch.float32))
            self.register_buffer("spread", torch.tensor(spread, dtype=torch.float32))
            ways = np.concatenate([np.zeros((1, 3)), DIRECTIONS])
            self.register_buffer("ways", torch.tensor(ways, dtype=torch.float32))
            self.actor = layers(len(ACTS) + len(KINDS))
            self.critic = layers(1)
            self.log_std = nn.Parameter(torch.full((len(KINDS),), -1.8))

        def scaled(self, seen: Any) -> Any:
            return ((seen - self.centre) / self.spread).clamp(-5.0, 5.0)

        def choices(self, seen: Any) -> tuple[Any, Any]:
            """Return logits of the acts, and the logarithm of each burn's factor."""
            told = self.actor(self.scaled(seen))
            offered = seen[:, NOW] < NEVER - 1e-3
            burns = torch.where(
                offered, told[:, 1 : len(ACTS)], torch.full_like(offered, -1e9, dtype=torch.float32)
            )
            return torch.cat([told[:, :1], burns], dim=1), told[:, len(ACTS) :]

        def worth(self, seen: Any) -> Any:
            return self.critic(self.scaled(seen))[:, 0]

        def burns(self, seen: Any, act: Any, factors: Any) -> Any:
            """Return the impulses [m/s] of acts with logarithms of factors."""
            factor = factors.exp().clamp(LEAST_FACTOR, MOST_FACTOR)
            size = (seen[:, NOW] * SIZE_M_S * factor).clamp(0.0, MOST_M_S)
            size = torch.cat([torch.zeros_like(size[:, :1]), size], dim=1)
            ways: Any = self.ways
            return ways[act] * size.gather(1, act[:, None])

        def forward(self, seen: Any) -> Any:
            logits, factors = self.choices(seen)
            return self.burns(seen, logits.argmax(dim=1), factors), logits, self.worth(seen)

    return Network()


def export(module: Any, path: Path) -> None:
    """Write a network as ONNX: observations in; impulses [m/s], logits and value out."""
    import warnings

    import torch

    names = [IMPULSE, ACT, VALUE]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter warns of its own future
        torch.onnx.export(
            module.eval(),
            (torch.zeros(2, len(SLOTS)),),
            str(path),
            input_names=[OBSERVATION],
            output_names=names,
            dynamic_axes={name: {0: "n"} for name in (OBSERVATION, *names)},
            dynamo=False,
        )


def chooser(module: Any) -> Any:
    """Return a function from observations to impulses [m/s], without chance."""
    import torch

    def choose(seen: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
        with torch.no_grad():
            return np.asarray(module(torch.from_numpy(seen))[0].numpy(), np.float64)

    return choose

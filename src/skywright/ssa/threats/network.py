"""ThreatDetectorNN: two convolutions over three images, eight numbers beside them, six classes.

3 x 30 x 30 -> 32 x 28 x 28 -> 64 x 28 x 28 -> 64 x 14 x 14 -> 128 (with the numbers) -> 6.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from skywright.ssa.behaviours import Behaviour
from skywright.ssa.threats.images import CHANNELS, PIXELS, SCALARS

F32 = npt.NDArray[np.float32]
I64 = npt.NDArray[np.int64]

INPUTS = ("images", "numbers")
"""Names of the inputs of the graph; its output is ``probabilities``."""

_LEAST_SCALE = 1e-3


@dataclass(frozen=True, slots=True)
class Examples:
    """What the network learns from; rows are scenarios."""

    images: F32
    """(n, 3, 30, 30)."""
    numbers: F32
    """(n, 8)."""
    classes: I64
    """(n,), values of ``Behaviour``."""

    def rows(self, chosen: npt.NDArray[Any]) -> Examples:
        """Return some of them."""
        return Examples(self.images[chosen], self.numbers[chosen], self.classes[chosen])


@dataclass(frozen=True, slots=True)
class Lessons:
    """How it is taught."""

    epochs: int = 20
    batch: int = 64
    rate: float = 1e-3
    """Highest learning rate of a one-cycle schedule."""
    decay: float = 1e-2
    dropout: float = 0.3
    smoothing: float = 0.02
    """Share of each label given to all classes."""


def train_network(examples: Examples, lessons: Lessons, seed: int) -> Any:
    """Return the trained module, in evaluation mode.

    Rare classes count as much as common ones; half of the images of each batch are mirrored in the
    cross-track direction, which relative motion does not tell apart.
    """
    import torch
    from torch import nn

    torch.manual_seed(seed)
    random = np.random.default_rng(seed)
    module = _network(examples, lessons.dropout)
    steps = lessons.epochs * -(-len(examples.classes) // lessons.batch)
    optimiser = torch.optim.AdamW(module.parameters(), lr=lessons.rate, weight_decay=lessons.decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, lessons.rate, total_steps=steps)
    counts = np.bincount(examples.classes, minlength=len(Behaviour))
    weight = torch.tensor(len(examples.classes) / np.maximum(counts, 1), dtype=torch.float32)
    loss = nn.CrossEntropyLoss(weight=weight, label_smoothing=lessons.smoothing)
    for _ in range(lessons.epochs):
        order = random.permutation(len(examples.classes))
        for start in range(0, len(order), lessons.batch):
            some = examples.rows(order[start : start + lessons.batch])
            images = _mirrored(some.images, random)
            given = torch.from_numpy(images), torch.from_numpy(some.numbers)
            optimiser.zero_grad()
            loss(module(*given), torch.from_numpy(some.classes)).backward()
            optimiser.step()
            schedule.step()
    return module.eval()


def _mirrored(images: F32, random: np.random.Generator) -> F32:
    flipped = images.copy()
    chosen = random.random(len(images)) < 0.5
    flipped[chosen, 1] = flipped[chosen, 1, :, ::-1]
    return flipped


def _network(examples: Examples, dropout: float) -> Any:
    import torch
    from torch import nn

    centre = torch.from_numpy(examples.numbers.mean(axis=0))
    spread = torch.from_numpy(np.maximum(examples.numbers.std(axis=0), _LEAST_SCALE))
    pooled = ((PIXELS - 2) // 2) ** 2 * 64

    class ThreatDetectorNN(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("centre", centre)
            self.register_buffer("spread", spread)
            self.look = nn.Sequential(
                nn.Conv2d(len(CHANNELS), 32, 3), nn.ReLU(),
                nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
            )  # fmt: skip
            self.decide = nn.Sequential(
                nn.Dropout(dropout), nn.Linear(pooled + len(SCALARS), 128), nn.ReLU(),
                nn.Dropout(dropout), nn.Linear(128, len(Behaviour)),
            )  # fmt: skip

        def forward(self, images: Any, numbers: Any) -> Any:
            scaled = (numbers - self.centre) / self.spread
            return self.decide(torch.cat([self.look(images), scaled], dim=1))

    return ThreatDetectorNN()


def probabilities(module: Any, examples: Examples, batch: int = 256) -> F32:
    """Return the probabilities that the module gives; (n, 6)."""
    import torch

    told = []
    with torch.no_grad():
        for start in range(0, len(examples.classes), batch):
            some = examples.rows(np.arange(start, min(start + batch, len(examples.classes))))
            out = module(torch.from_numpy(some.images), torch.from_numpy(some.numbers))
            told.append(torch.softmax(out, dim=1).numpy())
    return np.concatenate(told).astype(np.float32)


def export_network(module: Any, path: Path) -> None:
    """Write the module as ONNX, scaling and softmax inside."""
    import warnings

    import torch
    from torch import nn

    class WithProbabilities(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = module

        def forward(self, images: Any, numbers: Any) -> Any:
            return torch.softmax(self.inner(images, numbers), dim=1)

    sample = torch.zeros(2, len(CHANNELS), PIXELS, PIXELS), torch.zeros(2, len(SCALARS))
    names = [*INPUTS, "probabilities"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter warns of itself
        torch.onnx.export(
            WithProbabilities().eval(),
            sample,
            str(path),
            input_names=list(INPUTS),
            output_names=["probabilities"],
            dynamic_axes={name: {0: "n"} for name in names},
            dynamo=False,
        )

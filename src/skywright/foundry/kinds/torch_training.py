"""The one training loop of all nets: reproducible to the bit, also through a crash.

The order of the rows and every random number of an epoch follow from (seed, epoch), and the step
size from the epoch. A checkpoint so needs the weights, the optimiser's memory and the best weights
so far; a run that was killed ends with the same file as one that was not.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from skywright.foundry.kinds.torch_params import TorchParams
from skywright.foundry.run import Run
from skywright.foundry.signature import F32

_STATE = "state.pt"
_LEAST_TO_CHOOSE_BY = 5  # fewer rows than this tell nothing about when to stop
_BATCH = 1024


@dataclass(frozen=True, slots=True)
class Lesson:
    """What is learned from, and how a net is asked."""

    x: F32
    y: npt.NDArray[Any]
    """Index of the class (int64, shape (n,)), or number (float32, shape (n, 1))."""
    x_valid: F32
    y_valid: npt.NDArray[Any]
    forward: Callable[[Any, Any], Any]
    n_classes: int
    """0 for numbers."""


@dataclass(slots=True)
class _State:
    """Where a training stands."""

    module: Any
    optimiser: Any
    best: dict[str, Any]
    best_loss: float = math.inf
    stale: int = 0
    epoch: int = 0

    def save(self, run: Run) -> None:
        import torch

        with run.checkpoint(self.epoch) as folder:
            told = {
                "module": self.module.state_dict(),
                "optimiser": self.optimiser.state_dict(),
                "best": self.best,
                "best_loss": self.best_loss,
                "stale": self.stale,
                "epoch": self.epoch,
            }
            torch.save(told, folder / _STATE)

    def restore(self, run: Run) -> None:
        import torch

        if (folder := run.resume()) is None:
            return
        told = torch.load(folder / _STATE, weights_only=True)
        self.module.load_state_dict(told["module"])
        self.optimiser.load_state_dict(told["optimiser"])
        self.best, self.best_loss = told["best"], told["best_loss"]
        self.stale, self.epoch = told["stale"], told["epoch"]
        run.log(resumed_at_epoch=self.epoch)


def train(run: Run, module: Any, lesson: Lesson, params: TorchParams) -> Any:
    """Train a module; returns it with the weights that were best on the rows that choose.

    Parameters
    ----------
    run : Run
        Seed, log and checkpoints.
    module : torch.nn.Module
        With its first weights, which ``params.proximal`` pulls back to.
    lesson : Lesson
        Rows, and how the module is asked.
    params : TorchParams
        Epochs, batch, step size and the like.
    """
    device = _device(run)
    with _reproducible(run):
        teacher = _Teacher(module.to(device), lesson, params, run)
        state = _State(module, teacher.optimiser, _copy(module.state_dict()))
        state.restore(run)
        chooses = len(lesson.y_valid) >= _LEAST_TO_CHOOSE_BY
        while state.epoch < params.epochs and not _done(state, params):
            loss = teacher.epoch(state.epoch)
            told = {"train_loss": loss}
            if chooses:
                told["loss"] = loss = teacher.loss(lesson.x_valid, lesson.y_valid)
            state.epoch += 1
            run.log(step=state.epoch, **told)
            _note(state, loss if chooses else -math.inf)
            if run.checkpoints is not None and _due(state.epoch, run, params):
                state.save(run)
        module.load_state_dict(state.best)
    return module.to("cpu").eval()


def _due(epoch: int, run: Run, params: TorchParams) -> bool:
    return epoch % run.recipe.run.checkpoint_every == 0 or epoch == params.epochs


def _done(state: _State, params: TorchParams) -> bool:
    return bool(params.early_stopping) and state.stale >= params.early_stopping


def _note(state: _State, loss: float) -> None:
    """Keep the weights if they are the best so far; without rows to choose by, always."""
    if loss < state.best_loss or loss == -math.inf:
        state.best, state.best_loss, state.stale = _copy(state.module.state_dict()), loss, 0
    else:
        state.stale += 1


def _copy(weights: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tensor.detach().clone() for name, tensor in weights.items()}


class _Teacher:
    """One epoch at a time."""

    def __init__(self, module: Any, lesson: Lesson, params: TorchParams, run: Run) -> None:
        import torch

        self.module, self.lesson, self.params, self.run = module, lesson, params, run
        self.device = next(module.parameters()).device
        self.first = [one.detach().clone() for one in module.parameters()]
        self.x, self.y = (torch.from_numpy(one) for one in (lesson.x, lesson.y))
        self.balance = self._balance()
        self.optimiser = torch.optim.AdamW(
            module.parameters(), lr=params.learning_rate, weight_decay=params.weight_decay
        )

    def epoch(self, number: int) -> float:
        """Pass once over the rows in the order of this epoch; returns the mean loss."""
        import torch

        rng = np.random.default_rng([self.run.seed, number])
        order: Any = torch.from_numpy(rng.permutation(len(self.y)))
        torch.manual_seed(int(rng.integers(2**62)))
        for group in self.optimiser.param_groups:
            share = number / self.params.epochs
            group["lr"] = self.params.learning_rate * 0.5 * (1 + math.cos(math.pi * share))
        self.module.train()
        total = 0.0
        for batch in order.split(self.params.batch_size):
            total += self._step(batch) * len(batch)
        return total / len(order)

    def _step(self, batch: Any) -> float:
        self.optimiser.zero_grad(set_to_none=True)
        x, y = self.x[batch].to(self.device), self.y[batch].to(self.device)
        loss = self._loss(self.lesson.forward(self.module, x), y)
        told = float(loss.detach())
        if self.params.proximal:
            pairs = zip(self.module.parameters(), self.first, strict=True)
            loss = loss + 0.5 * self.params.proximal * sum(((a - b) ** 2).sum() for a, b in pairs)
        loss.backward()
        self.optimiser.step()
        return told

    def loss(self, x: F32, y: npt.NDArray[Any]) -> float:
        """Return the mean loss of rows without learning from them."""
        import torch

        self.module.eval()
        total = 0.0
        with torch.no_grad():
            for start in range(0, len(y), _BATCH):
                part = torch.from_numpy(x[start : start + _BATCH]).to(self.device)
                truth = torch.from_numpy(y[start : start + _BATCH]).to(self.device)
                total += float(self._loss(self.lesson.forward(self.module, part), truth)) * len(
                    part
                )
        return total / len(y)

    def _loss(self, out: Any, y: Any) -> Any:
        from torch.nn import functional

        if self.lesson.n_classes:
            return functional.cross_entropy(out, y, weight=self.balance)
        return functional.mse_loss(out, y)

    def _balance(self) -> Any:
        import torch

        if not (self.params.class_weights and self.lesson.n_classes):
            return None
        counts = np.bincount(self.lesson.y, minlength=self.lesson.n_classes)
        weights = len(self.lesson.y) / (self.lesson.n_classes * np.maximum(counts, 1))
        return torch.from_numpy(weights.astype(np.float32)).to(self.device)


def _device(run: Run) -> str:
    import torch

    return "cuda" if run.recipe.run.gpus > 0 and torch.cuda.is_available() else "cpu"


@contextmanager
def _reproducible(run: Run) -> Iterator[None]:
    """Make torch deterministic within, and leave it as it was."""
    import torch

    # cuBLAS reads this when the first handle is made; without it torch refuses to go on.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    strict, threads = torch.are_deterministic_algorithms_enabled(), torch.get_num_threads()
    torch.use_deterministic_algorithms(True)
    # The order of a sum depends on the number of threads, so it follows from the recipe alone.
    torch.set_num_threads(max(1, int(run.recipe.run.cpus)))
    try:
        with torch.random.fork_rng():
            yield
    finally:
        torch.use_deterministic_algorithms(strict)
        torch.set_num_threads(threads)

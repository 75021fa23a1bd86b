"""The denoising autoencoder of behaviour: 128 - 96 - 64 - 96 - 128, and what is far from quiet.

It learns to restore the slots of quiet windows from slots some of which were hidden or shaken. A
slot that is not known is no error: the mask weighs the loss and is no input. The graph takes raw
slots; scaling, the mask and both distances are inside it.

References
----------
.. [1] Vincent et al. (2008), Extracting and composing robust features with denoising
   autoencoders, ICML.
.. [2] Ledoit & Wolf (2004), J. Multivariate Analysis 88, 365 (the shrunk covariance).
.. [3] Rousseeuw & Leroy (1987), Robust Regression and Outlier Detection, chapter 7 (distances
   with centre and spread that outliers do not move).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from skywright.errors import MissingExtraError
from skywright.ssa.behaviour.slots import SLOTS

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]

HIDDEN, CODE = 96, 64
"""Widths of the layers between the slots and the code, and of the code."""

INPUT = "slots"
OUTPUTS = ("code", "residual", "residual_distance", "code_distance", "group_distances")
"""Names in the graph."""

SCORED = ("residuals", "changes", "trends", "burns")
"""Groups whose residuals are scored: an unseen orbit, another schedule of sets or a neighbour is
no behaviour of the object, though the code knows of them."""

MOST = 200.0
"""Scaled slots further than this from the middle are as far as this; asinh makes it 6."""

_CLIP = 5.0
_LEAST_SCALE = 1e-9
_LEAST_KNOWN = 20


@dataclass(frozen=True, slots=True)
class Lessons:
    """How it is taught."""

    epochs: int = 60
    batch: int = 128
    rate: float = 2e-3
    decay: float = 1e-4
    hidden: float = 0.3
    """Share of the known slots that are hidden in each row."""
    noise: float = 0.1
    """Spread of the noise that is added, in scaled units."""


def train_encoder(vectors: F64, weight: F64, lessons: Lessons, seed: int) -> Any:
    """Return the module, taught and with its distances set, in evaluation mode.

    Parameters
    ----------
    vectors : (n, 128) array
        Slots of quiet windows; NaN is not known.
    weight : (n,) array
        How much each row counts, so that an object with many windows counts no more than another.
    lessons : Lessons
        How it is taught.
    seed : int
        Of weights, order, hiding and noise.

    Raises
    ------
    MissingExtraError
        If PyTorch is not installed.
    """
    try:
        import torch
    except ImportError as error:
        message = "Training the encoder of behaviour"
        raise MissingExtraError(message, "train") from error
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        module = _module(vectors, seed)
        _teach(module, vectors, weight, lessons, seed)
        _set_distances(module, vectors, weight)
    finally:
        torch.set_num_threads(threads)
    return module.eval()


def _module(vectors: F64, seed: int) -> Any:
    import torch
    from torch import nn

    torch.manual_seed(seed)
    centre, scale = _scaling(vectors)
    width = len(SLOTS)
    scored = np.array([one.group in SCORED for one in SLOTS])

    class BehaviourAutoencoder(nn.Module):
        centre: torch.Tensor
        scale: torch.Tensor
        scored: torch.Tensor
        residual_centre: torch.Tensor
        residual_spread: torch.Tensor
        residual_whiten: torch.Tensor
        code_centre: torch.Tensor
        code_spread: torch.Tensor
        code_whiten: torch.Tensor
        groups: torch.Tensor
        group_whiten: torch.Tensor

        def __init__(self) -> None:
            super().__init__()
            for name, values in (
                ("centre", centre),
                ("scale", scale),
                ("scored", scored),
                ("groups", membership()),
                ("group_whiten", np.eye(width)),
            ):
                self.register_buffer(name, torch.tensor(values, dtype=torch.float32))
            for name, size in (("residual", width), ("code", CODE)):
                self.register_buffer(f"{name}_centre", torch.zeros(size))
                self.register_buffer(f"{name}_spread", torch.ones(size))
                self.register_buffer(f"{name}_whiten", torch.eye(size))
            self.encode = nn.Sequential(
                nn.Linear(width, HIDDEN), nn.GELU(), nn.Linear(HIDDEN, CODE)
            )
            self.decode = nn.Sequential(
                nn.GELU(), nn.Linear(CODE, HIDDEN), nn.GELU(), nn.Linear(HIDDEN, width)
            )

        def scaled(self, slots: Any) -> tuple[Any, Any]:
            there = ~torch.isnan(slots)
            plain = torch.where(there, slots, self.centre)
            x = torch.clamp((plain - self.centre) / self.scale, -MOST, MOST)
            size = torch.abs(x)
            z = torch.sign(x) * torch.log(size + torch.sqrt(size * size + 1.0))  # no asinh in ONNX
            return z, there.to(torch.float32)

        def forward(self, slots: Any) -> tuple[Any, ...]:
            z, known = self.scaled(slots)
            code = self.encode(z)
            residual = (z - self.decode(code)) * known
            counted = known * self.scored
            gap = (residual - self.residual_centre) / self.residual_spread * counted
            gap = torch.clamp(gap, -_CLIP, _CLIP)
            apart = gap @ self.group_whiten
            shares = (apart * apart) @ self.groups / torch.clamp(counted @ self.groups, min=1.0)
            gap = gap @ self.residual_whiten
            far = torch.clamp((code - self.code_centre) / self.code_spread, -_CLIP, _CLIP)
            far = far @ self.code_whiten
            seen = torch.clamp(counted.sum(dim=1), min=1.0)
            both = (gap * gap).sum(dim=1) / seen, (far * far).mean(dim=1)
            return code, residual, *both, shares

    return BehaviourAutoencoder()


def membership() -> F32:
    """Return 1 where a slot belongs to a scored group; (128, 4)."""
    told = [[float(one.group == name) for name in SCORED] for one in SLOTS]
    return np.array(told, dtype=np.float32)


def _scaling(vectors: F64) -> tuple[F64, F64]:
    """Return centre and scale of each slot: median and robust spread, 0 and 1 where unknown."""
    centre, scale = np.zeros(vectors.shape[1]), np.ones(vectors.shape[1])
    for k, column in enumerate(vectors.T):
        values = column[np.isfinite(column)]
        if len(values) < _LEAST_KNOWN:
            continue
        centre[k] = np.median(values)
        low, high = np.quantile(values, [0.16, 0.84])
        scale[k] = max(0.5 * (high - low), 0.1 * float(values.std()), _LEAST_SCALE)
    return centre, scale


def _teach(module: Any, vectors: F64, weight: F64, lessons: Lessons, seed: int) -> None:
    import torch

    random = np.random.default_rng(seed)
    given = torch.from_numpy(vectors.astype(np.float32))
    steps = lessons.epochs * -(-len(given) // lessons.batch)
    optimiser = torch.optim.AdamW(module.parameters(), lr=lessons.rate, weight_decay=lessons.decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, lessons.rate, total_steps=steps)
    share = weight / weight.sum()
    module.train()
    for _ in range(lessons.epochs):
        order = random.choice(len(given), len(given), p=share)
        for start in range(0, len(order), lessons.batch):
            with torch.no_grad():
                z, known = module.scaled(given[order[start : start + lessons.batch]])
            kept = torch.rand_like(z) >= lessons.hidden
            shaken = (z + lessons.noise * torch.randn_like(z) * known) * kept
            restored = module.decode(module.encode(shaken))
            loss = torch.nn.functional.smooth_l1_loss(restored, z, reduction="none")
            optimiser.zero_grad()
            ((loss * known).sum() / known.sum()).backward()
            optimiser.step()
            schedule.step()


def _set_distances(module: Any, vectors: F64, weight: F64) -> None:
    """Set centre, spread and whitening of residual and code from the rows."""
    import torch

    with torch.no_grad():
        code, residual, *_ = module(torch.from_numpy(vectors.astype(np.float32)))
        counted = np.isfinite(vectors) & module.scored.numpy().astype(bool)
        for name, told, known in (
            ("residual", residual.numpy(), counted),
            ("code", code.numpy(), np.ones_like(code.numpy(), dtype=bool)),
        ):
            for part, values in zip(
                ("centre", "spread", "whiten"), robust_whitening(told, known, weight), strict=True
            ):
                getattr(module, f"{name}_{part}").copy_(torch.from_numpy(values))
        for column in membership().T:
            own = np.flatnonzero(column)
            _, _, matrix = robust_whitening(residual.numpy()[:, own], counted[:, own], weight)
            module.group_whiten[np.ix_(own, own)] = torch.from_numpy(matrix)


def robust_whitening(
    values: npt.NDArray[Any], known: npt.NDArray[np.bool_], weight: F64
) -> tuple[F32, F32, F32]:
    """Return centre, spread and a matrix that makes scaled values white.

    Values are scaled by median and robust spread and clipped, so that no few rows decide; their
    weighted correlation is shrunk to the identity [2]_ by a tenth.

    Parameters
    ----------
    values : (n, k) array
        Rows.
    known : (n, k) bool array
        Which count.
    weight : (n,) array
        Of each row.

    Returns
    -------
    centre : (k,) array
        Medians.
    spread : (k,) array
        Robust spreads, 1 where nothing is known.
    matrix : (k, k) array
        Scaled values times it have unit variance and no correlation.
    """
    width = values.shape[1]
    centre, spread = np.zeros(width), np.ones(width)
    for k in range(width):
        own = values[known[:, k], k]
        if len(own) < _LEAST_KNOWN:
            continue
        centre[k] = np.median(own)
        low, high = np.quantile(own, [0.16, 0.84])
        spread[k] = max(0.5 * float(high - low), 1e-3)
    z = np.clip((values - centre) / spread, -_CLIP, _CLIP) * known
    share = weight / weight.sum()
    covariance = (z * share[:, None]).T @ z
    mean_variance = float(np.trace(covariance) / max(int(known.any(axis=0).sum()), 1))
    shrunk = 0.9 * covariance + 0.1 * max(mean_variance, 1e-6) * np.eye(width)
    values_, vectors_ = np.linalg.eigh(shrunk)
    matrix = vectors_ @ np.diag(1.0 / np.sqrt(values_)) @ vectors_.T
    return centre.astype(np.float32), spread.astype(np.float32), matrix.astype(np.float32)


def outputs_of(module: Any, vectors: F64) -> tuple[F64, ...]:
    """Return what the module tells, in the order of `OUTPUTS`."""
    import torch

    with torch.no_grad():
        told = module(torch.from_numpy(vectors.astype(np.float32)))
    return tuple(one.numpy().astype(np.float64) for one in told)


def export_encoder(module: Any, path: Path) -> None:
    """Write the module as ONNX: raw slots in, NaN for what is not known; `OUTPUTS` out."""
    import warnings

    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter warns of itself
        torch.onnx.export(
            module,
            (torch.zeros(2, len(SLOTS)),),
            str(path),
            input_names=[INPUT],
            output_names=list(OUTPUTS),
            dynamic_axes={name: {0: "n"} for name in (INPUT, *OUTPUTS)},
            dynamo=False,
        )

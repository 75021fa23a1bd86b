"""StrategyGenerator as it is served: a policy over the discrete acts, with the value of each state.

It proposes only; the size of a burn is physics, and every proposal is checked.
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from skywright.ssa.strategy.actions import AXIS_ACTS, Act
from skywright.ssa.strategy.timing import TimingPolicy

F64 = npt.NDArray[np.float64]

MODEL = "ssa-strategy"
"""Name of the model."""

PLAN, TIMING = "plan.onnx", "timing.json"
"""Which act, and when."""

ACTS = (*AXIS_ACTS, Act.TILTED)
"""What the policy chooses from; the last is the optimiser's direction."""

FEATURES = (
    "log10_size_over_sigma",
    "log10_aspect",
    "mahalanobis",
    "miss_along_major",
    "miss_along_minor",
    *(f"push_{axis}_{plane}" for axis in "rtn" for plane in ("major", "minor")),
    "log10_reach",
)
"""Inputs of the policy: geometry in units of sigma, nothing of who is who."""


def features(miss: F64, covariance: F64, hbr_km: F64, response: F64) -> F64:
    """Return the inputs of the policy; (n, 12).

    Parameters
    ----------
    miss, covariance, hbr_km, response
        As ``impulse.least_impulses``.
    """
    values, vectors = np.linalg.eigh(covariance)
    sigma = np.sqrt(np.maximum(values, 1e-18))[:, ::-1]
    turned = vectors[:, :, ::-1]
    whitened = np.einsum("nji,nj->ni", turned, miss) / sigma
    # The sign of an eigenvector is arbitrary: make the offset lie in the first quadrant.
    sign = np.where(whitened < 0.0, -1.0, 1.0)
    push = np.einsum("nji,njk->nik", turned, response) / sigma[:, :, None] * sign[:, :, None]
    reach = np.maximum(np.linalg.norm(push, axis=(1, 2), keepdims=True), 1e-12)
    push = push / reach
    whitened = whitened * sign
    first = np.column_stack(
        [
            np.log10(hbr_km / sigma[:, 1]),
            np.log10(sigma[:, 0] / sigma[:, 1]),
            np.linalg.norm(whitened, axis=1),
            whitened,
        ]
    )
    pushes = push.transpose(0, 2, 1).reshape(len(miss), 6)
    return np.column_stack([first, pushes, np.log10(reach[:, 0])])


class Generator:
    """The shipped or installed model; without one, the optimiser's direction is always chosen."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder if folder is not None else _in_use()

    @property
    def trained(self) -> bool:
        """Whether there is a model."""
        return self._folder is not None

    def acts(self, told: F64) -> npt.NDArray[np.int64]:
        """Return the place in ``ACTS`` of the most probable act of each row."""
        if self._folder is None:
            return np.full(len(told), len(ACTS) - 1, dtype=np.int64)
        return np.asarray(self.answers(told)[0].argmax(axis=1), dtype=np.int64)

    def answers(self, told: F64) -> tuple[F64, F64]:
        """Return logits of the acts (n, 7) and value (n, 2): log10 of m/s, of Pc if unmoved."""
        out = _session(str(self._folder), PLAN).run(None, {"x": told.astype(np.float32)})
        return out[0], out[1]

    def timing(self) -> TimingPolicy:
        """Return when to act."""
        if self._folder is None:
            return TimingPolicy((-5.0, -5.0, -5.0))
        told = json.loads((self._folder / TIMING).read_text(encoding="utf-8"))
        first, second, third = told["least_log10_pc"]
        return TimingPolicy((first, second, third))


def _in_use() -> Path | None:
    from skywright.errors import NotFoundError
    from skywright.foundry.registry import in_use

    try:
        folder = in_use(MODEL)
    except NotFoundError:
        return None
    return folder if (folder / PLAN).is_file() else None


@lru_cache(maxsize=8)
def _session(folder: str, name: str) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(str(Path(folder) / name), options)

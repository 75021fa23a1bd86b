"""The detector as it is served: the network or boosting, with conformal sets."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from skywright.ssa.behaviours import Behaviour
from skywright.ssa.threats.conformal import sets_of

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]

DETECTOR = "detector.json"
"""File that says which model was chosen, and the thresholds of the sets."""

CHOICES = MappingProxyType({"network": "network.onnx", "boosting": "boosting.onnx"})
"""What may ship, and its graph."""


class Detector:
    """Probabilities of the six behaviours, and sets that hold the true one.

    Parameters
    ----------
    folder : pathlib.Path
        Model folder.
    """

    def __init__(self, folder: Path) -> None:
        told = json.loads((folder / DETECTOR).read_text(encoding="utf-8"))
        self.folder = folder
        self.chosen: str = told["chosen"]
        self.least: F64 = np.asarray(told["least"], dtype=np.float64)

    @property
    def looks_at_images(self) -> bool:
        """Whether the images matter to it."""
        return self.chosen != "boosting"

    @property
    def looks_at_features(self) -> bool:
        """Whether slots and circumstances matter to it."""
        return self.chosen != "network"

    @cached_property
    def _session(self) -> Any:
        from onnxruntime import InferenceSession, SessionOptions

        options = SessionOptions()
        options.intra_op_num_threads = 1
        path = str(self.folder / CHOICES[self.chosen])
        return InferenceSession(path, options, providers=["CPUExecutionProvider"])

    def probabilities(self, features: F64, images: F32, numbers: F32) -> F64:
        """Return the probability of each behaviour.

        Parameters
        ----------
        features : (n, len(FEATURES)) array
            Slots of behaviour and circumstances; NaN is not known.
        images : (n, 3, 30, 30) array
            As from ``threat_images``.
        numbers : (n, 8) array
            As from ``threat_images``.

        Returns
        -------
        (n, 6) array
            Rows add up to one.
        """
        given: dict[str, Any] = {"features": features.astype(np.float32)}
        if self.chosen == "network":
            given = {"images": images, "numbers": numbers}
        told = np.asarray(self._session.run(["probabilities"], given)[0], dtype=np.float64)
        return np.asarray(told / told.sum(axis=1, keepdims=True))

    def answers(self, features: F64, images: F32, numbers: F32) -> list[dict[str, Any]]:
        """Return for each row its label, probabilities, set, and whether it abstains."""
        p = self.probabilities(features, images, numbers)
        held = sets_of(p, self.least)
        return [_answer(row, some) for row, some in zip(p.tolist(), held.tolist(), strict=True)]


def _answer(p: Sequence[float], held: Sequence[bool]) -> dict[str, Any]:
    names = [one.name.lower() for one in Behaviour]
    possible = [name for name, some in zip(names, held, strict=True) if some]
    return {
        "label": names[int(np.argmax(p))],
        "probabilities": dict(zip(names, p, strict=True)),
        "possible": possible,
        "abstains": len(possible) > 1,
    }

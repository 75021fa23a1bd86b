"""BehaviourEncoder: 64 numbers for the 128 slots, and how unlike quiet objects a window is.

Served from ONNX; scaling, the mask of what is not known and both distances are in the graph. The
plan calls it AdversaryEncoder, but it tells facts about behaviour and nothing of intent.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from skywright.errors import InputError
from skywright.foundry.registry import in_use
from skywright.ssa.behaviour.calibration import Calibration
from skywright.ssa.behaviour.slots import SLOTS
from skywright.ssa.behaviour.windows import (
    REGIMES,
    regimes_of,
)

F64 = npt.NDArray[np.float64]

MODEL = "ssa-behaviour"
"""Name under which it is registered."""

ENCODER = "encoder.json"
"""File with what the graph does not hold: the chosen score, its calibration, scales."""

NETWORK, FOREST = "encoder.onnx", "forest.onnx"
"""Graphs; the forest is there only if it is the chosen score."""

CHOICES = ("network", "forest", "floor")
"""Scores that may be chosen: distances of the network, an isolation forest, one slot."""

REFERENCE = "reference.npz"
"""Slots of some quiet windows by regime, for the watch of drift."""

FLOOR_SLOT = "axis_most"
"""The slot of the floor: the largest robust z of a change of the semi-major axis."""

_LEAST_DISTANCE = 1e-3
_MOST = 200.0  # as in the graph
_FOREST_MIDDLE = 0.5  # scikit-learn tells 0.5 less the score of the paper


@dataclass(frozen=True, slots=True)
class Residual:
    """How far one slot is from what the others lead to expect."""

    slot: str
    group: str
    unit: str
    value: float
    """As given."""
    expected: float
    """As restored, in the same unit."""
    z: float
    """Residual over its robust spread on quiet windows."""


class BehaviourEncoder:
    """Codes, p-values and explanations for slots of behaviour.

    Parameters
    ----------
    folder : pathlib.Path
        Model folder.
    """

    def __init__(self, folder: Path) -> None:
        told = json.loads((folder / ENCODER).read_text(encoding="utf-8"))
        self.folder = folder
        self.chosen: str = told["chosen"]
        self.weights: F64 = np.array(told["weights"])
        self.calibrations = MappingProxyType(
            {name: Calibration(**one) for name, one in told["calibrations"].items()}
        )
        self._centre, self._scale = (np.array(told[name]) for name in ("centre", "scale"))
        self._residual_centre = np.array(told["residual_centre"])
        self._residual_spread = np.array(told["residual_spread"])
        self._filling = np.array(told["filling"])

    @cached_property
    def _network(self) -> Any:
        return _session(self.folder / NETWORK)

    @cached_property
    def _forest(self) -> Any:
        return _session(self.folder / FOREST)

    def encode(self, vectors: F64) -> F64:
        """Return the codes.

        Parameters
        ----------
        vectors : (n, 128) array
            As from ``behaviour_vector``; NaN is not known.

        Returns
        -------
        (n, 64) array

        Raises
        ------
        InputError
            If the array has another shape, or holds an infinity.
        """
        return self.outputs(vectors)[0]

    def outputs(self, vectors: F64) -> tuple[F64, ...]:
        """Return code, residual, the distances of both and of groups, as the graph tells them."""
        told = self._network.run(None, {"slots": checked_vectors(vectors).astype(np.float32)})
        return tuple(np.asarray(one, dtype=np.float64) for one in told)

    def statistic(self, vectors: F64) -> F64:
        """Return what the p-values are of: larger is less like quiet windows; (n,)."""
        slots = checked_vectors(vectors)
        if self.chosen == "network":
            _, _, _, code, groups = self.outputs(slots)
            return joint_distance(groups, code, self.weights)
        if self.chosen == "forest":
            filled = np.where(np.isfinite(slots), slots, self._filling).astype(np.float32)
            told = self._forest.run(None, {"slots": filled})[1]
            return _FOREST_MIDDLE - np.asarray(told, dtype=np.float64).ravel()
        return floor_statistic(slots)

    def score(self, vectors: F64, regimes: Sequence[str] | None = None) -> F64:
        """Return p-values: the share of quiet windows of the regime that are as unusual.

        Parameters
        ----------
        vectors : (n, 128) array
            As from ``behaviour_vector``.
        regimes : sequence of str, optional
            Of `REGIMES`, one a row; told from the slots if left out.

        Returns
        -------
        (n,) array
            In (0, 1]; never below one over the number of windows of the calibration.

        Raises
        ------
        InputError
            If shapes differ, or a regime does not exist.
        """
        slots = checked_vectors(vectors)
        chosen = checked_regimes(slots, regimes)
        statistic = self.statistic(slots)
        told = np.ones(len(slots))
        for name in np.unique(chosen).tolist():
            rows = chosen == name
            told[rows] = self.calibrations[name].p_values(statistic[rows])
        return told

    def explain(self, vector: F64, most: int | None = None) -> list[Residual]:
        """Return the slots that are known, the furthest from what was expected first.

        Parameters
        ----------
        vector : (128,) array
            One row.
        most : int, optional
            How many at most.
        """
        slots = checked_vectors(np.atleast_2d(vector))
        if len(slots) != 1:
            message = f"explain takes one row of slots, got {len(slots)}."
            raise InputError(message)
        _, residual, *_ = self.outputs(slots)
        scaled = np.arcsinh(np.clip((slots[0] - self._centre) / self._scale, -_MOST, _MOST))
        expected = self._centre + self._scale * np.sinh(scaled - residual[0])
        z = (residual[0] - self._residual_centre) / self._residual_spread
        known = np.flatnonzero(np.isfinite(slots[0]))
        order = known[np.argsort(-np.abs(z[known]), kind="stable")][:most]
        return [
            Residual(
                SLOTS[k].name,
                SLOTS[k].group,
                SLOTS[k].unit,
                float(slots[0, k]),
                float(expected[k]),
                float(z[k]),
            )
            for k in order.tolist()
        ]


AdversaryEncoder = BehaviourEncoder
"""The name in the plan."""


def joint_distance(groups: F64, code: F64, weights: F64) -> F64:
    """Return one number for squared distances: the weighted sum of their logarithms; (n,).

    Parameters
    ----------
    groups : (n, 4) array
        Distances of the residuals by group of slots.
    code : (n,) array
        Distances of the codes.
    weights : (5,) array
        Of the groups and of the code.
    """
    return np.asarray(logs_of(groups, code) @ weights)


def logs_of(groups: F64, code: F64) -> F64:
    """Return the logarithms of distances, which a window that fits exactly leaves finite."""
    return np.log(np.column_stack([groups, code]) + _LEAST_DISTANCE)


def floor_statistic(slots: F64) -> F64:
    """Return the slot of the floor; below every other where it is not known; (n,)."""
    place = next(k for k, one in enumerate(SLOTS) if one.name == FLOOR_SLOT)
    return np.asarray(np.where(np.isfinite(slots[:, place]), slots[:, place], -1.0))


def checked_vectors(vectors: npt.ArrayLike) -> F64:
    """Return rows of slots.

    Raises
    ------
    InputError
        If they are not numbers in 128 columns, or one is infinite.
    """
    try:
        slots = np.asarray(vectors, dtype=np.float64)
    except (TypeError, ValueError) as error:
        message = "Slots must be numbers in 128 columns; NaN is not known."
        raise InputError(message) from error
    if slots.ndim != 2 or slots.shape[1] != len(SLOTS):
        message = f"Slots must have the shape (n, {len(SLOTS)}), got {slots.shape}."
        raise InputError(message)
    if np.isinf(slots).any():
        row, column = np.argwhere(np.isinf(slots))[0].tolist()
        message = f"Slot {SLOTS[column].name} is infinite in row {row}; give NaN if not known."
        raise InputError(message)
    return slots


def checked_regimes(slots: F64, regimes: Sequence[str] | None) -> npt.NDArray[np.str_]:
    """Return the regime of each row, from the slots where none are given.

    Raises
    ------
    InputError
        If there is not one a row, or one does not exist.
    """
    if regimes is None:
        return regimes_of(slots)
    given = np.asarray(list(regimes), dtype=np.str_)
    if len(given) != len(slots):
        message = f"regimes must have one name a row: {len(slots)} rows, {len(given)} names."
        raise InputError(message)
    for name in np.unique(given).tolist():
        if name not in REGIMES:
            message = f"There is no regime {name!r}; there are {', '.join(REGIMES)}."
            raise InputError(message)
    return given


def encoder_in_use() -> BehaviourEncoder:
    """Return the encoder of the registry, or the one that ships."""
    return _opened(in_use(MODEL))


@lru_cache(maxsize=4)
def _opened(folder: Path) -> BehaviourEncoder:
    return BehaviourEncoder(folder)


def _session(path: Path) -> Any:
    from onnxruntime import InferenceSession, SessionOptions

    options = SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    return InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

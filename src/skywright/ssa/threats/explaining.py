"""Why the detector says what it says: what changes when a slot or an image region is hidden.

Occlusion (Zeiler and Fergus 2014, ECCV): the probability of the told class with everything, less
the one without the part. A slot is hidden by making it unknown, a region by making it dark.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from skywright.ssa.behaviours import Behaviour
from skywright.ssa.threats.circumstances import FEATURES
from skywright.ssa.threats.detector import Detector
from skywright.ssa.threats.images import CHANNELS, PIXELS

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]

MOST = 8
"""Slots or regions that are told."""

_PATCH = 6
_LEAST = 1e-3


def explain_slots(
    detector: Detector, features: F64, images: F32, numbers: F32, label: Behaviour
) -> list[dict[str, Any]]:
    """Return the slots without which the told class would be least likely, the strongest first."""
    if not detector.looks_at_features:
        return []
    hidden = np.repeat(features[None], len(FEATURES) + 1, axis=0)
    hidden[np.arange(len(FEATURES)), np.arange(len(FEATURES))] = np.nan
    many = len(hidden)
    told = detector.probabilities(
        hidden, np.repeat(images[None], many, axis=0), np.repeat(numbers[None], many, axis=0)
    )[:, label]
    weight = told[-1] - told[:-1]
    order = np.argsort(-weight)[:MOST]
    return [
        {
            "slot": FEATURES[k].name,
            "group": FEATURES[k].group,
            "unit": FEATURES[k].unit,
            "value": float(features[k]) if np.isfinite(features[k]) else None,
            "weight": float(weight[k]),
            "description": FEATURES[k].description,
        }
        for k in order.tolist()
        if weight[k] > _LEAST
    ]


def explain_images(
    detector: Detector, features: F64, images: F32, numbers: F32, label: Behaviour
) -> list[dict[str, Any]]:
    """Return the regions whose darkening takes most from the told class, the strongest first."""
    if not detector.looks_at_images:
        return []
    places = [
        (channel, row, column)
        for channel in range(len(CHANNELS))
        for row in range(0, PIXELS, _PATCH)
        for column in range(0, PIXELS, _PATCH)
        if images[channel, row : row + _PATCH, column : column + _PATCH].any()
    ]
    many = len(places) + 1
    hidden = np.repeat(images[None], many, axis=0)
    for k, (channel, row, column) in enumerate(places):
        hidden[k, channel, row : row + _PATCH, column : column + _PATCH] = 0.0
    told = detector.probabilities(
        np.repeat(features[None], many, axis=0), hidden, np.repeat(numbers[None], many, axis=0)
    )[:, label]
    weight = told[-1] - told[:-1]
    return [
        {
            "image": CHANNELS[places[k][0]],
            "rows": [places[k][1], places[k][1] + _PATCH - 1],
            "columns": [places[k][2], places[k][2] + _PATCH - 1],
            "weight": float(weight[k]),
        }
        for k in np.argsort(-weight)[:MOST].tolist()
        if weight[k] > _LEAST
    ]

"""What the forecast of the last probability learns from, and how it is fitted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.special import expit

from skywright.errors import InputError
from skywright.ssa.conjunction.final_pc import FEATURES, FinalPcModel, at_levels, known_of
from skywright.ssa.conjunction.pc_history import Event, events_of

F64 = npt.NDArray[np.float64]

COLUMN = "pc_hbr_19.95m"
"""The probability that is judged: for a hard-body radius of 20 m."""

ALSO = ("pc_hbr_5.01m", "pc_hbr_10m", "pc_hbr_15.85m", "pc_hbr_50.12m")
"""Further examples of the same encounters."""

TRAINED_AT = np.arange(-9.0, -2.9, 0.5)
"""Levels at which the regression is fitted."""

_COMPLETE_D = 1.0  # an event followed to within a day has a last probability that can be judged
_LEAST_LEAD_D = 0.5
_RIDGE = 1e-4
_MOST_STEPS, _SETTLED = 60, 1e-9
_LEAST_CURVE = 1e-7


@dataclass(frozen=True, slots=True)
class Lesson:
    """One encounter at one hard-body radius."""

    event: Event
    final: float
    """log10 of its last probability."""
    group: str
    """Secondary object: one side of a split."""
    primary: str
    column: str
    known: F64
    """What was known at each message before the last that left half a day to act; (m, 7)."""


def lessons_of(table: pl.DataFrame) -> list[Lesson]:
    """Return the events that were followed to within a day, for each hard-body radius.

    Raises
    ------
    InputError
        If there is none, or the table is no history.
    """
    of_event = table.unique("event_id", keep="first", maintain_order=True)
    facts = {
        str(row["event_id"]): (f"{row['primary']} {row['secondary_id']}", str(row["primary"]))
        for row in of_event.to_dicts()
    }
    lessons = [
        Lesson(one, float(one.log_pc[-1]), *facts[one.name], column, _known(one))
        for column in (*ALSO, COLUMN)
        for one in events_of(table, column)
        if one.days[-1] <= _COMPLETE_D and len(one.days) > 1
    ]
    if not lessons:
        message = "No event of the history was followed to within a day of its closest approach."
        raise InputError(message)
    return lessons


def fitted(lessons: Sequence[Lesson], *, least_chance: float = 0.0) -> FinalPcModel:
    """Fit the regression to all messages before the last that left half a day to act."""
    x, final, weight = examples(lessons)
    table = at_levels(x, TRAINED_AT).reshape(-1, len(FEATURES))
    label = (final[:, None] >= TRAINED_AT).ravel().astype(np.float64)
    weight = np.repeat(weight, len(TRAINED_AT))
    weight = weight / weight.sum()
    mean = weight @ table
    scale = np.sqrt(np.maximum(weight @ np.square(table - mean), 1e-12))
    z = (table - mean) / scale
    found = _newton(np.column_stack([np.ones(len(z)), z]), label, weight)
    return FinalPcModel(mean, scale, found[1:], float(found[0]), least_chance)


def _newton(z: F64, label: F64, weight: F64) -> F64:
    """Return the weights of a logistic regression with a small ridge on all but the first."""
    ridge = np.full(z.shape[1], _RIDGE)
    ridge[0] = 0.0
    at = np.zeros(z.shape[1])
    for _ in range(_MOST_STEPS):
        chance = expit(z @ at)
        slope = (weight * (chance - label)) @ z + ridge * at
        curve = weight * np.maximum(chance * (1.0 - chance), _LEAST_CURVE)
        step = np.linalg.solve(z.T @ (z * curve[:, None]) + np.diag(ridge), slope)
        at = at - step
        if np.abs(step).max() < _SETTLED:
            break
    return at


def examples(lessons: Sequence[Lesson]) -> tuple[F64, F64, F64]:
    """Return what was known at each message, the last log10, and weights that add to one an event.

    Returns
    -------
    (n, 7), (n,), (n,) arrays
        Of all messages before the last that left half a day to act.
    """
    counts = np.array([len(one.known) for one in lessons])
    final = np.repeat([one.final for one in lessons], counts)
    weight = np.repeat(1.0 / np.maximum(counts, 1), counts)
    return np.concatenate([one.known for one in lessons]), final, weight


def _known(one: Event) -> F64:
    count = min(one.known_at(_LEAST_LEAD_D), len(one.days) - 1)
    return known_of([one.until(k) for k in range(1, count + 1)])

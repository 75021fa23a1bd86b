"""What the forecast of the last probability learns from, and how it is fitted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.optimize import minimize
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
        Lesson(one, float(one.log_pc[-1]), *facts[one.name], column)
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

    def loss(at: F64) -> tuple[float, F64]:
        logit = z @ at[1:] + at[0]
        wrong = weight * (expit(logit) - label)
        value = weight @ (np.logaddexp(0.0, logit) - label * logit)
        slope = np.concatenate([[wrong.sum()], wrong @ z + _RIDGE * at[1:]])
        return float(value + 0.5 * _RIDGE * at[1:] @ at[1:]), slope

    found = minimize(loss, np.zeros(len(FEATURES) + 1), jac=True, method="L-BFGS-B").x
    return FinalPcModel(mean, scale, found[1:], float(found[0]), least_chance)


def examples(lessons: Sequence[Lesson]) -> tuple[F64, F64, F64]:
    """Return what was known at each message, the last log10, and weights that add to one an event.

    Returns
    -------
    (n, 7), (n,), (n,) arrays
        Of all messages before the last that left half a day to act.
    """
    known, final, weight = [], [], []
    for one in lessons:
        count = min(one.event.known_at(_LEAST_LEAD_D), len(one.event.days) - 1)
        known += [one.event.until(k) for k in range(1, count + 1)]
        final += [one.final] * count
        weight += [1.0 / count] * count if count else []
    return known_of(known), np.array(final), np.array(weight)

"""When to act: the game of waiting, played on real series of collision probabilities.

At each message the operator burns, at a cost that rises as warning shrinks, or waits; who waits to
the end pays a penalty if the last probability is above the flag. With some thirty such events to
learn from, three levels are searched rather than a network fitted to the cost of waiting.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt
import polars as pl

from skywright.errors import InputError

F64 = npt.NDArray[np.float64]

FLAG_PC = 1e-5
"""From here on a last probability is a miss."""

PENALTY = 30.0
"""Cost of a miss, in burns made one day before."""

NEAREST_D = 0.25
"""The last burn that can still be commanded [d before the closest approach]."""

PC_COLUMN = "pc_hbr_19.95m"
"""Probability of the series, for a hard-body radius of 20 m."""

_LEAST_LOG = -12.0
_LEVELS = (-7.0, -6.5, -6.0, -5.5, -5.0, -4.5, -4.0, -3.5)
_COMPLETE_D = 1.0


@dataclass(frozen=True, slots=True)
class Series:
    """One event, message by message, oldest first."""

    name: str
    primary: str
    days: F64
    log_pc: F64
    final_above: bool


def fuel(days: F64) -> F64:
    """Return the cost of a burn so many days before, in burns made one day before.

    An in-track drift grows with time, so fuel falls as its inverse; never below a quarter (leads
    of days bring nothing more to a plan that errors spoil) nor above eight.
    """
    return np.asarray(np.clip(1.0 / np.maximum(days, 1e-3), 0.25, 8.0))


def series_of(table: pl.DataFrame) -> list[Series]:
    """Return the events that were followed to within a day, with messages that allow a burn."""
    told = []
    ordered = table.filter(pl.col("days_to_tca") > 0.0).sort("event_id", "created_utc")
    for part in ordered.partition_by("event_id", maintain_order=True):
        days = part["days_to_tca"].to_numpy()
        pc = np.maximum(part[PC_COLUMN].to_numpy(), 1e-300)
        able = days >= NEAREST_D
        if days[-1] > _COMPLETE_D or not able.any():
            continue
        log_pc = np.maximum(np.log10(pc), _LEAST_LOG)
        name, primary = str(part["event_id"][0]), str(part["primary"][0])
        told.append(Series(name, primary, days[able], log_pc[able], bool(pc[-1] > FLAG_PC)))
    return told


Policy = Callable[[Series], int | None]
"""The message at which to burn, or None."""


def cost(one: Series, at: int | None) -> float:
    """Return what a decision costs."""
    if at is None:
        return PENALTY if one.final_above else 0.0
    return float(fuel(one.days[at : at + 1])[0])


def never(one: Series) -> int | None:
    """Do nothing."""
    return None


def at_first_flag(one: Series) -> int | None:
    """Burn as soon as the probability is above the flag."""
    above = np.flatnonzero(one.log_pc > np.log10(FLAG_PC))
    return int(above[0]) if len(above) else None


def at_cut_off(one: Series) -> int | None:
    """Burn a day before, if the last message until then is above the flag."""
    early = np.flatnonzero(one.days >= 1.0)
    if not len(early) or one.log_pc[early[-1]] <= np.log10(FLAG_PC):
        return None
    return int(early[-1])


def oracle(one: Series) -> int | None:
    """Know the end: burn first if it is above the flag."""
    return 0 if one.final_above else None


@dataclass(frozen=True, slots=True)
class TimingPolicy:
    """Burn once log10 of the probability is above a level that depends on the warning left."""

    least_log10_pc: tuple[float, float, float]
    """Three days or more before the closest approach, one to three, less than one."""

    def decide(self, one: Series) -> int | None:
        """Return the message at which to burn, or None."""
        levels = np.asarray(self.least_log10_pc)[_band(one.days)]
        above = np.flatnonzero(one.log_pc > levels)
        return int(above[0]) if len(above) else None

    def act_now(self, days_to_tca: float, pc: float) -> bool:
        """Return whether to burn on this message."""
        if not (np.isfinite(days_to_tca) and 0.0 <= pc <= 1.0):
            message = (
                f"days_to_tca must be finite and pc between 0 and 1, got {days_to_tca} and {pc}."
            )
            raise InputError(message)
        level = self.least_log10_pc[int(_band(np.array([days_to_tca]))[0])]
        return bool(np.log10(max(pc, 1e-300)) > level)


def searched(some: Sequence[Series]) -> TimingPolicy:
    """Return the levels with the least mean cost over events, by exhaustive policy search."""
    longest = max(len(one.days) for one in some)
    log_pc = np.full((len(some), longest), -np.inf)
    days = np.full((len(some), longest), np.inf)
    for k, one in enumerate(some):
        log_pc[k, : len(one.days)], days[k, : len(one.days)] = one.log_pc, one.days
    bands, price = _band(days), fuel(days)
    end = np.where([one.final_above for one in some], PENALTY, 0.0)
    best: tuple[float, TimingPolicy] | None = None
    for levels in product(_LEVELS, _LEVELS, _LEVELS):
        above = log_pc > np.asarray(levels)[bands]
        first = above.argmax(axis=1)
        paid = np.where(above.any(axis=1), price[np.arange(len(some)), first], end)
        # Of equal costs the higher levels burn less often.
        told = float(paid.mean()) - 1e-9 * sum(levels)
        if best is None or told < best[0]:
            best = (told, TimingPolicy(levels))
    if best is None:  # pragma: no cover - the grid is never empty
        message = "No level was tried."
        raise InputError(message)
    return best[1]


def _band(days: F64) -> npt.NDArray[np.int64]:
    return np.where(days >= 3.0, 0, np.where(days >= 1.0, 1, 2)).astype(np.int64)

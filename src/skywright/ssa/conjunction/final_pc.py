"""What the probability of an encounter will be in its last message, from those so far.

The chance that the last log10 is at least some level is a logistic regression in which the level is
one of the inputs ("distribution regression": Foresi and Peracchi 1995, J. Am. Stat. Assoc. 90,
451; Chernozhukov, Fernandez-Val and Melly 2013, Econometrica 81, 2205), fitted at many levels at
once. Asked at all levels it is the whole distribution; where it would rise with the level it is
levelled, so that quantiles never cross (Chernozhukov et al. 2010, Econometrica 78, 1093).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from skywright.errors import InputError
from skywright.foundry.registry import in_use
from skywright.ssa.conjunction.pc_history import FLOOR, Event
from skywright.ssa.model_facts import facts_of

F64 = npt.NDArray[np.float64]

MODEL = "ssa-final-pc"
"""Name under which the model is registered."""

FINAL_PC = "final_pc.json"
"""File of its numbers."""

FEATURES = (
    "now", "now_above", "peak", "last_day", "days", "days_times_now", "change", "change_of_a_day",
    "level", "log_messages",
)  # fmt: skip
"""Inputs; the first four are logarithms above the level."""

LEVELS = np.arange(-9.5, -1.9, 0.25)
"""Levels at which the distribution is told."""

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975)
"""Quantiles that are told."""

FLAG_PC = 1e-5
"""A last probability from here on is what the flag foretells, unless another is asked for."""

_BELOW, _ABOVE, _CHANGE = -4.0, 3.0, 3.0


@dataclass(frozen=True, slots=True)
class FinalPcModel:
    """A fitted regression."""

    mean: F64
    scale: F64
    weights: F64
    """Of the standardised features."""
    intercept: float
    least_chance: float
    """Chance of a high last probability from which on an event is flagged."""

    def exceedance(self, features: F64, levels: F64) -> F64:
        """Return the chance that the last log10 reaches each level.

        Parameters
        ----------
        features : (n, 7) array
            As from `known_of`.
        levels : (k,) array
            Rising, log10.

        Returns
        -------
        (n, k) array
            Never rising with the level.
        """
        x = (at_levels(features, levels) - self.mean) / self.scale
        chance = expit(x @ self.weights + self.intercept)
        return np.asarray(np.minimum.accumulate(chance, axis=1))


def known_of(events: Sequence[Event]) -> F64:
    """Return what is known of each event after its last message.

    Returns
    -------
    (n, 7) array
        log10 of the probability now, the largest so far, the mean of the last day; days to the
        closest approach; change since the message before and since a day before; messages.
    """
    return np.array([_known(one) for one in events]).reshape(len(events), 7)


def at_levels(known: F64, levels: F64) -> F64:
    """Return the features of events at levels; (n, 7) and (k,) to (n, k, 10)."""
    level = np.broadcast_to(levels, (len(known), len(levels)))
    above = np.clip(known[:, None, :3] - level[..., None], _BELOW, _ABOVE)
    now = above[..., 0]
    rest = [np.broadcast_to(known[:, None, k], level.shape) for k in range(3, 7)]
    days, change, of_a_day, count = rest
    return np.stack(
        [
            now,
            np.maximum(now, 0.0),
            above[..., 1],
            above[..., 2],
            days,
            days * now,
            np.clip(change, -_CHANGE, _CHANGE),
            np.clip(of_a_day, -_CHANGE, _CHANGE),
            level,
            np.log(count),
        ],
        axis=-1,
    )


def quantiles_of(chance: F64, levels: F64, shares: Sequence[float]) -> F64:
    """Return quantiles of distributions told by the chance to reach levels.

    Parameters
    ----------
    chance : (n, k) array
        Never rising with the level.
    levels : (k,) array
        Rising.
    shares : sequence of float
        Between 0 and 1, rising.

    Returns
    -------
    (n, len(shares)) array
        `FLOOR` where the chance of even the least level is too small; never falling.
    """
    wanted = 1.0 - np.asarray(shares)
    told = np.array([np.interp(-wanted, -row, levels) for row in chance])
    told = told.reshape(len(chance), len(wanted))
    return np.asarray(np.where(wanted[None, :] >= chance[:, :1], FLOOR, told))


def forecast(
    events: Sequence[Event], *, flag_pc: float = FLAG_PC, model: FinalPcModel | None = None
) -> dict[str, Any]:
    """Foretell the last probability of each event.

    Parameters
    ----------
    events : sequence of Event
        As known now.
    flag_pc : float
        Probability whose reaching is foretold.
    model : FinalPcModel, optional
        Instead of the one in use.

    Returns
    -------
    dict
        ``events`` (in their order: ``event_id``, ``messages``, ``days_to_tca``, ``pc_now``,
        ``chance_at_least_flag``, ``flagged``, ``flagged_by_persistence``, ``quantiles``),
        ``flag_pc``, ``least_chance``, ``model``.

    Raises
    ------
    InputError
        If there is no event, or ``flag_pc`` is not one that was learned.
    """
    if not events:
        message = "The history holds no message made before its closest approach."
        raise InputError(message)
    if not 10.0 ** LEVELS[0] <= flag_pc <= 10.0 ** LEVELS[-1]:
        message = (
            f"flag_pc must be {10.0 ** LEVELS[0]:.1g} to {10.0 ** LEVELS[-1]:.1g}, got {flag_pc:g}."
        )
        raise InputError(message)
    used = model or final_pc_in_use()
    known = known_of(events)
    level = np.log10(flag_pc)
    chance = used.exceedance(known, LEVELS)
    high = [float(np.interp(level, LEVELS, row)) for row in chance]
    quantiles = quantiles_of(chance, LEVELS, QUANTILES)
    return {
        "events": [
            _told(one, p, q, used.least_chance, level)
            for one, p, q in zip(events, high, quantiles.tolist(), strict=True)
        ],
        "flag_pc": flag_pc,
        "least_chance": used.least_chance,
        "model": None if model else facts_of(MODEL),
    }


def final_pc_in_use() -> FinalPcModel:
    """Return the model in use."""
    return opened(in_use(MODEL))


@lru_cache(maxsize=4)
def opened(folder: Path) -> FinalPcModel:
    """Return the model of a folder."""
    told = json.loads((folder / FINAL_PC).read_text(encoding="utf-8"))
    mean, scale, weights = (np.array(told[name]) for name in ("mean", "scale", "weights"))
    return FinalPcModel(mean, scale, weights, told["intercept"], told["least_chance"])


def _known(one: Event) -> tuple[float, ...]:
    days, log_pc = one.days, one.log_pc
    now = days[-1]
    day_before = log_pc[days >= now + 1.0]
    return (
        log_pc[-1],
        log_pc.max(),
        log_pc[days <= now + 1.0].mean(),
        now,
        log_pc[-1] - log_pc[-2] if len(days) > 1 else 0.0,
        log_pc[-1] - day_before[-1] if len(day_before) else 0.0,
        float(len(days)),
    )


def _told(
    one: Event, chance: float, quantiles: list[float], least_chance: float, level: float
) -> dict[str, Any]:
    return {
        "event_id": one.name,
        "messages": len(one.days),
        "days_to_tca": float(one.days[-1]),
        "pc_now": float(10.0 ** one.log_pc[-1]),
        "chance_at_least_flag": chance,
        "flagged": chance >= least_chance,
        "flagged_by_persistence": bool(one.log_pc[-1] >= level),
        "quantiles": {
            f"{share:g}": float(10.0**value)
            for share, value in zip(QUANTILES, quantiles, strict=True)
        },
    }

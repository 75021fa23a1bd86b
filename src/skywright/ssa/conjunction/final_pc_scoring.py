"""How well the last probability is foretold: flags, quantiles, and the score of ESA's challenge."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from skywright.foundry.evaluate.intervals import wilson_interval

F64 = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

HIGH_LOG = -6.0
"""Boundary of the challenge's classes, log10 (Uriot et al. 2022, Astrodynamics 6, 121)."""

LOW_LOG = HIGH_LOG - 1e-3
"""What is foretold of an event that is taken for low."""

_REDRAWS = 1000


def flags_told(flagged: Flags, high: Flags) -> dict[str, Any]:
    """Return counts and rates of flags, with Wilson's intervals of 95 %.

    Parameters
    ----------
    flagged, high : (n,) arrays
        Whether an event was flagged, and whether its last probability was high.
    """
    hits, false = int((flagged & high).sum()), int((flagged & ~high).sum())
    missed, quiet = int((~flagged & high).sum()), int((~flagged & ~high).sum())
    told: dict[str, Any] = {"hits": hits, "false": false, "missed": missed, "quiet": quiet}
    for name, part, whole in (
        ("false_positive_rate", false, false + quiet),
        ("recall", hits, hits + missed),
        ("precision", hits, hits + false),
    ):
        low, top = wilson_interval(part, whole) if whole else (0.0, 1.0)
        told |= {name: part / whole if whole else None, f"{name}_low": low, f"{name}_high": top}
    return told | {"f2": f2(flagged, high)}


def f2(flagged: Flags, high: Flags) -> float:
    """Return F2, in which a miss weighs four times as much as a false flag; 0 without a hit."""
    hits = float((flagged & high).sum())
    wrong = float((flagged & ~high).sum()) + 4.0 * float((~flagged & high).sum())
    return 5.0 * hits / (5.0 * hits + wrong) if hits else 0.0


def esa_told(foretold: F64, final: F64) -> dict[str, Any]:
    """Return the mean squared error on high events, F2 of the classes, and their ratio.

    Parameters
    ----------
    foretold, final : (n,) arrays
        log10; the ratio is the challenge's score, lower is better.
    """
    high = final >= HIGH_LOG
    clipped = np.maximum(foretold, LOW_LOG)
    mse = float(np.square(clipped[high] - final[high]).mean()) if high.any() else float("nan")
    classes = f2(foretold >= HIGH_LOG, high)
    score = mse / classes if classes else float("inf")
    return {"high_events": int(high.sum()), "mse_high": mse, "f2": classes, "score": score}


def calibration(chance: F64, levels: F64, final: F64) -> dict[str, dict[str, float]]:
    """Return how many events were expected to reach whole levels, and how many did.

    Parameters
    ----------
    chance : (n, k) array
        Chance to reach each level.
    levels : (k,) array
        Log10.
    final : (n,) array
        Last log10.
    """
    told = {}
    for k, level in enumerate(levels.tolist()):
        if level == round(level):
            expected = float(chance[:, k].sum())
            # A sum of independent events with these chances varies by so much.
            spread = float(np.sqrt((chance[:, k] * (1.0 - chance[:, k])).sum()))
            observed = int((final >= level).sum())
            told[f"1e{level:.0f}"] = {
                "expected": expected, "expected_sigma": spread, "observed": observed,
            }  # fmt: skip
    return told


def coverage(quantiles: F64, shares: Sequence[float], final: F64) -> dict[str, dict[str, float]]:
    """Return how often the last log10 was at most each quantile, with Wilson's interval."""
    told = {}
    for k, share in enumerate(shares):
        below = int((final <= quantiles[:, k] + 1e-9).sum())
        low, high = wilson_interval(below, len(final))
        told[f"{share:g}"] = {"observed": below / len(final), "low": low, "high": high}
    return told


def redrawn(
    groups: Sequence[str], figure: Callable[[npt.NDArray[np.int64]], float], seed: int = 1
) -> tuple[float, float]:
    """Return the middle 95 % of a figure over redrawn groups (cluster bootstrap).

    Parameters
    ----------
    groups : sequence of str
        Group of each row; whole groups are drawn.
    figure : callable
        Rows to a number; NaN is left out.
    seed : int
        Of the draws.
    """
    random = np.random.default_rng(seed)
    names, inverse = np.unique(np.asarray(groups), return_inverse=True)
    order = np.argsort(inverse, kind="stable")
    rows = np.split(order, np.cumsum(np.bincount(inverse))[:-1])
    told = [
        figure(np.concatenate([rows[k] for k in random.integers(0, len(names), len(names))]))
        for _ in range(_REDRAWS)
    ]
    kept = np.array(told)[np.isfinite(told)]
    return float(np.quantile(kept, 0.025)), float(np.quantile(kept, 0.975))

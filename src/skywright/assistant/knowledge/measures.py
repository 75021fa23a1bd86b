"""How good a ranking is: nDCG, recall and reciprocal rank, each with its standard error."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

NDCG_AT, RECALL_AT, MRR_AT = 10, 5, 10


@dataclass(frozen=True, slots=True)
class Measured:
    """One question."""

    ndcg_at_10: float
    recall_at_5: float
    mrr_at_10: float


def measure(ranking: Sequence[int], relevant: Mapping[int, float]) -> Measured:
    """Judge a ranking, best first, by the gain of each relevant document.

    nDCG as in Jarvelin & Kekalainen (2002), ACM Transactions on Information Systems 20, 422, with
    the gain itself in the numerator and log2(rank + 1) below it; the other two take any gain
    above 0 as relevant.
    """
    ideal = _discounted(sorted(relevant.values(), reverse=True)[:NDCG_AT])
    gains = _discounted([relevant.get(one, 0.0) for one in ranking[:NDCG_AT]])
    wanted = {one for one, gain in relevant.items() if gain > 0}
    ranks = [k for k, one in enumerate(ranking[:MRR_AT], start=1) if one in wanted]
    return Measured(
        gains / ideal if ideal else 0.0,
        len(wanted.intersection(ranking[:RECALL_AT])) / len(wanted) if wanted else 0.0,
        1 / ranks[0] if ranks else 0.0,
    )


def mean_and_error(values: Sequence[float]) -> tuple[float, float]:
    """Return the mean and its standard error, s / sqrt(n)."""
    array = np.asarray(values, float)
    error = float(array.std(ddof=1)) / math.sqrt(len(array)) if len(array) > 1 else math.nan
    return float(array.mean()), error


def auroc(scores: npt.ArrayLike, is_positive: npt.ArrayLike) -> float:
    """Return the probability that a positive scores above a negative; ties count half.

    Mann & Whitney (1947), by ranks. NaN where one of the two kinds is missing.
    """
    values, positive = np.asarray(scores, float), np.asarray(is_positive, bool)
    n, m = int(positive.sum()), int((~positive).sum())
    if not n or not m:
        return math.nan
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(count) - (count - 1) / 2)[place]
    return float((ranks[positive].sum() - n * (n + 1) / 2) / (n * m))


def auroc_interval(
    scores: npt.ArrayLike, is_positive: npt.ArrayLike, *, draws: int = 2_000, random_state: int = 0
) -> tuple[float, float]:
    """Return the 95 % interval of the AUROC by drawing questions again, each kind by itself.

    Percentiles of the bootstrap (Efron & Tibshirani 1993, section 13.3).
    """
    values, positive = np.asarray(scores, float), np.asarray(is_positive, bool)
    drawn = np.random.default_rng(random_state)
    good, bad = values[positive], values[~positive]
    if not len(good) or not len(bad):
        return math.nan, math.nan
    kinds = np.r_[np.ones(len(good), bool), np.zeros(len(bad), bool)]
    told = [
        auroc(np.r_[drawn.choice(good, len(good)), drawn.choice(bad, len(bad))], kinds)
        for _ in range(draws)
    ]
    low, high = np.percentile(told, [2.5, 97.5])
    return float(low), float(high)


def _discounted(gains: Sequence[float]) -> float:
    return sum(gain / math.log2(k + 1) for k, gain in enumerate(gains, start=1))

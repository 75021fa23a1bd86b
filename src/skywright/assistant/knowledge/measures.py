"""How good a ranking is: nDCG, recall and reciprocal rank, each with its standard error."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

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


def _discounted(gains: Sequence[float]) -> float:
    return sum(gain / math.log2(k + 1) for k, gain in enumerate(gains, start=1))

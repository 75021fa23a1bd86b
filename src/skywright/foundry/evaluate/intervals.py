"""95 % intervals: resampled, and in closed form where a good one is known."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from skywright.errors import InputError
from skywright.foundry.evaluate.ranks import average_ranks

LEVEL = 0.95
"""Confidence of every interval here."""

_MOST, _LEAST = 1000, 200
_WORK = 2e7  # rows drawn in all: 1,000 resamples of 20,000 rows, fewer of more


@dataclass(frozen=True, slots=True)
class Resampling:
    """How rows are drawn again.

    Rows of one ``cluster`` (an object, a stretch of time) are drawn together, since they tell the
    same thing more than once; otherwise every ``stratum`` (class) keeps its number of rows.
    """

    rows: int
    """Rows to draw from."""
    strata: NDArray[Any] | None = None
    """Shape (rows,)."""
    clusters: NDArray[Any] | None = None
    """Shape (rows,); instead of strata."""
    seed: int = 1
    """Seed of the draws."""
    count: int | None = None
    """Resamples; by default 1,000, fewer of many rows, never below 200."""
    unit: str = "rows"
    """What is drawn, in words."""

    @property
    def draws(self) -> int:
        """How many resamples are drawn."""
        if self.count is not None:
            return self.count
        return int(np.clip(_WORK / max(self.rows, 1), _LEAST, _MOST))

    @property
    def units(self) -> int:
        """How many independent things there are to draw from."""
        return self.rows if self.clusters is None else len(np.unique(self.clusters))

    def __iter__(self) -> Iterator[NDArray[np.intp]]:
        random = np.random.default_rng(self.seed)
        groups = self.clusters if self.clusters is not None else self.strata
        members = _members(groups, self.rows)
        for _ in range(self.draws):
            if self.clusters is not None:
                picked = random.integers(len(members), size=len(members))
                yield np.concatenate([members[one] for one in picked])
            else:
                yield np.concatenate(
                    [one[random.integers(len(one), size=len(one))] for one in members]
                )


def _members(groups: NDArray[Any] | None, rows: int) -> list[NDArray[np.intp]]:
    if groups is None:
        return [np.arange(rows)]
    _, place = np.unique(groups.astype(str), return_inverse=True)
    order = np.argsort(place, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(place[order])) + 1)


def percentile_interval(drawn: NDArray[np.float64]) -> tuple[float, float]:
    """Return the middle 95 % of resampled values, those that are not finite left out.

    Raises
    ------
    InputError
        If fewer than half of the values are finite.
    """
    finite = drawn[np.isfinite(drawn)]
    if 2 * len(finite) < len(drawn) or not len(finite):
        message = "The metric is not defined on most resamples: there are too few rows of a class."
        raise InputError(message)
    low, high = np.quantile(finite, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def bca_interval(
    statistic: Callable[[NDArray[np.intp]], float], resampling: Resampling
) -> tuple[float, float]:
    """Return the bias-corrected and accelerated bootstrap interval.

    Efron (1987), JASA 82, 171. Needs one evaluation a row beside the resamples, so it is meant for
    a few thousand rows.

    Parameters
    ----------
    statistic : callable
        Indices of rows in, number out.
    resampling : Resampling
        How rows are drawn; without clusters.
    """
    rows = np.arange(resampling.rows)
    point = statistic(rows)
    drawn = np.array([statistic(index) for index in resampling])
    left_out = np.array([statistic(np.delete(rows, one)) for one in rows])
    offset = left_out.mean() - left_out
    spread = np.sum(offset**2) ** 1.5
    skew = float(np.sum(offset**3) / (6 * spread)) if spread else 0.0
    below = np.mean(drawn < point) + 0.5 * np.mean(drawn == point)
    shift = ndtri(np.clip(below, 1 / (2 * len(drawn)), 1 - 1 / (2 * len(drawn))))
    ends = shift + ndtri([(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    low, high = np.quantile(drawn, ndtr(shift + ends / (1 - skew * ends)))
    return float(low), float(high)


def wilson_interval(hits: int, rows: int) -> tuple[float, float]:
    """Return the score interval of a share [-]; Wilson (1927), JASA 22, 209.

    Raises
    ------
    InputError
        If there are no rows or more hits than rows.
    """
    if rows < 1 or not 0 <= hits <= rows:
        message = (
            f"A share needs at least one row and no more hits than rows, not {hits} of {rows}."
        )
        raise InputError(message)
    z = float(ndtri((1 + LEVEL) / 2))
    share = hits / rows
    middle = share + z * z / (2 * rows)
    reach = z * np.sqrt(share * (1 - share) / rows + z * z / (4 * rows * rows))
    scale = 1 + z * z / rows
    return float((middle - reach) / scale), float((middle + reach) / scale)


@dataclass(frozen=True, slots=True)
class Area:
    """Areas under the ROC curve of m models on the same rows."""

    auc: NDArray[np.float64]
    """Shape (m,) [-]."""
    covariance: NDArray[np.float64]
    """Shape (m, m)."""

    def interval(self, model: int = 0) -> tuple[float, float]:
        """Return the interval of one area, made on the log-odds to stay within 0 and 1."""
        auc, variance = float(self.auc[model]), float(self.covariance[model, model])
        if not 0 < auc < 1:
            return auc, auc
        reach = ndtri((1 + LEVEL) / 2) * np.sqrt(variance) / (auc * (1 - auc))
        middle = np.log(auc / (1 - auc))
        low, high = 1 / (1 + np.exp(-(middle + np.array([-reach, reach]))))
        return float(low), float(high)

    def difference(self, first: int = 0, second: int = 1) -> tuple[float, float, float, float]:
        """Return first minus second, the ends of its interval, and the two-sided p."""
        weights = np.zeros(len(self.auc))
        weights[first], weights[second] = 1.0, -1.0
        mean = float(weights @ self.auc)
        variance = float(weights @ self.covariance @ weights)
        error = max(variance, 0.0) ** 0.5
        reach = float(ndtri((1 + LEVEL) / 2)) * error
        p = float(2 * ndtr(-abs(mean) / error)) if error else float(mean == 0)
        return mean, mean - reach, mean + reach, p


def delong(truth: NDArray[np.bool_], scores: NDArray[np.float64]) -> Area:
    """Measure areas under the ROC curve with their covariance.

    DeLong, DeLong & Clarke-Pearson (1988), Biometrics 44, 837, by the midranks of Sun & Xu (2014),
    IEEE Signal Processing Letters 21, 1389: n log n instead of n^2.

    Parameters
    ----------
    truth : ndarray of bool, shape (n,)
        Whether the row is positive.
    scores : ndarray, shape (m, n)
        Scores of m models.

    Raises
    ------
    InputError
        If a class has fewer than two rows.
    """
    yes, no = np.flatnonzero(truth), np.flatnonzero(~truth)
    if len(yes) < 2 or len(no) < 2:
        message = f"DeLong's interval needs two rows of each class, not {len(yes)} and {len(no)}."
        raise InputError(message)
    every = np.array([average_ranks(row) for row in scores])
    among_yes = np.array([average_ranks(row[yes]) for row in scores])
    among_no = np.array([average_ranks(row[no]) for row in scores])
    beaten = (every[:, yes] - among_yes) / len(no)
    beating = 1 - (every[:, no] - among_no) / len(yes)
    covariance = np.cov(beaten) / len(yes) + np.cov(beating) / len(no)
    return Area(beaten.mean(axis=1), np.atleast_2d(covariance))

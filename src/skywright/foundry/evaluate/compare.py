"""Whether one model is better than another, or only luckier.

All differences are first minus second, in units of the metric.

References
----------
.. [1] Nadeau & Bengio (2003), Inference for the generalization error, Machine Learning 52, 239.
.. [2] Dietterich (1998), Approximate statistical tests, Neural Computation 10, 1895.
.. [3] Alpaydin (1999), Combined 5x2 cv F test, Neural Computation 11, 1885.
.. [4] Benavoli, Corani, Demsar & Zaffalon (2017), Time for a change, JMLR 18 (77), 1.
.. [5] Efron & Tibshirani (1993), An introduction to the bootstrap, chapters 13 and 16.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import bdtr, fdtrc, stdtr, stdtrit

from skywright.errors import InputError
from skywright.foundry.evaluate.intervals import LEVEL, percentile_interval

_SURE = 0.95  # posterior probability that makes a verdict, as in [4]


@dataclass(frozen=True, slots=True)
class Rope:
    """Where the true difference lies, seen from a region of practical equivalence."""

    worse: float
    """Probability that the first is worse by more than ``width`` [-]."""
    equivalent: float
    """Probability that they differ by less than that [-]."""
    better: float
    """Probability that the first is better by more than that [-]."""
    width: float
    """Half width of the region, in units of the metric."""
    verdict: str
    """``better``, ``equivalent``, ``worse`` (95 % sure) or ``undecided``."""


@dataclass(frozen=True, slots=True)
class Difference:
    """First minus second, and how sure it is."""

    method: str
    """How it was found."""
    difference: float
    """Mean difference."""
    low: float
    """Lower end of the 95 % interval."""
    high: float
    """Upper end."""
    p: float
    """Two-sided probability of a difference this large between equal models [-]."""
    rope: Rope | None = None
    """Seen from a region of practical equivalence."""

    def told(self) -> dict[str, Any]:
        """Return it as a dictionary for JSON."""
        return asdict(self)


def corrected_t_test(differences: ArrayLike, test_share: float, rope: float = 0.01) -> Difference:
    """Compare two models on the same folds, whose training rows overlap.

    The corrected resampled t-test of [1]: the variance is (1/k + n_test/n_train) s^2 rather than
    s^2/k. Its Student distribution is the posterior of [4] too, which gives the probabilities.

    Parameters
    ----------
    differences : array-like, shape (k,)
        Difference of each fold; k at least 2.
    test_share : float
        n_test / (n_train + n_test) of a fold [-], such as 0.1 for ten folds.
    rope : float
        Half width of the region of practical equivalence.

    Raises
    ------
    InputError
        If there are fewer than two folds, a difference is not finite, or the share is not between
        0 and 1.
    """
    found = _finite(differences)
    if not 0 < test_share < 1:
        message = f"The share of test rows is between 0 and 1, not {test_share:g}."
        raise InputError(message)
    mean, folds = float(found.mean()), len(found)
    variance = float(found.var(ddof=1)) * (1 / folds + test_share / (1 - test_share))
    posterior = _posterior(mean, variance, folds - 1)
    return _difference("corrected resampled t-test", posterior, rope)


def five_by_two_t_test(differences: ArrayLike, rope: float = 0.01) -> Difference:
    """Compare two models on five repetitions of two folds, by the t-test of [2].

    The test divides the first of the ten differences by their spread within repetitions, with five
    degrees of freedom. The difference told is the mean of all ten; its interval has the same width.

    Parameters
    ----------
    differences : array-like, shape (5, 2)
        Difference of each fold.
    rope : float
        Half width of the region of practical equivalence.
    """
    pairs = _five_by_two(differences)
    variance = _within(pairs)
    posterior = _posterior(float(pairs.mean()), variance, 5)
    found = _difference("5x2 cv t-test", posterior, rope)
    p = _two_sided(float(pairs[0, 0]), variance, 5)
    return Difference(found.method, found.difference, found.low, found.high, p, found.rope)


def five_by_two_f_test(differences: ArrayLike) -> tuple[float, float]:
    """Return F and p of the combined 5x2 cv test of [3], which uses all ten differences.

    Raises
    ------
    InputError
        If the differences are not finite numbers of shape (5, 2).
    """
    pairs = _five_by_two(differences)
    within = 2 * 5 * _within(pairs)
    if within == 0.0:
        return (0.0, 1.0) if not np.any(pairs) else (float("inf"), 0.0)
    ratio = float(np.sum(pairs**2)) / within
    return ratio, float(fdtrc(10, 5, ratio))


def paired_bootstrap(point: float, drawn: NDArray[np.float64], rope: float = 0.01) -> Difference:
    """Compare two models on one holdout, from differences on the same resamples [5].

    Parameters
    ----------
    point : float
        Difference on the rows themselves.
    drawn : ndarray, shape (b,)
        Differences on resamples; not finite where the metric was not defined.
    rope : float
        Half width of the region of practical equivalence.

    Raises
    ------
    InputError
        If the metric was not defined on most resamples.
    """
    low, high = percentile_interval(drawn)
    finite = drawn[np.isfinite(drawn)]
    tails = [(1 + np.sum(finite <= 0)), (1 + np.sum(finite >= 0))]
    p = min(1.0, 2.0 * float(min(tails)) / (len(finite) + 1))
    worse, better = float(np.mean(finite < -rope)), float(np.mean(finite > rope))
    regions = _rope(worse, better, rope)
    return Difference("paired bootstrap", point, low, high, p, regions)


def mcnemar(first_right: ArrayLike, second_right: ArrayLike) -> float:
    """Return the exact two-sided p that two classifiers err equally often on the same rows [-].

    McNemar (1947), Psychometrika 12, 153, by the binomial distribution of the rows on which just
    one of them is right.

    Parameters
    ----------
    first_right, second_right : array-like of bool, shape (n,)
        Whether each was right.
    """
    first, second = np.asarray(first_right, bool), np.asarray(second_right, bool)
    if first.shape != second.shape:
        message = f"Both classifiers need the same rows, not {first.size} and {second.size}."
        raise InputError(message)
    only_first, only_second = int((first & ~second).sum()), int((~first & second).sum())
    if only_first + only_second == 0:
        return 1.0
    tail = bdtr(min(only_first, only_second), only_first + only_second, 0.5)
    return min(1.0, 2.0 * float(tail))


@dataclass(frozen=True, slots=True)
class _Posterior:
    """A shifted and scaled Student distribution, or a point where its scale is 0."""

    mean: float
    scale: float
    df: int

    def above(self, limit: float) -> float:
        if self.scale == 0.0:
            return float(self.mean > limit)
        return float(stdtr(self.df, (self.mean - limit) / self.scale))

    def reach(self) -> float:
        return float(stdtrit(self.df, (1 + LEVEL) / 2)) * self.scale


def _posterior(mean: float, variance: float, df: int) -> _Posterior:
    return _Posterior(mean, float(np.sqrt(variance)), df)


def _difference(method: str, posterior: _Posterior, rope: float) -> Difference:
    mean, reach = posterior.mean, posterior.reach()
    mirrored = _Posterior(-mean, posterior.scale, posterior.df)
    regions = _rope(mirrored.above(rope), posterior.above(rope), rope)
    p = _two_sided(mean, posterior.scale**2, posterior.df)
    return Difference(method, mean, mean - reach, mean + reach, p, regions)


def _two_sided(value: float, variance: float, df: int) -> float:
    if variance == 0.0:
        return 1.0 if value == 0.0 else 0.0
    return float(2 * stdtr(df, -abs(value) / np.sqrt(variance)))


def _rope(worse: float, better: float, width: float) -> Rope:
    equivalent = max(0.0, 1.0 - worse - better)
    shares = {"worse": worse, "equivalent": equivalent, "better": better}
    sure = [name for name, share in shares.items() if share >= _SURE]
    return Rope(worse, equivalent, better, width, sure[0] if sure else "undecided")


def _finite(differences: ArrayLike) -> NDArray[np.float64]:
    found = np.asarray(differences, float)
    if found.size < 2 or not np.all(np.isfinite(found)):
        message = f"A comparison needs at least two finite differences, not {found.tolist()}."
        raise InputError(message)
    return found


def _five_by_two(differences: ArrayLike) -> NDArray[np.float64]:
    found = _finite(differences)
    if found.shape != (5, 2):
        message = f"The 5x2 test needs five pairs of differences, not the shape {found.shape}."
        raise InputError(message)
    return found


def _within(pairs: NDArray[np.float64]) -> float:
    """Return the mean of the variances (p1 - m)^2 + (p2 - m)^2 of the five repetitions."""
    return float(np.mean(np.sum((pairs - pairs.mean(axis=1, keepdims=True)) ** 2, axis=1)))

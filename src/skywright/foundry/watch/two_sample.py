"""The classifier two-sample test: whether present rows can be told from those of the training.

A classifier learns to tell the two tables apart on one half of the rows; if both have one
distribution, it is right on the other half as often as a coin. It sees what no test of single
columns sees, such as two columns that no longer go together.

References
----------
.. [1] Lopez-Paz & Oquab (2017), Revisiting classifier two-sample tests, ICLR.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy import stats
from scipy.special import expit

from skywright.errors import InputError, MissingExtraError
from skywright.foundry.watch.columns import F64, pairs

Scores = Callable[[F64, npt.NDArray[np.bool_], F64], F64]
"""Rows and labels that teach, rows to score; scores above 0.5 say present."""

_LEAST_ROWS = 20
_NEWTON_STEPS = 25
_RIDGE = 1.0  # on standardised columns; keeps separable classes finite
_BINS = 8
_MOST_PRODUCTS = 20  # columns up to which all products of two are features


@dataclass(frozen=True, slots=True)
class TwoSample:
    """What the classifier could tell."""

    accuracy: float
    """Share of rows it has not seen that it places right [-]; 0.5 for equal tables."""
    p: float
    """Probability of at least this accuracy if the tables have one distribution."""
    rows: int
    """Rows that judged it."""
    how: str
    """``binomial`` or ``permutation``."""


@dataclass(frozen=True, slots=True)
class TwoSampleOptions:
    """How the test is made."""

    learner: Literal["logistic", "lightgbm"] = "logistic"
    """Logistic regression on columns and their products, or boosted trees."""
    permutations: int = 0
    """0 judges on one half against the binomial distribution; else by cross-validation against
    as many permutations of the labels, each learned anew."""
    folds: int = 5
    """Folds of the cross-validation."""
    most_rows: int = 4000
    """Rows of either table that are used, drawn at random."""
    seed: int = 1
    """Seed of the draws."""


def two_sample_test(
    reference: pl.DataFrame, current: pl.DataFrame, options: TwoSampleOptions | None = None
) -> TwoSample:
    """Test whether two tables have one distribution [1]_.

    Raises
    ------
    InputError
        If a table has fewer than 20 rows, or they share no column.
    MissingExtraError
        If LightGBM is asked for and not installed.
    """
    chosen = options or TwoSampleOptions()
    random = np.random.default_rng(chosen.seed)
    rows = min(reference.height, current.height, chosen.most_rows)
    if rows < _LEAST_ROWS:
        message = (
            f"A classifier two-sample test needs {_LEAST_ROWS} rows of each table, not {rows}."
        )
        raise InputError(message)
    seeds = random.integers(2**31, size=2)
    old, new = reference.sample(rows, seed=int(seeds[0])), current.sample(rows, seed=int(seeds[1]))
    x, present = features(old, new), np.repeat([False, True], rows)
    learner = _lightgbm(chosen.seed) if chosen.learner == "lightgbm" else logistic
    if chosen.permutations:
        return _by_permutation(x, present, learner, chosen)
    order = _halves(rows, random)
    scores = learner(x[order[0]], present[order[0]], x[order[1]])
    right = int(((scores > 0.5) == present[order[1]]).sum())
    p = float(stats.binom.sf(right - 1, len(order[1]), 0.5))
    return TwoSample(right / len(order[1]), p, len(order[1]), "binomial")


def features(reference: pl.DataFrame, current: pl.DataFrame) -> F64:
    """Return both tables, one below the other, as standardised numbers, shape (2 n, k).

    Numbers as they are, with a mark for missing ones and marks for eight bins of equal counts,
    categories one column each, and the products of these columns but the bins, up to 20.
    """
    both = pl.concat([reference, current], how="diagonal_relaxed")
    parts, bins = [], []
    for pair in pairs(reference, current):
        values = both[pair.name]
        parts.append(_coded(values) if pair.type == "category" else _numeric(values))
        if pair.type != "category":
            bins.append(_binned(parts[-1][:, 0]))
    if not parts:
        message = "The reference and the present table share no column."
        raise InputError(message)
    plain = _standardised(np.hstack(parts))
    if plain.shape[1] > _MOST_PRODUCTS:
        return _standardised(np.hstack([plain, *bins]))
    first, second = np.triu_indices(plain.shape[1])
    return _standardised(np.hstack([plain, plain[:, first] * plain[:, second], *bins]))


def logistic(x: F64, labels: npt.NDArray[np.bool_], asked: F64) -> F64:
    """Fit a ridge logistic regression by Newton's method and score rows, shape (m,)."""
    design = np.column_stack([np.ones(len(x)), x])
    penalty = np.full(design.shape[1], _RIDGE)
    penalty[0] = 1e-9
    weights = np.zeros(design.shape[1])
    for _ in range(_NEWTON_STEPS):
        chance = expit(design @ weights)
        slope = design.T @ (chance - labels) + penalty * weights
        curve = (design * (chance * (1 - chance))[:, None]).T @ design + np.diag(penalty)
        step = np.linalg.solve(curve, slope)
        weights -= step
        if np.abs(step).max() < 1e-8:
            break
    return np.asarray(expit(np.column_stack([np.ones(len(asked)), asked]) @ weights))


def _by_permutation(
    x: F64, present: npt.NDArray[np.bool_], learner: Scores, options: TwoSampleOptions
) -> TwoSample:
    random = np.random.default_rng(options.seed)
    found = _cross_validated(x, present, learner, options)
    reached = sum(
        _cross_validated(x, random.permutation(present), learner, options) >= found
        for _ in range(options.permutations)
    )
    p = (1 + reached) / (1 + options.permutations)
    return TwoSample(found, p, len(x), "permutation")


def _cross_validated(
    x: F64, labels: npt.NDArray[np.bool_], learner: Scores, options: TwoSampleOptions
) -> float:
    fold = np.random.default_rng(options.seed).permutation(len(x)) % options.folds
    right = 0
    for k in range(options.folds):
        out = fold == k
        right += int(((learner(x[~out], labels[~out], x[out]) > 0.5) == labels[out]).sum())
    return right / len(x)


def _halves(rows: int, random: np.random.Generator) -> tuple[npt.NDArray[np.intp], ...]:
    """Return which of the 2 n rows teach and which judge, as many of either table."""
    shuffled = [random.permutation(rows), rows + random.permutation(rows)]
    half = rows // 2
    return (
        np.concatenate([part[:half] for part in shuffled]),
        np.concatenate([part[half:] for part in shuffled]),
    )


def _numeric(values: pl.Series) -> F64:
    plain = values.to_physical() if values.dtype.is_temporal() else values
    if plain.dtype == pl.String:
        plain = plain.str.len_chars()
    numbers = plain.cast(pl.Float64, strict=False).to_numpy()
    there = np.isfinite(numbers)
    middle = float(np.median(numbers[there])) if there.any() else 0.0
    return np.column_stack([np.where(there, numbers, middle), ~there])


def _binned(numbers: F64) -> F64:
    """Return marks of bins of equal counts, shape (n, bins); single columns need no trees then."""
    edges = np.unique(np.quantile(numbers, np.linspace(0, 1, _BINS + 1)[1:-1]))
    placed = np.searchsorted(edges, numbers, side="left")
    return np.asarray(placed[:, None] == np.arange(len(edges) + 1), dtype=np.float64)


def _coded(values: pl.Series) -> F64:
    texts = values.cast(pl.String, strict=False).fill_null("")
    names = texts.value_counts(sort=True)[texts.name].to_list()[:_MOST_PRODUCTS]
    return np.column_stack([(texts == name).to_numpy() for name in names]).astype(np.float64)


def _standardised(x: F64) -> F64:
    spread = x.std(axis=0)
    kept = spread > 1e-12
    return np.asarray((x[:, kept] - x[:, kept].mean(axis=0)) / spread[kept])


def _lightgbm(seed: int) -> Scores:
    try:
        import lightgbm
    except ImportError as error:
        what = "The classifier two-sample test by LightGBM"
        raise MissingExtraError(what, "train") from error

    def scores(x: F64, labels: npt.NDArray[np.bool_], asked: F64) -> F64:
        told = {"objective": "binary", "verbose": -1, "seed": seed, "num_leaves": 15}
        taught = lightgbm.train(told, lightgbm.Dataset(x, labels.astype(float)), 60)
        return np.asarray(taught.predict(asked))

    return scores

"""The population stability index, with what chance alone would give.

PSI = sum_i (q_i - p_i) ln(q_i / p_i) over bins, p the shares of the reference and q the present
ones. Half a row is added to every bin of both (the rule of Krichevsky and Trofimov), so that an
empty bin gives a large number and not an infinite one.

References
----------
.. [1] Siddiqi (2006), Credit Risk Scorecards, chapter 7 (the index, and 0.1 and 0.25 as limits).
.. [2] Yurdakul & Naranjo (2020), Journal of Risk Model Validation 14 (4): without drift the index
   of N and M rows in B bins is distributed as (1/N + 1/M) chi-square of B - 1 degrees of freedom.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy.special import chdtri

from skywright.foundry.watch.columns import F64, Pair

_SMOOTHING = 0.5


@dataclass(frozen=True, slots=True)
class Stability:
    """The index of one column."""

    psi: float
    """Population stability index [-]."""
    bins: int
    """Bins it was taken over."""
    chance: float
    """What it exceeds without drift with probability ``alpha``, for these numbers of rows."""


def stability(pair: Pair, bins: int = 10, alpha: float = 1e-3) -> Stability:
    """Return the index of a column.

    Parameters
    ----------
    pair : Pair
        The column.
    bins : int
        Bins of equal counts of the reference; numbers of no more different values, and
        categories, have a bin for each value of the reference and one for all others.
    alpha : float
        Probability of the chance level.
    """
    old, new = _counts(pair, bins)
    return Stability(
        psi_of_counts(old, new),
        len(old),
        chance_level(int(old.sum()), int(new.sum()), len(old), alpha),
    )


def psi_of_counts(reference: F64, current: F64) -> float:
    """Return the index of two histograms over the same bins, shape (bins,); 0 for no rows."""
    if not reference.sum() or not current.sum():
        return 0.0
    p = (reference + _SMOOTHING) / (reference + _SMOOTHING).sum()
    q = (current + _SMOOTHING) / (current + _SMOOTHING).sum()
    return float(((q - p) * np.log(q / p)).sum())


def chance_level(reference_rows: int, current_rows: int, bins: int, alpha: float) -> float:
    """Return what the index exceeds without drift with probability ``alpha`` [2]_."""
    if bins < 2 or not reference_rows or not current_rows:
        return 0.0
    return float((1 / reference_rows + 1 / current_rows) * chdtri(bins - 1, alpha))


def _counts(pair: Pair, bins: int) -> tuple[F64, F64]:
    if pair.type == "category":
        return _by_value(pair.reference, pair.current)
    old = pair.reference.to_numpy()
    if not len(old):
        return np.zeros(1), np.full(1, float(pair.current.len()))
    if len(np.unique(old)) <= bins:
        return _by_value(pair.reference, pair.current)
    edges = np.unique(np.quantile(old, np.linspace(0, 1, bins + 1)[1:-1]))
    return _in_bins(old, edges), _in_bins(pair.current.to_numpy(), edges)


def _in_bins(values: F64, edges: F64) -> F64:
    """Count values in the intervals (-inf, e1], (e1, e2], ... (en, inf)."""
    placed = np.searchsorted(edges, values, side="left")
    return np.bincount(placed, minlength=len(edges) + 1).astype(np.float64)


def _by_value(reference: pl.Series, current: pl.Series) -> tuple[F64, F64]:
    """Count each value of the reference, and all others in a last bin."""
    old = reference.value_counts(sort=True)
    values = old[reference.name]
    new = dict(current.value_counts().iter_rows())
    seen = np.array([new.get(value, 0) for value in values.to_list()], dtype=np.float64)
    counts = old["count"].to_numpy().astype(np.float64)
    others = float(current.len() - seen.sum())
    return np.append(counts, 0.0), np.append(seen, others)

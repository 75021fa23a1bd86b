"""Sets of classes that hold the true one with a stated probability, class by class.

Split conformal prediction with class-conditional (Mondrian) thresholds (Vovk, Gammerman and Shafer
2005, section 4.5; Sadinle, Lei and Wasserman 2019, J. Am. Stat. Assoc. 114, 223): for rows
exchangeable with those of calibration, the set misses a class of such rows with probability
``alpha`` at most. A set that is not a single class is an abstention.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from skywright.errors import InputError

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


def thresholds(probabilities: npt.ArrayLike, truth: npt.ArrayLike, alpha: float) -> F64:
    """Return for each class the least probability with which it joins a set.

    Parameters
    ----------
    probabilities : (n, k) array
        Of calibration rows that the model did not learn from.
    truth : (n,) array of int
        Their classes, 0 to k - 1.
    alpha : float
        Largest share of rows of a class whose set may miss it, between 0 and 1.

    Returns
    -------
    (k,) array
        0 for a class with fewer than ``1 / alpha - 1`` rows: it joins every set.

    Raises
    ------
    InputError
        If alpha is not between 0 and 1.
    """
    if not 0.0 < alpha < 1.0:
        message = f"alpha must be between 0 and 1, got {alpha}."
        raise InputError(message)
    p = np.asarray(probabilities, dtype=np.float64)
    y = np.asarray(truth, dtype=np.int64)
    least = np.zeros(p.shape[1])
    for k in range(p.shape[1]):
        own = np.sort(p[y == k, k])
        rank = int(np.floor(alpha * (len(own) + 1)))  # the rank-th smallest from below
        if rank >= 1:
            least[k] = own[rank - 1]
    return least


def sets_of(probabilities: npt.ArrayLike, least: npt.ArrayLike) -> Flags:
    """Return which classes each row's set holds; never none, the likeliest if no other; (n, k)."""
    p = np.asarray(probabilities, dtype=np.float64)
    held = p >= np.asarray(least, dtype=np.float64)
    empty = ~held.any(axis=1)
    held[empty, p[empty].argmax(axis=1)] = True
    return np.asarray(held)


def abstains(held: Flags) -> Flags:
    """Return which rows have a set of more than one class; (n,)."""
    return np.asarray(held.sum(axis=1) > 1)


def coverage(held: Flags, truth: npt.ArrayLike, classes: Sequence[int]) -> dict[int, float]:
    """Return the share of rows of each class whose set holds it; classes without rows are left."""
    y = np.asarray(truth, dtype=np.int64)
    return {k: float(held[y == k, k].mean()) for k in classes if (y == k).any()}

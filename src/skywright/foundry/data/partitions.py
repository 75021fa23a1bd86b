"""Partitions: indices of rows shared out in three, at random, in time, or by whole groups.

A part is 0 for the rows that teach, 1 for those that choose, 2 for those that judge.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from skywright.errors import InputError

TRAIN, VALID, TEST = 0, 1, 2

Parts = npt.NDArray[np.int8]
Index = npt.NDArray[np.int64]
Keys = npt.NDArray[np.uint64]
F64 = npt.NDArray[np.float64]

_MOST_MOVES = 1000


def at_random(keys: Keys, strata: Index, test: float, valid: float) -> Parts:
    """Share out rows in the order of their keys, each stratum in the same proportion.

    Parameters
    ----------
    keys : ndarray, shape (n,)
        Equal rows have equal keys, and stay together.
    strata : ndarray, shape (n,)
        Class of each row.
    test, valid : float
        Shares [-].
    """
    _, first, back = np.unique(keys, return_index=True, return_inverse=True)
    parts = np.zeros(len(first), np.int8)
    owed = np.zeros(2)  # what rounding left, handed on so that many small strata add up
    for rows in _by_stratum(strata[first]):
        wanted = owed + len(rows) * np.array([test, valid])
        # One row of each class teaches: no model can name a class that it never saw.
        most = max(0, len(rows) - 1)
        judging = int(np.clip(np.round(wanted[0]), 0, most))
        choosing = int(np.clip(np.round(wanted[1]), 0, most - judging))
        owed = np.clip(wanted - [judging, choosing], -1.0, 1.0)
        parts[rows[:judging]] = TEST
        parts[rows[judging : judging + choosing]] = VALID
    return parts[back]


def dealt(keys: Keys, strata: Index, count: int) -> Index:
    """Deal rows to folds in turn, stratum after stratum; equal rows go to one fold."""
    _, first, back = np.unique(keys, return_index=True, return_inverse=True)
    fold = np.empty(len(first), np.int64)
    fold[np.concatenate(_by_stratum(strata[first]))] = np.arange(len(first)) % count
    return fold[back]


def in_time(moments: Index, test: float, valid: float) -> Parts:
    """Cut at two moments, as near to the shares as moments allow; no moment is cut in two.

    Parameters
    ----------
    moments : ndarray, shape (n,)
        Rank of the moment of each row; equal for the same moment.
    test, valid : float
        Shares [-].

    Raises
    ------
    InputError
        If there are fewer than three moments.
    """
    distinct, sizes = np.unique(moments, return_counts=True)
    if len(distinct) < 3:
        message = f"There are {len(distinct)} different times; three parts in order need three."
        raise InputError(message)
    before = np.concatenate([[0], np.cumsum(sizes)[:-1]]) / len(moments)
    late = 2 + int(np.argmin(np.abs(before[2:] - (1.0 - test))))
    early = 1 + int(np.argmin(np.abs(before[1:late] - (1.0 - test - valid))))
    parts = np.where(moments >= distinct[late], TEST, VALID)
    return np.where(moments < distinct[early], TRAIN, parts).astype(np.int8)


def by_group(groups: Index, keys: Keys, test: float, valid: float) -> Parts:
    """Share out whole groups so that the sizes of the parts come near to the shares.

    Groups go, the largest first, to the part that lacks most of its share; then single groups are
    moved or exchanged as long as that brings the sizes nearer.

    Parameters
    ----------
    groups : ndarray, shape (n,)
        Number of the group of each row, from 0.
    keys : ndarray, shape (g,)
        A key for each group, which settles the order of equal sizes.
    test, valid : float
        Shares [-].

    Raises
    ------
    InputError
        If there are fewer than three groups.
    """
    sizes = np.bincount(groups)
    if len(sizes) < 3:
        message = f"{len(sizes)} groups cannot be divided in three."
        raise InputError(message, hint="Use another column, or evaluate.split = 'time:COLUMN'.")
    wanted = np.array([1.0 - test - valid, valid, test]) * len(groups)
    part = np.zeros(len(sizes), np.int8)
    has = np.zeros(3)
    for group in np.lexsort((keys, -sizes)):
        chosen = int(np.argmax((wanted - has) / np.maximum(wanted, 1e-9)))
        part[group] = chosen
        has[chosen] += sizes[group]
    return _levelled(part, sizes, wanted)[groups]


def _levelled(part: Parts, sizes: Index, wanted: F64) -> Parts:
    """Move or exchange single groups while the squared distance from the shares falls."""
    for _ in range(_MOST_MOVES):
        over = np.bincount(part, weights=sizes, minlength=3) - wanted
        pairs = [(a, b) for a in range(3) for b in range(3) if a != b]
        found = [_exchange(sizes[part == a], sizes[part == b], over[b] - over[a]) for a, b in pairs]
        best = int(np.argmin([change for change, _, _ in found]))
        (a, b), (change, given, taken) = pairs[best], found[best]
        if change >= -1e-9:
            break
        leaving = np.flatnonzero((part == a) & (sizes == given))[0]
        coming = np.flatnonzero((part == b) & (sizes == taken))[:1]  # none if taken is 0
        part[leaving] = b
        part[coming] = a
    return part


def _exchange(here: Index, there: Index, slope: float) -> tuple[float, int, int]:
    """Return the best change of the squares, the size to give, and that to take for it (or 0).

    Giving a net s rows changes the sum of squares by 2 s (s + slope).
    """
    gives, takes = np.unique(here), np.unique(there)
    if len(here) > 1:  # a part is never left empty
        takes = np.concatenate([[0], takes])
    net = gives[:, None] - takes[None, :]
    change = 2.0 * net * (net + slope)
    if not change.size:
        return 0.0, 0, 0
    i, j = np.unravel_index(int(np.argmin(change)), change.shape)
    return float(change[i, j]), int(gives[i]), int(takes[j])


def _by_stratum(strata: Index) -> list[Index]:
    """Return the indices of each stratum, in their order."""
    order = np.argsort(strata, kind="stable")
    cuts = np.flatnonzero(np.diff(strata[order])) + 1
    return np.split(order, cuts)

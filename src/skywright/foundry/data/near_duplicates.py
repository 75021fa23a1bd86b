"""Near duplicates: texts that share most of their words, found by MinHash and banding.

References
----------
Broder (1997), Compression and Complexity of Sequences, 21 (resemblance and shingles); Leskovec,
Rajaraman & Ullman (2014), Mining of Massive Datasets, chapter 3 (banding).
"""

from __future__ import annotations

import re
import zlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

PERMUTATIONS = 128
"""Hash functions of a signature; the estimate scatters by at most 0.5 / sqrt(128) = 0.044."""

_SHINGLE_WORDS = 3
_PRIME = np.uint64((1 << 31) - 1)  # products of two values below it fit 64 bits
_SEED = 20261120
_WORD = re.compile(r"\w+")

Signatures = npt.NDArray[np.uint64]


def signatures(texts: Sequence[str]) -> Signatures:
    """Return MinHash signatures, shape (n, 128), of the word shingles of n texts."""
    rng = np.random.default_rng(_SEED)
    a = rng.integers(1, int(_PRIME), PERMUTATIONS, dtype=np.uint64)[:, None]
    b = rng.integers(0, int(_PRIME), PERMUTATIONS, dtype=np.uint64)[:, None]
    found = np.full((len(texts), PERMUTATIONS), _PRIME, np.uint64)
    for k, text in enumerate(texts):
        hashed = np.fromiter(
            (zlib.crc32(s.encode()) & 0x7FFFFFFF for s in shingles(text)), np.uint64
        )
        if hashed.size:
            found[k] = ((a * (hashed % _PRIME) + b) % _PRIME).min(axis=1)
    return found


def shingles(text: str) -> set[str]:
    """Return the runs of three words of a text, in lower case; all of it if it has fewer."""
    words = _WORD.findall(text.lower())
    if len(words) <= _SHINGLE_WORDS:
        return {" ".join(words)} if words else set()
    return {" ".join(words[k : k + _SHINGLE_WORDS]) for k in range(len(words) - _SHINGLE_WORDS + 1)}


def similarity(a: Signatures, b: Signatures) -> npt.NDArray[np.float64]:
    """Return estimates of the Jaccard similarity of two sets of signatures, row by row."""
    return np.asarray((a == b).mean(axis=-1), np.float64)


def clusters(texts: Sequence[str], threshold: float) -> npt.NDArray[np.int64]:
    """Return for each text the index of the first text that it nearly repeats, or its own.

    Parameters
    ----------
    texts : sequence of str, length n
        What to compare.
    threshold : float
        Least estimated Jaccard similarity [-].

    Returns
    -------
    ndarray, shape (n,)
        Indices; chains of near duplicates share one.
    """
    marks = signatures(texts)
    parent = np.arange(len(texts), dtype=np.int64)
    rows = _rows_of_a_band(threshold)
    for first in range(0, PERMUTATIONS - rows + 1, rows):
        buckets: dict[bytes, int] = {}
        band = np.ascontiguousarray(marks[:, first : first + rows])
        for k in range(len(texts)):
            other = buckets.setdefault(band[k].tobytes(), k)
            if other != k and similarity(marks[k], marks[other]) >= threshold:
                _join(parent, k, other)
    return np.array([_root(parent, k) for k in range(len(texts))], np.int64)


def drop_near_duplicates(
    frame: pl.DataFrame, columns: Sequence[str], threshold: float
) -> tuple[pl.DataFrame, dict[str, Any]]:
    """Keep the first of rows whose texts nearly repeat each other.

    Returns
    -------
    polars.DataFrame, dict
        The rows that stay, and how many were dropped in how many clusters.
    """
    if not columns:
        return frame, {"dropped": 0, "clusters": 0}
    joined = frame.select(pl.concat_str(columns, separator="\n", ignore_nulls=True)).to_series()
    first = clusters(joined.to_list(), threshold)
    kept = first == np.arange(len(first))
    members: dict[int, int] = defaultdict(int)
    for k in first[~kept]:
        members[int(k)] += 1
    return frame.filter(pl.Series(kept)), {"dropped": int((~kept).sum()), "clusters": len(members)}


def _rows_of_a_band(threshold: float) -> int:
    """Return the rows a band for which half of the pairs at the threshold are found, or more.

    The steep part of the curve of b bands of r rows lies near (1/b)^(1/r).
    """
    fitting: Iterable[int] = (
        rows
        for rows in range(PERMUTATIONS, 0, -1)
        if (rows / PERMUTATIONS) ** (1.0 / rows) <= threshold - 0.1
    )
    return next(iter(fitting), 1)


def _root(parent: npt.NDArray[np.int64], k: int) -> int:
    while parent[k] != k:
        parent[k] = parent[parent[k]]
        k = int(parent[k])
    return k


def _join(parent: npt.NDArray[np.int64], a: int, b: int) -> None:
    """Join two clusters under the earlier one."""
    roots = sorted((_root(parent, a), _root(parent, b)))
    parent[roots[1]] = roots[0]

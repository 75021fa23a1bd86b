"""Near duplicates: texts that share most of their words, found by MinHash and banding.

References
----------
Broder (1997), Compression and Complexity of Sequences, 21 (resemblance and shingles); Leskovec,
Rajaraman & Ullman (2014), Mining of Massive Datasets, chapter 3 (banding).
"""

from __future__ import annotations

import re
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

PERMUTATIONS = 128
"""Hash functions of a signature; the estimate scatters by at most 0.5 / sqrt(128) = 0.044."""

_SHINGLE_WORDS = 3
_PRIME = np.uint64((1 << 31) - 1)  # products of two values below it fit 64 bits
_SEED = 20261120
_FOUND = 0.99  # least chance that a pair at the threshold shares a band
_COMPARED = 64  # most earlier texts of a bucket that a text is compared with
_CHUNK = 2048  # shingles hashed at once, 2 MB of products
_WORD = re.compile(r"\w+")

Signatures = npt.NDArray[np.uint32]
Index = npt.NDArray[np.int64]


def signatures(texts: Sequence[str]) -> Signatures:
    """Return MinHash signatures, shape (n, 128), of the word shingles of n texts."""
    rng = np.random.default_rng(_SEED)
    a = rng.integers(1, int(_PRIME), PERMUTATIONS, dtype=np.uint64)
    b = rng.integers(0, int(_PRIME), PERMUTATIONS, dtype=np.uint64)
    found = np.full((len(texts), PERMUTATIONS), _PRIME, np.uint32)
    for k, text in enumerate(texts):
        hashed = _hashed(text)
        for start in range(0, len(hashed), _CHUNK):
            some = (hashed[start : start + _CHUNK, None] * a + b) % _PRIME
            found[k] = np.minimum(found[k], some.min(axis=0))
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


def clusters(texts: Sequence[str], threshold: float) -> Index:
    """Return for each text the index of the first text of its cluster.

    Parameters
    ----------
    texts : sequence of str, length n
        What to compare; texts without a word are like no other.
    threshold : float
        Least estimated Jaccard similarity of two neighbours in a cluster [-].

    Returns
    -------
    ndarray, shape (n,)
        Indices; a text that stands alone has its own.
    """
    marks = signatures(texts)
    parent = np.arange(len(texts), dtype=np.int64)
    worded = (marks != _PRIME).any(axis=1)
    for band in _bands(marks, threshold):
        buckets: dict[bytes, list[int]] = defaultdict(list)
        for k in np.flatnonzero(worded).tolist():
            bucket = buckets[band[k].tobytes()]
            # Only roots are new: what is joined to one already needs no second comparison.
            others = [j for j in bucket if _root(parent, j) != _root(parent, k)]
            if others:
                near = similarity(marks[others], marks[k]) >= threshold
                for j in np.array(others)[near]:
                    _join(parent, k, int(j))
            if len(bucket) < _COMPARED:
                bucket.append(k)
    return np.array([_root(parent, k) for k in range(len(texts))], np.int64)


def firsts(texts: Sequence[str], threshold: float) -> tuple[npt.NDArray[np.bool_], dict[str, int]]:
    """Tell which texts are the first of their cluster.

    Returns
    -------
    kept : ndarray of bool, shape (n,)
        False for those that nearly repeat an earlier one.
    told : dict
        ``dropped``, ``clusters`` and ``largest``, the texts of the largest cluster.
    """
    first = clusters(texts, threshold)
    kept = first == np.arange(len(first))
    sizes = Counter(first[~kept].tolist())
    largest = max(sizes.values(), default=0) + 1 if sizes else 0
    return kept, {"dropped": int((~kept).sum()), "clusters": len(sizes), "largest": largest}


def like_any(texts: Sequence[str], known: Sequence[str], threshold: float) -> npt.NDArray[np.bool_]:
    """Tell which texts nearly repeat one of the known ones, shape (n,)."""
    asked, taught = signatures(texts), signatures(known)
    found = (asked == _PRIME).all(axis=1)  # without a word: compared with nothing, then cleared
    empty = found.copy()
    for mine, theirs in zip(_bands(asked, threshold), _bands(taught, threshold), strict=True):
        buckets: dict[bytes, list[int]] = defaultdict(list)
        for j, key in enumerate(theirs):
            bucket = buckets[key.tobytes()]
            if len(bucket) < _COMPARED:
                bucket.append(j)
        for k in np.flatnonzero(~found):
            others = buckets.get(mine[k].tobytes())
            if others and similarity(taught[others], asked[k]).max() >= threshold:
                found[k] = True
    return np.asarray(found & ~empty, np.bool_)


def _hashed(text: str) -> npt.NDArray[np.uint64]:
    codes = [zlib.crc32(shingle.encode()) & 0x7FFFFFFF for shingle in shingles(text)]
    return np.array(codes, np.uint64) % _PRIME


def _bands(marks: Signatures, threshold: float) -> Iterator[Signatures]:
    """Cut signatures into bands; texts that share one are compared."""
    rows = rows_of_a_band(threshold)
    for first in range(0, PERMUTATIONS - rows + 1, rows):
        yield np.ascontiguousarray(marks[:, first : first + rows])


def rows_of_a_band(threshold: float) -> int:
    """Return the most rows a band at which pairs at the threshold are found with 99 percent.

    With b bands of r rows a pair of similarity s shares a band with the chance 1 - (1 - s^r)^b.
    """
    for rows in range(PERMUTATIONS, 1, -1):
        missed = (1.0 - threshold**rows) ** (PERMUTATIONS // rows)
        if missed <= 1.0 - _FOUND:
            return rows
    return 1


def _root(parent: Index, k: int) -> int:
    while parent[k] != k:
        parent[k] = parent[parent[k]]
        k = int(parent[k])
    return int(k)


def _join(parent: Index, a: int, b: int) -> None:
    """Join two clusters under the earlier one."""
    early, late = sorted((_root(parent, a), _root(parent, b)))
    parent[late] = early

"""Changes in a stream: ADWIN with buckets, and the test of Page and Hinkley.

ADWIN keeps a window as long as its mean does not change, and cuts its old end off when two parts
of it have different means. The window is kept as sums of 1, 2, 4, ... values, so that a million
values take a hundred sums.

References
----------
.. [1] Bifet & Gavaldà (2007), SIAM International Conference on Data Mining, 443 (ADWIN2; the
   bound is that of theorem 3.1 with the variance, and delta' = delta / ln W).
.. [2] Page (1954), Biometrika 41, 100; Hinkley (1971), Biometrika 58, 509.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

from skywright.errors import InputError


@dataclass(frozen=True, slots=True)
class Bucket:
    """Some values in a row."""

    rows: int
    """How many values."""
    total: float
    """Their sum."""
    scatter: float
    """Sum of the squares of their differences from their mean."""


@dataclass(slots=True)
class Adwin:
    """A window that adapts its length to a stream.

    Values should lie between 0 and 1, such as errors or probabilities: the bound has a term of
    that range. Others are found as well, but with no bound on false alarms.
    """

    delta: float = 0.002
    """Probability of a false cut at one look."""
    every: int = 32
    """Values between two looks."""
    most_buckets: int = 5
    """Buckets of one size before the two oldest become one of twice the size."""
    least: int = 5
    """Least values of either part."""
    _rows_of: list[list[Bucket]] = field(default_factory=list)
    _seen: int = 0

    def __post_init__(self) -> None:
        if not 0 < self.delta < 1:
            message = f"delta of ADWIN is a probability between 0 and 1, not {self.delta}."
            raise InputError(message)

    @property
    def length(self) -> int:
        """Values in the window."""
        return sum(bucket.rows for bucket in self._oldest_first())

    @property
    def mean(self) -> float:
        """Mean of the window; NaN if it is empty."""
        whole = _joined(self._oldest_first())
        return whole.total / whole.rows if whole.rows else math.nan

    def add(self, value: float) -> bool:
        """Take a value; tells whether old ones were cut off."""
        self._insert(Bucket(1, float(value), 0.0))
        self._seen += 1
        if self._seen % self.every:
            return False
        shrunk = False
        while self._has_two_means():
            self._drop_oldest()
            shrunk = True
        return shrunk

    def _insert(self, bucket: Bucket) -> None:
        level = 0
        while True:
            if level == len(self._rows_of):
                self._rows_of.append([])
            row = self._rows_of[level]
            row.append(bucket)
            if len(row) <= self.most_buckets:
                return
            bucket = joined(row.pop(0), row.pop(0))
            level += 1

    def _oldest_first(self) -> Iterator[Bucket]:
        for row in reversed(self._rows_of):
            yield from row

    def _drop_oldest(self) -> None:
        while not self._rows_of[-1]:
            self._rows_of.pop()
        self._rows_of[-1].pop(0)

    def _has_two_means(self) -> bool:
        buckets = list(self._oldest_first())
        whole, old = _joined(buckets), Bucket(0, 0.0, 0.0)
        for bucket in buckets[:-1]:
            old = joined(old, bucket)
            new_rows = whole.rows - old.rows
            if new_rows < self.least:
                return False
            if old.rows >= self.least:
                gap = abs(old.total / old.rows - (whole.total - old.total) / new_rows)
                if gap > cut_bound(whole, old.rows, self.delta):
                    return True
        return False


def cut_bound(whole: Bucket, old_rows: int, delta: float) -> float:
    """Return by how much the means of two parts of a window differ by chance at most [1]_.

    Parameters
    ----------
    whole : Bucket
        The window.
    old_rows : int
        Length of its older part.
    delta : float
        Probability that chance gives more.
    """
    harmonic = 1 / (1 / old_rows + 1 / (whole.rows - old_rows))
    log = math.log(2 * math.log(whole.rows) / delta)
    variance = whole.scatter / whole.rows
    return math.sqrt(2 / harmonic * variance * log) + 2 / (3 * harmonic) * log


def joined(a: Bucket, b: Bucket) -> Bucket:
    """Return two buckets as one; the scatter by Chan, Golub & LeVeque (1983)."""
    if not a.rows or not b.rows:
        return a if a.rows else b
    gap = a.total / a.rows - b.total / b.rows
    rows = a.rows + b.rows
    between = gap * gap * a.rows * b.rows / rows
    return Bucket(rows, a.total + b.total, a.scatter + b.scatter + between)


def _joined(buckets: Iterator[Bucket] | list[Bucket]) -> Bucket:
    whole = Bucket(0, 0.0, 0.0)
    for bucket in buckets:
        whole = joined(whole, bucket)
    return whole


@dataclass(slots=True)
class PageHinkley:
    """A sum of departures from the running mean, which grows when the mean rises.

    Fast and with no memory, but the threshold has the unit of the values and must be chosen; the
    other direction is found in the negative of the stream.
    """

    slack: float = 0.005
    """Departure that is not counted, in units of the values."""
    threshold: float = 50.0
    """Sum at which the alarm is given, in units of the values."""
    forgetting: float = 0.9999
    """Factor on the sum with each value."""
    least: int = 30
    """Values before the first alarm."""
    _rows: int = 0
    _mean: float = 0.0
    _sum: float = 0.0

    def add(self, value: float) -> bool:
        """Take a value; tells whether the mean has risen, after which all begins anew."""
        self._rows += 1
        self._mean += (float(value) - self._mean) / self._rows
        departure = float(value) - self._mean - self.slack
        self._sum = max(0.0, self.forgetting * self._sum + departure)
        if self._rows < self.least or self._sum <= self.threshold:
            return False
        self._rows, self._mean, self._sum = 0, 0.0, 0.0
        return True

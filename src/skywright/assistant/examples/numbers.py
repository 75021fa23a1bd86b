"""Numbers of a text, and whether they are those of a run."""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

_NUMBER = re.compile(
    r"(?<![\w.])[-+−]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:[eE][-+]?\d+)?(?![\w]|\.\d)"
)


@dataclass(frozen=True, slots=True)
class Told:
    """A number as it is written."""

    text: str
    value: float
    decimals: int
    """Digits after the point, after the exponent is taken into account."""


def numbers_of(text: str) -> list[Told]:
    """Return the numbers of a text; digits within names and words are none.

    Examples
    --------
    >>> [one.value for one in numbers_of("M31: 3,065 stars at -0.5 deg (2016A&A...595A...1G).")]
    [3065.0, -0.5]
    """
    bare = re.sub(r"\d{4}[A-Za-z&.]{3,9}[\w.&]*", " ", text)
    return [_told(match[0]) for match in _NUMBER.finditer(bare)]


def unknown_numbers(text: str, known: Known) -> list[str]:
    """Return the numbers of a text that are not those of a run, rounded or not."""
    return [one.text for one in numbers_of(text) if not known.has(one)]


class Known:
    """The numbers that may be told.

    Parameters
    ----------
    texts : iterable of str
        Where they stand: questions, results, what was printed.
    values : iterable
        Values of results, nested as they are.
    """

    def __init__(self, texts: Iterable[str], values: Iterable[Any] = ()) -> None:
        found = {one.value for text in texts for one in numbers_of(text)}
        found |= {one.value for text in texts for one in _within_names(text)}
        found |= {float(one) for value in values for one in _numbers_in(value)}
        self._values: Sequence[float] = sorted(found | {-one for one in found})

    def has(self, told: Told) -> bool:
        """Tell whether a number is one of them, rounded to the digits it is told with."""
        half = 0.5 * 10.0**-told.decimals
        slack = half * 1.000001 + 1e-12 * abs(told.value)
        is_count = told.decimals == 0 and abs(told.value) < 1000
        low = bisect.bisect_left(self._values, told.value - slack)
        for value in self._values[low:]:
            if value > told.value + slack:
                return False
            # A small whole number is a count, which nothing is rounded to.
            if not is_count or value == told.value:
                return True
        return False


def _told(text: str) -> Told:
    clean = text.replace(",", "").replace("−", "-")
    digits, _, exponent = clean.lower().partition("e")
    decimals = len(digits.partition(".")[2]) - int(exponent or 0)
    return Told(text, float(clean), decimals)


def _within_names(text: str) -> Iterator[Told]:
    """Yield numbers that are part of words: the 31 of M31, the 10 of ``TOP 10;``."""
    return (_told(match) for match in re.findall(r"\d+(?:\.\d+)?", text))


def _numbers_in(value: Any) -> Iterator[float]:
    if isinstance(value, bool) or value is None:
        return
    if isinstance(value, int | float):
        yield value
    elif isinstance(value, str):
        yield from (one.value for one in numbers_of(value))
    elif isinstance(value, dict):
        for one in value.values():
            yield from _numbers_in(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _numbers_in(one)

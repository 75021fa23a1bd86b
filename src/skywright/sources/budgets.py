"""How much waiting a request may cost: much when data are collected, little when a person waits."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Budget:
    """Patience with a service that fails."""

    attempts: int = 5
    """Most attempts at one request."""
    attempts_to_connect: int = 3
    """Most of them where no connection comes about: without a network one should be told soon."""
    first_wait_s: float = 1.0
    """Wait before the second attempt [s]; each later one is twice as long."""
    longest_asked_s: float = 120.0
    """Longest Retry-After that is waited for [s]."""
    whole_s: float = math.inf
    """Most that failed attempts and waits may cost together, over all requests of a visit [s]."""


COLLECTING = Budget()
VISITING = Budget(
    attempts=3, attempts_to_connect=2, first_wait_s=0.5, longest_asked_s=5.0, whole_s=5.0
)
"""Of a tool, whose answer somebody waits for."""


class Purse:
    """What is left of a budget."""

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self._left_s = budget.whole_s

    def can_pay(self, seconds: float) -> bool:
        """Tell whether a wait fits."""
        return seconds <= self._left_s

    def pay(self, seconds: float) -> None:
        """Count a failed attempt or a wait."""
        self._left_s -= seconds


def in_words(seconds: float) -> str:
    """Return a time to wait as it is said: ``7 seconds``, ``31 minutes``, ``5 hours``."""
    for unit, size_s, most in (("second", 1.0, 120), ("minute", 60.0, 120), ("hour", 3600.0, 0)):
        count = max(1, math.ceil(seconds / size_s))
        if count < most or not most:
            return f"{count} {unit}{'' if count == 1 else 's'}"
    raise AssertionError

"""A token bucket per caller: a burst of one minute's worth, then a steady rate."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from skywright.errors import LimitError

_MOST_CALLERS = 10_000  # about 2 MB; beyond it the fullest buckets carry no memory worth keeping


class RateLimitError(LimitError):
    """Too many requests in too short a time."""

    code = "rate_limit"

    def __init__(self, message: str, retry_after_s: float) -> None:
        super().__init__(message, hint="Wait as long as the Retry-After header says.")
        self.retry_after_s = retry_after_s


class RateLimit:
    """Count the requests of every caller in memory; safe to use from several threads."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_minute = per_minute
        self._clock = clock
        self._buckets: dict[str, tuple[float, float]] = {}
        self._lock = threading.Lock()

    def take(self, caller: str) -> None:
        """Take one request out of the caller's bucket.

        Parameters
        ----------
        caller : str
            Key or address that the requests are counted for.

        Raises
        ------
        RateLimitError
            If the bucket is empty; carries the seconds until the next request is allowed.
        """
        rate = self._per_minute / 60.0
        with self._lock:
            now = self._clock()
            tokens, seen = self._buckets.get(caller, (float(self._per_minute), now))
            tokens = min(self._per_minute, tokens + (now - seen) * rate)
            if tokens < 1.0:
                self._buckets[caller] = (tokens, now)
                wait_s = (1.0 - tokens) / rate
                message = f"More than {self._per_minute} requests in a minute."
                raise RateLimitError(message, wait_s)
            self._buckets[caller] = (tokens - 1.0, now)
            if len(self._buckets) > _MOST_CALLERS:
                self._forget_the_idle(now, rate)

    def _forget_the_idle(self, now: float, rate: float) -> None:
        """Drop full buckets, which behave like new ones; if none is full, the fullest half."""
        level = {
            name: tokens + (now - seen) * rate for name, (tokens, seen) in self._buckets.items()
        }
        by_level = sorted(level, key=level.__getitem__, reverse=True)
        for name in by_level[: len(by_level) // 2]:
            del self._buckets[name]

"""How often a key or an address may come: a sliding minute, in memory or in Redis.

The count of the running minute and the share of the minute before that is still in the window are
added up; that takes two numbers a caller, whatever the limit. Redis makes several processes share
them. If Redis fails, each process counts by itself until it is back: neither an open door nor a
shut one.
"""

from __future__ import annotations

import ipaddress
import threading
import time
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from skywright.errors import InputError, LimitError, MissingExtraError
from skywright.logs import get_logger

if TYPE_CHECKING:
    from limits import RateLimitItem

_WINDOW_S = 60
_SCHEMES = ("memory://", "redis://", "rediss://", "redis+unix://")
_REDIS_TIMEOUT_S = 0.5  # a counter that is slower than most answers is no use
_RETRY_REDIS_S = 5.0
_log = get_logger("skywright.security")


class RateLimitError(LimitError):
    """Too many requests in too short a time."""

    code = "rate_limit"

    def __init__(self, message: str, retry_after_s: float) -> None:
        super().__init__(message, hint="Wait as long as the Retry-After header says.")
        self.retry_after_s = retry_after_s


class RateLimits:
    """Counts of all callers in one place; safe to use from several threads.

    Parameters
    ----------
    url : str
        ``redis://host:port/db`` (or rediss, redis+unix); empty or ``memory://`` counts here.

    Raises
    ------
    InputError
        If the URL names another kind of store.
    MissingExtraError
        If Redis is named and its client is not installed.
    """

    def __init__(self, url: str = "") -> None:
        from limits.errors import StorageError
        from limits.storage import MemoryStorage
        from limits.strategies import SlidingWindowCounterRateLimiter

        self._memory = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._redis = SlidingWindowCounterRateLimiter(_redis(url)) if _is_redis(url) else None
        self._redis_again_at = 0.0
        self._failure = StorageError
        self._lock = threading.Lock()

    @property
    def remote(self) -> bool:
        """Whether a count may wait for another machine, and so belongs in a thread."""
        return self._redis is not None

    def take(self, per_minute: int, *caller: str) -> None:
        """Count one request of a caller.

        Parameters
        ----------
        per_minute : int
            Most requests in a minute.
        *caller : str
            What is counted and for whom, such as ``"key", "sky_abcdefgh"``.

        Raises
        ------
        RateLimitError
            If there were too many; carries the seconds until the next one is allowed.
        """
        item = _item(per_minute)
        limiter = self._limiter()
        try:
            allowed = limiter.hit(item, *caller)
        except self._failure as error:
            self._without_redis(error)
            limiter = self._memory
            allowed = limiter.hit(item, *caller)
        if not allowed:
            message = f"More than {per_minute} requests in a minute."
            raise RateLimitError(message, self._wait_s(item, *caller))

    def _limiter(self) -> Any:
        if self._redis is None or time.monotonic() < self._redis_again_at:
            return self._memory
        return self._redis

    def _without_redis(self, error: Exception) -> None:
        with self._lock:
            self._redis_again_at = time.monotonic() + _RETRY_REDIS_S
        _log.warning("limits without redis", error=str(error), retry_s=_RETRY_REDIS_S)

    def _wait_s(self, item: RateLimitItem, *caller: str) -> float:
        limiter = self._limiter()
        try:
            before, before_s, now, now_s = limiter.storage.get_sliding_window(
                item.key_for(*caller), _WINDOW_S
            )
        except self._failure as error:  # Redis left between the two calls
            self._without_redis(error)
            return float(_WINDOW_S)
        left_s = before_s if before else now_s - _WINDOW_S  # a count is kept for two minutes
        return wait_s(item.amount, before, now, left_s)


def wait_s(amount: int, before: int, now: int, left_s: float) -> float:
    """Return how long until the weighted count of a sliding minute falls below the limit.

    Parameters
    ----------
    amount : int
        Requests allowed in a minute.
    before, now : int
        Requests counted in the minute before and in the running one.
    left_s : float
        Time to the end of the running minute [s].

    Returns
    -------
    float
        Seconds, more than 0.
    """
    if now < amount:  # the minute before must fade: before * (left_s - t) / 60 + now < amount
        wait = left_s - (amount - now) * _WINDOW_S / max(before, 1)
    else:  # the running minute must end, and then fade itself
        wait = left_s + _WINDOW_S * (1 - amount / now)
    return max(wait, 0.0) + 0.01  # just past the edge, not on it


@lru_cache(maxsize=4096)
def network_of(peer: str) -> str:
    """Return what an address is counted by: itself, or the /64 of IPv6, which is one household."""
    try:
        address = ipaddress.ip_address(peer.partition("%")[0])
    except ValueError:
        return peer[:64]
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address, 64), strict=False))


@lru_cache(maxsize=64)
def _item(per_minute: int) -> RateLimitItem:
    from limits import RateLimitItemPerMinute

    return RateLimitItemPerMinute(per_minute, namespace="skywright")


def _is_redis(url: str) -> bool:
    if url and not url.startswith(_SCHEMES):
        scheme = url.partition(":")[0]
        message = f"SKYWRIGHT_LIMITS_URL names {scheme!r}; allowed are {', '.join(_SCHEMES)}."
        raise InputError(message, hint="Leave it empty to count in memory.")
    return bool(url) and not url.startswith("memory://")


def _redis(url: str) -> Any:
    from limits.errors import ConfigurationError
    from limits.storage import RedisStorage

    try:
        return RedisStorage(
            url,
            wrap_exceptions=True,
            socket_timeout=_REDIS_TIMEOUT_S,
            socket_connect_timeout=_REDIS_TIMEOUT_S,
        )
    except ConfigurationError as error:
        what = "Counting limits in Redis"
        raise MissingExtraError(what, "redis") from error
    except ValueError as error:
        message = f"SKYWRIGHT_LIMITS_URL is not usable: {error}."
        raise InputError(message, hint="It looks like redis://host:6379/0.") from error

"""Requests to one host kept apart, over all threads of this process."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

_LOCK = threading.Lock()
_FREE_AT_S: dict[bytes, float] = {}
OURS: set[bytes] = set()
"""Hosts that need no rest, such as a sandbox while examples are built on it."""


def take_turn(host: bytes, pause_s: float, wait: Callable[[float], None]) -> None:
    """Wait until the host may be asked, and reserve the pause after that.

    Parameters
    ----------
    host : bytes
        With its port.
    pause_s : float
        Least time between the starts of two requests [s]; nothing is waited for at 0.
    wait : callable
        Waits so many seconds.
    """
    if pause_s <= 0.0 or host in OURS:
        return
    with _LOCK:
        now_s = time.monotonic()
        turn_s = max(now_s, _FREE_AT_S.get(host, now_s))
        _FREE_AT_S[host] = turn_s + pause_s
    if turn_s > now_s:
        wait(turn_s - now_s)

"""Share rows of work over a thread pool; the kernels release the GIL while they run."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait


class CancelledError(Exception):
    """The caller asked to stop before all slices were done."""


def available_cores() -> int:
    """Return the number of cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def map_slices(
    n: int,
    work: Callable[[int, int], None],
    *,
    threads: int = 0,
    slice_size: int | None = None,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> None:
    """Call ``work(lo, hi)`` until every index in [0, n) is covered once.

    Parameters
    ----------
    n : int
        Number of rows.
    work : callable
        Handles the rows lo <= k < hi; must write to rows of its own only.
    threads : int
        Threads to use; 0 means one per available core.
    slice_size : int, optional
        Rows in one slice; by default enough slices for eight per thread.
    progress : callable, optional
        Called as ``progress(done, n)`` in the calling thread after each slice.
    cancelled : callable, optional
        Asked between slices.

    Raises
    ------
    CancelledError
        If ``cancelled()`` turned true; slices already running are finished first.
    """
    count = threads or available_cores()
    size = slice_size or max(1, -(-n // (count * 8)))
    bounds = [(lo, min(lo + size, n)) for lo in range(0, n, size)]
    if count == 1 or len(bounds) == 1:
        for lo, hi in bounds:
            _raise_if(cancelled)
            work(lo, hi)
            if progress:
                progress(hi, n)
        return
    with ThreadPoolExecutor(max_workers=count) as pool:
        pending: set[Future[int]] = set()
        waiting = iter(bounds)
        done_rows = 0
        try:
            while True:
                while len(pending) < count and (bound := next(waiting, None)) is not None:
                    pending.add(pool.submit(_counted, work, *bound))
                if not pending:
                    return
                finished, pending = wait(pending, return_when=FIRST_COMPLETED)
                done_rows += sum(future.result() for future in finished)
                if progress:
                    progress(done_rows, n)
                _raise_if(cancelled)
        finally:
            for future in pending:
                future.cancel()


def _counted(work: Callable[[int, int], None], lo: int, hi: int) -> int:
    work(lo, hi)
    return hi - lo


def _raise_if(cancelled: Callable[[], bool] | None) -> None:
    if cancelled is not None and cancelled():
        raise CancelledError

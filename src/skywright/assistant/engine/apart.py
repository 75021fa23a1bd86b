"""Work done in a thread of its own, so that a stop is felt at once and progress is seen."""

from __future__ import annotations

import contextvars
import queue
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from skywright.assistant.tools.desk import StoppedError

T = TypeVar("T")
_LOOK_S = 0.05


@dataclass(frozen=True, slots=True)
class _End:
    error: BaseException | None


def made_apart(
    work: Callable[[Callable[[T], None]], None], stop: threading.Event, *, grace_s: float = 0.0
) -> Iterator[T]:
    """Yield what `work` hands over, in order, while it is still at it.

    Parameters
    ----------
    work : callable
        Gets a function that takes one item; after a stop that function raises, which ends work
        that does not look at the event itself.
    stop : threading.Event
        When it is set, the rest is given up.
    grace_s : float
        How long work may take to end after a stop [s]; it is left alone then.

    Raises
    ------
    StoppedError
        If it was stopped.
    """
    box: queue.SimpleQueue[T | _End] = queue.SimpleQueue()
    abandoned = threading.Event()

    def hand_over(item: T) -> None:
        if abandoned.is_set():
            raise StoppedError(_STOPPED)
        box.put(item)

    def run() -> None:
        try:
            work(hand_over)
        except BaseException as error:  # raised again where it is waited for
            box.put(_End(error))
        else:
            box.put(_End(None))

    threading.Thread(target=contextvars.copy_context().run, args=(run,), daemon=True).start()
    try:
        yield from _taken(box, stop, grace_s)
    finally:
        abandoned.set()


def _taken(box: queue.SimpleQueue[T | _End], stop: threading.Event, grace_s: float) -> Iterator[T]:
    until: float | None = None
    while True:
        if until is None and stop.is_set():
            until = time.monotonic() + grace_s
        if until is not None and time.monotonic() >= until:
            raise StoppedError(_STOPPED)
        try:
            item = box.get(timeout=_LOOK_S)
        except queue.Empty:
            continue
        if not isinstance(item, _End):
            yield item
        elif item.error is not None:
            raise item.error
        else:
            return


_STOPPED = "The answer was stopped."

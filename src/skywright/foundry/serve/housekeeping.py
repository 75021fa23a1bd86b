"""What is done beside the requests, twice a second: writing the log, settling trials."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from skywright.logs import get_logger

_EVERY_S = 0.5
_log = get_logger("skywright.serve")


class Housekeeping:
    """One thread that begins with the first call of `begin` and does steps until closed.

    Parameters
    ----------
    steps : sequence of callables
        Each is called every half second; one that fails is logged and does not stop the others.
    """

    def __init__(self, steps: Sequence[Callable[[], object]]) -> None:
        self._steps = steps
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def begin(self) -> None:
        """Start the thread, if it does not run."""
        if self._thread is not None:
            return
        with self._lock:
            if self._thread is None and not self._stop.is_set():
                self._thread = threading.Thread(
                    target=self._keep_on, name="housekeeping", daemon=True
                )
                self._thread.start()

    def do(self) -> None:
        """Do all steps once, in the calling thread."""
        for step in self._steps:
            try:
                step()
            except Exception:
                _log.exception("housekeeping failed", step=getattr(step, "__name__", "step"))

    def close(self) -> None:
        """Do what is left and stop; a thread that was never begun leaves everything untouched."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self.do()

    def _keep_on(self) -> None:
        while not self._stop.wait(_EVERY_S):
            self.do()

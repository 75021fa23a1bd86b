"""Run blocks of Python apart: no network but loopback, bounded time, memory and files.

One process has the libraries loaded and forks for each block, so that a block starts in
milliseconds and leaves nothing behind.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from skywright.assistant.examples.example import CodeRun, Drawing
from skywright.errors import SkywrightError

_CHILD = "skywright.assistant.examples.executing_child"


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one block may take."""

    seconds: float = 30.0
    memory_mib: int = 3072
    """Beyond what the libraries take."""


class Executor:
    """Runs blocks one after the other, whichever thread asks; a context manager.

    Parameters
    ----------
    environment : mapping, optional
        Variables that lead to the sandbox.
    bounds : Bounds, optional
        Time and memory of a block.
    """

    def __init__(
        self, environment: Mapping[str, str] | None = None, bounds: Bounds | None = None
    ) -> None:
        self._bounds = bounds or Bounds()
        self._turn = threading.Lock()
        self._home = tempfile.TemporaryDirectory(prefix="skywright-examples-")
        home = self._home.name
        kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
        places = {"HOME": home, "MPLCONFIGDIR": home, "XDG_CACHE_HOME": home, "TMPDIR": home}
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            [sys.executable, "-m", _CHILD],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**kept, **threads, **places, "MPLBACKEND": "agg", **(environment or {})},
            text=True,
            encoding="utf-8",
        )

    def __enter__(self) -> Executor:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the process."""
        if self._process.stdin:
            self._process.stdin.close()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout:
            self._process.stdout.close()
        self._home.cleanup()

    def run(self, source: str, folder: Path) -> CodeRun:
        """Run a block in a folder, where it may write; what goes wrong is told in the run.

        Raises
        ------
        SkywrightError
            If the process that runs blocks has ended.
        """
        folder.mkdir(parents=True, exist_ok=True)
        request = {
            "source": source,
            "folder": str(folder.resolve()),
            "seconds": self._bounds.seconds,
            "memory_mib": self._bounds.memory_mib,
        }
        process = self._process
        if process.stdin is None or process.stdout is None or process.poll() is not None:
            message = "The process that runs blocks of Python has ended."
            raise SkywrightError(message)
        with self._turn:
            process.stdin.write(json.dumps(request) + "\n")
            process.stdin.flush()
            line = process.stdout.readline()
        if not line:
            message = "The process that runs blocks of Python gave no answer."
            raise SkywrightError(message, hint="Look at the messages above.")
        told = json.loads(line)
        drawings = tuple(Drawing(**one) for one in told["drawings"])
        return CodeRun(source, told["printed"], told["error"], drawings)

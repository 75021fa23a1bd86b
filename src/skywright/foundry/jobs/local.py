"""Attempts on this machine: forked from a warm nursery, or started as any program is."""

from __future__ import annotations

import contextlib
import json
import math
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from skywright.errors import NotFoundError, SkywrightError
from skywright.foundry.jobs.launcher import Order
from skywright.foundry.jobs.lines import Event, Reader
from skywright.security.environment import without_secrets

_GRACE_S = 0.3  # SIGTERM lets a program remove what it must; training has nothing to remove
_PIECE = 1 << 16
CHILD = ("-m", "skywright.foundry.jobs.child")
"""Arguments to the interpreter that run an attempt."""


class LocalAttempt:
    """A process of this machine, in a session of its own, held by its standard input."""

    handle: str | None = None

    def __init__(
        self, pid: int, leash: int, out: int, ended: Any, freed: Callable[[], None] | None = None
    ) -> None:
        self.pid = pid
        self._freed = freed
        self._leash = leash
        self._out: int | None = out
        self._ended = ended
        self._reader = Reader()
        os.set_blocking(out, False)
        os.set_blocking(leash, False)

    def read(self, wait_s: float) -> tuple[list[Event], list[str]]:
        """Return what was told since the last call; see `Attempt`."""
        if self._out is None:
            time.sleep(wait_s)
            return [], []
        ready, _, _ = select.select([self._out], [], [], wait_s)
        if not ready:
            return [], []
        with contextlib.suppress(BlockingIOError):
            piece = os.read(self._out, _PIECE)
            if piece:
                return self._reader.feed(piece)
            os.close(self._out)
            self._out = None
        return self._reader.end() if self._out is None else ([], [])

    def feed(self) -> None:
        """Write a byte to the leash; a full or broken pipe says what `exit_code` will."""
        with contextlib.suppress(BlockingIOError, BrokenPipeError):
            os.write(self._leash, b".")

    def exit_code(self) -> int | None:
        """Return the exit code, negative for a signal; None while it runs."""
        code: int | None = self._ended(self.pid)
        return code

    def kill(self) -> None:
        """End the group, with some grace, and wait until the child is gone."""
        for number, wait_s in ((signal.SIGTERM, _GRACE_S), (signal.SIGKILL, 10.0)):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, number)
            until = time.monotonic() + wait_s
            while self.exit_code() is None and time.monotonic() < until:
                time.sleep(0.01)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)  # what the child started and left behind

    def close(self) -> None:
        """Close the pipes; an attempt that still runs ends by that, or is ended."""
        os.close(self._leash)
        if self._out is not None:
            os.close(self._out)
        if self.exit_code() is None:
            self.kill()
        if self._freed is not None:
            self._freed()


class LocalLauncher:
    """Starts attempts on this machine.

    Parameters
    ----------
    warm : bool
        Whether attempts are forked from a warm process.
    devices : int
        Accelerators to hand out; an attempt sees those that it asked for and no others.
    """

    def __init__(self, *, warm: bool = True, devices: int = 0) -> None:
        self._nursery: _Nursery | None = None
        self._warm = warm
        self._lock = threading.Lock()
        self._shares_devices = devices > 0
        self._devices = list(range(devices))

    def start(self, order: Order) -> LocalAttempt:
        """Start an attempt, warm if it may be and the nursery can."""
        order, freed = self._with_devices(order)
        leash_end, leash = os.pipe()
        out, out_end = os.pipe()
        try:
            if self._warm and order.warm:
                attempt = self._from_nursery(order, (leash_end, out_end), (leash, out), freed)
            else:
                attempt = _started(order, (leash_end, out_end), (leash, out), freed)
        except BaseException:
            freed()
            os.close(leash)
            os.close(out)
            raise
        finally:
            os.close(leash_end)
            os.close(out_end)
        return attempt

    def attach(self, handle: str, order: Order) -> LocalAttempt:
        """Refuse: a local attempt ends with its supervisor."""
        message = f"Attempt {handle} of job {order.job_id} ended with its supervisor."
        raise NotFoundError(message)

    def close(self) -> None:
        """End the nursery."""
        if self._nursery is not None:
            self._nursery.close()
            self._nursery = None

    def _with_devices(self, order: Order) -> tuple[Order, Callable[[], None]]:
        """Name the accelerators that an attempt may see, and how they are given back."""
        if not self._shares_devices:
            return order, lambda: None
        with self._lock:
            count = math.ceil(order.gpus)
            mine, self._devices = self._devices[:count], self._devices[count:]
        seen = {"CUDA_VISIBLE_DEVICES": ",".join(map(str, mine))}

        def give_back() -> None:
            with self._lock:
                self._devices = sorted([*self._devices, *mine])
                mine.clear()

        return replace(order, environment={**order.environment, **seen}), give_back

    def _from_nursery(
        self,
        order: Order,
        ends: tuple[int, int],
        mine: tuple[int, int],
        freed: Callable[[], None],
    ) -> LocalAttempt:
        with self._lock:
            if self._nursery is None or not self._nursery.alive():
                self._nursery = _Nursery()
            nursery = self._nursery
            pid = nursery.birth(order, ends)
        return LocalAttempt(pid, *mine, nursery.code_of, freed)


def _started(
    order: Order, ends: tuple[int, int], mine: tuple[int, int], freed: Callable[[], None]
) -> LocalAttempt:
    process = subprocess.Popen(  # noqa: S603  (the command is ours; the recipe names no program)
        order.argv,
        stdin=ends[0],
        stdout=ends[1],
        stderr=ends[1],
        start_new_session=True,
        env={**without_secrets(os.environ), **order.environment},
    )
    return LocalAttempt(process.pid, *mine, lambda _: process.poll(), freed)


class _Nursery:
    """The supervisor's side of the warm process."""

    def __init__(self) -> None:
        self._socket, theirs = socket.socketpair()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "skywright.foundry.jobs.nursery"],
            stdin=theirs.fileno(),
            start_new_session=True,
            env=without_secrets(os.environ),
        )
        theirs.close()
        self._born: list[int] = []
        self._codes: dict[int, int] = {}
        self._news = threading.Condition()
        threading.Thread(target=self._listen, name="nursery", daemon=True).start()

    def alive(self) -> bool:
        """Tell whether it can still give birth."""
        return self._process.poll() is None

    def birth(self, order: Order, ends: tuple[int, int]) -> int:
        """Fork a child and return its process id."""
        request = {
            "argv": [str(order.spec)],
            "preload": list(order.preload),
            "environment": dict(order.environment),
        }
        with self._news:
            socket.send_fds(self._socket, [json.dumps(request).encode()], list(ends))
            self._news.wait_for(lambda: self._born or not self.alive(), timeout=300.0)
            if not self._born:
                message = "The warm process that starts attempts has ended."
                raise SkywrightError(message, hint="The job is tried again with a new one.")
            return self._born.pop()

    def code_of(self, pid: int) -> int | None:
        """Return the exit code of a child; None while it runs."""
        with self._news:
            if pid in self._codes:
                return self._codes[pid]
        if self.alive() or _exists(pid):
            return None
        return -signal.SIGKILL  # nobody is left to say how it ended

    def close(self) -> None:
        """Close the socket, by which the nursery ends."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(5.0)

    def _listen(self) -> None:
        with contextlib.suppress(OSError), self._socket.makefile("rb") as facts:
            for line in facts:
                fact = json.loads(line)
                with self._news:
                    if "born" in fact:
                        self._born.append(fact["born"])
                    else:
                        self._codes[fact["ended"]] = fact["code"]
                    self._news.notify_all()
        with self._news:
            self._news.notify_all()


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True

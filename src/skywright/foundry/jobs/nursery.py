"""The nursery: a process that has paid the imports already and forks children that need not.

It is asked over a socket: a JSON line with the arguments, and the two ends of the child's pipes.
Imports happen here, before any thread or accelerator is touched; the work happens in the fork. The
nursery ends when its socket is closed.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import selectors
import signal
import socket
import sys
import threading
from typing import Any

_LONGEST_REQUEST = 1 << 16


def main() -> int:
    """Serve the socket on descriptor 0 until it is closed."""
    asked = socket.socket(fileno=os.dup(0))
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    with selectors.DefaultSelector() as selector:
        selector.register(asked, selectors.EVENT_READ)
        selector.register(woken, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.fileobj == woken:
                    os.read(woken, 4096)
                    _reap(asked)
                elif not _serve(asked):
                    return 0


def _serve(asked: socket.socket) -> bool:
    message, descriptors, _, _ = socket.recv_fds(asked, _LONGEST_REQUEST, 2)
    if not message:
        return False
    request = json.loads(message)
    _preload(request["preload"])
    pid = os.fork()
    if pid == 0:
        asked.close()
        os.environ.update(request["environment"])
        _become(request["argv"], *descriptors)
    for descriptor in descriptors:
        os.close(descriptor)
    _tell(asked, {"born": pid})
    return True


def _preload(modules: list[str]) -> None:
    """Import what the kind wants; one that is missing is told by the child, which needs it."""
    for name in modules:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)


def _become(argv: list[str], leash: int, out: int) -> None:
    """Turn the fork into a child like any other: own session, own pipes, own signals."""
    code = 1
    try:
        os.setsid()
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for source, target in ((leash, 0), (out, 1), (out, 2)):
            os.dup2(source, target)
        from skywright.foundry.jobs.child import main as child

        code = child(argv)
        sys.stdout.flush()
    finally:
        os._exit(code)


def _reap(asked: socket.socket) -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        _tell(asked, {"ended": pid, "code": os.waitstatus_to_exitcode(status)})


def _tell(asked: socket.socket, fact: dict[str, Any]) -> None:
    asked.sendall(json.dumps(fact).encode() + b"\n")


if __name__ == "__main__":
    threading.current_thread().name = "nursery"
    sys.exit(main())

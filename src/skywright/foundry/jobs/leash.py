"""The leash: a child lives only as long as its supervisor writes to its standard input.

The supervisor writes a byte whenever it has prolonged the lease. The child sets the kernel's
interval timer again with each byte; when the bytes stop (the supervisor froze) SIGALRM ends it, and
when the pipe is closed (the supervisor died) it ends itself. The timer needs no Python, so a child
deep in compiled code ends as surely as an idle one.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence

PATIENCE = 0.8
"""Share of a lease after which a silent leash ends the child: before anyone else may claim it."""

GONE = 75
"""Exit code of a child whose supervisor is gone (EX_TEMPFAIL of sysexits.h)."""

_PR_SET_PDEATHSIG = 1


def hold(descriptor: int, lease_s: float) -> None:
    """Put this process on a leash.

    Parameters
    ----------
    descriptor : int
        Read end of the pipe.
    lease_s : float
        The supervisor's lease [s].
    """
    patience_s = PATIENCE * lease_s
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, patience_s)

    def watch() -> None:
        while os.read(descriptor, 64):
            signal.setitimer(signal.ITIMER_REAL, patience_s)
        os._exit(GONE)

    threading.Thread(target=watch, name="leash", daemon=True).start()


def hold_program(argv: Sequence[str], lease_s: float) -> int:
    """Run any program on a leash, with whatever it starts; returns its exit code.

    Meant for launchers such as ``accelerate launch``, whose processes know of no leash. The program
    gets no input; it is killed, with its group, when the leash is silent or closed.
    """
    child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, preexec_fn=die_with_parent)  # noqa: S603
    silent = threading.Timer(PATIENCE * lease_s, _end_group)
    silent.daemon = True
    silent.start()

    def watch() -> None:
        nonlocal silent
        while os.read(0, 64):
            silent.cancel()
            silent = threading.Timer(PATIENCE * lease_s, _end_group)
            silent.daemon = True
            silent.start()
        _end_group()

    threading.Thread(target=watch, name="leash", daemon=True).start()
    return child.wait()


def _end_group() -> None:
    os.killpg(os.getpgid(0), signal.SIGKILL)


def die_with_parent() -> None:
    """Ask Linux to kill this process should the one that started it end.

    Launchers give the processes of a distributed run sessions of their own, where no signal to the
    group of the leash reaches them.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(hold_program(sys.argv[2:], float(sys.argv[1])))

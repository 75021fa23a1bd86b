"""The process that runs blocks of Python: reads requests as lines of JSON and answers each.

It forks for each block. What a block may do is decided in the fork: an audit hook, which cannot be
taken off again, refuses other programs, hosts that are not loopback, and files elsewhere.
"""

from __future__ import annotations

import contextlib
import io
import ipaddress
import json
import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

_LOOK_S = 0.005
_MOST_FILE = 64 * 1024**2
_MOST_PRINTED = 20_000
_PROGRAMS = frozenset({"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork"})
_HOSTS = frozenset({"socket.connect", "socket.sendto", "socket.bind"})


def _load() -> None:
    """Import what blocks use, once."""
    import astropy.coordinates
    import astropy.cosmology
    import astropy.table
    import matplotlib.pyplot
    import numpy
    import pyvo
    from astropy.utils import iers

    iers.conf.auto_download = False
    del astropy, matplotlib, numpy, pyvo


def main() -> None:
    """Answer requests until there are none."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the build, which ends this process
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    _load()
    with contextlib.suppress(BrokenPipeError):  # the build was killed: nobody listens any more
        for line in sys.stdin:
            answers.write(json.dumps(_answered(json.loads(line))) + "\n")
            answers.flush()


def _answered(request: Mapping[str, Any]) -> dict[str, Any]:
    receiving, sending = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(receiving)
        _work(request, sending)
    os.close(sending)
    return _heard(child, receiving, request["seconds"])


def _heard(child: int, receiving: int, seconds: float) -> dict[str, Any]:
    """Wait for what a fork has to say, and end it where it takes too long."""
    os.set_blocking(receiving, False)
    said = bytearray()
    until = time.monotonic() + seconds
    is_late = False
    while True:
        with contextlib.suppress(BlockingIOError):
            if part := os.read(receiving, 65_536):
                said += part
                continue
            break
        if time.monotonic() > until:
            is_late = True
            os.kill(child, signal.SIGKILL)
            break
        time.sleep(_LOOK_S)
    os.close(receiving)
    os.waitpid(child, 0)
    if is_late:
        return _told(error=f"ended after {seconds:g} s")
    try:
        answer: dict[str, Any] = json.loads(said)
    except ValueError:
        return _told(error="ended by the system: too much memory, or too long files")
    return answer


def _work(request: Mapping[str, Any], sending: int) -> None:
    """Run the block in this fork, tell what came of it, and end."""
    with os.fdopen(sending, "w", encoding="utf-8") as out:
        try:
            json.dump(_run(request), out)
        except BaseException as error:  # nothing may escape a fork
            json.dump(_told(error=f"{type(error).__name__}: {error}"), out)
    os._exit(0)


def _run(request: Mapping[str, Any]) -> dict[str, Any]:
    folder = Path(request["folder"])
    os.chdir(folder)
    _bound(request)
    sys.addaudithook(_guard(folder))
    printed = io.StringIO()
    error = ""
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(io.StringIO()):
        try:
            exec(compile(request["source"], "block.py", "exec"), {"__name__": "__main__"})  # noqa: S102
        except BaseException as failure:  # SystemExit too is a failure of a block
            error = f"{type(failure).__name__}: {failure}"
    return _told(printed.getvalue()[:_MOST_PRINTED], error, _drawings())


def _told(printed: str = "", error: str = "", drawings: Any = ()) -> dict[str, Any]:
    return {"printed": printed, "error": error, "drawings": list(drawings)}


def _bound(request: Mapping[str, Any]) -> None:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    there = pages * os.sysconf("SC_PAGE_SIZE")
    most = there + int(request["memory_mib"]) * 1024**2
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    seconds = int(request["seconds"]) + 1
    used = int(time.process_time()) + seconds
    resource.setrlimit(resource.RLIMIT_CPU, (used, used))
    resource.setrlimit(resource.RLIMIT_FSIZE, (_MOST_FILE, _MOST_FILE))


def _guard(folder: Path) -> Callable[[str, tuple[Any, ...]], None]:
    allowed = (str(folder), os.environ["HOME"], "/dev/null")

    def guard(event: str, given: tuple[Any, ...]) -> None:
        if event in _PROGRAMS:
            message = f"A block may not start programs ({event})."
            raise PermissionError(message)
        if event in _HOSTS and not _is_here(given[1]):
            message = f"A block may reach this machine only, not {given[1]}."
            raise PermissionError(message)
        if event == "socket.getaddrinfo" and not _is_local_name(given[0]):
            message = f"A block may reach this machine only, not {given[0]}."
            raise PermissionError(message)
        if event == "open" and _writes(given) and not _is_inside(given[0], allowed):
            message = f"A block may write in its folder only, not {given[0]}."
            raise PermissionError(message)

    return guard


def _is_here(address: Any) -> bool:
    """Tell whether an address of a socket is on this machine; paths of local sockets are."""
    return not isinstance(address, tuple) or _is_local_name(address[0])


def _is_local_name(host: Any) -> bool:
    name = host.decode() if isinstance(host, bytes) else str(host or "localhost")
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _writes(given: tuple[Any, ...]) -> bool:
    mode, flags = given[1], given[2]
    if isinstance(mode, str):
        return any(sign in mode for sign in "wax+")
    return bool(isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))


def _is_inside(path: Any, allowed: tuple[str, ...]) -> bool:
    if isinstance(path, int):  # a file that is open already
        return True
    whole = os.path.realpath(os.fsdecode(path))
    return any(whole == one or whole.startswith(one + os.sep) for one in allowed)


def _drawings() -> list[dict[str, Any]]:
    import matplotlib.pyplot as plt

    axes = [one for number in plt.get_fignums() for one in plt.figure(number).axes]
    told = [_drawing(one) for one in axes if one.get_label() != "<colorbar>"]
    return [one for one in told if one["points"] or one["x"] or one["y"]]


def _drawing(axes: Any) -> dict[str, Any]:
    import numpy as np
    from matplotlib.collections import PathCollection

    clouds = [one for one in axes.collections if isinstance(one, PathCollection)]
    points = sum(int(np.asarray(one.get_offsets()).shape[0]) for one in clouds)
    points += sum(int(np.asarray(one.get_xdata()).size) for one in axes.lines)
    bars = sum(one.get_height() for one in axes.patches if hasattr(one, "get_height"))
    return {
        "x": axes.get_xlabel(),
        "y": axes.get_ylabel(),
        "points": round(points + bars),
        "is_x_inverted": bool(axes.xaxis_inverted()),
        "is_y_inverted": bool(axes.yaxis_inverted()),
    }


if __name__ == "__main__":
    main()

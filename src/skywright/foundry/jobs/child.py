"""The child: one attempt at one job, in a process of its own.

It reads a specification, fits and judges, and writes everything below its attempt folder. It never
sees the database: what it has to tell goes to standard output, and the supervisor decides.
"""

from __future__ import annotations

import errno
import json
import os
import sys
import time
import traceback
from pathlib import Path
from typing import Any

from skywright.errors import SkywrightError
from skywright.foundry.distributed import is_main_process, process_count
from skywright.foundry.jobs.leash import die_with_parent, hold
from skywright.foundry.jobs.lines import Event, emitter

FAILED = 1
"""Exit code of a child that told why it failed."""


def main(argv: list[str]) -> int:
    """Run the attempt whose specification is the only argument; returns the exit code."""
    spec = json.loads(Path(argv[0]).read_text(encoding="utf-8"))
    # Of the processes of a distributed run one speaks for all.
    emit = emitter(os.dup(1)) if is_main_process() else _silent
    if process_count() > 1:
        die_with_parent()
    if spec.get("lease_s"):
        hold(0, float(spec["lease_s"]))
    emit({"event": "started", "pid": os.getpid(), "at": time.time()})
    try:
        from skywright.foundry.attempt import make

        emit({"event": "done", **make(spec, emit)})
    except BaseException as error:
        sys.stdout.flush()
        emit(_told(error))
        return FAILED
    sys.stdout.flush()
    return 0


def _silent(event: Event) -> None:
    pass


def _told(error: BaseException) -> Event:
    """Say what went wrong: a sentence if there is one, else the kind of fault and its trace."""
    if isinstance(error, SkywrightError):
        return _event(error.code, error.message, hint=error.hint, retry=False)
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return _event("disk_full", "The disk is full.", hint="Free some space, then retry the job.")
    traceback.print_exception(error)
    return _event(type(error).__name__, str(error) or "no message")


def _event(code: str, message: str, **more: Any) -> Event:
    return {"event": "error", "code": code, "message": message, **more}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

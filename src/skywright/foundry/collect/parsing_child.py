"""The process that parses one file of a stranger: content in, JSON lines out, nothing else.

Parsers of pictures, documents and tables are large native programs, so they run where a fault costs
nothing: in a process that holds no secrets, may write no files, and ends at its limits.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from typing import IO, Any

from skywright.errors import MissingExtraError, SkywrightError
from skywright.foundry.collect.media import BY_TYPE
from skywright.foundry.collect.parsed import Limits

ROW, FACTS, ERROR = "row", "facts", "error"
_OPEN_FILES = 64


def main() -> None:
    """Parse what comes on standard input as the order in the first argument says."""
    order = json.loads(sys.argv[1])
    limits = Limits(**order["limits"])
    out = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for chatty libraries
    content = sys.stdin.buffer.read()
    try:
        _work(BY_TYPE[order["type"]].type, content, limits, out)
    except MissingExtraError as error:
        _tell(out, ERROR, {"message": error.message, "hint": error.hint, "missing": True})
    except SkywrightError as error:
        _tell(out, ERROR, {"message": error.message, "hint": error.hint})
    except MemoryError:
        message = "The file takes more memory to read than is allowed."
        _tell(out, ERROR, {"message": message, "hint": "Give it in smaller parts."})
    out.flush()
    os._exit(0)  # without the tidying up of libraries, which has nothing to tidy here


def _work(media_type: str, content: bytes, limits: Limits, out: IO[str]) -> None:
    from skywright.foundry.collect.parsers import parse

    _restrict(limits)
    parsed = parse(BY_TYPE[media_type], content, limits)
    for part, row in parsed.rows:
        _tell(out, ROW, [part, row])
    _tell(out, FACTS, parsed.facts)


def _restrict(limits: Limits) -> None:
    seconds = int(limits.seconds) + 1
    wanted = {
        resource.RLIMIT_AS: limits.memory_bytes,
        resource.RLIMIT_CPU: seconds,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NOFILE: _OPEN_FILES,
    }
    for which, value in wanted.items():
        _, hard = resource.getrlimit(which)
        most = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(which, (most, most))


def _tell(out: IO[str], kind: str, value: Any) -> None:
    out.write(json.dumps({kind: value}, ensure_ascii=True) + "\n")


if __name__ == "__main__":
    main()

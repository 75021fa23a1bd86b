"""The one way this package compiles: typed for mypy, cached on disk, releases the GIL.

Kernels release the GIL and never use numba's own threads: callers slice the work over a thread
pool, so that a server may run several at once, cancel between slices and report progress.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

_F = TypeVar("_F", bound=Callable[..., object])


def kernel(function: _F) -> _F:
    """Compile a function of floats and float64 arrays; the result is cached beside its source."""
    return cast("_F", numba.njit(cache=True, nogil=True, error_model="numpy")(function))


def inline(function: _F) -> _F:
    """Compile a small function that is always inlined into the kernel that calls it."""
    return cast(
        "_F", numba.njit(cache=True, nogil=True, error_model="numpy", inline="always")(function)
    )


def leaf(function: _F) -> _F:
    """Compile a kernel that borrows all its arrays: it makes none, and counts no references.

    Counting is atomic, so it costs more than the arithmetic of a short kernel, and threads that
    share a table wait for each other's counts. Slices of arguments are fine; ``np.empty`` is not.
    """
    unlisted: dict[str, Any] = {"_nrt": False}  # numba's type hints leave this option out
    options: dict[str, Any] = {"cache": True, "nogil": True, "error_model": "numpy"} | unlisted
    return cast("_F", numba.njit(**options)(function))

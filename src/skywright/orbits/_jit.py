"""The one way this package compiles: typed for mypy, cached on disk, releases the GIL.

Kernels release the GIL and never use numba's own threads: callers slice the work over a thread
pool, so that a server may run several at once, cancel between slices and report progress.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

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

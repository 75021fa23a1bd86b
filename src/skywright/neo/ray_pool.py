"""Spread work over a Ray cluster: the same functions, seeds and answers as on this machine."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np

from skywright.errors import MissingExtraError, SourceError
from skywright.orbits.impact_search import (
    BLOCK,
    F64,
    Flight,
    Search,
    Watch,
    fly,
    joined,
)
from skywright.orbits.threads import CancelledError

_Job = TypeVar("_Job")
_Result = TypeVar("_Result")

_CLONES_PER_TASK = 16 * BLOCK  # whole blocks, so that every clone keeps the steps it has locally


def connect(address: str) -> Any:
    """Connect to a Ray cluster once per process.

    Parameters
    ----------
    address : str
        As in ``SKYWRIGHT_RAY_ADDRESS``: ``ray://host:port``, ``host:port``, ``auto``, or ``local``
        for a cluster of its own on this machine.

    Returns
    -------
    module
        Ray, connected.

    Raises
    ------
    MissingExtraError
        If Ray is not installed.
    SourceError
        If no cluster answers there.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    try:
        import ray
    except ImportError as error:
        what = "Monte Carlo on a Ray cluster"
        raise MissingExtraError(what, "ray") from error
    if not ray.is_initialized():
        try:
            ray.init(address=address, log_to_driver=False, configure_logging=False)
        except (ConnectionError, RuntimeError, ValueError) as error:
            message = f"No Ray cluster answers at {address!r}: {error}"
            hint = "Check SKYWRIGHT_RAY_ADDRESS, or leave it empty to compute on this machine."
            raise SourceError(message, hint=hint) from error
    return ray


def map_jobs(
    address: str,
    function: Callable[[_Job], _Result],
    jobs: Sequence[_Job],
    watch: Watch | None = None,
) -> list[_Result]:
    """Call a function for every job on a cluster; results come in the order of the jobs.

    Parameters
    ----------
    address : str
        Of the cluster, see `connect`.
    function : callable
        Importable on the workers; must not depend on anything but its job.
    jobs : sequence
        One argument each.
    watch : Watch, optional
        Progress in jobs, and cancellation between them.

    Returns
    -------
    list

    Raises
    ------
    CancelledError
        If the watch said so; tasks that have not started are dropped.
    """
    ray, follow = connect(address), watch or Watch()
    task = ray.remote(function)
    waiting = [task.remote(job) for job in jobs]
    refs, done = list(waiting), 0
    while waiting:
        ready, waiting = ray.wait(waiting, num_returns=1, timeout=0.2)
        done += len(ready)
        if ready and follow.progress is not None:
            follow.progress(done, len(jobs))
        if follow.cancelled is not None and follow.cancelled():
            for ref in waiting:
                ray.cancel(ref)
            raise CancelledError
    return list(ray.get(refs))


def flyer_on(address: str) -> Callable[[F64, float, Search, Watch | None], Flight]:
    """Return a `fly` that spreads the clones of one object over a cluster."""

    def fly_on_ray(
        states: F64, epoch_jd_tdb: float, search: Search, watch: Watch | None = None
    ) -> Flight:
        one = replace(search, threads=1)
        cuts = range(0, len(states), _CLONES_PER_TASK)
        jobs = [(np.array(states[k : k + _CLONES_PER_TASK]), epoch_jd_tdb, one) for k in cuts]
        return joined(map_jobs(address, _fly_part, jobs, watch))

    return fly_on_ray


def _fly_part(job: tuple[F64, float, Search]) -> Flight:
    return fly(*job)

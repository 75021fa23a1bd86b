"""Spread work over a Ray cluster: the same functions, seeds and answers as on this machine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np

from skywright.foundry.ray_cluster import connect
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
        Of the cluster, see `skywright.foundry.ray_cluster.connect`.
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
    ray, follow = connect(address, "Monte Carlo on a Ray cluster"), watch or Watch()
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

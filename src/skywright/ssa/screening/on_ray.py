"""Screening on a Ray cluster: one part of the span a task, the same function as here."""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

from skywright.errors import MissingExtraError, SourceError
from skywright.ssa.screening.screen import Plan, screen_part

F64 = npt.NDArray[np.float64]


def on_ray(
    address: str, table: pl.DataFrame, plan: Plan, parts: Sequence[tuple[int, int]]
) -> list[tuple[F64, list[int]]]:
    """Screen each part in a task of a cluster.

    Parameters
    ----------
    address : str
        ``ray://host:port``, ``host:port``, ``auto``, or ``local`` for a cluster of its own.

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
        what = "Screening on a Ray cluster"
        raise MissingExtraError(what, "ray") from error
    if not ray.is_initialized():
        try:
            ray.init(address=address, log_to_driver=False, configure_logging=False)
        except (ConnectionError, RuntimeError, ValueError) as error:
            message = f"No Ray cluster answers at {address}: {error}."
            raise SourceError(message) from error
    shared = ray.put(table)
    task = ray.remote(screen_part)
    told: list[tuple[F64, list[int]]] = ray.get([task.remote(shared, plan, a, b) for a, b in parts])
    return told

"""Screening on a Ray cluster: one part of the span a task, the same function as here."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

from skywright.foundry.ray_cluster import connect
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
    ray = connect(address, "Screening on a Ray cluster")
    shared = ray.put(table)
    task = ray.remote(screen_part)
    told: list[tuple[F64, list[int]]] = ray.get([task.remote(shared, plan, a, b) for a, b in parts])
    return told

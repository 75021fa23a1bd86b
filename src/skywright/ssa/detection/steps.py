"""How much a series steps at a time: a straight line with a ramp in it, fitted robustly.

For a moment t0 the values around it are a + b (t - t0) + s g(t), with g rising from 0 at t0 to 1 at
t0 + L. The statistic is s over its standard error, Huber's weights (1964, Ann. Math. Stat. 35, 73)
holding back single bad sets.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

F64 = npt.NDArray[np.float64]

_FARTHEST_D = 15.0
_HUBER = 3.0
_ROUNDS = 3
_LINE_PENALTY = 0.05
_LEAST_BEFORE, _LEAST_AFTER = 3, 2
_LINE_SCALE_D = 10.0


@dataclass(frozen=True, slots=True)
class Window:
    """Which values a fit looks at, and how fast a step may be."""

    before: int
    """Values before the moment."""
    after: int
    """Values after it."""
    smears_d: tuple[float, ...] = (0.0,)
    """Lengths of the ramp [d]; the one with the largest statistic is taken."""


@dataclass(frozen=True, slots=True)
class Steps:
    """The best step at each moment."""

    statistic: F64
    """Step over its standard error; 0 where too few values are near."""
    size: F64
    """Step, in the unit of the values."""
    smear_d: F64
    """Length of its ramp [d]."""


def steps_at(at: F64, times: F64, values: F64, noise: F64, window: Window) -> Steps:
    """Fit a step at each of some moments.

    Parameters
    ----------
    at : (m,) array
        Moments [d].
    times, values, noise : (n,) arrays
        The series, its times ascending [d], and its noise.
    window : Window
        What to look at.
    """
    after = np.searchsorted(times, at)
    index = after[:, None] + np.arange(-window.before, window.after)
    held = np.clip(index, 0, len(times) - 1)
    since = times[held] - at[:, None]
    usable = (index >= 0) & (index < len(times)) & (np.abs(since) < _FARTHEST_D)
    y = values[held]
    y = y - np.median(y, axis=1)[:, None]
    sigma = noise[np.clip(after, 0, len(times) - 1)]
    enough = (usable[:, : window.before].sum(axis=1) >= _LEAST_BEFORE) & (
        usable[:, window.before :].sum(axis=1) >= _LEAST_AFTER
    )
    best = Steps(np.zeros(len(at)), np.zeros(len(at)), np.zeros(len(at)))
    for smear in window.smears_d:
        ramp = _ramp(since, smear)
        told, size = _fitted(since, ramp, y, usable, sigma)
        told[~enough] = 0.0
        better = np.abs(told) > np.abs(best.statistic)
        best.statistic[better] = told[better]
        best.size[better] = size[better]
        best.smear_d[better] = smear
    return best


def _ramp(since: F64, smear_d: float) -> F64:
    if smear_d > 0.0:
        return np.asarray(np.clip(since / smear_d, 0.0, 1.0))
    return (since > 0.0).astype(np.float64)


def _fitted(
    since: F64, ramp: F64, y: F64, usable: npt.NDArray[np.bool_], sigma: F64
) -> tuple[F64, F64]:
    design = np.stack([np.ones_like(since), since / _LINE_SCALE_D, ramp], axis=-1)
    weight = usable.astype(np.float64)
    penalty = np.diag([1e-9, _LINE_PENALTY, 1e-9])
    for _ in range(_ROUNDS):
        weighted = weight[..., None] * design
        normal = np.einsum("mki,mkj->mij", weighted, design) + penalty
        found = np.linalg.solve(normal, np.einsum("mki,mk->mi", weighted, y)[..., None])[..., 0]
        left = y - np.einsum("mki,mi->mk", design, found)
        scaled = np.abs(left) / sigma[:, None]
        weight = np.where(usable, _HUBER / np.maximum(scaled, _HUBER), 0.0)
    freedom = np.maximum(weight.sum(axis=1) - 3.0, 1.0)
    spread = np.maximum(sigma, np.sqrt((weight * left**2).sum(axis=1) / freedom))
    error = spread * np.sqrt(np.linalg.inv(normal)[:, 2, 2])
    return found[:, 2] / error, found[:, 2]

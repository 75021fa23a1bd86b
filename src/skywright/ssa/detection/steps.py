"""How much a series steps at a time: a straight line with a ramp in it, fitted robustly.

For a moment t0 the values around it are a + b (t - t0) + s g(t), with g rising from 0 at t0 to 1 at
t0 + L. The statistic is s over its standard error, Huber's weights (1964, Ann. Math. Stat. 35, 73)
holding back single bad sets.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from skywright.orbits._jit import kernel

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
    told = steps_in(at, times, values, noise, (window,))
    return Steps(*told[:, 0])


def steps_in(
    at: F64, times: F64, values: F64, noise: F64, windows: tuple[Window, ...]
) -> npt.NDArray[np.float64]:
    """Fit steps as `steps_at` does in several windows; statistics, sizes, smears; (3, w, m)."""
    best = np.zeros((3, len(windows), len(at)))
    reach, smears_d = _as_arrays(windows)
    _fit_all(at, np.searchsorted(times, at), times, values, noise, reach, smears_d, best)
    return best


@lru_cache(maxsize=64)
def _as_arrays(windows: tuple[Window, ...]) -> tuple[npt.NDArray[np.int64], F64]:
    """Return values before and after, and smears with NaN where a window has fewer."""
    most = max(len(one.smears_d) for one in windows)
    padded = [[*one.smears_d, *[np.nan] * (most - len(one.smears_d))] for one in windows]
    return np.array([[one.before, one.after] for one in windows]), np.array(padded)


@kernel
def _fit_all(
    at: F64,
    after: npt.NDArray[np.int64],
    times: F64,
    values: F64,
    noise: F64,
    reach: npt.NDArray[np.int64],
    smears_d: F64,
    best: F64,
) -> None:
    series = (at, after, times, values, noise)
    for w in range(len(reach)):
        _fit_window(series, (reach[w, 0], reach[w, 1]), smears_d[w], best[:, w])


@kernel
def _fit_window(
    series: tuple[F64, npt.NDArray[np.int64], F64, F64, F64],
    reach: tuple[int, int],
    smears_d: F64,
    best: F64,
) -> None:
    at, after, times, values, noise = series
    before, behind = reach
    many, last = before + behind, len(times) - 1
    since, y = np.empty(many), np.empty(many)
    usable = np.empty(many, np.bool_)
    ramp, weight, left = np.empty(many), np.empty(many), np.empty(many)
    for m in range(len(at)):
        earlier, later = 0, 0
        for k in range(many):
            index = after[m] - before + k
            held = min(max(index, 0), last)
            since[k] = times[held] - at[m]
            y[k] = values[held]
            usable[k] = 0 <= index <= last and abs(since[k]) < _FARTHEST_D
            earlier += usable[k] and k < before
            later += usable[k] and k >= before
        if earlier < _LEAST_BEFORE or later < _LEAST_AFTER:
            continue
        y -= np.median(y)
        sigma = noise[min(after[m], last)]
        for smear in smears_d:
            if math.isnan(smear):
                continue
            for k in range(many):
                if smear > 0.0:
                    ramp[k] = min(max(since[k] / smear, 0.0), 1.0)
                else:
                    ramp[k] = 1.0 if since[k] > 0.0 else 0.0
            told, step = _fitted((since, ramp, y, usable), sigma, (weight, left))
            if abs(told) > abs(best[0, m]):
                best[0, m], best[1, m], best[2, m] = told, step, smear


@kernel
def _fitted(
    given: tuple[F64, F64, F64, npt.NDArray[np.bool_]], sigma: float, room: tuple[F64, F64]
) -> tuple[float, float]:
    """Return the step over its standard error, and the step, of one line with a ramp."""
    since, ramp, y, usable = given
    weight, left = room
    many = len(y)
    for k in range(many):
        weight[k] = 1.0 if usable[k] else 0.0
    step, inverse = 0.0, 0.0
    for _ in range(_ROUNDS):
        a, d, f = 1e-9, _LINE_PENALTY, 1e-9
        b = c = e = u = v = w = 0.0
        for k in range(many):
            line, q = since[k] / _LINE_SCALE_D, weight[k]
            a += q
            b += q * line
            c += q * ramp[k]
            d += q * line * line
            e += q * line * ramp[k]
            f += q * ramp[k] * ramp[k]
            u += q * y[k]
            v += q * line * y[k]
            w += q * ramp[k] * y[k]
        # The adjugate of the symmetric normal matrix ((a b c) (b d e) (c e f)).
        aa, bb, cc = d * f - e * e, c * e - b * f, b * e - c * d
        dd, ee, ff = a * f - c * c, b * c - a * e, a * d - b * b
        size = a * aa + b * bb + c * cc
        level = (aa * u + bb * v + cc * w) / size
        slope = (bb * u + dd * v + ee * w) / size
        step = (cc * u + ee * v + ff * w) / size
        inverse = ff / size
        for k in range(many):
            left[k] = y[k] - level - slope * since[k] / _LINE_SCALE_D - step * ramp[k]
            weight[k] = _HUBER / max(abs(left[k]) / sigma, _HUBER) if usable[k] else 0.0
    total = squares = 0.0
    for k in range(many):
        total += weight[k]
        squares += weight[k] * left[k] * left[k]
    spread = max(sigma, np.sqrt(squares / max(total - 3.0, 1.0)))
    return step / (spread * np.sqrt(inverse)), step

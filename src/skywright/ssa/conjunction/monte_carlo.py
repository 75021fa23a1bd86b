"""The collision probability by counting: sampled pairs of orbits, two-body motion, a seed.

Pairs are drawn in equinoctial elements, so that large in-track uncertainties follow the orbit. A
pair counts once, however often it touches (Hall et al. 2018, AAS 18-244, on Monte Carlo).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from skywright.errors import InputError
from skywright.orbits._jit import kernel, leaf
from skywright.ssa.conjunction.conjunction import Conjunction
from skywright.ssa.conjunction.equinoctial import GM_KM3_S2
from skywright.ssa.conjunction.nc3d import pair_of, reach_s

F64 = npt.NDArray[np.float64]

_BATCH = 20_000
_NEWTON = 10
_HALVINGS = 40


@dataclass(frozen=True, slots=True)
class Counted:
    """What was counted."""

    probability: float
    interval: tuple[float, float]
    """95 % interval of Wilson (1927, J. Am. Stat. Assoc. 22, 209)."""
    hits: int
    samples: int
    seed: int
    window_s: float


@leaf
def _place(e: F64, t: float, out: F64) -> None:
    n, af, ag, chi, psi = e[0], e[1], e[2], e[3], e[4]
    longitude = e[5] + n * t
    f = longitude
    for _ in range(_NEWTON):
        wrong = f + ag * math.cos(f) - af * math.sin(f) - longitude
        step = wrong / (1.0 - ag * math.sin(f) - af * math.cos(f))
        f -= step
        if abs(step) < 1e-13:
            break
    a = (GM_KM3_S2 / (n * n)) ** (1.0 / 3.0)
    b = 1.0 / (1.0 + math.sqrt(1.0 - af * af - ag * ag))
    c, s = math.cos(f), math.sin(f)
    x = a * ((1.0 - ag * ag * b) * c + af * ag * b * s - af)
    y = a * ((1.0 - af * af * b) * s + af * ag * b * c - ag)
    rate = n * a / (1.0 - af * c - ag * s)
    vx = rate * (af * ag * b * c - (1.0 - ag * ag * b) * s)
    vy = rate * ((1.0 - af * af * b) * c - af * ag * b * s)
    k = 1.0 + chi * chi + psi * psi
    fx, fy, fz = (1.0 - chi * chi + psi * psi) / k, 2.0 * chi * psi / k, -2.0 * chi / k
    gx, gy, gz = 2.0 * chi * psi / k, (1.0 + chi * chi - psi * psi) / k, 2.0 * psi / k
    out[0], out[1], out[2] = x * fx + y * gx, x * fy + y * gy, x * fz + y * gz
    out[3], out[4], out[5] = vx * fx + vy * gx, vx * fy + vy * gy, vx * fz + vy * gz


@leaf
def _hermite(a: F64, b: F64, h: float, u: float, c: int) -> float:
    p = u * u * (3.0 - 2.0 * u)
    slopes: float = a[c + 3] * (1.0 - u) - b[c + 3] * u
    place: float = (1.0 - p) * a[c] + p * b[c] + h * u * (1.0 - u) * slopes
    return place


@leaf
def _hermite_rate(a: F64, b: F64, h: float, u: float, c: int) -> float:
    from_start = a[c + 3] * (1.0 - u) * (1.0 - 3.0 * u) - b[c + 3] * u * (2.0 - 3.0 * u)
    rate: float = 6.0 * u * (1.0 - u) * (b[c] - a[c]) / h + from_start
    return rate


@leaf
def _nearest(a: F64, b: F64, h: float) -> float:
    """Least squared distance between two relative states, by cubic Hermite motion [km2]."""
    least: float = min(a[0] ** 2 + a[1] ** 2 + a[2] ** 2, b[0] ** 2 + b[1] ** 2 + b[2] ** 2)
    if a[0] * a[3] + a[1] * a[4] + a[2] * a[5] >= 0.0:
        return least
    if b[0] * b[3] + b[1] * b[4] + b[2] * b[5] <= 0.0:
        return least
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        u = 0.5 * (low + high)
        closing = 0.0
        for c in range(3):
            closing += _hermite(a, b, h, u, c) * _hermite_rate(a, b, h, u, c)
        if closing < 0.0:
            low = u
        else:
            high = u
    d = 0.0
    for c in range(3):
        d += _hermite(a, b, h, low, c) ** 2
    return min(least, d)


@kernel
def _hits(one: F64, two: F64, times: F64, radius: float) -> int:
    hits = 0
    s1, s2, before, now = np.empty(6), np.empty(6), np.empty(6), np.empty(6)
    limit = radius * radius
    for k in range(len(one)):
        for j in range(len(times)):
            _place(one[k], times[j], s1)
            _place(two[k], times[j], s2)
            for c in range(6):
                now[c] = s2[c] - s1[c]
            if j > 0 and _nearest(before, now, times[j] - times[j - 1]) < limit:
                hits += 1
                break
            for c in range(6):
                before[c] = now[c]
    return hits


def count_collisions(
    conjunction: Conjunction, *, samples: int, seed: int = 1, window_s: float | None = None
) -> Counted:
    """Count the sampled pairs that touch.

    Parameters
    ----------
    conjunction : Conjunction
        With covariances of position and velocity.
    samples : int
        Pairs, 1,000 to 10 million.
    seed : int
        The same seed gives the same count.
    window_s : float, optional
        Seconds before and after the closest approach; 0.45 revolutions if left out.

    Raises
    ------
    InputError
        If the number of samples is not allowed.
    """
    if not 1000 <= samples <= 10_000_000:
        message = f"samples must be 1,000 to 10,000,000, got {samples}."
        raise InputError(message)
    pair = pair_of(conjunction)
    half = reach_s(pair)
    window = half if window_s is None else min(window_s, half)
    steps = int(np.clip(2.0 * window / (half / 100.0), 20, 200)) + 1
    times = np.linspace(-window, window, steps)
    random = np.random.default_rng(seed)
    roots = [_root(covariance) for covariance in pair.covariances]
    hits = done = 0
    while done < samples:
        size = min(_BATCH, samples - done)
        drawn = [
            centre + random.standard_normal((size, 6)) @ root.T
            for centre, root in zip(pair.elements, roots, strict=True)
        ]
        hits += int(_hits(drawn[0], drawn[1], times, pair.radius_km))
        done += size
    return Counted(hits / samples, wilson(hits, samples), hits, samples, seed, window)


def wilson(hits: int, samples: int, level: float = 0.95) -> tuple[float, float]:
    """Return Wilson's interval of a share."""
    z = float(ndtri(0.5 + level / 2.0))
    share = hits / samples
    middle = (share + z * z / (2.0 * samples)) / (1.0 + z * z / samples)
    spread = z / (1.0 + z * z / samples)
    spread *= math.sqrt(share * (1.0 - share) / samples + z * z / (4.0 * samples**2))
    return max(0.0, middle - spread), min(1.0, middle + spread)


def _root(covariance: F64) -> F64:
    scale = np.sqrt(np.maximum(covariance.diagonal(), 1e-300))
    values, vectors = np.linalg.eigh(covariance / np.outer(scale, scale))
    return np.asarray(scale[:, None] * (vectors * np.sqrt(np.maximum(values, 0.0))))

"""The plain slow way to the minimum orbit intersection distance, to test the fast one against."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from skywright.errors import OrbitError
from skywright.orbits.elements import Elements, checked_elements
from skywright.orbits.moid import Moid

FloatArray = NDArray[np.float64]


def moid_direct(first: Elements, second: Elements, *, steps: int = 720) -> Moid:
    """Return what ``moid_between`` returns, by plain means: a grid, then refinement.

    Kept as the oracle of the fast search: no shared code and no cleverness.

    Parameters
    ----------
    first, second : Elements
        Pairs of orbits in one frame [au, rad]; the second one closed.
    steps : int
        Points of the grid along each orbit.

    Returns
    -------
    Moid
        Distances [au] and true anomalies [rad].

    Raises
    ------
    OrbitError
        If an element is outside its range or a second orbit is open.
    """
    a, b = checked_elements(first), checked_elements(second)
    if np.any(b.e >= 1):
        message = "The second orbit of moid_direct must be closed (e < 1); exchange the two."
        raise OrbitError(message)
    count = max(a.e.size, b.e.size)
    a, b = (Elements(*(np.resize(np.asarray(f), count) for f in orbits)) for orbits in (a, b))
    pairs = [
        _direct_pair(Elements(*(np.asarray(f)[k : k + 1] for f in a)),
                     Elements(*(np.asarray(f)[k : k + 1] for f in b)), steps)
        for k in range(count)
    ]  # fmt: skip
    return Moid(*np.array(pairs).T)


def _direct_pair(a: Elements, b: Elements, steps: int) -> tuple[float, float, float, float]:
    reach = 3.0 * (a.q_au[0] + b.q_au[0] * (1 + b.e[0]) / (1 - b.e[0]))
    cosine = (a.q_au[0] * (1 + a.e[0]) / reach - 1.0) / max(a.e[0], 1e-300)
    half = math.acos(max(cosine, -1.0))
    nu, body_nu = np.linspace(-half, half, steps), np.linspace(-math.pi, math.pi, steps)
    gaps = _points(a, nu)[:, None, :] - _points(b, body_nu)[None, :, :]
    found: list[tuple[float, float, float]] = []
    for row, column in _grid_minima(np.linalg.norm(gaps, axis=2)):
        distance, best = _refined(a, b, np.array([nu[row], body_nu[column]]))
        turns = [math.remainder(float(v), math.tau) for v in best]
        found.append((distance, turns[0], turns[1]))
    found.sort()
    least = found[0]
    others = [m[0] for m in found if abs(math.remainder(m[1] - least[1], math.tau)) > 1e-5]
    return least[0], least[1], least[2], others[0] if others else math.nan


def _refined(a: Elements, b: Elements, start: FloatArray) -> tuple[float, FloatArray]:
    """Go down from a cell: least squares is sharp where orbits meet, the simplex elsewhere."""
    from scipy.optimize import fmin, least_squares

    def gap(anomalies: FloatArray) -> FloatArray:
        return np.asarray((_points(a, anomalies[:1]) - _points(b, anomalies[1:]))[0])

    def square(anomalies: FloatArray) -> float:
        return float(np.sum(gap(anomalies) ** 2))

    first = least_squares(gap, start, xtol=1e-15, ftol=1e-15, gtol=1e-15).x
    simplex = first + np.array([[0.0, 0.0], [1e-4, 0.0], [0.0, 1e-4]])
    second = np.asarray(
        fmin(square, first, xtol=1e-10, ftol=1e-17, initial_simplex=simplex, disp=False)
    )
    best = min(first, second, key=square)
    return math.sqrt(square(best)), np.asarray(best)


def _points(orbit: Elements, nu: FloatArray) -> FloatArray:
    """Return positions (m, 3) at true anomalies, by three textbook rotations."""
    q, e, i, node, peri = (float(np.asarray(field).ravel()[0]) for field in orbit[:5])
    radius = q * (1 + e) / (1 + e * np.cos(nu))
    flat = np.stack([radius * np.cos(nu), radius * np.sin(nu), np.zeros_like(nu)], axis=1)
    return np.asarray(flat @ (_turn_z(node) @ _turn_x(i) @ _turn_z(peri)).T)


def _turn_z(angle: float) -> FloatArray:
    c, s = math.cos(angle), math.sin(angle)
    return np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])


def _turn_x(angle: float) -> FloatArray:
    c, s = math.cos(angle), math.sin(angle)
    return np.array([[1.0, 0.0, 0.0], [0.0, c, -s], [0.0, s, c]])


def _grid_minima(distance: FloatArray) -> list[tuple[int, int]]:
    """Return the cells that no neighbour undercuts, and the least of all."""
    padded = np.pad(distance, 1, constant_values=np.inf)
    least = np.full_like(distance, np.inf)
    rows, columns = distance.shape
    for down in range(3):
        for right in range(3):
            if (down, right) != (1, 1):
                np.minimum(least, padded[down : down + rows, right : right + columns], out=least)
    cells = np.argwhere(distance <= least)
    return [(int(row), int(column)) for row, column in cells]

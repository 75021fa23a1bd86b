"""The smallest impulse that brings the collision probability down, exactly.

The displacement at the closest approach is linear in the impulse (two-body state transition of the
satellite's own orbit; Battin 1999, section 9.6; Bombardelli and Hernando-Ayuso 2015, J. Guidance
38, 217, write the same in the encounter plane). So the least impulse for a displacement ``d`` of
the plane costs ``d' (M M')^-1 d``, and what remains is a search along the curve of equal
probability, which is close to an ellipse of equal Mahalanobis distance.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from skywright.orbits._jit import kernel
from skywright.ssa.conjunction.foster import _over_discs

F64 = npt.NDArray[np.float64]
_Four = tuple[F64, F64, F64, F64]

GM_KM3_S2 = 398600.4418
"""Of the Earth (EGM-96, as Vallado 2013, appendix D)."""

_ANGLES = 720
_QUARTER = 16
_LEAST_REACH = 1e-13
_MOST_STEPS = 30
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(16)  # a search needs fewer than an answer

_TURN = np.linspace(0.0, 2.0 * math.pi, _ANGLES, endpoint=False)
_GRID = (
    np.cos(2.0 * np.outer(_TURN, np.arange(_QUARTER + 1))),
    np.column_stack([np.cos(_TURN), np.sin(_TURN)]),
)
"""Cosines of the series and unit vectors at the angles that are tried first."""


@kernel
def _pc(miss: F64, covariance: F64, radius: float, nodes: F64, weights: F64) -> float:
    m = np.empty((1, 2))
    m[0] = miss
    c = np.empty((1, 2, 2))
    c[0] = covariance
    out = np.empty(1)
    _over_discs(m, c, np.array([radius]), nodes, weights, out)
    return float(out[0])


@kernel
def _reach(
    unit: F64, covariance: F64, first: float, job: tuple[float, float], n: F64, w: F64
) -> float:
    """Scale of a ray from the centre at which the probability is the target."""
    radius, target = job
    m = first
    for _ in range(30):
        pc = _pc(m * unit, covariance, radius, n, w)
        if not pc > 1e-300:
            m *= 0.7
            continue
        off = math.log(pc / target)
        if abs(off) < 1e-7:
            break
        step = 1e-4 * max(m, 0.1)
        ahead = _pc((m + step) * unit, covariance, radius, n, w)
        slope = (math.log(ahead) - math.log(pc)) / step if ahead > 0.0 else -m
        if slope > -1e-3:
            m += 0.5
            continue
        m = max(m - min(max(off / slope, -2.0), 2.0), 0.05)
    return m


@kernel
def _scale_at(angle: float, series: F64) -> float:
    total = 0.0
    for j in range(len(series)):
        total += series[j] * math.cos(2.0 * j * angle)
    return total


@kernel
def _cost(angle: float, m: float, root: F64, job: tuple[F64, F64]) -> float:
    miss, gram = job
    x, y = m * math.cos(angle), m * math.sin(angle)
    d0 = miss[0] - (root[0, 0] * x + root[0, 1] * y)
    d1 = miss[1] - (root[1, 0] * x + root[1, 1] * y)
    return float(gram[0, 0] * d0 * d0 + 2.0 * gram[0, 1] * d0 * d1 + gram[1, 1] * d1 * d1)


@kernel
def _costs(scales: F64, units: F64, root: F64, job: tuple[F64, F64]) -> F64:
    """Return the cost at each angle of the grid."""
    miss, gram = job
    out = np.empty(len(scales))
    for j in range(len(scales)):
        x, y = scales[j] * units[j, 0], scales[j] * units[j, 1]
        d0 = miss[0] - (root[0, 0] * x + root[0, 1] * y)
        d1 = miss[1] - (root[1, 0] * x + root[1, 1] * y)
        out[j] = gram[0, 0] * d0 * d0 + 2.0 * gram[0, 1] * d0 * d1 + gram[1, 1] * d1 * d1
    return out


@kernel
def _golden(middle: float, factor: float, series: F64, root: F64, job: tuple[F64, F64]) -> float:
    """Angle of the least cost near one; the curve is the series times a factor."""
    share = 0.5 * (math.sqrt(5.0) - 1.0)
    half = 2.0 * math.pi / _ANGLES
    a, b = middle - half, middle + half
    x1, x2 = b - share * (b - a), a + share * (b - a)
    f1 = _cost(x1, factor * _scale_at(x1, series), root, job)
    f2 = _cost(x2, factor * _scale_at(x2, series), root, job)
    for _ in range(26):
        if f1 < f2:
            b, x2, f2 = x2, x1, f1
            x1 = b - share * (b - a)
            f1 = _cost(x1, factor * _scale_at(x1, series), root, job)
        else:
            a, x1, f1 = x1, x2, f2
            x2 = a + share * (b - a)
            f2 = _cost(x2, factor * _scale_at(x2, series), root, job)
    return 0.5 * (a + b)


@kernel
def _contour(root: F64, covariance: F64, disc: tuple[float, float], n: F64, w: F64) -> F64:
    """Cosine series of the scale at which the probability is the target, by angle.

    In principal axes the curve mirrors in both, so a quarter of it tells all.
    """
    radius, target = disc
    det = covariance[0, 0] * covariance[1, 1] - covariance[0, 1] ** 2
    m = math.sqrt(max(2.0 * math.log(radius**2 / (2.0 * math.sqrt(det)) / target), 0.01))
    scales = np.empty(_QUARTER + 1)
    for j in range(_QUARTER + 1):
        angle = 0.5 * math.pi * j / _QUARTER
        unit = root @ np.array([math.cos(angle), math.sin(angle)])
        m = _reach(unit, covariance, m, disc, n, w)
        scales[j] = m
    series = np.zeros(_QUARTER + 1)
    for k in range(_QUARTER + 1):
        for j in range(_QUARTER + 1):
            end = 0.5 if j in (0, _QUARTER) else 1.0
            series[k] += end * scales[j] * math.cos(math.pi * j * k / _QUARTER)
        series[k] *= (1.0 if k in (0, _QUARTER) else 2.0) / _QUARTER
    return series


@kernel
def _exact(
    miss: F64,
    covariance: F64,
    radius: F64,
    response: F64,
    target: float,
    nodes: F64,
    weights: F64,
    grid: tuple[F64, F64],
    out: F64,
) -> None:
    cosines, units = grid
    for k in range(len(radius)):
        c, b, M = covariance[k], miss[k], response[k]
        values, vectors = np.linalg.eigh(c)
        root = vectors * np.sqrt(values)
        square = M @ M.T
        # At whole revolutions one direction cannot be reached: dear, but not singular.
        floor = _LEAST_REACH * (square[0, 0] + square[1, 1])
        gram = np.linalg.inv(square + floor * np.eye(2))
        disc, job = (radius[k], target), (b, gram)
        series = _contour(root, c, disc, nodes, weights)
        step = 2.0 * math.pi / _ANGLES
        costs = _costs(cosines @ series, units, root, job)
        best, where, scale = np.inf, 0.0, 1.0
        for j in range(_ANGLES):
            if costs[j] > costs[j - 1] or costs[j] >= costs[(j + 1) % _ANGLES]:
                continue
            angle, factor = j * step, 1.0
            for _ in range(2):
                angle = _golden(angle, factor, series, root, job)
                unit = root @ np.array([math.cos(angle), math.sin(angle)])
                told = _scale_at(angle, series)
                m = _reach(unit, c, told * factor, disc, nodes, weights)
                factor = m / told
            cost = _cost(angle, m, root, job)
            if cost < best:
                best, where, scale = cost, angle, m
        d = b - scale * (root @ np.array([math.cos(where), math.sin(where)]))
        out[k] = M.T @ (gram @ d)


@kernel
def _axes(
    miss: F64,
    covariance: F64,
    radius: F64,
    response: F64,
    target: float,
    nodes: F64,
    weights: F64,
    out: F64,
) -> None:
    for k in range(len(radius)):
        c, b = covariance[k], miss[k]
        inverse = np.linalg.inv(c)
        det = c[0, 0] * c[1, 1] - c[0, 1] ** 2
        small = radius[k] ** 2 / (2.0 * math.sqrt(det))
        level = max(2.0 * math.log(small / target), 0.01)
        for column in range(response.shape[2]):
            for side in range(2):
                d = -response[k, :, column] * (1.0 if side == 0 else -1.0)
                out[k, 2 * column + side] = np.nan
                A, B = d @ (inverse @ d), b @ (inverse @ d)
                inside = B * B - A * (b @ (inverse @ b) - level)
                if not A > 1e-300 or inside < 0.0:
                    continue
                low, high = 0.0, (-B + math.sqrt(inside)) / A
                if high <= 0.0:
                    continue
                wide = 0
                while _pc(b + high * d, c, radius[k], nodes, weights) > target and wide < 60:
                    low, high, wide = high, 1.1 * high, wide + 1
                if wide == 0:
                    low = high
                    while _pc(b + low * d, c, radius[k], nodes, weights) <= target and wide < 60:
                        low, wide = 0.93 * low, wide + 1
                for _ in range(22):
                    middle = 0.5 * (low + high)
                    if _pc(b + middle * d, c, radius[k], nodes, weights) > target:
                        low = middle
                    else:
                        high = middle
                out[k, 2 * column + side] = high


def least_impulses(miss: F64, covariance: F64, hbr_km: F64, response: F64, target_pc: float) -> F64:
    """Return the exact least impulses.

    Parameters
    ----------
    miss, covariance, hbr_km
        As :func:`skywright.ssa.conjunction.foster.pc_2d`: km, km2, km.
    response : (n, 2, 3) array
        How an impulse moves the own satellite in the encounter plane [km per km/s].
    target_pc : float
        The probability to reach.

    Returns
    -------
    (n, 3) array
        Radial, in-track, cross-track [km/s]; meaningful where the probability is above the target.
    """
    out = np.empty((len(hbr_km), 3))
    _exact(
        *_contiguous(miss, covariance, hbr_km, response), target_pc, _NODES, _WEIGHTS, _GRID, out
    )
    return out


def axis_impulses(miss: F64, covariance: F64, hbr_km: F64, response: F64, target_pc: float) -> F64:
    """Return the sizes of burns along one axis that reach the target; (n, 2 per axis) [km/s].

    Columns are R+, R-, T+, T-, N+, N- for a full response; NaN where a direction never reaches it.
    """
    out = np.empty((len(hbr_km), 2 * response.shape[2]))
    _axes(*_contiguous(miss, covariance, hbr_km, response), target_pc, _NODES, _WEIGHTS, out)
    return out


def _contiguous(miss: F64, covariance: F64, hbr_km: F64, response: F64) -> _Four:
    a, b, c, d = (
        np.ascontiguousarray(one, dtype=np.float64) for one in (miss, covariance, hbr_km, response)
    )
    return a, b, c, d


def kepler_step(states: F64, dt_s: F64) -> F64:
    """Return states after a time on closed two-body orbits (Vallado 2013, section 2.3.1).

    Parameters
    ----------
    states : (n, 6) array
        km, km/s, inertial.
    dt_s : (n,) array
        Time [s]; negative goes back.
    """
    given = np.ascontiguousarray(states, dtype=np.float64)
    out = np.empty_like(given)
    _kepler_steps(given, np.ascontiguousarray(dt_s, dtype=np.float64), out)
    return out


@kernel
def _kepler_steps(states: F64, dt_s: F64, out: F64) -> None:
    for k in range(len(states)):
        r, v, dt = states[k, :3], states[k, 3:], dt_s[k]
        length = math.sqrt(r @ r)
        a = 1.0 / (2.0 / length - (v @ v) / GM_KM3_S2)
        n = math.sqrt(GM_KM3_S2 / a**3)
        # e cos E and e sin E of the start; Kepler's equation in the change of E.
        c, s = 1.0 - length / a, (r @ v) / math.sqrt(GM_KM3_S2 * a)
        x = n * dt
        for _ in range(_MOST_STEPS):
            off = x - c * math.sin(x) + s * (1.0 - math.cos(x)) - n * dt
            step = off / (1.0 - c * math.cos(x) + s * math.sin(x))
            x -= step
            if abs(step) <= 1e-15 * max(abs(x), 1.0):
                break
        now = a * (1.0 - c * math.cos(x) + s * math.sin(x))
        f = 1.0 - a / length * (1.0 - math.cos(x))
        g = dt - (x - math.sin(x)) / n
        f_dot = -math.sqrt(GM_KM3_S2 * a) / (now * length) * math.sin(x)
        g_dot = 1.0 - a / now * (1.0 - math.cos(x))
        for j in range(3):
            out[k, j] = f * r[j] + g * v[j]
            out[k, 3 + j] = f_dot * r[j] + g_dot * v[j]


def transition(states: F64, dt_s: F64) -> F64:
    """Return how an impulse moves the position after a time: (n, 3, 3) [km per km/s].

    Central differences of the closed form; the step keeps the error below 1e-7 of the value.
    """
    step = 1e-5
    columns = []
    for axis in range(3):
        kick = np.zeros(6)
        kick[3 + axis] = step
        ahead, behind = kepler_step(states + kick, dt_s), kepler_step(states - kick, dt_s)
        columns.append((ahead[:, :3] - behind[:, :3]) / (2.0 * step))
    return np.stack(columns, axis=2)

"""True orbits: Cowell integration with fixed steps of DOP853, burns as impulses between them.

Runs go forward or backward in time, so that a scenario can be built from the moment when two
objects are near. Low thrust is a train of small impulses.

References
----------
.. [1] Hairer, Norsett & Wanner (1993), Solving Ordinary Differential Equations I, section II.5.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.integrate._ivp import dop853_coefficients

from skywright.orbits._jit import kernel, leaf
from skywright.ssa.simulation.forces import GM_KM3_S2, RADIUS_KM, derivative
from skywright.ssa.simulation.surroundings import Surroundings

F64 = npt.NDArray[np.float64]

LOWEST_KM = 110.0
"""Height at which an object counts as gone [km]."""

STEP_S = {"leo": 100.0, "geo": 1800.0, "meo": 900.0, "heo": 100.0}
"""Steps of each regime [s]; halving them changes a week by less than a metre (see the tests)."""

_A: F64 = np.ascontiguousarray(dop853_coefficients.A, dtype=np.float64)
_C: F64 = np.ascontiguousarray(dop853_coefficients.C, dtype=np.float64)
_STAGES = 12


@dataclass(frozen=True, slots=True)
class Body:
    """How air and light act on an object."""

    drag_m2_kg: float
    """Drag coefficient times area over mass."""
    light_m2_kg: float
    """Radiation coefficient times area over mass."""

    def row(self) -> F64:
        """As the kernels take it."""
        return np.array([self.drag_m2_kg, self.light_m2_kg])


@leaf
def _step(
    t_s: float,
    h: float,
    y: F64,
    sidereal_rad: float,
    bodies: F64,
    inverse_kelvin: F64,
    log_density: F64,
    body: F64,
    k: F64,
    work: F64,
) -> None:
    """Advance ``y`` in place by one step."""
    derivative(t_s, y, sidereal_rad, bodies, inverse_kelvin, log_density, body, k[0])
    for i in range(1, _STAGES + 1):
        for c in range(6):
            total = 0.0
            for j in range(i):
                total += _A[i, j] * k[j, c]
            work[c] = y[c] + h * total
        if i < _STAGES:
            at = t_s + _C[i] * h
            derivative(at, work, sidereal_rad, bodies, inverse_kelvin, log_density, body, k[i])
    for c in range(6):
        y[c] = work[c]


@leaf
def kick(y: F64, burn: F64, sign: float) -> None:
    """Add a burn [m/s; radial, in-track, cross-track] to a state, or take it away."""
    r = np.sqrt(y[0] ** 2 + y[1] ** 2 + y[2] ** 2)
    rx, ry, rz = y[0] / r, y[1] / r, y[2] / r
    nx, ny, nz = y[1] * y[5] - y[2] * y[4], y[2] * y[3] - y[0] * y[5], y[0] * y[4] - y[1] * y[3]
    n = np.sqrt(nx * nx + ny * ny + nz * nz)
    nx, ny, nz = nx / n, ny / n, nz / n
    tx, ty, tz = ny * rz - nz * ry, nz * rx - nx * rz, nx * ry - ny * rx
    f = sign * 1e-3
    y[3] += f * (burn[0] * rx + burn[1] * tx + burn[2] * nx)
    y[4] += f * (burn[0] * ry + burn[1] * ty + burn[2] * ny)
    y[5] += f * (burn[0] * rz + burn[1] * tz + burn[2] * nz)


@kernel
def run(
    first: int,
    last: int,
    step_s: float,
    burns: F64,
    sidereal_rad: float,
    bodies: F64,
    inverse_kelvin: F64,
    log_density: F64,
    body: F64,
    out: F64,
) -> int:
    """Fill rows of ``out`` from ``first`` (which holds a state) to ``last``, in any direction.

    Parameters
    ----------
    burns : (m, 4) array
        Seconds from the start, and m/s radial, in-track, cross-track; in the order of the run.

    Returns
    -------
    int
        The last row that holds a state: before ``last`` if the object came down.
    """
    sign = 1 if last >= first else -1
    y, work, k = out[first].copy(), np.empty(6), np.empty((_STAGES, 6))
    m = 0
    for row in range(first, last, sign):
        t, stop = row * step_s, (row + sign) * step_s
        while m < len(burns) and (burns[m, 0] - stop) * sign < 0.0:
            h = burns[m, 0] - t
            if h * sign > 0.0:
                _step(t, h, y, sidereal_rad, bodies, inverse_kelvin, log_density, body, k, work)
                t = burns[m, 0]
            kick(y, burns[m, 1:4], 1.0 * sign)
            m += 1
        _step(t, stop - t, y, sidereal_rad, bodies, inverse_kelvin, log_density, body, k, work)
        if np.sqrt(y[0] ** 2 + y[1] ** 2 + y[2] ** 2) < RADIUS_KM + LOWEST_KM:
            return row
        out[row + sign] = y
    return last


class Track:
    """True states of one object on an even grid, and the burns that were put in.

    Attributes
    ----------
    states : (n, 6) array
        Position [km] and velocity [km/s] each ``step_s`` from the start; NaN where not run.
    burns : list of (t_s, dv_radial_m_s, dv_intrack_m_s, dv_crosstrack_m_s, routine)
        In no order.
    """

    def __init__(self, around: Surroundings, body: Body, step_s: float, days: float) -> None:
        self.around = around
        self.body = body
        self.step_s = step_s
        self.states: F64 = np.full((int(days * 86400.0 / step_s) + 1, 6), np.nan)
        self.burns: list[tuple[float, float, float, float, bool]] = []
        self.low = self.high = 0

    def start(self, t_s: float, state: F64) -> None:
        """Put the object at the row nearest to a time."""
        self.low = self.high = round(t_s / self.step_s)
        self.states[self.low] = state

    def forward(self, t_s: float, burns: list[tuple[float, float, float, float, bool]]) -> None:
        """Run on to a time; burns must lie ahead."""
        last = min(round(t_s / self.step_s), len(self.states) - 1)
        self.high = self._run(self.high, last, sorted(burns))
        self.burns += burns

    def backward(self, t_s: float, burns: list[tuple[float, float, float, float, bool]]) -> None:
        """Run back to a time; burns must lie behind."""
        last = max(round(t_s / self.step_s), 0)
        self.low = self._run(self.low, last, sorted(burns, reverse=True))
        self.burns += burns

    def _run(self, first: int, last: int, burns: list[tuple[float, ...]]) -> int:
        if first == last:
            return first
        rows = np.array([b[:4] for b in burns], dtype=np.float64).reshape(-1, 4)
        return int(
            run(
                first,
                last,
                self.step_s,
                rows,
                self.around.sidereal_rad,
                self.around.bodies_km,
                self.around.inverse_kelvin,
                self.around.log_density,
                self.body.row(),
                self.states,
            )
        )

    def at(self, t_s: float) -> F64:
        """State at a time [km, km/s]: quintic between two rows where no burn lies; (6,)."""
        row = min(max(int(t_s / self.step_s), self.low), self.high - 1)
        return between(self.states[row], self.states[row + 1], self.step_s, t_s / self.step_s - row)


def between(one: F64, two: F64, step_s: float, fraction: float) -> F64:
    """Interpolate two states by quintic Hermite polynomials, with two-body accelerations; (6,)."""
    a = [-GM_KM3_S2 * s[:3] / np.linalg.norm(s[:3]) ** 3 for s in (one, two)]
    h, x = step_s, fraction
    p0, v0, a0 = one[:3], one[3:] * h, a[0] * h * h
    dp = two[:3] - p0 - v0 - 0.5 * a0
    dv = two[3:] * h - v0 - a0
    da = a[1] * h * h - a0
    c3 = 10.0 * dp - 4.0 * dv + 0.5 * da
    c4 = -15.0 * dp + 7.0 * dv - da
    c5 = 6.0 * dp - 3.0 * dv + 0.5 * da
    r = p0 + x * (v0 + x * (0.5 * a0 + x * (c3 + x * (c4 + x * c5))))
    v = (v0 + x * (a0 + x * (3.0 * c3 + x * (4.0 * c4 + x * 5.0 * c5)))) / h
    return np.concatenate([r, v])

"""How near two paths come when neither burns, wherever along their orbits the two are."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from skywright.orbits._jit import leaf
from skywright.ssa.element_sets import GM_EARTH_KM3_S2

F64 = npt.NDArray[np.float64]
_Vector = tuple[float, float, float]

_SAME_PLANE = 1e-9


@leaf
def least_apart_km(one: F64, two: F64) -> float:
    """Return the least distance of two paths, along the orbits and in radius where planes meet.

    Between two times at which one has overtaken the other they met.

    Parameters
    ----------
    one, two : (n, 6) arrays
        States at the same times [km, km/s].
    """
    quarter = 0.5 * math.pi * math.sqrt(one[0, 0] ** 2 + one[0, 1] ** 2 + one[0, 2] ** 2)
    least, before, up_before = np.inf, 0.0, 0.0
    for k in range(len(one)):
        along, up = _along_and_up(one, two, k)
        if k > 0:
            met = np.sign(along) != np.sign(before) and abs(along - before) < quarter
            least = min(least, math.hypot(0.0 if met else before, up_before))
        before, up_before = along, up
    return min(least, math.hypot(before, up_before))


@leaf
def _along_and_up(one: F64, two: F64, k: int) -> tuple[float, float]:
    """Return how far apart along the orbits, from where planes meet, and there in radius [km].

    Both angles are counted from the line in which the planes meet, so that it holds for any tilt.
    """
    r1, r2 = (one[k, 0], one[k, 1], one[k, 2]), (two[k, 0], two[k, 1], two[k, 2])
    h1 = _cross(r1, (one[k, 3], one[k, 4], one[k, 5]))
    h2 = _cross(r2, (two[k, 3], two[k, 4], two[k, 5]))
    n1, n2 = _unit(h1), _unit(h2)
    line = _cross(n1, n2)
    line = _unit(line) if math.sqrt(_dot(line, line)) > _SAME_PLANE else _unit(r1)
    angle1, outer1, inner1 = _seen_from(line, n1, r1, (one[k, 3], one[k, 4], one[k, 5]), h1)
    angle2, outer2, inner2 = _seen_from(line, n2, r2, (two[k, 3], two[k, 4], two[k, 5]), h2)
    turned = angle2 - angle1 + math.pi
    apart = turned - 2.0 * math.pi * math.floor(turned / (2.0 * math.pi)) - math.pi
    up = min(abs(outer2 - outer1), abs(inner2 - inner1))
    return apart * math.sqrt(_dot(r1, r1)), up


@leaf
def _seen_from(
    line: _Vector, normal: _Vector, r: _Vector, v: _Vector, h: _Vector
) -> tuple[float, float, float]:
    """Return the angle from a line in the plane, and the radii where the orbit crosses the line."""
    angle = math.atan2(_dot(r, _cross(normal, line)), _dot(r, line))
    distance = math.sqrt(_dot(r, r))
    tilt = _dot(_cross(v, h), line) / GM_EARTH_KM3_S2 - _dot(r, line) / distance
    p = _dot(h, h) / GM_EARTH_KM3_S2
    return angle, p / (1.0 + tilt), p / (1.0 - tilt)


@leaf
def _cross(a: _Vector, b: _Vector) -> _Vector:
    return a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]


@leaf
def _dot(a: _Vector, b: _Vector) -> float:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


@leaf
def _unit(a: _Vector) -> _Vector:
    size = math.sqrt(_dot(a, a))
    return a[0] / size, a[1] / size, a[2] / size

"""Compiled search for the minima of the distance between a conic and an ellipse.

Everything happens in the perifocal frame of the ellipse (the "body"): x to its perihelion, z
normal to its plane. The other orbit is run through by true anomaly nu, which puts samples near the
focus and has no branch at the parabola. D(nu) is half the square of the distance from its point to
the nearest point of the ellipse; by the envelope theorem D' needs no derivative of that point.

Rows of ``orbits`` are q, e, i, node, peri; rows of ``bodies`` are a, e, i, node, peri.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from skywright.orbits._jit import kernel

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

# Up to this eccentricity one Newton step from the direction of the point finds the nearest point.
_ROUND_E = 0.12
# Closer to the centre than this part of the semi-major axis it does not: there lies the evolute,
# which reaches out to e^2.
_CENTRE, _CENTRE_PER_E2 = 0.02, 10.0
_STEEP = 0.4  # mean slope over slope at the open end; 1/2 on a parabola, 1/4 on a quartic
_DIP = 0.25  # least slope inside an interval, as part of the lesser one at its ends
_NARROW = 1e-8  # intervals below this many radians are not divided further
_MOST_EXTRA = 600  # evaluations beside the samples, reached by identical orbits only
_STACK = 128
_LONG_E = 0.9  # from here on more samples, so that a closed orbit's far end has enough of them
_MOST_SAMPLES = 1024


@kernel
def orbit_axes(i: float, node: float, peri: float, out: FloatArray) -> None:
    """Write the perifocal unit vectors P, Q and W into the rows of ``out`` (3, 3)."""
    ci, si = math.cos(i), math.sin(i)
    cn, sn = math.cos(node), math.sin(node)
    cw, sw = math.cos(peri), math.sin(peri)
    out[0, 0], out[0, 1], out[0, 2] = cw * cn - sw * ci * sn, cw * sn + sw * ci * cn, sw * si
    out[1, 0], out[1, 1], out[1, 2] = -sw * cn - cw * ci * sn, -sw * sn + cw * ci * cn, cw * si
    out[2, 0], out[2, 1], out[2, 2] = si * sn, -si * cn, ci


@kernel
def nearest_on_ellipse(x: float, y: float, a: float, b: float) -> tuple[float, float]:
    """Return cos and sin of the eccentric anomaly of the point nearest to ``x``, ``y`` (centre 0).

    The nearest point lies in the quadrant of the given one, where the condition has one root:
    Newton's method inside a bracket finds it for every ellipse and every point.
    """
    ax = abs(x) * a
    by = max(abs(y) * b, 1e-300)
    gap = a * a - b * b
    low, high = 0.0, 0.5 * math.pi
    u = math.atan2(by, ax)
    for _ in range(60):
        c, s = math.cos(u), math.sin(u)
        value = ax * s - by * c - gap * s * c
        if value < 0.0:
            low = u
        else:
            high = u
        slope = ax * c + by * s - gap * (c * c - s * s)
        new = u - value / slope if slope > 0.0 else low - 1.0
        if not low < new < high:
            new = 0.5 * (low + high)
        step = abs(new - u)
        u = new
        if step < 1e-15:
            break
    return math.copysign(math.cos(u), x), math.copysign(math.sin(u), y)


@kernel
def _nearest(x: float, y: float, ellipse: tuple[float, float, float, float]) -> tuple[float, float]:
    """Return cos and sin of the nearest point's eccentric anomaly to rounding."""
    a, b, gap, near = ellipse
    size = math.sqrt(x * x + y * y)
    if size < near:
        return nearest_on_ellipse(x, y, a, b)
    c, s = x / size, y / size
    for _ in range(3):
        slope = a * x * c + b * y * s - gap * (c * c - s * s)
        t = (b * y * c - a * x * s + gap * s * c) / slope
        half = 1.0 - 0.5 * t * t
        c, s = c * half - s * t, s * half + c * t
        norm = 1.5 - 0.5 * (c * c + s * s)
        c *= norm
        s *= norm
        if abs(t) < 1e-8:
            break
    return c, s


@kernel
def _evaluate(
    nu: float,
    conic: tuple[float, float],
    axes: tuple[float, float, float, float, float, float],
    ellipse: tuple[float, float, float, float],
) -> tuple[float, float, float, float, float]:
    """Return D, D', D'' at true anomaly ``nu``, cos and sin of the nearest eccentric anomaly."""
    p, e = conic
    px, py, pz, qx, qy, qz = axes
    a, b, gap, _ = ellipse
    c, s = math.cos(nu), math.sin(nu)
    r = p / (1.0 + e * c)
    f = r * r / p
    x, y, z = r * (c * px + s * qx), r * (c * py + s * qy), r * (c * pz + s * qz)
    centre = math.sqrt(gap)
    cu, su = _nearest(x + centre, y, ellipse)
    dx, dy = x + centre - a * cu, y - b * su
    along_p = dx * px + dy * py + z * pz
    along_q = dx * qx + dy * qy + z * qz
    slope = f * (along_q * (e + c) - along_p * s)
    # Second derivatives of the point: r'' = 2 r'^2 / r ... collected in the perifocal frame.
    f1 = 2.0 * r * f * e * s / p
    curve = f1 / f * slope - f * (along_p * c + along_q * s)
    vx, vy = f * (qx * (e + c) - px * s), f * (qy * (e + c) - py * s)
    tangent_x, tangent_y = -a * su, b * cu
    cross = vx * tangent_x + vy * tangent_y
    bend = tangent_x * tangent_x + tangent_y * tangent_y + dx * a * cu + dy * b * su
    speed2 = f * f * (1.0 + e * e + 2.0 * e * c)
    second = speed2 + curve - cross * cross / bend
    return 0.5 * (dx * dx + dy * dy + z * z), slope, second, cu, su


@kernel
def _scan(
    half_range: float,
    m: int,
    conic: tuple[float, float],
    axes: tuple[float, float, float, float, float, float],
    ellipse: tuple[float, float, float, float],
    scratch: FloatArray,
) -> None:
    """Fill rows 2 and 3 of ``scratch`` with D and D' at m equal steps of true anomaly."""
    p, e = conic
    px, py, pz, qx, qy, qz = axes
    a, b, gap, near = ellipse
    centre = math.sqrt(gap)
    step = 2.0 * half_range / m
    c, s = math.cos(half_range), -math.sin(half_range)
    turn_c, turn_s = math.cos(step), math.sin(step)
    for k in range(m + 1):
        scratch[0, k] = c
        scratch[1, k] = s
        c, s = c * turn_c - s * turn_s, s * turn_c + c * turn_s
    # No branch and no call in this loop: the compiler turns it into vector instructions.
    for k in range(m + 1):
        c, s = scratch[0, k], scratch[1, k]
        r = p / (1.0 + e * c)
        x = r * (c * px + s * qx) + centre
        y, z = r * (c * py + s * qy), r * (c * pz + s * qz)
        size2 = x * x + y * y
        inverse = 1.0 / math.sqrt(size2)
        cu, su = x * inverse, y * inverse
        bend = a * x * cu + b * y * su - gap * (cu * cu - su * su)
        t = (b * y * cu - a * x * su + gap * su * cu) / bend
        half = 1.0 - 0.5 * t * t
        cu, su = cu * half - su * t, su * half + cu * t
        dx, dy = x - a * cu, y - b * su
        along_p = dx * px + dy * py + z * pz
        along_q = dx * qx + dy * qy + z * qz
        scratch[2, k] = 0.5 * (dx * dx + dy * dy + z * z)
        scratch[3, k] = r * r / p * (along_q * (e + c) - along_p * s)
        scratch[4, k] = size2
    for k in range(m + 1):
        if scratch[4, k] < near * near:
            value, slope, _, _, _ = _evaluate(k * step - half_range, conic, axes, ellipse)
            scratch[2, k] = value
            scratch[3, k] = slope


@kernel
def _find_root(
    low: float,
    high: float,
    nu: float,
    conic: tuple[float, float],
    axes: tuple[float, float, float, float, float, float],
    ellipse: tuple[float, float, float, float],
) -> tuple[float, float]:
    """Return nu and D where D' turns positive between ``low`` and ``high``."""
    value = 0.0
    for _ in range(60):
        value, slope, second, _, _ = _evaluate(nu, conic, axes, ellipse)
        if slope < 0.0:
            low = nu
        else:
            high = nu
        new = nu - slope / second if second > 0.0 else low - 1.0
        if not low <= new <= high:
            new = 0.5 * (low + high)
        step = abs(new - nu)
        if step < 1e-15 * max(1.0, abs(nu)):
            break
        nu = new
        if step < 3e-9:  # the step after this one would be below rounding
            value, slope, second, _, _ = _evaluate(nu, conic, axes, ellipse)
            break
    return nu, value


@kernel
def _may_hide_a_minimum(width: float, rise: float, left: float, right: float) -> bool:
    """Judge by Hermite's cubic whether D' may change sign twice where its ends have one sign.

    An end at a minimum already found has slope 0.
    """
    left *= width
    right *= width
    if left == 0.0 or right == 0.0:
        open_end = left + right
        return open_end != 0.0 and rise / open_end < _STEEP
    a = 3.0 * (left + right - 2.0 * rise)
    b = -4.0 * left - 2.0 * right + 6.0 * rise
    if left < 0.0:
        a, b, left, right = -a, -b, -left, -right
    if a <= 0.0 or b >= 0.0 or -b >= 2.0 * a:
        return False
    return left - 0.25 * b * b / a < _DIP * min(left, right)


@kernel
def _keep_two(nu: float, value: float, found: FloatArray) -> None:
    """Sort a minimum into ``found`` (2, 2): D and nu of the least and the second least."""
    for k in range(2):
        apart = abs(found[k, 1] - nu)
        if min(apart, abs(apart - 2.0 * math.pi)) < 1e-7:
            return
    if value < found[0, 0]:
        found[1, :] = found[0, :]
        found[0, 0], found[0, 1] = value, nu
    elif value < found[1, 0]:
        found[1, 0], found[1, 1] = value, nu


@kernel
def _search(
    half_range: float,
    m: int,
    conic: tuple[float, float],
    axes: tuple[float, float, float, float, float, float],
    ellipse: tuple[float, float, float, float],
    scratch: FloatArray,
    stack: FloatArray,
    found: FloatArray,
) -> None:
    """Find the two least minima of D into ``found`` (2, 2), infinite where there is none.

    Every interval is a line of the stack: nu, D, D' at its two ends. A turn from - to + is a
    minimum and is looked for; what is left of the interval, and every interval whose cubic could
    dip, is divided until the cubic is clear. Two minima that all but coincide are told apart at any
    scale in this way.
    """
    found[:, :] = np.inf
    step = 2.0 * half_range / m
    noise = 4e-16 * (ellipse[0] + conic[0])
    extra = 0
    if half_range >= math.pi:  # the two ends are one point and must have one sign
        scratch[2, m], scratch[3, m] = scratch[2, 0], scratch[3, 0]
    for k in range(m):
        at = k * step - half_range
        left, right = scratch[3, k], scratch[3, k + 1]
        turns = left < 0.0 <= right
        rise = scratch[2, k + 1] - scratch[2, k]
        if not turns and not (left * right > 0.0 and _may_hide_a_minimum(step, rise, left, right)):
            continue
        if max(abs(left), abs(right)) < noise:
            continue
        stack[0, 0], stack[0, 1], stack[0, 2] = at, scratch[2, k], left
        stack[0, 3], stack[0, 4], stack[0, 5] = (
            at + step,
            scratch[2, k + 1],
            max(right, 1e-300) if turns else right,
        )
        depth = 1
        while depth > 0:
            depth -= 1
            low, d_low, left = stack[depth, 0], stack[depth, 1], stack[depth, 2]
            high, d_high, right = stack[depth, 3], stack[depth, 4], stack[depth, 5]
            width = high - low
            if width < _NARROW or extra > _MOST_EXTRA or depth > _STACK - 3:
                continue
            if left < 0.0 < right:
                nu, value = _find_root(
                    low, high, low - width * left / (right - left), conic, axes, ellipse
                )
                _keep_two(nu, value, found)
                middle, d_middle, slope = nu, value, 0.0
                extra += 4
            elif _may_hide_a_minimum(width, d_high - d_low, left, right):
                middle = 0.5 * (low + high)
                d_middle, slope, _, _, _ = _evaluate(middle, conic, axes, ellipse)
                extra += 1
            else:
                continue
            stack[depth, 0], stack[depth, 1], stack[depth, 2] = low, d_low, left
            stack[depth, 3], stack[depth, 4], stack[depth, 5] = middle, d_middle, slope
            depth += 1
            stack[depth, 0], stack[depth, 1], stack[depth, 2] = middle, d_middle, slope
            stack[depth, 3], stack[depth, 4], stack[depth, 5] = high, d_high, right
            depth += 1
    _keep_best_sample(half_range, m, conic, axes, ellipse, scratch, found)


@kernel
def _keep_best_sample(
    half_range: float,
    m: int,
    conic: tuple[float, float],
    axes: tuple[float, float, float, float, float, float],
    ellipse: tuple[float, float, float, float],
    scratch: FloatArray,
    found: FloatArray,
) -> None:
    """Go down from the least sample where no minimum is below it: D is all but constant there."""
    best = 0
    for k in range(m + 1):
        if scratch[2, k] < scratch[2, best]:
            best = k
    if scratch[2, best] >= found[0, 0] * (1.0 - 1e-9) - 1e-28:
        return
    nu = best * 2.0 * half_range / m - half_range
    value, slope, second, _, _ = _evaluate(nu, conic, axes, ellipse)
    for _ in range(20):
        if not second > 0.0:
            break
        new = max(-half_range, min(half_range, nu - slope / second))
        lower, slope, second, _, _ = _evaluate(new, conic, axes, ellipse)
        if not lower < value:
            break
        nu, value = new, lower
    _keep_two(nu, value, found)


@kernel
def fill_moids(
    orbits: FloatArray, bodies: FloatArray, which: IntArray, samples: int, out: FloatArray
) -> None:
    """Write moid, nu, body nu and second minimum of every orbit into ``out`` (n, 4)."""
    scratch = np.empty((5, max(samples, _MOST_SAMPLES) + 1))
    stack = np.empty((_STACK, 6))
    found = np.empty((2, 2))
    own = np.empty((3, 3))
    frame = np.empty((3, 3))
    last = -1
    ellipse = (1.0, 1.0, 0.0, 0.0)
    body_e = 0.0
    for row in range(orbits.shape[0]):
        if which[row] != last:
            last = which[row]
            a, body_e = bodies[last, 0], bodies[last, 1]
            orbit_axes(bodies[last, 2], bodies[last, 3], bodies[last, 4], frame)
            near = a * max(_CENTRE, _CENTRE_PER_E2 * body_e**2) if body_e <= _ROUND_E else 1e150
            b = a * math.sqrt((1.0 - body_e) * (1.0 + body_e))
            ellipse = (a, b, (a * body_e) ** 2, near)
        q, e = orbits[row, 0], orbits[row, 1]
        orbit_axes(orbits[row, 2], orbits[row, 3], orbits[row, 4], own)
        axes = (
            own[0, 0] * frame[0, 0] + own[0, 1] * frame[0, 1] + own[0, 2] * frame[0, 2],
            own[0, 0] * frame[1, 0] + own[0, 1] * frame[1, 1] + own[0, 2] * frame[1, 2],
            own[0, 0] * frame[2, 0] + own[0, 1] * frame[2, 1] + own[0, 2] * frame[2, 2],
            own[1, 0] * frame[0, 0] + own[1, 1] * frame[0, 1] + own[1, 2] * frame[0, 2],
            own[1, 0] * frame[1, 0] + own[1, 1] * frame[1, 1] + own[1, 2] * frame[1, 2],
            own[1, 0] * frame[2, 0] + own[1, 1] * frame[2, 1] + own[1, 2] * frame[2, 2],
        )
        p = q * (1.0 + e)
        # Beyond q + 2 Q of the body no point can be nearer than the perihelion is.
        reach = 2.0 * q + 2.2 * ellipse[0] * (1.0 + body_e)
        half_range, m = math.pi, samples
        if e > _LONG_E and e < 1.0:
            m = int(max(samples, min(2.0 * samples * math.sqrt(0.1 / (1.0 - e)), _MOST_SAMPLES)))
        if p - reach > -e * reach:
            half_range, m = math.acos((p / reach - 1.0) / e), samples
        conic = (p, e)
        _scan(half_range, m, conic, axes, ellipse, scratch)
        _search(half_range, m, conic, axes, ellipse, scratch, stack, found)
        value, _, _, cu, su = _evaluate(found[0, 1], conic, axes, ellipse)
        out[row, 0] = math.sqrt(2.0 * value)
        out[row, 1] = found[0, 1]
        out[row, 2] = math.atan2(math.sqrt((1.0 - body_e) * (1.0 + body_e)) * su, cu - body_e)
        out[row, 3] = math.sqrt(2.0 * found[1, 0]) if found[1, 0] < np.inf else np.nan

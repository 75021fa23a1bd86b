"""Slots of how sets disagree with earlier ones, change from one to the next, and drift."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from skywright.orbits._jit import kernel
from skywright.ssa.detection.residuals import AXES, columns_of_one
from skywright.ssa.relative_elements import carried
from skywright.ssa.sets import Sets

F64 = npt.NDArray[np.float64]

AHEAD = (1, 2, 4)
"""How many sets the earlier one lies before."""

_STATISTICS = {
    "median": "median",
    "most": "largest distance from the median, over the spread",
    "skew": "skewness",
    "kurtosis": "excess kurtosis",
}
RESIDUALS = {
    f"{axis}_{ahead}_{name}": (
        "km" if name == "median" else "",
        f"{text} of the {axis} residual {ahead} sets ahead",
    )
    for axis in AXES
    for ahead in AHEAD
    for name, text in _STATISTICS.items()
}
"""What sets some places earlier miss."""

_QUANTITIES = {
    "axis": "semi-major axis",
    "ex": "eccentricity vector, x",
    "ey": "eccentricity vector, y",
    "tilt": "inclination",
    "node": "node beyond the rate of J2",
    "phase": "argument of latitude beyond the mean motion",
}
_LIMIT = 5.0
_MEASURES = {
    "most": ("", "largest robust z"),
    "count": ("", f"how many have a robust z above {_LIMIT:g}"),
    "last": ("", "robust z of the last"),
    "sum": ("", "sum of the robust z"),
    "since_d": ("d", f"days since one above {_LIMIT:g}"),
}
CHANGES = {
    f"{name}_{measure}": (unit, f"changes of the {text}: {what}")
    for name, text in _QUANTITIES.items()
    for measure, (unit, what) in _MEASURES.items()
}
"""Changes from set to set."""

TRENDS = {
    "axis_slope_m_d": ("m/d", "slope of the semi-major axis"),
    "axis_bend_m_d2": ("m/d2", "curvature of the semi-major axis"),
    "tilt_slope_deg_d": ("deg/d", "slope of the inclination"),
    "tilt_bend_deg_d2": ("deg/d2", "curvature of the inclination"),
    "node_slope_deg_d": ("deg/d", "slope of the node beyond the rate of J2"),
    "node_bend_deg_d2": ("deg/d2", "curvature of the node"),
    "drift_deg_d": (
        "deg/d",
        "drift in longitude against the synchronous rate; geosynchronous only",
    ),
    "drift_bend_deg_d2": ("deg/d2", "change of that drift"),
    "bstar": ("1/R", "median B*"),
    "bstar_change": ("1/R", "B* of the last third less that of the first"),
    "ndot_mismatch": ("rev/d2", "slope of the mean motion less the one that the sets tell"),
    "axis_scatter_m": ("m", "scatter of the axis about its parabola"),
}
"""Drifts over the window."""

_FLOORS_M = np.array([0.5, 1.0, 1.0, 1.0, 1.0, 30.0])  # of the quantities, in their order
_LEAST_RESIDUAL_KM = 0.005
_SYNCHRONOUS_REV_D = 1.00273790935


def motion_slots(sets: Sets) -> dict[str, float]:
    """Return the slots of residuals, changes and trends; nothing for a single set."""
    if len(sets) < 3:
        return {}
    return _residual_slots(sets) | _change_slots(sets) | _trend_slots(sets)


def _residual_slots(sets: Sets) -> dict[str, float]:
    told: dict[str, float] = {}
    table = columns_of_one(sets, AHEAD)
    shape = np.empty(4)
    for axis in AXES:
        for ahead in AHEAD:
            if _shape(table[f"{axis}_{ahead}_km"], shape):
                name = f"{axis}_{ahead}"
                told |= {f"{name}_{s}": x for s, x in zip(_STATISTICS, shape.tolist(), strict=True)}
    return told


@kernel
def _shape(residuals_km: F64, out: F64) -> bool:
    """Fill in median, farthest over the spread, skewness and kurtosis; whether there are enough."""
    values = residuals_km[np.isfinite(residuals_km)]
    if len(values) < 3:
        return False
    middle = np.median(values)
    off = np.abs(values - middle)
    spread = 1.4826 * np.median(off) + _LEAST_RESIDUAL_KM
    z = (values - values.mean()) / (values.std() + _LEAST_RESIDUAL_KM)
    z3 = z * z * z
    out[0], out[1] = middle, off.max() / spread
    out[2], out[3] = z3.mean(), (z3 * z).mean() - 3.0
    return True


def _change_slots(sets: Sets) -> dict[str, float]:
    days, elements = sets.days, sets.elements
    moved = carried(elements[:-1], np.diff(days))
    now, a_m = elements[1:], float(np.median(elements[:, 0])) * 1e3
    lag = _wrapped(now[:, 4] + now[:, 5] - moved[:, 4] - moved[:, 5])
    ex, ey = (
        (now[:, 1] * turn(now[:, 4]) - moved[:, 1] * turn(moved[:, 4])) * a_m
        for turn in (np.cos, np.sin)
    )
    node = _wrapped(now[:, 3] - moved[:, 3]) * np.sin(now[:, 2]) * a_m
    axis, tilt = (now[:, 0] - moved[:, 0]) * 1e3, (now[:, 2] - moved[:, 2]) * a_m
    phase = lag * a_m / np.maximum(np.diff(days), 0.05)
    out = np.empty((len(_QUANTITIES), len(_MEASURES)))
    _measure(np.stack([axis, ex, ey, tilt, node, phase]), _FLOORS_M, days, out)
    return {
        f"{name}_{measure}": value
        for name, row in zip(_QUANTITIES, out.tolist(), strict=True)
        for measure, value in zip(_MEASURES, row, strict=True)
        if not math.isnan(value)  # what never stood out has no time since then
    }


@kernel
def _measure(changes: F64, floors: F64, days: F64, out: F64) -> None:
    """Fill in `_MEASURES` of each row of changes."""
    for k in range(len(changes)):
        values = changes[k]
        middle = np.median(values)
        spread = 1.4826 * np.median(np.abs(values - middle)) + floors[k]
        z = (values - middle) / spread
        out[k, 0], out[k, 1], out[k, 2], out[k, 3], out[k, 4] = 0.0, 0.0, z[-1], z.sum(), np.nan
        for j in range(len(z)):
            out[k, 0] = max(out[k, 0], abs(z[j]))
            if abs(z[j]) > _LIMIT:
                out[k, 1] += 1.0
                out[k, 4] = days[-1] - days[j + 1]


def _trend_slots(sets: Sets) -> dict[str, float]:
    elements, n, bstar = sets.elements, sets.mean_motion_rev_day, sets.bstar
    t = sets.days - sets.days[-1]
    beyond = np.unwrap(_wrapped(elements[:, 3] - carried(elements[-1], t)[:, 3]))
    drift = (n - _SYNCHRONOUS_REV_D) * 360.0
    slopes, bends, scatters = _parabolas(
        t, elements[:, 0] * 1e3, np.degrees(elements[:, 2]), np.degrees(beyond), n, drift
    )
    third = max(len(bstar) // 3, 1)
    told = {
        "axis_slope_m_d": slopes[0],
        "axis_bend_m_d2": bends[0],
        "tilt_slope_deg_d": slopes[1],
        "tilt_bend_deg_d2": bends[1],
        "node_slope_deg_d": slopes[2],
        "node_bend_deg_d2": bends[2],
        "bstar": float(np.median(bstar)),
        "bstar_change": float(np.median(bstar[-third:]) - np.median(bstar[:third])),
        "axis_scatter_m": scatters[0],
    }
    if sets.ndot_rev_day2 is not None:
        told["ndot_mismatch"] = slopes[3] - float(sets.ndot_rev_day2.mean())
    if 0.9 < float(np.median(n)) < 1.1:
        told |= {"drift_deg_d": float(np.median(drift)), "drift_bend_deg_d2": slopes[4]}
    return told


def _parabolas(t: F64, *values: F64) -> tuple[list[float], list[float], list[float]]:
    """Return slopes at the end, curvatures and robust scatters of parabolas, of lines for few."""
    span = max(float(-t.min()), 1e-6)
    degree = 2 if len(t) >= 6 else 1
    y = np.stack(values)
    y -= y[:, -1:].copy()
    powers = (t / span)[:, None] ** np.arange(degree + 1)
    fit = np.linalg.lstsq(powers, y.T, rcond=None)[0]
    scatter = 1.4826 * np.median(np.abs(y.T - powers @ fit), axis=0)
    bend = 2.0 * fit[2] / span**2 if degree == 2 else np.zeros(len(values))
    return (fit[1] / span).tolist(), bend.tolist(), scatter.tolist()


def _wrapped(angle: F64) -> F64:
    return np.asarray(np.remainder(angle + np.pi, 2.0 * np.pi) - np.pi)

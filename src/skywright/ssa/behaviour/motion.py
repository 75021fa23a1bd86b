"""Slots of how sets disagree with earlier ones, change from one to the next, and drift."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from skywright.ssa.detection.residuals import AXES, columns_of_one
from skywright.ssa.element_sets import epochs_jd
from skywright.ssa.relative_elements import carried, mean_elements

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

_FLOORS = {"axis": 0.5, "ex": 1.0, "ey": 1.0, "tilt": 1.0, "node": 1.0, "phase": 30.0}  # m
_LEAST_RESIDUAL_KM = 0.005
_SYNCHRONOUS_REV_D = 1.00273790935


def motion_slots(history: pl.DataFrame) -> dict[str, float]:
    """Return the slots of residuals, changes and trends; nothing for a single set."""
    if history.height < 3:
        return {}
    days = np.add(*epochs_jd(history))
    elements = mean_elements(history)
    return _residual_slots(history) | _change_slots(days, elements) | _trend_slots(history, days)


def _residual_slots(history: pl.DataFrame) -> dict[str, float]:
    told: dict[str, float] = {}
    table = columns_of_one(history, AHEAD)
    for axis in AXES:
        for ahead in AHEAD:
            values = table[f"{axis}_{ahead}_km"]
            values = values[np.isfinite(values)]
            if len(values) < 3:
                continue
            middle = float(np.median(values))
            spread = 1.4826 * float(np.median(np.abs(values - middle))) + _LEAST_RESIDUAL_KM
            z = (values - values.mean()) / (values.std() + _LEAST_RESIDUAL_KM)
            name = f"{axis}_{ahead}"
            told[f"{name}_median"] = middle
            told[f"{name}_most"] = float(np.abs(values - middle).max() / spread)
            told[f"{name}_skew"] = float((z**3).mean())
            told[f"{name}_kurtosis"] = float((z**4).mean() - 3.0)
    return told


def _change_slots(days: F64, elements: F64) -> dict[str, float]:
    moved = carried(elements[:-1], np.diff(days))
    now, a_m = elements[1:], float(np.median(elements[:, 0])) * 1e3
    lag = _wrapped(now[:, 4] + now[:, 5] - moved[:, 4] - moved[:, 5])
    ex, ey = (
        now[:, 1] * turn(now[:, 4]) - moved[:, 1] * turn(moved[:, 4]) for turn in (np.cos, np.sin)
    )
    node = _wrapped(now[:, 3] - moved[:, 3]) * np.sin(now[:, 2])
    changes = {
        "axis": (now[:, 0] - moved[:, 0]) * 1e3,
        "ex": ex * a_m,
        "ey": ey * a_m,
        "tilt": (now[:, 2] - moved[:, 2]) * a_m,
        "node": node * a_m,
        "phase": lag * a_m / np.maximum(np.diff(days), 0.05),
    }
    told: dict[str, float] = {}
    for name, values in changes.items():
        middle = float(np.median(values))
        spread = 1.4826 * float(np.median(np.abs(values - middle))) + _FLOORS[name]
        z = (values - middle) / spread
        high = np.flatnonzero(np.abs(z) > _LIMIT)
        told[f"{name}_most"] = float(np.abs(z).max())
        told[f"{name}_count"] = float(len(high))
        told[f"{name}_last"] = float(z[-1])
        told[f"{name}_sum"] = float(z.sum())
        if len(high):
            told[f"{name}_since_d"] = float(days[-1] - days[1:][high[-1]])
    return told


def _trend_slots(history: pl.DataFrame, days: F64) -> dict[str, float]:
    elements = mean_elements(history)
    t = days - days[-1]
    n = history["mean_motion_rev_day"].to_numpy()
    beyond = _wrapped(elements[:, 3] - carried(elements[-1], t)[:, 3])
    axis, bend, scatter = _parabola(t, elements[:, 0] * 1e3)
    tilt = _parabola(t, np.degrees(elements[:, 2]))
    node = _parabola(t, np.degrees(np.unwrap(beyond)))
    bstar = history["bstar"].to_numpy()
    third = max(len(bstar) // 3, 1)
    told = {
        "axis_slope_m_d": axis,
        "axis_bend_m_d2": bend,
        "tilt_slope_deg_d": tilt[0],
        "tilt_bend_deg_d2": tilt[1],
        "node_slope_deg_d": node[0],
        "node_bend_deg_d2": node[1],
        "bstar": float(np.median(bstar)),
        "bstar_change": float(np.median(bstar[-third:]) - np.median(bstar[:third])),
        "axis_scatter_m": scatter,
    }
    if "ndot_rev_day2" in history.columns:
        said = float(history["ndot_rev_day2"].cast(pl.Float64).fill_null(0.0).to_numpy().mean())
        told["ndot_mismatch"] = _parabola(t, n)[0] - said
    if 0.9 < float(np.median(n)) < 1.1:
        drift = (n - _SYNCHRONOUS_REV_D) * 360.0
        slope = _parabola(t, drift)[0]
        told |= {"drift_deg_d": float(np.median(drift)), "drift_bend_deg_d2": slope}
    return told


def _parabola(t: F64, values: F64) -> tuple[float, float, float]:
    """Return slope at the end, curvature and robust scatter of a parabola, or of a line for few."""
    span = max(float(-t.min()), 1e-6)
    degree = 2 if len(t) >= 6 else 1
    fit = np.polynomial.polynomial.polyfit(t / span, values - values[-1], degree)
    left = values - values[-1] - np.polynomial.polynomial.polyval(t / span, fit)
    scatter = 1.4826 * float(np.median(np.abs(left)))
    bend = 2.0 * float(fit[2]) / span**2 if degree == 2 else 0.0
    return float(fit[1]) / span, bend, scatter


def _wrapped(angle: F64) -> F64:
    return np.asarray(np.remainder(angle + np.pi, 2.0 * np.pi) - np.pi)

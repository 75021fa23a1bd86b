"""Each gap between two sets as numbers that know no satellite, no scale and no date.

Statistics of steps in several windows, their sizes over those of the satellite's own noise, how
they stand out against the days around, and what the eccentricity and the plane did. How often a
satellite is tracked is no feature.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from skywright.ssa.detection.series import NOISE_M, Series, rolling_noise, rolling_spread
from skywright.ssa.detection.steps import Steps, Window, steps_at

F64 = npt.NDArray[np.float64]

_WINDOWS = {
    "wide": Window(7, 7),
    "ramp": Window(7, 7, (2.0, 4.0)),
    "slow": Window(7, 7, (7.0,)),
    "near": Window(4, 4),
    "near_ramp": Window(4, 4, (2.0,)),
    "close": Window(3, 2),
}
_SLOW_OF_GEO = ("slow", "near_ramp")
_STAND_OUT_D = (1.2, 3.2, 7.0)
_NEIGHBOURS = (-2, -1, 1, 2)
_NOISE_SETS = 30
_LEAST_JUMP_M = 0.5


@dataclass(frozen=True, slots=True)
class Candidates:
    """The gaps of one object, each a moment at which it may have burnt."""

    at: F64
    """Middle of each gap, Julian date UTC [d]; (m,)."""
    features: F64
    """(m, k)."""
    names: tuple[str, ...]
    """Of the features."""
    agreed: F64
    """Geometric mean of the statistics of both axes where their signs agree, else 0; (m,)."""
    axis_step_m: F64
    """Step of the semi-major axis [m]; (m,)."""
    plane_step_m: F64
    """Jump of the orbit normal times the axis [m]; (m,)."""
    plane_statistic: F64
    """That jump over its noise; (m,)."""


class _Table:
    """Columns that are collected under their names."""

    def __init__(self) -> None:
        self.columns: dict[str, F64] = {}

    def add(self, name: str, values: F64) -> None:
        self.columns[name] = values

    def matrix(self) -> F64:
        return np.column_stack(list(self.columns.values()))


def candidates(series: Series) -> Candidates:
    """Return the gaps of a series with their features.

    Parameters
    ----------
    series : Series
        Of one object.
    """
    steps = _all_steps(series)
    table = _Table()
    for name, one in steps.items():
        table.add(f"{name}_statistic", np.abs(one.statistic))
        table.add(f"{name}_size", np.log1p(np.abs(one.size)))
    if series.regime == "geo":
        base, plane, plane_statistic = _add_vectors(series, table, steps)
    else:
        base, plane, plane_statistic = _add_jumps(series, table, steps)
    agreed = _agreed(steps, "wide", "ramp", "slow")
    for days in _STAND_OUT_D:
        table.add(f"stands_out_{days}", base / _highest(series.gaps, base, days))
    for shift in _NEIGHBOURS:
        table.add(f"base_{shift:+d}", np.roll(base, shift))
        table.add(f"near_told_{shift:+d}", np.roll(np.abs(steps["told_near"].statistic), shift))
    return Candidates(
        series.gaps,
        table.matrix(),
        tuple(table.columns),
        agreed,
        _axis_step(steps),
        plane,
        plane_statistic,
    )


def _all_steps(series: Series) -> dict[str, Steps]:
    """Fit both axes in every window; of geostationary ones the vectors too."""
    least = NOISE_M[series.regime]
    channels = {
        "travelled": (series.gaps, series.travelled_m, least[0]),
        "told": (series.days, series.told_m, least[1]),
    }
    if series.regime == "geo":
        for name, vector in (("e", series.eccentricity_m), ("i", series.plane_m)):
            for k, axis in enumerate("xy"):
                channels[f"{name}{axis}"] = (series.days, vector[:, k], least[1])
    skipped = _SLOW_OF_GEO if series.regime == "geo" else ()
    return {
        f"{name}_{size}": steps_at(series.gaps, times, values, noise, window)
        for name, (times, values, floor) in channels.items()
        for noise in (rolling_noise(values, floor),)
        for size, window in _WINDOWS.items()
        if size not in skipped
    }


def _agreed(steps: dict[str, Steps], *sizes: str) -> F64:
    """Return how strongly both axes step the same way, in the best of some windows each."""
    both = []
    for name in ("travelled", "told"):
        told = np.array([steps[f"{name}_{s}"].statistic for s in sizes if f"{name}_{s}" in steps])
        both.append(told[np.abs(told).argmax(axis=0), np.arange(told.shape[1])])
    product = both[0] * both[1]
    return np.asarray(np.where(product > 0.0, np.sqrt(np.abs(product)), 0.0))


def _add_jumps(series: Series, table: _Table, steps: dict[str, Steps]) -> tuple[F64, F64, F64]:
    jumps = np.column_stack([series.eccentricity_m, series.plane_m])
    z = np.column_stack([_jump_statistic(column) for column in jumps.T])
    for k, name in enumerate(("ex", "ey", "inclination", "node")):
        table.add(f"{name}_jump", np.abs(z[:, k]))
        table.add(f"{name}_jump_next", np.abs(np.append(z[1:, k], 0.0)))
    sizes = ("wide", "ramp", "slow")
    signs = [np.sign(one.statistic) for one in steps.values()]
    table.add("same_way", np.abs(np.mean(signs, axis=0)))
    agreed = _agreed(steps, *sizes)
    both = [_largest(steps, name, sizes) for name in ("travelled", "told")]
    table.add("agreed", agreed)
    table.add("travelled_most", both[0])
    table.add("told_most", both[1])
    noise = [
        rolling_noise(values, floor)[: len(series.gaps)]
        for values, floor in zip(
            (series.travelled_m, series.told_m), NOISE_M[series.regime], strict=True
        )
    ]
    table.add("noise_now", np.log(noise[1] / np.median(noise[1])))
    table.add("noise_ratio", np.log(noise[0] / noise[1]))
    base = agreed + 0.3 * np.maximum(*both)
    return base, _lasting(series.plane_m), np.abs(z[:, 2:]).max(axis=1)


def _add_vectors(series: Series, table: _Table, steps: dict[str, Steps]) -> tuple[F64, F64, F64]:
    for size in ("wide", "ramp", "near", "close"):
        table.add(f"agreed_{size}", _agreed(steps, size))
        for name in ("e", "i"):
            both = [steps[f"{name}{axis}_{size}"].statistic for axis in "xy"]
            table.add(f"{name}_{size}", np.hypot(*both))
    base = np.max([np.abs(one.statistic) for one in steps.values()], axis=0)
    plane = np.hypot(steps["ix_near"].size, steps["iy_near"].size)
    return base, plane, table.columns["i_near"]


def _lasting(jumps: F64) -> F64:
    """Return how far each jump leads when the one before or after may take it back; (m,)."""
    before = np.vstack([np.zeros((1, 2)), jumps[:-1]])
    after = np.vstack([jumps[1:], np.zeros((1, 2))])
    ways = [np.linalg.norm(jumps + more, axis=1) for more in (0.0, before, after)]
    return np.asarray(np.min(ways, axis=0))


def _largest(steps: dict[str, Steps], name: str, sizes: tuple[str, ...]) -> F64:
    return np.asarray(np.max([np.abs(steps[f"{name}_{s}"].statistic) for s in sizes], axis=0))


def _axis_step(steps: dict[str, Steps]) -> F64:
    """Return the step of the axis by the window whose statistic is largest [m]."""
    told = [one for name, one in steps.items() if name.startswith(("told", "travelled"))]
    best = np.abs([one.statistic for one in told]).argmax(axis=0)
    return np.asarray(np.array([one.size for one in told])[best, np.arange(len(best))])


def _jump_statistic(jumps: F64) -> F64:
    told = rolling_spread(np.ascontiguousarray(jumps), len(jumps), _NOISE_SETS) + _LEAST_JUMP_M
    return np.asarray((jumps - np.median(jumps)) / told)


def _highest(times: F64, values: F64, within_d: float) -> F64:
    """Return the largest value within some days of each; at least a trifle."""
    low = np.searchsorted(times, times - within_d, side="right")
    high = np.searchsorted(times, times + within_d, side="left")
    told = [values[a : max(b, a + 1)].max() for a, b in zip(low, high, strict=True)]
    return np.maximum(told, 1e-6)

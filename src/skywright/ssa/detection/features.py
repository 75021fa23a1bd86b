"""Each gap between two sets as numbers that know no satellite, no scale and no date.

Statistics of steps in several windows, their sizes over those of the satellite's own noise, how
they stand out against the days around, and what the eccentricity and the plane did. How often a
satellite is tracked is no feature.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from skywright.orbits._jit import kernel
from skywright.ssa.detection.series import NOISE_M, Series, rolling_noise, rolling_spread
from skywright.ssa.detection.steps import Window, steps_in

F64 = npt.NDArray[np.float64]

_WINDOWS = {
    "wide": Window(7, 7),
    "ramp": Window(7, 7, (2.0, 4.0)),
    "slow": Window(7, 7, (7.0,)),
    "near": Window(4, 4),
    "near_ramp": Window(4, 4, (2.0,)),
    "close": Window(3, 2),
}
_SIZES = {
    "leo": tuple(_WINDOWS),
    "geo": tuple(name for name in _WINDOWS if name not in ("slow", "near_ramp")),
}
_SLOW_AND_FAST = ("wide", "ramp", "slow")
_STAND_OUT_D = (1.2, 3.2, 7.0)
_NEIGHBOURS = (-2, -1, 1, 2)
_NOISE_SETS = 30
_LEAST_JUMP_M = 0.5
_TRIFLE = 1e-6


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


@dataclass(frozen=True, slots=True)
class _Fits:
    """The steps of every channel in every window, a row each."""

    names: tuple[str, ...]
    """``channel_window``."""
    statistic: F64
    """(k, m)."""
    size: F64
    """(k, m)."""
    noise: dict[str, F64]
    """Of each channel."""

    def rows(self, channel: str, sizes: tuple[str, ...]) -> list[int]:
        """Return the places of a channel in those of some windows that were fitted."""
        wanted = [f"{channel}_{size}" for size in sizes]
        return [self.names.index(name) for name in wanted if name in self.names]

    def largest(self, channel: str, sizes: tuple[str, ...]) -> F64:
        """Return the largest statistic of some windows, without its sign; (m,)."""
        return np.asarray(np.abs(self.statistic[self.rows(channel, sizes)]).max(axis=0))

    def agreed(self, *sizes: str) -> F64:
        """Return how strongly both axes step the same way, in the best of some windows each."""
        both = []
        for channel in ("travelled", "told"):
            told = self.statistic[self.rows(channel, sizes)]
            both.append(told[np.abs(told).argmax(axis=0), np.arange(told.shape[1])])
        product = both[0] * both[1]
        return np.asarray(np.where(product > 0.0, np.sqrt(np.abs(product)), 0.0))


def candidates(series: Series) -> Candidates:
    """Return the gaps of a series with their features.

    Parameters
    ----------
    series : Series
        Of one object.
    """
    fits = _all_fits(series)
    table: dict[str, F64] = {}
    sized = np.log1p(np.abs(fits.size))
    for name, statistic, size in zip(fits.names, np.abs(fits.statistic), sized, strict=True):
        table[f"{name}_statistic"], table[f"{name}_size"] = statistic, size
    agreed = fits.agreed(*_SLOW_AND_FAST)
    if series.regime == "geo":
        base, plane, plane_statistic = _add_vectors(table, fits)
    else:
        base, plane, plane_statistic = _add_jumps(series, table, fits, agreed)
    for days in _STAND_OUT_D:
        table[f"stands_out_{days}"] = base / _highest(series.gaps, base, days)
    near = table["told_near_statistic"]
    many = np.arange(len(base))
    for shift in _NEIGHBOURS:
        beside = (many - shift) % len(base)
        table[f"base_{shift:+d}"], table[f"near_told_{shift:+d}"] = base[beside], near[beside]
    features = np.ascontiguousarray(np.array(list(table.values())).T)
    return Candidates(
        series.gaps, features, tuple(table), agreed, _axis_step(fits), plane, plane_statistic
    )


def _all_fits(series: Series) -> _Fits:
    """Fit both axes in every window; of geostationary ones the vectors too."""
    least = NOISE_M[series.regime]
    channels = {
        "travelled": (series.gaps, series.travelled_m, least[0]),
        "told": (series.days, series.told_m, least[1]),
    }
    if series.regime == "geo":
        for name, vector in (("e", series.eccentricity_m), ("i", series.plane_m)):
            for k, axis in enumerate("xy"):
                values = np.ascontiguousarray(vector[:, k])
                channels[f"{name}{axis}"] = (series.days, values, least[1])
    sizes = _SIZES[series.regime]
    windows = tuple(_WINDOWS[size] for size in sizes)
    noise = {name: rolling_noise(values, low) for name, (_, values, low) in channels.items()}
    told = [
        steps_in(series.gaps, times, values, noise[name], windows)
        for name, (times, values, _) in channels.items()
    ]
    names = tuple(f"{name}_{size}" for name in channels for size in sizes)
    statistic, size, _ = np.concatenate(told, axis=1)
    return _Fits(names, statistic, size, noise)


def _add_jumps(
    series: Series, table: dict[str, F64], fits: _Fits, agreed: F64
) -> tuple[F64, F64, F64]:
    z = _jump_statistics(np.vstack([series.eccentricity_m.T, series.plane_m.T]))
    high = np.abs(z)
    after = np.zeros_like(z)
    after[:, :-1] = high[:, 1:]
    for k, name in enumerate(("ex", "ey", "inclination", "node")):
        table[f"{name}_jump"], table[f"{name}_jump_next"] = high[k], after[k]
    table["same_way"] = np.abs(np.sign(fits.statistic).mean(axis=0))
    both = [fits.largest(name, _SLOW_AND_FAST) for name in ("travelled", "told")]
    table["agreed"] = agreed
    table["travelled_most"], table["told_most"] = both
    travelled, told = (fits.noise[name][: len(series.gaps)] for name in ("travelled", "told"))
    table["noise_now"] = np.log(told / np.median(told))
    table["noise_ratio"] = np.log(travelled / told)
    base = agreed + 0.3 * np.maximum(*both)
    return base, _lasting(series.plane_m), high[2:].max(axis=0)


def _add_vectors(table: dict[str, F64], fits: _Fits) -> tuple[F64, F64, F64]:
    sizes = {}
    for window in ("wide", "ramp", "near", "close"):
        table[f"agreed_{window}"] = fits.agreed(window)
        for name in ("e", "i"):
            rows = [fits.names.index(f"{name}{axis}_{window}") for axis in "xy"]
            table[f"{name}_{window}"] = np.hypot(*fits.statistic[rows])
            sizes[f"{name}_{window}"] = np.hypot(*fits.size[rows])
    base = np.abs(fits.statistic).max(axis=0)
    return base, sizes["i_near"], table["i_near"]


def _lasting(jumps: F64) -> F64:
    """Return how far each jump leads when the one before or after may take it back; (m,)."""
    before, after = np.zeros_like(jumps), np.zeros_like(jumps)
    before[1:], after[:-1] = jumps[:-1], jumps[1:]
    ways = np.stack([jumps, jumps + before, jumps + after])
    return np.asarray(np.hypot(ways[..., 0], ways[..., 1]).min(axis=0))


def _axis_step(fits: _Fits) -> F64:
    """Return the step of the axis by the window whose statistic is largest [m]."""
    rows = [k for k, name in enumerate(fits.names) if name.startswith(("told", "travelled"))]
    best = np.abs(fits.statistic[rows]).argmax(axis=0)
    return np.asarray(fits.size[rows][best, np.arange(len(best))])


@kernel
def _jump_statistics(jumps: F64) -> F64:
    """Return each row of jumps from its median, over its noise of then; (k, m)."""
    told = np.empty_like(jumps)
    for k in range(len(jumps)):
        spread = rolling_spread(jumps[k], jumps.shape[1], _NOISE_SETS)
        told[k] = (jumps[k] - np.median(jumps[k])) / (spread + _LEAST_JUMP_M)
    return told


@kernel
def _highest(times: F64, values: F64, within_d: float) -> F64:
    """Return the largest value within some days of each; at least a trifle."""
    told = np.maximum(values, _TRIFLE)
    for k in range(len(times)):
        for j in range(len(times)):
            if abs(times[j] - times[k]) < within_d:
                told[k] = max(told[k], values[j])
    return told

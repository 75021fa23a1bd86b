"""When element sets come, when they are received, how far they are off: drawn from real ones."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.signal import lfilter

F64 = npt.NDArray[np.float64]

SHIPPED = "ssa_observation"
"""Folder of the shipped statistics under ``skywright.pretrained``."""

MEMORY = {"leo": 0.6, "geo": 0.6}
"""Correlation of the errors of successive sets, which share observations. A curve through the
neighbours cannot tell it; set so that residuals over one and four sets grow as real ones do."""

_OUTLIER = 4.0
_CROSS_TAGGED, _OF_PIECES, _ROUGHER = 0.002, 0.15, 2.5
"""Share of sets that are of another object, and of a piece after a break-up; how much larger errors
are then. Judgement: no published rates were found."""

_STRANGE_KM = np.array([1.5, 20.0, 4.0, 4.0, 4.0, 4.0])
_DROPPED = 0.02
_MOST_INTERVAL_D = {"leo": 4.0, "geo": 6.0}


@dataclass(frozen=True, slots=True)
class Statistics:
    """Arrays that the kind ``ssa-observation`` collects."""

    interval_h: dict[str, F64]
    """Hours to the set before, by ``leo`` and ``geo``; in the order of real histories."""
    deviation_km: dict[str, F64]
    """Relative elements of each set from a curve through its neighbours, NaN near burns; (n, 6)."""
    bstar_share: dict[str, F64]
    """The same of B*, over its median size."""
    parts: dict[str, npt.NDArray[np.int64]]
    """Which object each row is of."""
    latency_h: F64
    """Quantiles of the hours from epoch to receipt."""
    routine_m_s: F64
    """Quantiles of the size of routine burns in the plane."""
    across_m_s: F64
    """Quantiles of the size of burns out of the plane."""
    gap_d: F64
    """Quantiles of the days between manoeuvres of a satellite."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """Element sets to be made of one object."""

    epoch_s: F64
    """Seconds from the start of the scenario; (n,)."""
    received_s: F64
    """When each is known; (n,)."""
    deviation_km: F64
    """Error of each in relative elements; (n, 6)."""
    bstar_share: F64
    """Error of each B* over its size; (n,)."""


@lru_cache(maxsize=4)
def statistics(folder: Path | None = None) -> Statistics:
    """Read the shipped statistics, or those of a model folder."""
    where = folder or Path(str(files("skywright.pretrained"))) / SHIPPED
    with np.load(where / "observation.npz") as held:
        kinds = ("leo", "geo")
        return Statistics(
            interval_h={k: held[f"{k}_interval_h"].astype(np.float64) for k in kinds},
            deviation_km={k: held[f"{k}_deviation_km"].astype(np.float64) for k in kinds},
            bstar_share={k: held[f"{k}_bstar_share"].astype(np.float64) for k in kinds},
            parts={k: held[f"{k}_object"].astype(np.int64) for k in kinds},
            latency_h=held["latency_h"].astype(np.float64),
            routine_m_s=held["routine_m_s"].astype(np.float64),
            across_m_s=held["across_m_s"].astype(np.float64),
            gap_d=held["gap_d"].astype(np.float64),
        )


def drawn(quantiles: F64, random: np.random.Generator, n: int | None = None) -> F64:
    """Draw from quantiles at 1 to 99 %."""
    at = random.uniform(0.01, 0.99, n)
    return np.asarray(np.interp(at, np.linspace(0.01, 0.99, len(quantiles)), quantiles))


def schedule(
    regime: str,
    start_s: float,
    stop_s: float,
    random: np.random.Generator,
    broken_s: float = float("inf"),
) -> Schedule:
    """Draw the element sets of one object between two times.

    A run of one real object's sets gives intervals and errors together, so that heavy tails and
    the errors of close sets stay as they are; gaps near burns of the real object get errors of
    its other sets. Nothing here knows what the simulated object does.

    Parameters
    ----------
    regime : str
        Histories of low orbits are drawn for ``leo``, geostationary ones for the others.
    start_s, stop_s : float
        Seconds from the start of the scenario; epochs lie between.
    broken_s : float
        When the object broke: afterwards sets of its pieces are taken for it.
    """
    held, kind = statistics(), "leo" if regime == "leo" else "geo"
    part = held.parts[kind]
    rows = np.flatnonzero(part == random.integers(part.max() + 1))
    hours = held.interval_h[kind][rows]
    first = int(random.integers(len(rows)))
    turns = 1 + int((stop_s - start_s) / 3600.0 / hours.sum() + 1.0)
    rows = np.tile(np.roll(rows, -first), turns)
    hours = np.tile(np.roll(hours, -first), turns)
    steps = np.minimum(hours, 24.0 * _MOST_INTERVAL_D[kind]) * 3600.0
    epoch = start_s + np.cumsum(steps) - random.random() * steps[0]
    n = int(np.searchsorted(epoch, stop_s))
    rows, epoch = rows[:n], epoch[:n]
    deviation, share = _filled(kind, rows, random)
    deviation = _remembering(deviation, MEMORY[kind])
    deviation[epoch > broken_s] *= _ROUGHER
    chance = np.where(epoch > broken_s, _OF_PIECES, _CROSS_TAGGED)
    strange = random.random(n) < chance
    deviation[strange] += _STRANGE_KM * random.standard_cauchy((int(strange.sum()), 6)).clip(-9, 9)
    wait = drawn(held.latency_h, random, n) * 3600.0
    kept = random.random(n) >= _DROPPED
    return Schedule(epoch[kept], (epoch + wait)[kept], deviation[kept], share[kept])


def _remembering(deviation: F64, memory: float) -> F64:
    """Correlate errors from set to set and keep their size; outliers stay alone."""
    if not len(deviation):
        return deviation
    spread = 1.4826 * np.median(np.abs(deviation), axis=0)
    common = np.clip(deviation, -_OUTLIER * spread, _OUTLIER * spread)
    gain = np.sqrt(1.0 - memory**2)
    return np.asarray(lfilter([gain], [1.0, -memory], common, axis=0) + deviation - common)


def _filled(kind: str, rows: npt.NDArray[np.int64], random: np.random.Generator) -> tuple[F64, F64]:
    """Errors of the rows; where there is none, that of a random set of the same object."""
    held = statistics()
    deviation, share = held.deviation_km[kind][rows], held.bstar_share[kind][rows]
    if not len(rows):
        return deviation, share
    empty = ~np.isfinite(deviation).all(axis=1)
    own = np.flatnonzero(held.parts[kind] == held.parts[kind][rows[0]])
    good = own[np.isfinite(held.deviation_km[kind][own]).all(axis=1)]
    instead = good[random.integers(len(good), size=int(empty.sum()))]
    deviation[empty], share[empty] = (
        held.deviation_km[kind][instead],
        held.bstar_share[kind][instead],
    )
    return deviation, np.nan_to_num(share)

"""``screen``: a catalogue in, every approach of a time span out.

The sieve of perigees and apogees, usual elsewhere, is not needed: the grid of the sweep leaves out
what is far apart at no cost. States come from SGP4; the minimum itself is found with SGP4 again, so
that what is told does not depend on any step.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from multiprocessing import get_context
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
from sgp4.api import Satrec, SatrecArray

from skywright.errors import InputError
from skywright.ssa.element_sets import checked_history, epochs_jd, satrecs
from skywright.ssa.screening.sweep import sweep

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "norad_id_1": pl.Int64,
    "norad_id_2": pl.Int64,
    "miss_distance_km": pl.Float64,
    "relative_speed_km_s": pl.Float64,
    "tca_utc": pl.Datetime("us"),
    "age_1_d": pl.Float64,
    "age_2_d": pl.Float64,
}
"""Columns of the approaches; ages are those of the element sets at the time."""

STEP_S = 180.0
"""Seconds between exact states."""

SHORT_S = (60.0, 30.0)
"""Short steps of small and of large catalogues [s]: fewer steps against fewer pairs a step."""

STALE_D = 14.0
"""Sets older than this at the start are counted as stale [d]."""

_MOST_KM, _MOST_HOURS = 200.0, 24.0 * 31.0
_BLOCK_STEPS = 24
_LARGE = 6000
_ROOM = 200_000
_NEWTON = 8
_SAME_S = 0.5
_S_PER_DAY = 86400.0
_UNIX_JD = 2440587.5


@dataclass(frozen=True, slots=True)
class Plan:
    """What is asked for, the same in every process."""

    start_jd: float
    hours: float
    km: float
    primaries: tuple[int, ...] = ()
    """Numbers of which one must be in each pair; none means all pairs."""
    step_s: float = STEP_S
    parts: int = 3


@dataclass(frozen=True, slots=True)
class Screening:
    """What was found, and what was left out."""

    approaches: pl.DataFrame
    """With the columns of `SCHEMA`, by time."""
    objects: int
    """Screened."""
    duplicates: int
    """Older sets of numbers that occur twice; the newest was used."""
    stale: int
    """Sets older than `STALE_D` at the start, screened all the same."""
    failed: tuple[int, ...]
    """Numbers without a state at some time of the span (decayed), left out from then on."""


def screen(
    catalogue: pl.DataFrame,
    start_utc: datetime,
    hours: float,
    km: float,
    *,
    primaries: Sequence[int] = (),
    processes: int = 1,
    ray: str = "",
    step_s: float = STEP_S,
    short_s: float | None = None,
) -> Screening:
    """Find every approach.

    An approach is a local minimum of the distance of two objects, below ``km``, within
    ``[start, start + hours]``.

    Parameters
    ----------
    catalogue : DataFrame
        Element sets as in ``ssa.element_sets``.
    start_utc : datetime
        Start, UTC.
    hours, km : float
        Span [h] and distance [km].
    primaries : sequence of int
        Only pairs with one of these.
    processes : int
        Processes of this machine, each with a part of the span.
    ray : str
        Address of a Ray cluster, or ``local``; instead of processes.
    step_s, short_s : float
        Seconds between exact states, and of the sweep; the answer does not depend on them.

    Raises
    ------
    InputError
        If the span or the distance is not positive or too large, or a primary is not there.
    """
    _refuse_outside("hours", hours, _MOST_HOURS)
    _refuse_outside("km", km, _MOST_KM)
    table, duplicates = _newest(checked_history(catalogue))
    known = set(table["norad_id"].to_list())
    for one in primaries:
        if one not in known:
            message = f"The catalogue has no object {one}."
            raise InputError(message)
    moment = pl.DataFrame({"epoch_utc": [start_utc.replace(tzinfo=None)]})
    start = float(np.add(*epochs_jd(moment))[0])
    ages = start - np.add(*epochs_jd(table))
    short = short_s or SHORT_S[table.height > _LARGE]
    parts = max(1, round(step_s / short))
    plan = Plan(start, hours, km, tuple(primaries), step_s, parts)
    told = _spread(table, plan, processes, ray)
    rows = np.concatenate([rows for rows, _ in told])
    failed = sorted({name for _, names in told for name in names})
    approaches = _table(_once(rows), ages, table["norad_id"].to_numpy(), start)
    stale = int((np.abs(ages) > STALE_D).sum())
    return Screening(approaches, table.height, duplicates, stale, tuple(failed))


def screen_part(table: pl.DataFrame, plan: Plan, first: int, last: int) -> tuple[F64, list[int]]:
    """Screen some of the steps of a span; the same function on one core, on many and on Ray.

    Returns
    -------
    (m, 5) array, list of int
        Rows of both objects, seconds from the start, distance [km], speed [km/s]; numbers that
        had no state.
    """
    propagators = satrecs(table)
    together = SatrecArray(propagators)
    chosen = np.ones(len(propagators), dtype=bool)
    if plan.primaries:
        chosen = np.isin(table["norad_id"].to_numpy(), plan.primaries)
    day = np.floor(plan.start_jd - 0.5) + 0.5
    found, lost = [], np.zeros(len(propagators), dtype=bool)
    for begin in range(first, last, _BLOCK_STEPS):
        steps = np.arange(begin, min(begin + _BLOCK_STEPS, last) + 1)
        fraction = (plan.start_jd - day) + steps * plan.step_s / _S_PER_DAY
        error, r, v = together.sgp4(np.full(len(steps), day), fraction)
        states = np.ascontiguousarray(np.concatenate([r, v], axis=2).swapaxes(0, 1))
        usable = (error == 0).all(axis=1) & np.isfinite(states).all(axis=(0, 2))
        lost |= ~usable
        rows = _minima(states, usable, chosen, plan)
        rows[:, 2] += begin * plan.step_s
        found.append(rows)
    exact = _refined(propagators, np.concatenate(found), plan)
    return exact, table["norad_id"].to_numpy()[lost].tolist()


def _minima(
    states: F64, usable: npt.NDArray[np.bool_], chosen: npt.NDArray[np.bool_], plan: Plan
) -> F64:
    room = _ROOM
    while True:
        out = np.empty((room, 3))
        count = int(sweep(states, usable, chosen, plan.step_s, plan.parts, plan.km, out))
        if count <= room:
            return out[:count]
        room = count


def _refined(propagators: list[Satrec], rows: F64, plan: Plan) -> F64:
    """Find each minimum with SGP4 by Newton steps on the range rate, and keep what is near."""
    day = np.floor(plan.start_jd - 0.5) + 0.5
    offset = plan.start_jd - day
    span = plan.hours * 3600.0
    kept = []
    for first, second, at in rows.tolist():
        i, j, t = int(first), int(second), float(at)
        for _ in range(_NEWTON):
            fraction = offset + t / _S_PER_DAY
            _, r1, v1 = propagators[i].sgp4(day, fraction)
            _, r2, v2 = propagators[j].sgp4(day, fraction)
            r, v = np.subtract(r2, r1), np.subtract(v2, v1)
            bend = np.subtract(_gravity(np.array(r2)), _gravity(np.array(r1)))
            step = -float(r @ v) / max(float(v @ v + r @ bend), 1e-12)
            t += float(np.clip(step, -plan.step_s, plan.step_s))
            if abs(step) < 1e-5:
                break
        distance = float(np.linalg.norm(r))
        if distance < plan.km and 0.0 <= t <= span:
            kept.append((i, j, t, distance, float(np.linalg.norm(v))))
    return np.array(kept).reshape(-1, 5)


def _gravity(r: F64) -> F64:
    return np.asarray(-398600.8 * r / np.linalg.norm(r) ** 3)


def _spread(
    table: pl.DataFrame, plan: Plan, processes: int, ray: str
) -> list[tuple[F64, list[int]]]:
    steps = int(np.ceil(plan.hours * 3600.0 / plan.step_s)) + 1
    if not ray and processes <= 1:
        return [screen_part(table, plan, 0, steps)]
    shares = max(processes, 2) if not ray else max(processes, 8)
    edges = np.unique(np.linspace(0, steps, shares + 1).astype(int)).tolist()
    parts = list(pairwise(edges))
    if ray:
        from skywright.ssa.screening.on_ray import on_ray

        return on_ray(ray, table, plan, parts)
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        waiting = [pool.submit(screen_part, table, plan, a, b) for a, b in parts]
        return [one.result() for one in waiting]


def _newest(table: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    latest = table.sort("epoch_utc").unique("norad_id", keep="last").sort("norad_id")
    return latest, table.height - latest.height


def _once(rows: F64) -> F64:
    """Drop a minimum that was found from both sides of a step."""
    pair = np.sort(rows[:, :2], axis=1)
    order = np.lexsort((rows[:, 2], pair[:, 1], pair[:, 0]))
    rows, pair = rows[order], pair[order]
    same = (pair[1:] == pair[:-1]).all(axis=1) & (np.diff(rows[:, 2]) < _SAME_S)
    return rows[np.concatenate([[True], ~same])] if len(rows) else rows


def _table(rows: F64, ages: F64, names: I64, start: float) -> pl.DataFrame:
    i, j = rows[:, 0].astype(np.int64), rows[:, 1].astype(np.int64)
    i, j = np.minimum(i, j), np.maximum(i, j)
    seconds = (start - _UNIX_JD) * _S_PER_DAY
    micros = np.round(np.round(seconds, 3) * 1e6).astype(np.int64) + np.round(
        rows[:, 2] * 1e6
    ).astype(np.int64)
    later = rows[:, 2] / _S_PER_DAY
    columns: dict[str, Any] = {
        "norad_id_1": names[i],
        "norad_id_2": names[j],
        "miss_distance_km": rows[:, 3],
        "relative_speed_km_s": rows[:, 4],
        "tca_utc": pl.Series(micros).cast(pl.Datetime("us")),
        "age_1_d": ages[i] + later,
        "age_2_d": ages[j] + later,
    }
    return pl.DataFrame(columns, schema=SCHEMA).sort("tca_utc", "norad_id_1", "norad_id_2")


def _refuse_outside(name: str, value: float, most: float) -> None:
    if not 0.0 < value <= most:
        message = f"{name} must be more than 0 and at most {most:g}, got {value:g}."
        raise InputError(message)

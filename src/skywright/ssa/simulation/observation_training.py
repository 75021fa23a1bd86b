"""How a catalogue really sees satellites: intervals, latencies and errors of its element sets.

Kind ``ssa-observation``. Read top to bottom: the deviation of each quiet element set from a smooth
curve through its neighbours, the interval to the set before it, and the latency of sets whose
time of receipt is known. What is kept are numbers without object, date or orbit, from which no
element set can be made again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from skywright.foundry.kind import Predict, Rows
from skywright.foundry.run import Run
from skywright.foundry.signature import Input, Signature
from skywright.ssa.element_sets import epochs_jd
from skywright.ssa.relative_elements import carried, mean_elements, relative_elements

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

HISTORIES = "manoeuvres/tle_history.parquet"
MANOEUVRES = "manoeuvres/manoeuvres.parquet"
BURNS = "manoeuvres/burns.parquet"
CASES = "cases/gp_history_cases.parquet"
CASE_LABELS = "cases/case_labels.csv"

SIDE = 3
"""Neighbours on each side that the curve goes through."""

_PASSIVE = ("passive", "quiet", "passive_no_propulsion")
_GEO_KM = 40_000.0
_BEFORE, _AFTER = timedelta(days=0.5), timedelta(days=3)
_LONGEST_WINDOW_D = {"leo": 14.0, "geo": 21.0}
_QUANTILES = np.linspace(0.01, 0.99, 99)
_SHORTEST_H = 0.5
_DEGREES = (1, 3, 1, 1, 1, 1)  # of the curve through each relative element


def fit(run: Run) -> dict[str, Any]:
    """Collect the statistics of the data folder into ``observation.npz``."""
    most = int(run.recipe.params.get("sets_per_object", 700))
    found = statistics_of(run.data, most)
    np.savez_compressed(run.out / "observation.npz", allow_pickle=False, **found)
    metrics = {
        "leo_sets": len(found["leo_interval_h"]),
        "geo_sets": len(found["geo_interval_h"]),
        "latencies": len(found["latency_h"]),
        "leo_in_track_km": _robust(found["leo_deviation_km"][:, 1]),
        "geo_in_track_km": _robust(found["geo_deviation_km"][:, 1]),
    }
    _write_card(run, metrics)
    told = (Input("regime", "text"),)
    Signature("regression", "scatter of quiet sets in track [km]", told).write(run.out)
    return metrics


def load(folder: Path) -> Predict:
    """Return a predictor that tells the statistics of a regime: rows hold ``regime``."""
    held = dict(np.load(folder / "observation.npz"))

    def answers(rows: Rows) -> list[dict[str, Any]]:
        return [_told(held, row) for row in rows]

    return answers


def _told(held: Mapping[str, F64], row: Mapping[str, Any]) -> dict[str, Any]:
    regime = "geo" if row.get("regime") == "geo" else "leo"
    return {
        "interval_h": float(np.median(held[f"{regime}_interval_h"])),
        "latency_h": float(np.median(held["latency_h"])),
        "in_track_km": _robust(held[f"{regime}_deviation_km"][:, 1]),
    }


def statistics_of(data: Path, most: int) -> dict[str, npt.NDArray[Any]]:
    """Return the arrays of ``observation.npz``.

    Parameters
    ----------
    data : Path
        The folder of space domain awareness data.
    most : int
        Element sets kept of an object.
    """
    series: dict[str, list[dict[str, npt.NDArray[Any]]]] = {"leo": [], "geo": []}
    for table, events in _objects(data):
        regime = "geo" if _is_geo(table) else "leo"
        one = deviations(table, events, _LONGEST_WINDOW_D[regime])
        series[regime].append({name: values[:most] for name, values in one.items()})
    out: dict[str, npt.NDArray[Any]] = {}
    for regime, parts in series.items():
        for name in parts[0]:
            out[f"{regime}_{name}"] = np.concatenate([part[name] for part in parts])
        lengths = [len(part["interval_h"]) for part in parts]
        out[f"{regime}_object"] = np.repeat(np.arange(len(parts)), lengths).astype(np.int16)
    return out | _latencies(data) | _burn_statistics(data)


def deviations(table: pl.DataFrame, events: pl.Series, longest_d: float) -> dict[str, F64]:
    """Compare each element set with a curve through its neighbours.

    Parameters
    ----------
    table : DataFrame
        History of one object, sorted by epoch.
    events : Series of datetime
        Manoeuvres; sets whose neighbours lie around one get NaN.
    longest_d : float
        Sets whose neighbours span more get NaN [d].

    Returns
    -------
    dict
        ``interval_h`` (n,), ``deviation_km`` (n, 6) in relative elements, ``bstar_share`` (n,):
        deviation of B* over its median size. Scaled so that the scatter of the neighbours does
        not count.
    """
    jd, fraction = epochs_jd(table)
    t = (jd - jd[0]) + fraction
    keep = np.concatenate([[True], np.diff(t) * 24.0 > _SHORTEST_H])
    table, t = table.filter(pl.Series(keep)), t[keep]
    elements, bstar = mean_elements(table), table["bstar"].to_numpy()
    beside = np.array([k for k in range(-SIDE, SIDE + 1) if k])
    n = len(t)
    out, share = np.full((n, 6), np.nan), np.full(n, np.nan)
    scale = max(float(np.median(np.abs(bstar))), 1e-5)
    quiet = _quiet(table, events)
    for k in range(SIDE, n - SIDE):
        rows = k + beside
        days = t[rows] - t[k]
        if days[-1] - days[0] > longest_d or not quiet[k]:
            continue
        there = carried(np.repeat(elements[k][None], len(rows), axis=0), days)
        told = relative_elements(there, elements[rows])
        out[k] = [-_at_zero(days, told[:, c], _DEGREES[c]) for c in range(6)]
        share[k] = (bstar[k] - _at_zero(days, bstar[rows], 1)) / scale
    interval = np.concatenate([[np.nan], np.diff(t) * 24.0])
    interval[0] = np.median(interval[1:])
    return {
        "interval_h": interval.astype(np.float32),
        "deviation_km": out.astype(np.float32),
        "bstar_share": np.clip(share, -5.0, 5.0).astype(np.float32),
    }


def _at_zero(days: F64, values: F64, degree: int) -> float:
    """Value at zero of a polynomial through neighbours, shrunk by what their scatter adds."""
    x = np.vander(days, degree + 1, increasing=True)
    weights = np.linalg.pinv(x)[0]
    return float(weights @ values / np.sqrt(1.0 + weights @ weights))


def _quiet(table: pl.DataFrame, events: pl.Series) -> npt.NDArray[np.bool_]:
    """Whether no manoeuvre lies among a set and its neighbours; (n,)."""
    times = table["epoch_utc"].to_numpy().astype("datetime64[us]")
    out = np.ones(len(times), dtype=np.bool_)
    n = len(times)
    for event in events.to_numpy().astype("datetime64[us]"):
        low = np.searchsorted(times, event - np.timedelta64(_BEFORE))
        high = np.searchsorted(times, event + np.timedelta64(_AFTER))
        out[max(0, low - SIDE) : min(n, high + SIDE)] = False
    return out


def _objects(data: Path) -> list[tuple[pl.DataFrame, pl.Series]]:
    """Histories that are quiet, or whose manoeuvres are known."""
    found = []
    manoeuvres = pl.read_parquet(data / MANOEUVRES)
    for (number,), table in pl.read_parquet(data / HISTORIES).group_by(
        "norad_id", maintain_order=True
    ):
        events = manoeuvres.filter(pl.col("norad_id") == number)["start_utc"]
        found.append((_sorted(table), events))
    labels = pl.read_csv(data / CASE_LABELS)
    passive = labels.filter(pl.col("label").is_in(_PASSIVE))["norad_id"].to_list()
    cases = pl.read_parquet(data / CASES).filter(pl.col("norad_id").is_in(passive))
    for (_,), table in cases.group_by("norad_id", maintain_order=True):
        found.append((_sorted(table), pl.Series([], dtype=pl.Datetime("us"))))
    return found


def _sorted(table: pl.DataFrame) -> pl.DataFrame:
    return table.with_columns(pl.col("epoch_utc").dt.cast_time_unit("us")).sort("epoch_utc")


def _is_geo(table: pl.DataFrame) -> bool:
    return float(np.median(table["sma_km"].to_numpy())) > _GEO_KM


def _latencies(data: Path) -> dict[str, npt.NDArray[Any]]:
    """Hours from epoch to creation, where sets were not made ahead of their epoch."""
    cases = pl.read_parquet(data / CASES).filter(pl.col("epoch_utc").dt.year() >= 2019)
    hours = (cases["creation_date"] - cases["epoch_utc"]).dt.total_seconds().to_numpy() / 3600.0
    hours = hours[(hours > 0.0) & (hours < 96.0)]
    return {"latency_h": np.quantile(hours, _QUANTILES).astype(np.float32)}


def _burn_statistics(data: Path) -> dict[str, npt.NDArray[Any]]:
    """Quantiles of routine burns' sizes, and of the days between manoeuvres of a satellite."""
    burns = pl.read_parquet(data / BURNS).drop_nulls("dv_intrack_m_s")
    parts = burns.select("dv_radial_m_s", "dv_intrack_m_s", "dv_crosstrack_m_s").to_numpy()
    size = np.linalg.norm(parts, axis=1)
    across = np.abs(parts[:, 2]) > 0.5 * size
    routine = (size > 1e-4) & (size < 0.5) & ~across
    gaps = (
        pl.read_parquet(data / MANOEUVRES)
        .sort("satellite", "start_utc")
        .with_columns(gap=pl.col("start_utc").diff().over("satellite").dt.total_hours() / 24.0)
    )["gap"]
    days = gaps.drop_nulls().to_numpy()
    return {
        "routine_m_s": np.quantile(size[routine], _QUANTILES).astype(np.float32),
        "across_m_s": np.quantile(size[across & (size > 0.02)], _QUANTILES).astype(np.float32),
        "gap_d": np.quantile(days[days > 1.0], _QUANTILES).astype(np.float32),
    }


def _robust(values: F64) -> float:
    good = values[np.isfinite(values)]
    return float(1.4826 * np.median(np.abs(good - np.median(good))))


def _write_card(run: Run, metrics: Mapping[str, Any]) -> None:
    card = {
        "name": run.recipe.name,
        "title": run.recipe.title,
        "metrics": dict(metrics),
        "data": "Derived from element sets of Space-Track.org via public research collections, "
        "whose user agreement restricts redistribution of the element sets themselves; the "
        "model holds no element set. Burns: International DORIS Service.",
        "licence": "Apache-2.0",
        "command": f"skywright train {run.recipe.name} --data DIR",
        "card": "docs/cards/ssa-observation.md",
    }
    (run.out / "card.json").write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")

"""Real objects without propulsion, assessed day by day: no behaviour may be told of them.

Two counts are kept apart. An alarm of behaviour says that the object came or stays, which such an
object cannot: every one is false. An alert of collision says that it passes near with a high
probability, which debris does: it is right where the passage was near.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

import polars as pl

from skywright.ssa.behaviour.drift import rate_interval
from skywright.ssa.behaviours import Behaviour
from skywright.ssa.records.reading import read_history
from skywright.ssa.threats.assess import Tracked, assess
from skywright.ssa.threats.levels import ALARM

CASES = "cases/gp_history_cases.parquet"
"""Histories of the reference data that hold the objects."""

SATELLITES = "manoeuvres/tle_history.parquet"
"""Histories of satellites beside which the objects can be assessed too."""

PASSIVE = MappingProxyType({16593: 39763, 17369: 42962, 20580: 44495, 35331: 25980})
"""Objects without propulsion, and the satellite that each met."""

ACTIVE = frozenset(one.name.lower() for one in (Behaviour.APPROACH, Behaviour.PROXIMITY_STAY))
"""Behaviours that need propulsion."""

_FIRST_D = 20
_LEAST_DAYS = 30
_YEAR_D = 365.25


def passive_alarms(
    cases: Path, model: Path | None = None, *, satellites: Path | None = None, step_d: int = 1
) -> dict[str, Any]:
    """Assess each object beside the satellite that it met, and count what was raised.

    Parameters
    ----------
    cases : Path
        Table of histories that holds the objects of `PASSIVE`.
    model : Path, optional
        Folder of a detector; by default the one in use.
    satellites : Path, optional
        Histories of more satellites: each object is assessed beside all of them.
    step_d : int
        Days between assessments.

    Returns
    -------
    dict
        ``behaviour_alarms`` and ``collision_alerts`` (a run of assessments counts once),
        ``object_years`` (an object beside several satellites counts once), ``pair_years``, both
        per object-year with exact 95 % intervals, and ``pairs`` one by one.
    """
    table = read_history(cases)
    assets = {number: _tracked(table, number) for number in set(PASSIVE.values())}
    pairs = [(number, asset) for number, asset in PASSIVE.items()]
    if satellites is not None:
        more = read_history(satellites)
        found = {int(n): _tracked(more, int(n)) for n in more["norad_id"].unique().sort()}
        assets |= found
        pairs += [(number, asset) for number in PASSIVE for asset in found]
    told = []
    for number, asset in pairs:
        raised = _raised(assets[asset], _tracked(table, number), model, timedelta(days=step_d))
        if len(raised) * step_d >= _LEAST_DAYS or PASSIVE[number] == asset:
            told.append({"object": number, "asset": asset, **_counted(raised, step_d)})
    behaviour, collision = (
        sum(int(one[name]) for one in told) for name in ("behaviour_alarms", "collision_alerts")
    )
    longest: dict[int, float] = {}
    for one in told:
        number = int(one["object"])
        longest[number] = max(longest.get(number, 0.0), float(one["days"]))
    years = max(sum(longest.values()) / _YEAR_D, 1e-9)
    return {
        "behaviour_alarms": behaviour,
        "collision_alerts": collision,
        "object_years": years,
        "pair_years": sum(float(one["days"]) for one in told) / _YEAR_D,
        "behaviour_alarms_per_year": behaviour / years,
        "behaviour_interval": list(rate_interval(behaviour, years)),
        "collision_alerts_per_year": collision / years,
        "collision_interval": list(rate_interval(collision, years)),
        "pairs": told,
    }


def _tracked(table: pl.DataFrame, number: int) -> Tracked:
    return Tracked(str(number), table.filter(pl.col("norad_id") == number))


def _raised(asset: Tracked, other: Tracked, model: Path | None, step: timedelta) -> list[str]:
    """Return for each moment ``behaviour``, ``collision`` or nothing."""
    (first, last), (begin, end) = _ends(asset), _ends(other)
    moment, until = max(first, begin) + timedelta(days=_FIRST_D), min(last, end)
    out = []
    while moment < until:
        (row,) = assess(asset, [other], moment, model=model)["objects"]
        kind = "behaviour" if ACTIVE & set(row["possible"]) else "collision"
        out.append(kind if row["level"] >= ALARM else "")
        moment += step
    return out


def _counted(raised: list[str], step_d: int) -> dict[str, float]:
    fresh = [now for before, now in zip(["", *raised], raised, strict=False) if now != before]
    return {
        "behaviour_alarms": fresh.count("behaviour"),
        "collision_alerts": fresh.count("collision"),
        "days": len(raised) * step_d,
    }


def _ends(one: Tracked) -> tuple[datetime, datetime]:
    epochs = one.history["epoch_utc"]
    return epochs[0], epochs[-1]

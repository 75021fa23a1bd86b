"""One labelled scenario: two histories of element sets, a moment, and what truly happened.

A folder of scenarios holds four tables: ``histories.parquet`` (element sets with
``scenario_id``, ``role`` and ``received_utc``), ``scenarios.parquet`` (one row each),
``burns.parquet`` (one row a burn) and
``nodes.parquet`` (labels of station-keeping).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from skywright.errors import InputError, NotFoundError
from skywright.ssa.behaviours import Behaviour

REGIMES = ("leo", "geo", "meo", "heo")
"""Kinds of orbit that are simulated."""

ROLES = ("asset", "other")
"""Whose history or burn a row is."""

BURNS: dict[str, pl.DataType | type[pl.DataType]] = {
    "role": pl.String,
    "start_utc": pl.Datetime("us"),
    "dv_radial_m_s": pl.Float64,
    "dv_intrack_m_s": pl.Float64,
    "dv_crosstrack_m_s": pl.Float64,
    "declared": pl.Boolean,
    "routine": pl.Boolean,
}
"""Columns of `Scenario.burns`; routine burns keep an orbit, the others make the behaviour."""

NODES: dict[str, pl.DataType | type[pl.DataType]] = {
    "role": pl.String,
    "time_utc": pl.Datetime("us"),
    "direction": pl.String,
    "node": pl.String,
    "kind": pl.String,
}
"""Columns of `Scenario.nodes`: EW or NS; SS, ID, AD, IK or ES; NK, CK, EK or HK (SPLID)."""

_TABLES = ("histories", "scenarios", "burns", "nodes")
_ROW = (
    "scenario_id",
    "regime",
    "policy",
    "asset_orbit",
    "at_utc",
    "cooperative",
    "smallest_burn_m_s",
    "solar_flux_sfu",
)


@dataclass(frozen=True, slots=True)
class Scenario:
    """An asset and another object up to a moment; only sets received by then may be used."""

    scenario_id: int
    regime: str
    """One of `REGIMES`."""
    behaviour: Behaviour
    """What the other object did up to `at_utc`."""
    policy: str
    """Family of what it was told to do; several to a behaviour, one to a split."""
    asset_orbit: str
    """Group of like orbits of the asset: no group on both sides of a split."""
    asset: pl.DataFrame
    """History with ``received_utc``, as in ``ssa.element_sets``."""
    other: pl.DataFrame
    """History with ``received_utc``."""
    at_utc: datetime
    """Moment of the assessment, UTC."""
    burns: pl.DataFrame
    """True burns of both up to `at_utc`, with the columns of `BURNS`."""
    cooperative: bool
    """Whether the pair has declared its nearness (docked, formation)."""
    smallest_burn_m_s: float
    """Smallest burn that makes the behaviour; NaN where no burn does [m/s]."""
    solar_flux_sfu: float
    """Mean solar radio flux F10.7 of the time [1e-22 W/m2/Hz]."""
    nodes: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=NODES))
    """Labels of station-keeping near the geostationary ring, with the columns of `NODES`."""


def write_scenarios(folder: Path, scenarios: Sequence[Scenario]) -> None:
    """Write scenarios as four tables into a folder, made where it is missing.

    Raises
    ------
    InputError
        If there is none.
    """
    if not scenarios:
        message = "There are no scenarios to write; simulate at least one."
        raise InputError(message)
    folder.mkdir(parents=True, exist_ok=True)
    histories = [
        table.with_columns(scenario_id=pl.lit(one.scenario_id, pl.Int64), role=pl.lit(role))
        for one in scenarios
        for role, table in ((ROLES[0], one.asset), (ROLES[1], one.other))
    ]
    burns = [_numbered(one.burns, one) for one in scenarios]
    nodes = [_numbered(one.nodes, one) for one in scenarios]
    rows = pl.DataFrame(list(map(_row, scenarios)))
    tables = (pl.concat(histories), rows, pl.concat(burns), pl.concat(nodes))
    for name, table in zip(_TABLES, tables, strict=True):
        partial = folder / f"{name}.parquet.partial"
        table.write_parquet(partial)
        partial.replace(folder / f"{name}.parquet")


def read_scenarios(folder: Path) -> list[Scenario]:
    """Read scenarios as `write_scenarios` wrote them, in the order of their numbers.

    Raises
    ------
    NotFoundError
        If a table is missing.
    """
    tables = []
    for name in _TABLES:
        path = folder / f"{name}.parquet"
        if not path.is_file():
            message = f"{folder} holds no scenarios: {path.name} is missing."
            raise NotFoundError(message, hint="Make some: skywright ssa simulate --out FOLDER.")
        tables.append(pl.read_parquet(path))
    histories, rows, burns, nodes = tables
    sets = _parts(histories, ["scenario_id", "role"])
    fired, told = _parts(burns, ["scenario_id"]), _parts(nodes, ["scenario_id"])
    return [
        Scenario(
            **{name: row[name] for name in _ROW},
            behaviour=Behaviour(row["behaviour"]),
            asset=sets[row["scenario_id"], ROLES[0]],
            other=sets[row["scenario_id"], ROLES[1]],
            burns=fired.get((row["scenario_id"],), pl.DataFrame(schema=BURNS)),
            nodes=told.get((row["scenario_id"],), pl.DataFrame(schema=NODES)),
        )
        for row in rows.sort("scenario_id").iter_rows(named=True)
    ]


def _numbered(table: pl.DataFrame, one: Scenario) -> pl.DataFrame:
    return table.with_columns(scenario_id=pl.lit(one.scenario_id, pl.Int64))


def _row(one: Scenario) -> dict[str, Any]:
    return {name: getattr(one, name) for name in _ROW} | {
        "behaviour": int(one.behaviour),
        "behaviour_name": one.behaviour.name,
        "asset_sets": one.asset.height,
        "other_sets": one.other.height,
    }


def _parts(table: pl.DataFrame, by: list[str]) -> dict[tuple[Any, ...], pl.DataFrame]:
    parts = table.partition_by(by, as_dict=True, maintain_order=True)
    return {key: part.drop(by) for key, part in parts.items()}

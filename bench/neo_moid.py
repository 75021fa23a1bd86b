"""MOID: time per orbit and core, agreement with JPL and distlink, misses on stress sets, peers.

    .venv/bin/python bench/neo_moid.py [--data shared/data/neo] [--adam-python VENV/bin/python]

distlink (Baluev & Mikryukov) is on no package index; its values come with the reference data. The
peer that can be installed is adam_core: here if it is importable, else in the interpreter named.
"""

import argparse
import json
import math
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import polars as pl

from skywright.orbits import moid as moid_module
from skywright.orbits.elements import Elements, state_from_elements
from skywright.orbits.moid import body_elements, moid
from skywright.orbits.moid_oracle import moid_direct

EPOCH = 2459000.5
PEER_ORBITS = 25

PEER = """
import json, sys, time
from adam_core.coordinates import CartesianCoordinates, Origin
from adam_core.dynamics.moid import calculate_moid
from adam_core.orbits import Orbits
from adam_core.time import Timestamp
given = json.load(sys.stdin)
def orbit(state):
    names = ("x", "y", "z", "vx", "vy", "vz")
    return Orbits.from_kwargs(coordinates=CartesianCoordinates.from_kwargs(
        **{name: [value] for name, value in zip(names, state)},
        time=Timestamp.from_mjd([given["mjd"]], scale="tdb"),
        origin=Origin.from_kwargs(code=["SUN"]), frame="ecliptic"))
earth, orbits = orbit(given["earth"]), [orbit(state) for state in given["states"]]
calculate_moid(orbits[0], earth)
start = time.perf_counter()
found = [float(calculate_moid(one, earth)[0]) for one in orbits]
print(json.dumps({"moid": found, "us": (time.perf_counter() - start) / len(orbits) * 1e6}))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=None)
    parser.add_argument("--adam-python", default=sys.executable)
    given, _ = parser.parse_known_args()
    path = given.data / "reference" / "moid_reference.parquet" if given.data else None
    table = pl.read_parquet(path) if path and path.is_file() else None
    orbits = from_table(table) if table is not None else random_orbits(4000)
    moid(orbits, EPOCH)
    show_speed(orbits)
    if table is None:
        print("agreement with JPL and distlink: left out, no reference data (--data)")
    else:
        show_agreement(table, orbits)
    show_stress()
    show_oracle(orbits)
    show_peer(orbits, table, given.adam_python)


def from_table(table: pl.DataFrame) -> Elements:
    e = table["e"].to_numpy()
    angles = (np.radians(table[name].to_numpy()) for name in ("i_deg", "node_deg", "peri_deg"))
    return Elements(
        table["a_au"].to_numpy() * (1 - e), e, *angles, table["epoch_jd_tdb"].to_numpy()
    )


def random_orbits(count: int) -> Elements:
    rng = np.random.default_rng(1)
    node, peri = rng.uniform(0, math.tau, (2, count))
    q, e, i = rng.uniform(0.2, 1.3, count), rng.uniform(0.1, 0.9, count), rng.rayleigh(0.2, count)
    return Elements(q, e, np.minimum(i, 3.0), node, peri, np.full(count, EPOCH))


def repeated(orbits: Elements, count: int) -> Elements:
    """A population of any size: the given orbits over and over with perihelia turned at random."""
    rng = np.random.default_rng(2)
    many = Elements(*(np.resize(np.asarray(field), count) for field in orbits[:6]))
    return many._replace(peri=many.peri + rng.uniform(0, math.tau, count))


def show_speed(orbits: Elements) -> None:
    for count in (35_000, 1_500_000):
        many = repeated(orbits, count)
        start = time.process_time()
        moid(many, EPOCH, threads=1)
        core = time.process_time() - start
        start = time.perf_counter()
        moid(many, EPOCH)
        wall = time.perf_counter() - start
        print(
            f"{count:9,d} orbits: {core / count * 1e6:5.2f} us per orbit and core;"
            f" {wall:6.3f} s on all cores"
        )


def show_agreement(table: pl.DataFrame, orbits: Elements) -> None:
    found = moid(orbits, table["epoch_jd_tdb"].to_numpy()).moid_au
    for name, allowed in (("jpl", 6e-7), ("distlink", 1e-10)):
        gap = np.abs(found - table[f"moid_{name}_au"].to_numpy())
        print(
            f"against {name:8s} on {len(gap):,d} orbits: largest difference {gap.max():.1e} au,"
            f" {int((gap > allowed).sum())} above {allowed:.0e}"
        )


def stress_sets(count: int) -> dict[str, Elements]:
    """Orbits that trap searches: grazing, co-orbital, open, in or near the plane of the Earth."""
    rng = np.random.default_rng(3)

    def orbits(q: np.ndarray, e: np.ndarray, i: np.ndarray) -> Elements:
        node, peri = rng.uniform(0, math.tau, (2, count))
        return Elements(q, e, i, node, peri, np.full(count, EPOCH))

    def tilt(low: float) -> np.ndarray:
        return 10 ** rng.uniform(low, 0.0, count)

    earth = body_elements("earth", [EPOCH])
    e = rng.uniform(0.1, 0.99, count)
    graze = 1 + rng.choice([-1, 1], count) * 10 ** rng.uniform(-7, -2, count)
    q_graze = np.where(rng.random(count) < 0.5, graze, graze * (1 - e) / (1 + e))
    e_round, e_open = rng.uniform(0, 0.05, count), 1 + 10 ** rng.uniform(-6, 0.5, count)
    q = rng.uniform(0.01, 1.2, count)
    any_tilt = np.arccos(rng.uniform(-1, 1, count))
    q_round = (1 + rng.uniform(-0.02, 0.02, count)) * (1 - e_round)
    flat = orbits(q, rng.uniform(0, 1.5, count), np.full(count, float(earth.i[0])))
    return {
        "closed, e to 0.99": orbits(q, rng.uniform(0, 0.99, count), any_tilt),
        "open, e to 4": orbits(q, e_open, any_tilt),
        "nearly coplanar": orbits(q, e, tilt(-9.0)),
        "open, nearly coplanar": orbits(q, e_open, tilt(-9.0)),
        "exactly coplanar": flat._replace(node=np.full(count, float(earth.node[0]))),
        "grazing at an apsis": orbits(q_graze, e, tilt(-9.0)),
        "co-orbital": orbits(q_round, e_round, tilt(-9.0)),
    }


def show_stress(count: int = 40_000) -> None:
    print(f"stress sets of {count:,d}: misses (> 1e-10 au above a search with 1,000 samples)")
    usual = moid_module._SAMPLES
    for name, orbits in stress_sets(count).items():
        start = time.process_time()
        found = moid(orbits, EPOCH, threads=1).moid_au
        spent = (time.process_time() - start) / count * 1e6
        moid_module._SAMPLES = 1000
        dense = moid(orbits, EPOCH).moid_au
        moid_module._SAMPLES = usual
        missed, better = int((found > dense + 1e-10).sum()), int((dense > found + 1e-10).sum())
        few = Elements(*(np.asarray(field)[:10] for field in orbits[:6]))
        plain = moid_direct(few, body_elements("earth", np.full(10, EPOCH))).moid_au
        worst = np.max(found[:10] - plain)
        print(
            f"  {name:22s} {missed} missed, {better} better, {spent:5.2f} us;"
            f" worst above the plain oracle {worst:8.1e} au (10 orbits)"
        )


def show_oracle(orbits: Elements) -> None:
    few = Elements(*(np.asarray(field)[:20] for field in orbits[:6]))
    earth = body_elements("earth", np.full(20, EPOCH))
    start = time.perf_counter()
    plain = moid_direct(few, earth)
    spent = (time.perf_counter() - start) / 20
    gap = np.abs(plain.moid_au - moid(few, EPOCH).moid_au).max()
    print(f"plain oracle: {spent * 1e6:,.0f} us per orbit; largest difference {gap:.1e} au (of 20)")


def show_peer(orbits: Elements, table: pl.DataFrame | None, python: str) -> None:
    if python == sys.executable and find_spec("adam_core") is None:
        print("adam_core: left out, not installed (pip install adam-core in a venv, --adam-python)")
        return
    few = Elements(*(np.asarray(field)[:PEER_ORBITS] for field in orbits[:6]))
    few = few._replace(tp_jd_tdb=np.full(PEER_ORBITS, EPOCH - 50.0))
    task = {
        "mjd": EPOCH - 2400000.5,
        "earth": state_from_elements(body_elements("earth", [EPOCH]), EPOCH)[0].tolist(),
        "states": state_from_elements(few, EPOCH).tolist(),
    }
    answer = subprocess.run(
        [python, "-c", PEER], input=json.dumps(task), capture_output=True, text=True, check=False
    )
    if answer.returncode != 0:
        print(f"adam_core: left out, it failed: {answer.stderr.strip().splitlines()[-1]}")
        return
    result = json.loads(answer.stdout.splitlines()[-1])
    gap = np.abs(np.array(result["moid"]) - moid(few, EPOCH).moid_au)
    print(
        f"adam_core calculate_moid: {result['us']:,.0f} us per orbit; differs by more than 1e-6 au"
        f" in {int((gap > 1e-6).sum())} of {PEER_ORBITS} (median {np.median(gap):.1e} au)"
    )
    if table is not None:
        print("  (on the same orbits ours equals JPL to the printed digits, see above)")


if __name__ == "__main__":
    main()

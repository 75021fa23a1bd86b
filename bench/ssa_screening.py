"""Screening beside brute force: ``python bench/ssa_screening.py --data FOLDER``.

Prints one JSON object: seconds of both for 2,000 objects and 24 h on one core (the brute force is
SGP4 each 20 s with a k-d tree a step, timed on a slice of the span), agreement with the reference
list, and the whole catalogue at 5 km with time and memory.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from datetime import datetime
from pathlib import Path

import numpy as np
import polars as pl
from scipy.spatial import cKDTree
from sgp4.api import SatrecArray

from skywright.ssa.element_sets import epochs_jd, satrecs, states_at
from skywright.ssa.records.reading import read_history
from skywright.ssa.screening.screen import screen

START = datetime(2024, 7, 6)  # noqa: DTZ001 - UTC
STILL_KM_S = 0.05


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data/ssa"))
    parser.add_argument("--processes", type=int, default=2, help="for the whole catalogue")
    options = parser.parse_args()
    folder = options.data / "catalogue"
    catalogue = read_history(folder / "catalogue_20240705.parquet")
    wanted = pl.read_parquet(folder / "screening_20240706_objects.parquet")["norad_id"]
    some = catalogue.filter(pl.col("norad_id").is_in(wanted.implode()))
    screen(some, START, 1.0, 10.0)
    times = []
    for _ in range(3):
        started = time.perf_counter()
        found = screen(some, START, 24.0, 10.0)
        times.append(time.perf_counter() - started)
    brute = _brute_force_s(some, hours=2.0) * 12.0
    told = {
        "objects": found.objects,
        "seconds": float(np.median(times)),
        "brute_force_seconds": brute,
        "times_faster": brute / float(np.median(times)),
        "reference": _compared(
            some, found.approaches, folder / "screening_20240706_conjunctions.parquet"
        ),
    }
    started = time.perf_counter()
    whole = screen(catalogue, START, 24.0, 5.0, processes=options.processes)
    own, children = (
        resource.getrusage(who).ru_maxrss / 1e3
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    told["whole_catalogue"] = {
        "objects": whole.objects,
        "approaches_below_5_km": whole.approaches.height,
        "seconds": time.perf_counter() - started,
        "processes": options.processes,
        "memory_mb": own + options.processes * children,
        "without_a_state": len(whole.failed),
    }
    print(json.dumps(told, indent=1))


def _brute_force_s(table: pl.DataFrame, hours: float) -> float:
    """Seconds to look at all pairs within 10 km and a step's way, refined one by one."""
    propagators = satrecs(table)
    started = time.perf_counter()
    step, together = 20.0, SatrecArray(propagators)
    day = 2460497.5
    for k in range(int(hours * 3600 / step)):
        fraction = np.array([k * step / 86400.0])
        error, r, v = together.sgp4(np.array([day]), fraction)
        good = np.flatnonzero(error[:, 0] == 0)
        tree = cKDTree(r[good, 0])
        for i, j in tree.query_pairs(10.0 + 15.6 * step / 2):
            d = r[good[j], 0] - r[good[i], 0]
            w = v[good[j], 0] - v[good[i], 0]
            s = -(d @ w) / max(w @ w, 1e-12)
            if abs(s) <= step / 2 and np.linalg.norm(d + s * w) < 12.0:
                for _ in range(3):
                    t = fraction[0] + s / 86400.0
                    _, r1, v1 = propagators[good[i]].sgp4(day, t)
                    _, r2, v2 = propagators[good[j]].sgp4(day, t)
                    d, w = np.subtract(r2, r1), np.subtract(v2, v1)
                    s -= (d @ w) / max(w @ w, 1e-12)
    return time.perf_counter() - started


def _compared(table: pl.DataFrame, found: pl.DataFrame, path: Path) -> dict[str, object]:
    reference = pl.read_parquet(path)
    ours: dict[tuple[int, int], list[dict]] = {}
    for row in found.to_dicts():
        ours.setdefault((row["norad_id_1"], row["norad_id_2"]), []).append(row)
    miss_mm, tca_ms, absent, used = [], [], [], set()
    for row in reference.to_dicts():
        pair = tuple(sorted((row["norad_id_1"], row["norad_id_2"])))
        near = [
            (abs((one["tca_utc"] - row["tca_utc"]).total_seconds()), one)
            for one in ours.get(pair, [])
        ]
        away, one = min(near, key=lambda both: both[0], default=(1e9, None))
        if one is None or away > 0.01:
            absent.append(row)
            continue
        used.add((pair, one["tca_utc"]))
        miss_mm.append(abs(one["miss_distance_km"] - row["miss_distance_km"]) * 1e6)
        tca_ms.append(away * 1e3)
    return {
        "rows": reference.height,
        "found": len(miss_mm),
        "extra": found.height - len(used),
        "largest_difference_mm": max(miss_mm),
        "largest_difference_ms": max(tca_ms),
        "absent": len(absent),
        "absent_pairs": sorted({(r["norad_id_1"], r["norad_id_2"]) for r in absent}),
        "absent_that_are_minima_by_sgp4": sum(_is_minimum(table, row) for row in absent),
    }


def _is_minimum(table: pl.DataFrame, row: dict) -> bool:
    """Whether SGP4's distance half a second before and after is larger."""
    pair = [table.filter(pl.col("norad_id") == row[f"norad_id_{k}"]) for k in (1, 2)]
    at = pl.DataFrame({"epoch_utc": [row["tca_utc"]]})
    jd, fraction = epochs_jd(at)
    ranges = []
    for shift in (-0.5, 0.0, 0.5):
        moved = fraction + shift / 86400.0
        one, two = (states_at(satrecs(p), jd, moved)[0, :3] for p in pair)
        ranges.append(np.linalg.norm(two - one))
    return bool(ranges[1] < min(ranges[0], ranges[2]))


if __name__ == "__main__":
    main()

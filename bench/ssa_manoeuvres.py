"""Manoeuvres found on real satellites: ``python bench/ssa_manoeuvres.py --data FOLDER``.

Leave-one-satellite-out by default: each satellite is judged by a model and a threshold of the
others only. ``--shipped`` judges the detector in use instead, which is fair on satellites that it
was not trained on; give those by ``--history`` and ``--manoeuvres``. Events are merged within a
day and matched one to one; LEO within a day, GEO within two. Prints one JSON object, with the
floor, the cadence-only control and the alarms on objects that cannot manoeuvre beside it.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
import polars as pl

from skywright.ssa.detection.floor import THRESHOLDS
from skywright.ssa.detection.manoeuvres import detect
from skywright.ssa.detection.scoring import TOLERANCE_D, interval, pooled
from skywright.ssa.detection.training import (
    HISTORY,
    SETTINGS,
    TERMS,
    TRUTH,
    Satellite,
    cadence_only,
    leave_one_out,
    satellites,
)
from skywright.ssa.element_sets import epochs_jd
from skywright.ssa.records.reading import read_history

PASSIVE = "cases/gp_history_cases.parquet"
NO_PROPULSION = (20580, 16593, 17369, 35331)
"""Hubble, Cosmos 1732, Cosmos 1818 and a piece of debris: none can manoeuvre."""


def main() -> None:
    """Score and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data/ssa"))
    parser.add_argument("--history", type=Path, help="element sets; default in --data")
    parser.add_argument("--manoeuvres", type=Path, help="reported manoeuvres; default in --data")
    parser.add_argument("--shipped", action="store_true", help="judge the detector in use")
    options = parser.parse_args()
    history = read_history(options.history or options.data / HISTORY)
    truth = pl.read_parquet(options.manoeuvres or options.data / TRUTH)
    some = satellites(history, truth)
    told: dict[str, object] = {"mode": "shipped" if options.shipped else "leave one out"}
    started = time.perf_counter()
    found = detect(history).manoeuvres
    told["detect_s"] = round(time.perf_counter() - started, 2)
    told["element_sets"] = history.height
    for regime in ("leo", "geo"):
        own = [one for one in some if one.regime == regime]
        if own:
            told[regime] = _regime(own, regime, found if options.shipped else None)
    if (options.data / PASSIVE).is_file():
        told["cannot_manoeuvre"] = _passive(options.data / PASSIVE)
    told["data"] = TERMS
    print(json.dumps(told, indent=1))


def _regime(own: list[Satellite], regime: str, found: pl.DataFrame | None) -> dict[str, object]:
    settings = SETTINGS[regime]
    if found is None:
        judged = leave_one_out(own, settings)
        cadence = leave_one_out([cadence_only(one) for one in own], settings)
        control = {"cadence_only_f1": pooled([score for _, score in cadence])["f1"]}
    else:
        judged = [(one, one.score(_times(found, one.name))) for one in own]
        control = {}
    scores = [score for _, score in judged]
    return {
        "tolerance_d": TOLERANCE_D[regime],
        **pooled(scores),
        "f1_interval": interval(scores),
        "floor": pooled([one.score(one.floor) for one in own]) | {"z": THRESHOLDS[regime]},
        **control,
        "satellites": {
            one.name: {
                "f1": round(2 * s.hits / max(s.events + s.detections, 1), 3),
                "events": s.events,
                "found": s.hits,
                "false_alarms_per_year": round(s.false_per_year, 2),
            }
            for one, s in judged
        },
    }


def _times(found: pl.DataFrame, name: str) -> np.ndarray:
    own = found.filter(pl.col("satellite") == name)
    return np.add(*epochs_jd(own, "time_utc")) if own.height else np.zeros(0)


def _passive(path: Path) -> dict[str, object]:
    table = read_history(path).filter(pl.col("norad_id").is_in(NO_PROPULSION))
    rows = detect(table).satellites
    years = float(rows["years"].sum())
    return {
        "objects": rows.height,
        "object_years": round(years, 2),
        "alarms": int(rows["manoeuvres"].sum()),
        "alarms_per_object_year": round(float(rows["manoeuvres"].sum()) / years, 2),
    }


if __name__ == "__main__":
    main()

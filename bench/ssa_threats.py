"""What objects do: ``python bench/ssa_threats.py [--scenarios FOLDER] [--data FOLDER]``.

Prints one JSON object. Simulated: macro-F1 on scenarios whose asset's orbit and policy family were
both held out, one family at a time and many at once, above the stated floor of burns and for all,
with intervals by asset orbit, beside cadence only and one threshold. Real: alarms a year on objects
without propulsion, assessed each day beside the satellite that they met. The two are never mixed.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from datetime import timedelta
from pathlib import Path

import polars as pl

from skywright.foundry.recipe import load_recipe
from skywright.foundry.run import Run
from skywright.ssa.records.reading import read_history
from skywright.ssa.threats.assess import Tracked, assess
from skywright.ssa.threats.levels import ALARM
from skywright.ssa.threats.training import fit

PASSIVE = {16593: 39763, 17369: 42962, 20580: 44495, 35331: 25980}
"""Objects without propulsion, and whom each met."""

_FIRST_D = 20


def main() -> None:
    """Score and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scenarios", type=Path, help="folder that holds a folder scenarios")
    parser.add_argument("--data", type=Path, default=Path("../shared/data/ssa"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "model"
        out.mkdir()
        where = options.scenarios or Path(folder)
        run = Run(load_recipe("ssa-threats"), where, out, 11, Path(folder) / "log")
        told: dict[str, object] = {"simulated": fit(run)}
    cases = options.data / "cases/gp_history_cases.parquet"
    if cases.is_file():
        told["real_objects_without_propulsion"] = _passive(read_history(cases))
    print(json.dumps(told, indent=1))


def _passive(table: pl.DataFrame) -> dict[str, object]:
    alarms, days, told = 0, 0, {}
    for number, asset in PASSIVE.items():
        own, other = (table.filter(pl.col("norad_id") == one) for one in (asset, number))
        first = max(own["epoch_utc"].min(), other["epoch_utc"].min())
        last = min(own["epoch_utc"].max(), other["epoch_utc"].max())
        moment = first + timedelta(days=_FIRST_D)
        before, count, begun = False, 0, days
        while moment < last:
            pair = Tracked(str(asset), own), [Tracked(str(number), other)]
            level = assess(*pair, moment)["objects"][0]["level"]
            count += int(level >= ALARM and not before)
            before = level >= ALARM
            days += 1
            moment += timedelta(days=1)
        told[str(number)] = {"alarms": count, "days": days - begun}
        alarms += count
    return {
        "alarms": alarms,
        "object_years": days / 365.25,
        "alarms_per_object_year": alarms / max(days / 365.25, 1e-9),
        "objects": told,
    }


if __name__ == "__main__":
    main()

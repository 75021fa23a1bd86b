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
from pathlib import Path

from skywright.foundry.recipe import load_recipe
from skywright.foundry.run import Run
from skywright.ssa.threats.passive import CASES, SATELLITES, passive_alarms
from skywright.ssa.threats.training import fit


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
        cases = options.data / CASES
        if cases.is_file():
            told["real_objects_without_propulsion"] = passive_alarms(
                cases, out, satellites=options.data / SATELLITES, step_d=2
            )
    print(json.dumps(told, indent=1))


if __name__ == "__main__":
    main()

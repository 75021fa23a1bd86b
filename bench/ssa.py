"""Every figure of space domain awareness: ``python bench/ssa.py [--data FOLDER] [--only a,b]``.

Each part prints one JSON object, with its baseline in the same run. Parts that need the reference
data are left out without it.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

PARTS = {
    "manoeuvres": ("ssa_manoeuvres.py", True),
    "pc": ("ssa_pc.py", True),
    "screening": ("ssa_screening.py", True),
    "strategy": ("ssa_strategy.py", True),
    "simulator": ("ssa_simulator.py", True),
    "behaviour": ("ssa_behaviour.py", True),
    "threats": ("ssa_threats.py", True),
    "forecast": ("ssa_final_pc.py", True),
    "policy": ("ssa_policy.py", False),
    "latency": ("ssa_latency.py", False),
}
"""File of each part, and whether it needs the data."""


def main() -> None:
    """Run the parts one by one."""
    here = Path(__file__).resolve().parent
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="folder of the reference data")
    parser.add_argument("--only", default=",".join(PARTS), help="parts, separated by commas")
    given = parser.parse_args()
    choices = [here.parent / "shared/data/ssa", here.parents[1] / "shared/data/ssa"]
    data = given.data or next((path for path in choices if path.is_dir()), None)
    for name in given.only.split(","):
        if name not in PARTS:
            sys.exit(f"no part named {name!r}; there are {', '.join(PARTS)}")
        file, needs = PARTS[name]
        print(f"\n== {name} ==", flush=True)
        if needs and data is None:
            print("the reference data is not here: left out")
            continue
        more = ["--data", str(data)] if needs else []
        subprocess.run([sys.executable, str(here / file), *more], check=True)


if __name__ == "__main__":
    main()

"""Every figure of the near-Earth-object vertical, each beside its peer in the same run.

    .venv/bin/python bench/neo.py [--data shared/data/neo] [--only moid,propagation,...]

Without the reference data the parts that need it say so and are left out.
"""

import argparse
import importlib
import sys
from pathlib import Path

PARTS = {
    "moid": "neo_moid",
    "propagation": "neo_propagation",
    "impacts": "neo_impacts",
    "models": "neo_models",
    "anomalies": "neo_anomalies",
    "what-if": "neo_what_if",
    "http": "api_load",
}

NO_DATA = ("what-if", "http")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=None, help="folder of the reference data")
    parser.add_argument("--only", default=",".join(PARTS), help="parts, separated by commas")
    given = parser.parse_args()
    here = Path(__file__).resolve().parent
    sys.path.insert(0, str(here))
    choices = [given.data] if given.data else [here.parent / "shared/data/neo",
                                               here.parents[1] / "shared/data/neo"]  # fmt: skip
    data = next((path for path in choices if path and path.is_dir()), None)
    with_data = sys.argv[:1] + (["--data", str(data)] if data else [])
    for part in given.only.split(","):
        if part not in PARTS:
            sys.exit(f"no part named {part!r}; there are {', '.join(PARTS)}")
        print(f"\n== {part} ==", flush=True)
        sys.argv = with_data if part not in NO_DATA else with_data[:1]
        importlib.import_module(PARTS[part]).main()


if __name__ == "__main__":
    main()

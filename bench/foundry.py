"""Every figure of the foundry, each beside its peer in the same run, as one JSON object.

    .venv/bin/python bench/foundry.py [--only recovery,claims,warm,metric,prediction]

What is done shows on standard error. PostgreSQL is measured where its programs are; MLflow in an
environment of its own, ``.venv-peers``, made on first use from the package index.
"""

import argparse
import importlib
import json
import os
import platform
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
PARTS = {
    "recovery": "foundry_recovery",
    "claims": "foundry_claims",
    "warm": "foundry_warm",
    "metric": "foundry_metric",
    "prediction": "foundry_prediction",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default=",".join(PARTS), help="parts, separated by commas")
    given = parser.parse_args()
    sys.path[:0] = [str(HERE), str(HERE.parent)]
    told = {
        "machine": f"{platform.machine()}, {len(os.sched_getaffinity(0))} cores",
        "load_before": os.getloadavg()[0],
    }
    for part in given.only.split(","):
        if part not in PARTS:
            sys.exit(f"no part named {part!r}; there are {', '.join(PARTS)}")
        began = time.monotonic()
        print(f"{part} ...", file=sys.stderr, flush=True)
        told[part] = importlib.import_module(PARTS[part]).measure()
        print(f"{part}: {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    print(json.dumps(told, indent=1))


if __name__ == "__main__":
    main()

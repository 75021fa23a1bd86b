"""How long the sandbox takes to start and to answer, beside a scan of the same table in polars,
and how long a tool waits for a service that fails.

    python bench/sandbox.py --catalogues FOLDER

The folder holds a CSV of Gaia and the files of OpenNGC. Prints one JSON object; times are the
median of several in seconds, with the number of stars each cone returned.
"""

import argparse
import contextlib
import json
import math
import statistics
import tempfile
import time
from pathlib import Path

import httpx
import polars as pl

from skywright.errors import SourceError
from skywright.settings import Settings
from skywright.sources.collecting import visiting
from skywright.sources.exoplanets import COLLECTOR
from skywright.sources.sandbox.running import Options, running_sandbox

TIMES = 7
FAULTS = ("429", "500", "502", "503", "cut", "html", "expired-token")
START_S = 1.5
CONE = (
    "SELECT source_id, ra, dec FROM gaiadr3.gaia_source WHERE "
    "1 = CONTAINS(POINT('ICRS', ra, dec), CIRCLE('ICRS', {}, {}, 0.083333))"
)
NAME = "SELECT main_id, ra, dec FROM basic JOIN ident ON oidref = oid WHERE id = 'M31'"


def median_s(call, times=TIMES):
    spent = []
    for _ in range(times):
        start = time.perf_counter()
        call()
        spent.append(time.perf_counter() - start)
    return round(statistics.median(spent), 4)


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--catalogues", type=Path, required=True)
    folder = arguments.parse_args().catalogues
    file = next(one for one in sorted(folder.rglob("*.csv*")) if "gaia" in one.name)
    stars = pl.read_csv(file)
    centre = stars["ra"].median(), stars["dec"].median()
    with tempfile.TemporaryDirectory() as cache:
        told = {"target_start_s": START_S, "stars": stars.height}
        for state in ("first", "again"):
            start = time.perf_counter()
            with running_sandbox(folder, options=Options(cache=Path(cache))) as sandbox:
                told[f"start_{state}_s"] = round(time.perf_counter() - start, 4)
                told |= {
                    f"{name}_{state}_s": value for name, value in _asked(sandbox, centre).items()
                }
        with running_sandbox(folder, options=Options(cache=Path(cache))) as sandbox:
            told |= _given_up(sandbox)
    width = 0.083333 / max(0.01, math.cos(math.radians(centre[1])))
    told["baseline_polars_box_s"] = median_s(
        lambda: stars.filter(
            pl.col("ra").is_between(centre[0] - width, centre[0] + width)
            & pl.col("dec").is_between(centre[1] - 0.083333, centre[1] + 0.083333)
        )
    )
    print(json.dumps(told))


def _asked(sandbox, centre):
    def ask(service, query):
        asked = {"QUERY": query, "FORMAT": "csv"}
        answer = httpx.post(f"{sandbox.url}/{service}/tap/sync", data=asked, timeout=60)
        answer.raise_for_status()
        return answer

    cone = CONE.format(*centre)
    told = {}
    for name, service, query in (("cone", "gaia", cone), ("name", "simbad", NAME)):
        told[f"{name}_unprepared"] = median_s(lambda s=service, q=query: ask(s, q), 1)
        told[name] = median_s(lambda s=service, q=query: ask(s, q))
    return told


def _given_up(sandbox):
    """Return how long a tool's visit takes where the service fails in a way."""
    told = {}
    for kind in FAULTS:
        sandbox.faults.set("exoplanets", kind)
        start = time.perf_counter()
        with (
            tempfile.TemporaryDirectory() as folder,
            visiting(COLLECTOR, sandbox.settings(Settings(data_dir=folder))) as visit,
            contextlib.suppress(SourceError),
        ):
            COLLECTOR.parts["planets"].fetch(visit)
            told[f"not_given_up_{kind}"] = True
        told[f"given_up_{kind}_s"] = round(time.perf_counter() - start, 2)
    sandbox.faults.clear()
    return told


if __name__ == "__main__":
    main()

"""How long a torch job takes to be ready: started cold, and forked from a warm process."""

import statistics
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl

from skywright.foundry.jobs.job import Slots
from skywright.foundry.jobs.workplace import Workplace
from skywright.foundry.recipe import recipe_of
from skywright.foundry.training import Ask, finish, submit
from skywright.settings import Settings
from skywright.store.database import Database

TIMES = 3
RECIPE = {
    "name": "warm-torch",
    "kind": "torch",
    "target": "y",
    "params": {"net": "tabular", "epochs": 2, "width": 16},
}


def measure():
    cold = [once(warm=False)[0] for _ in range(TIMES)]
    with_nursery = once(warm=True, times=TIMES + 1)
    first, later = with_nursery[0], with_nursery[1:]
    return {
        "from_claim_to_first_epoch": {
            "cold_s": round(statistics.median(cold), 3),
            "first_through_warm_process_s": round(first, 3),
            "later_s": round(statistics.median(later), 3),
            "ratio": round(statistics.median(cold) / statistics.median(later), 1),
        }
    }


def once(*, warm, times=1):
    """Return the seconds from the claim of a job to the first epoch it tells, for each job."""
    folder = Path(tempfile.mkdtemp(prefix="skywright-bench-"))
    settings = Settings(data_dir=folder)
    place = replace(Workplace.of(settings, Database.of(settings)), offer=Slots(cpus=2), warm=warm)
    launcher = place.launcher("local")
    rng = np.random.default_rng(1)
    x = rng.normal(size=(400, 4))
    frame = pl.DataFrame(x, schema=["a", "b", "c", "d"]).with_columns(
        y=pl.Series((x[:, 0] > 0).astype(int))
    )
    record = place.datasets.register_table("rows", frame, source="bench")
    seconds = []
    for seed in range(times):
        began = time.monotonic()
        first = []

        def heard(_, event, first=first):
            if event.get("step") == 1 and not first:
                first.append(time.monotonic())

        job = submit(place, Ask(recipe_of(RECIPE, "warm-torch"), record.id, seed=seed + 1))
        began = time.monotonic()
        finish(place, job, heard)
        seconds.append(first[0] - began)
    launcher.close()
    return seconds

"""Collision probabilities beside NASA CARA: ``python bench/ssa_pc.py --data FOLDER``.

Prints one JSON object: errors in log10 of what is answered against Monte Carlo and, beside it, of
the two-dimensional formula alone; which invalid cases were recognised; milliseconds a message.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
import polars as pl

from skywright.ssa.conjunction.conjunction import conjunction_of
from skywright.ssa.conjunction.foster import encounter_plane, pc_2d
from skywright.ssa.conjunction.probability import probability
from skywright.ssa.records.cdm import read_cdm


def main() -> None:
    """Score and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data/ssa"))
    folder = parser.parse_args().data / "conjunctions"
    rows = pl.read_parquet(folder / "cara_cdm_reference_pc.parquet").to_dicts()
    ours, flat, valid, truth, took = [], [], [], [], []
    for row in rows:
        one = conjunction_of(read_cdm(folder / f"cara_cdm/{row['conjunction_id']}.cdm"))
        encounter = encounter_plane(one)
        started = time.perf_counter()
        found = probability(one)
        took.append(1e3 * (time.perf_counter() - started))
        ours.append(np.log10(found.pc) - np.log10(row["pcsdmc"]))
        plain = float(pc_2d(*encounter, one.hbr_m * 1e-3)[0])
        flat.append(np.log10(plain) - np.log10(row["pcsdmc"]))
        valid.append(found.valid_2d)
        truth.append(row["violations_pc2d"] == 0)
    error, plain, ok, good = (np.array(x) for x in (np.abs(ours), np.abs(flat), valid, truth))
    told = {
        "messages": len(rows),
        "valid_2d": int(good.sum()),
        "error_dex_where_2d_valid": {"median": np.median(error[good]), "worst": error[good].max()},
        "error_dex_elsewhere": {"median": np.median(error[~good]), "worst": error[~good].max()},
        "two_dimensional_alone_elsewhere": {
            "median": np.median(plain[~good]),
            "worst": plain[~good].max(),
            "more_than_ten_times_off": int((plain[~good] > 1).sum()),
        },
        "reference_interval_dex": float(
            max(np.log10(row["pcsdmc_hi"]) - np.log10(row["pcsdmc"]) for row in rows)
        ),
        "invalid_recognised": f"{int((~ok & ~good).sum())} of {int((~good).sum())}",
        "valid_called_invalid": int((~ok & good).sum()),
        "milliseconds": {"median": np.median(took), "worst": max(took)},
    }
    print(json.dumps(told, indent=1, default=float))


if __name__ == "__main__":
    main()

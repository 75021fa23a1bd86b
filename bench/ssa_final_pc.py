"""The forecast of the last probability: ``python bench/ssa_final_pc.py --data FOLDER``.

Prints one JSON object: flags two days ahead at 1e-5, calibration, and the score of ESA's challenge,
persistence beside each, with intervals. On the series that the shipped model was trained on, events
are judged by models that never saw their objects; on others by the shipped model itself.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path

import polars as pl

from skywright.ssa.conjunction.final_pc import MODEL, final_pc_in_use
from skywright.ssa.conjunction.final_pc_judging import (
    boosted_figures,
    by_primary,
    cross_fitted,
    figures,
    flag_figures,
    judged,
)
from skywright.ssa.conjunction.final_pc_lessons import COLUMN, lessons_of
from skywright.ssa.conjunction.final_pc_training import HISTORY
from skywright.ssa.model_facts import facts_of


def main() -> None:
    """Judge and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data/ssa"))
    parser.add_argument("--boosting", action="store_true", help="also boosted trees, a minute more")
    asked = parser.parse_args()
    path = asked.data / HISTORY
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    model = facts_of(MODEL)
    seen = digest in model["trained_on"].get("files", {}).values()
    lessons = lessons_of(pl.read_parquet(path))
    told = cross_fitted(lessons) if seen else judged(lessons, final_pc_in_use())
    result = {
        "model": model,
        "judged_by": "models without the events' objects" if seen else "the shipped model",
        "flag": "last 1e-5 or more at 20 m, from the last message at least two days before",
        "targets": {"false_positive_rate": 0.05, "recall": 0.8, "precision": 0.24},
        **figures(told),
    }
    if seen:
        others = by_primary(lessons)
        result["other_satellite"] = {k: flag_figures(v.rows(COLUMN)) for k, v in others.items()}
    if asked.boosting:
        result["boosting"] = boosted_figures(lessons)
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()

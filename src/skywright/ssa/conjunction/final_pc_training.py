"""Training the forecast of the last probability, each event judged by a model that never saw it.

High last probabilities are rare: fifteen in nine hundred events. The same encounters for several
hard-body radii are further examples, always on the same side of a split as their event.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl

from skywright.foundry.kind import SIGNATURE, Predict, Rows
from skywright.foundry.run import Run
from skywright.ssa.conjunction.final_pc import (
    FEATURES,
    FINAL_PC,
    FinalPcModel,
    forecast,
    opened,
)
from skywright.ssa.conjunction.final_pc_judging import (
    boosted_figures,
    by_primary,
    chosen,
    cross_fitted,
    figures,
    flag_figures,
)
from skywright.ssa.conjunction.final_pc_lessons import COLUMN, Lesson, fitted, lessons_of
from skywright.ssa.conjunction.pc_history import events_of

HISTORY = "conjunctions/cara_pc_history.parquet"
"""Real series of probabilities."""

TERMS = (
    "Series of probabilities from NASA CARA Analysis Tools (NASA Open Source Agreement). The model "
    "holds no row of them."
)


def fit(run: Run) -> dict[str, Any]:
    """Judge event by event and satellite by satellite, then fit on all of them."""
    lessons = lessons_of(pl.read_parquet(run.data / HISTORY))
    metrics = figures(cross_fitted(lessons))
    run.log(step=1, f2=metrics["f2"])
    metrics["other_satellite"] = {
        name: flag_figures(told.rows(COLUMN)) for name, told in by_primary(lessons).items()
    }
    metrics["boosting"] = boosted_figures(lessons)
    model = fitted(lessons, least_chance=chosen(lessons))
    (run.out / FINAL_PC).write_text(_as_json(model), encoding="utf-8")
    _write_told(run, metrics, lessons)
    persistence = {"name": "the last probability stays", **metrics["persistence"]}
    return metrics | {"baseline": persistence}


def load(folder: Path) -> Predict:
    """Return the predictor: rows are messages, each answered with what its event was known then."""
    model = opened(folder)

    def predict(rows: Rows) -> list[dict[str, Any]]:
        table = pl.DataFrame(list(rows), infer_schema_length=None)
        events = {one.name: one for one in events_of(table)}
        seen: dict[str, int] = {}
        told = []
        for name in table["event_id"].cast(pl.String):
            seen[name] = min(seen.get(name, 0) + 1, len(events[name].days))
            answer = forecast([events[name].until(seen[name])], model=model)["events"][0]
            told.append({"value": answer["chance_at_least_flag"]})
        return told

    return predict


def _as_json(model: FinalPcModel) -> str:
    told = {
        "features": list(FEATURES),
        "mean": model.mean.tolist(),
        "scale": model.scale.tolist(),
        "weights": model.weights.tolist(),
        "intercept": model.intercept,
        "least_chance": model.least_chance,
    }
    return json.dumps(told, indent=1) + "\n"


def _write_told(run: Run, metrics: dict[str, Any], lessons: Sequence[Lesson]) -> None:
    signature = {
        "task": "regression",
        "target": "chance that the last probability is 1e-5 or more",
        "inputs": [
            {"name": "event_id", "type": "text"},
            {"name": "created_utc", "type": "text"},
            {"name": "tca_utc", "type": "text"},
            {"name": "pc", "type": "number"},
        ],
    }
    (run.out / SIGNATURE).write_text(json.dumps(signature, indent=1) + "\n", encoding="utf-8")
    card = {
        "name": run.recipe.name,
        "title": run.recipe.title,
        "metrics": metrics,
        "events": len({one.event.name for one in lessons}),
        "data": TERMS,
        "licence": "Apache-2.0",
        "command": f"skywright train {run.recipe.name} --data FOLDER",
    }
    (run.out / "card.json").write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")

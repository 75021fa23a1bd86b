"""Training the manoeuvre detector on real satellites, each judged by a model that never saw it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from skywright.errors import InputError
from skywright.foundry.kind import SIGNATURE, Predict, Rows
from skywright.foundry.run import Run
from skywright.ssa.boosting import boosted, export, predicted
from skywright.ssa.detection.detector import DETECTOR, ManoeuvreDetector, Operating, peaks
from skywright.ssa.detection.features import Candidates, candidates
from skywright.ssa.detection.floor import THRESHOLDS, floor_times
from skywright.ssa.detection.manoeuvres import detect
from skywright.ssa.detection.scoring import (
    TOLERANCE_D,
    Score,
    events_of,
    interval,
    pooled,
    score,
)
from skywright.ssa.detection.series import series_of
from skywright.ssa.element_sets import COLUMNS, checked_history, epochs_jd
from skywright.ssa.sets import Sets

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

HISTORY = "manoeuvres/tle_history.parquet"
"""Element sets."""

TRUTH = "manoeuvres/manoeuvres.parquet"
"""What the operators reported."""

TERMS = (
    "Element sets: Space-Track.org (its user agreement restricts passing the sets on; the model "
    "holds none). Manoeuvres: International DORIS Service; list of the Fengyun operator."
)

_MOST_FALSE_PER_YEAR = 0.8  # below the promise of one, as an unseen satellite may be noisier
_THRESHOLDS = np.linspace(0.05, 0.95, 46)


@dataclass(frozen=True, slots=True)
class Settings:
    """How one regime is learned."""

    label_d: float
    """A gap this near to an event is one with a manoeuvre [d]."""
    apart_d: float
    """Detections nearer than this are one [d]."""
    rounds: int
    params: dict[str, Any]


_SHARED = {
    "objective": "binary",
    "learning_rate": 0.05,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.8,
    "lambda_l2": 5.0,
    "seed": 1,
}
SETTINGS = {
    "leo": Settings(1.0, 2.0, 150, {**_SHARED, "num_leaves": 8, "min_data_in_leaf": 30}),
    "geo": Settings(1.5, 3.0, 100, {**_SHARED, "num_leaves": 6, "min_data_in_leaf": 15}),
}
"""By regime."""


@dataclass(frozen=True, slots=True)
class Satellite:
    """One satellite with its truth."""

    name: str
    regime: str
    gaps: Candidates
    truth: F64
    """Times of all manoeuvres [d]."""
    span: tuple[float, float]
    """First and last epoch [d]."""
    floor: F64
    """What the floor finds [d]."""
    intervals_d: F64
    """Lengths of the gaps [d]: all that the cadence-only control sees."""

    def labels(self, within_d: float) -> I64:
        """Return 1 for gaps near an event."""
        events = events_of(self.truth)
        if not len(events):
            return np.zeros(len(self.gaps.at), dtype=np.int64)
        away = np.abs(self.gaps.at[:, None] - events[None, :]).min(axis=1)
        near: I64 = (away < within_d).astype(np.int64)
        return near

    def score(self, found: F64) -> Score:
        """Return how detections do."""
        return score(self.truth, found, self.span, TOLERANCE_D[self.regime])

    def scored(self, scores: F64, operating: Operating) -> Score:
        """Return how scores do at an operating point."""
        return self.score(self.gaps.at[peaks(self.gaps.at, scores, operating)])


def fit(run: Run) -> dict[str, Any]:
    """Judge satellite by satellite, and write one model a regime, trained on all of them."""
    some = satellites(pl.read_parquet(run.data / HISTORY), pl.read_parquet(run.data / TRUTH))
    metrics: dict[str, Any] = {"satellites": len(some)}
    told: dict[str, Any] = {}
    floors: dict[str, Any] = {"name": "one threshold on changes of the axis"}
    for regime, settings in SETTINGS.items():
        own = [one for one in some if one.regime == regime]
        judged = leave_one_out(own, settings)
        metrics |= {f"{regime}_{key}": value for key, value in summary(judged).items()}
        cadence = leave_one_out([cadence_only(one) for one in own], settings)
        metrics[f"{regime}_cadence_only_f1"] = pooled([s for _, s in cadence])["f1"]
        floors[f"{regime}_f1"] = pooled([one.score(one.floor) for one in own])["f1"]
        metrics[f"{regime}_floor_f1"] = floors[f"{regime}_f1"]
        operating = operating_point(own, out_of_fold(own, settings), settings)
        export(
            _trained(own, settings),
            run.out / f"{regime}.onnx",
            own[0].gaps.features.shape[1],
        )
        told[regime] = {"operating": asdict(operating), "features": list(own[0].gaps.names)}
        run.log(step=len(told), f1=metrics[f"{regime}_f1"])
    (run.out / DETECTOR).write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    _write_signature(run.out)
    metrics["f1"] = metrics["leo_f1"]
    _write_card(run, metrics, some)
    return metrics | {"baseline": floors | {"f1": floors["leo_f1"]}}


def load(folder: Path) -> Predict:
    """Return the predictor: rows are element sets, each answered by the score of the gap before."""
    detector = ManoeuvreDetector(folder)

    def predict(rows: Rows) -> list[dict[str, Any]]:
        table = pl.DataFrame(list(rows), infer_schema_length=None)
        if table.schema.get("epoch_utc") == pl.String:
            table = table.with_columns(pl.col("epoch_utc").str.to_datetime(time_unit="us"))
        found = detect(table, detector).manoeuvres
        return [_answer(row, found) for row in checked_rows(table)]

    return predict


def checked_rows(table: pl.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table in their own order, once it is known to be a history."""
    checked_history(table)
    return table.to_dicts()


def _answer(row: dict[str, Any], found: pl.DataFrame) -> dict[str, Any]:
    here = found.filter(
        (pl.col("norad_id") == row["norad_id"]) & (pl.col("end_utc") == row["epoch_utc"])
    )
    return {"value": 0.0 if here.is_empty() else float(here["score"][0])}


def satellites(history: pl.DataFrame, truth: pl.DataFrame) -> list[Satellite]:
    """Return the satellites of a history with their manoeuvres.

    Parameters
    ----------
    history : DataFrame
        Element sets; ``satellite`` names them.
    truth : DataFrame
        ``norad_id`` and ``start_utc`` of each manoeuvre.

    Raises
    ------
    InputError
        If no satellite has both enough sets and a manoeuvre.
    """
    table = checked_history(history)
    some = []
    for part in table.partition_by("norad_id", maintain_order=True):
        series = series_of(Sets.of(part))
        own = truth.filter(pl.col("norad_id") == int(part["norad_id"][0]))
        if series is None or own.is_empty():
            continue
        jd, fraction = epochs_jd(part)
        days = jd + fraction
        name = part["satellite"][0] if "satellite" in part.columns else part["norad_id"][0]
        times = np.add(*epochs_jd(own, "start_utc"))
        span = (float(days[0]), float(days[-1]))
        intervals = np.diff(series.days)
        some.append(
            Satellite(
                str(name),
                series.regime,
                candidates(series),
                times,
                span,
                floor_times(part, THRESHOLDS[series.regime]),
                intervals,
            )
        )
    if not some:
        message = "No satellite of the history has manoeuvres to learn from."
        raise InputError(message, hint="norad_id of both tables must agree.")
    return some


def out_of_fold(some: Sequence[Satellite], settings: Settings) -> list[F64]:
    """Return the scores of each satellite by a model trained on the others."""
    return [
        predicted(_trained([one for one in some if one is not held], settings), held.gaps.features)
        for held in some
    ]


def leave_one_out(some: Sequence[Satellite], settings: Settings) -> list[tuple[Satellite, Score]]:
    """Judge each satellite with model and threshold of the others only."""
    without = _scores_without_both(some, settings)
    told = []
    for k, scores in enumerate(out_of_fold(some, settings)):
        rest = [j for j in range(len(some)) if j != k]
        theirs = [without[j, k] for j in rest]
        operating = operating_point([some[j] for j in rest], theirs, settings)
        told.append((some[k], some[k].scored(scores, operating)))
    return told


def _scores_without_both(
    some: Sequence[Satellite], settings: Settings
) -> dict[tuple[int, int], F64]:
    """Return the scores of satellite j by a model that saw neither it nor satellite k, by (j, k).

    One model serves both orders of a pair.
    """
    told = {}
    for j, k in combinations(range(len(some)), 2):
        model = _trained([one for i, one in enumerate(some) if i not in {j, k}], settings)
        told[j, k] = predicted(model, some[j].gaps.features)
        told[k, j] = predicted(model, some[k].gaps.features)
    return told


def operating_point(
    some: Sequence[Satellite], scores: Sequence[F64], settings: Settings
) -> Operating:
    """Return the threshold with the best F1 among those with few enough false alarms."""
    best: tuple[float, Operating] | None = None
    for threshold in _THRESHOLDS.tolist():
        operating = Operating(threshold, settings.apart_d)
        result = pooled([one.scored(own, operating) for one, own in zip(some, scores, strict=True)])
        if result["false_alarms_per_satellite_year"] > _MOST_FALSE_PER_YEAR:
            continue
        if best is None or result["f1"] > best[0]:
            best = (result["f1"], operating)
    return best[1] if best else Operating(float(_THRESHOLDS[-1]), settings.apart_d)


def summary(judged: Sequence[tuple[Satellite, Score]]) -> dict[str, Any]:
    """Return the pooled figures with the interval of F1."""
    scores = [one for _, one in judged]
    low, high = interval(scores)
    return pooled(scores) | {"f1_low": low, "f1_high": high}


def _trained(some: Sequence[Satellite], settings: Settings) -> Any:
    features = np.concatenate([one.gaps.features for one in some])
    labels = np.concatenate([one.labels(settings.label_d) for one in some])
    return boosted(features, labels, settings.params, rounds=settings.rounds)


def cadence_only(one: Satellite) -> Satellite:
    """Return the satellite as someone sees it who knows only when its sets came."""
    gaps = one.intervals_d
    relative = np.log(gaps / np.median(gaps))
    shifted = [np.roll(relative, k) for k in range(-3, 4)]
    held = one.gaps
    seen = Candidates(
        held.at,
        np.column_stack(shifted),
        tuple(f"interval_{k}" for k in range(7)),
        held.agreed,
        held.axis_step_m,
        held.plane_step_m,
        held.plane_statistic,
    )
    return Satellite(one.name, one.regime, seen, one.truth, one.span, one.floor, one.intervals_d)


def _write_signature(out: Path) -> None:
    told = {
        "task": "regression",
        "target": "score of a manoeuvre in the gap before each set",
        "inputs": [{"name": n, "type": "text" if n == "epoch_utc" else "number"} for n in COLUMNS],
    }
    (out / SIGNATURE).write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


def _write_card(run: Run, metrics: dict[str, Any], some: Sequence[Satellite]) -> None:
    card = {
        "name": run.recipe.name,
        "title": run.recipe.title,
        "metrics": metrics,
        "satellites": [one.name for one in some],
        "data": TERMS,
        "licence": "Apache-2.0",
        "command": f"skywright train {run.recipe.name} --data FOLDER",
    }
    (run.out / "card.json").write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")

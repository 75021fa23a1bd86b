"""Training the encoder of behaviour on quiet windows; the best score of three ships with it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from skywright.foundry.kind import SIGNATURE, Predict, Rows
from skywright.foundry.run import Run
from skywright.ssa.behaviour import yardsticks
from skywright.ssa.behaviour.autoencoder import (
    SCORED,
    Lessons,
    export_encoder,
    outputs_of,
    train_encoder,
)
from skywright.ssa.behaviour.encoder import (
    CHOICES,
    ENCODER,
    FOREST,
    NETWORK,
    REFERENCE,
    BehaviourEncoder,
)
from skywright.ssa.behaviour.judging import Judged, Settings, figures, judge, weights_by, weights_of
from skywright.ssa.behaviour.quiet import passive_windows, satellite_windows, simulated_windows
from skywright.ssa.behaviour.slots import SLOTS
from skywright.ssa.behaviour.windows import (
    REGIMES,
    STRETCH,
    Windows,
    joined,
)
from skywright.ssa.boosting import boosted, predicted
from skywright.ssa.detection.detector import Operating, detector_in_use
from skywright.ssa.detection.features import Candidates
from skywright.ssa.detection.training import HISTORY, SETTINGS, TRUTH, satellites
from skywright.ssa.records.reading import read_history
from skywright.ssa.slot_rows import matrix_of

F64 = npt.NDArray[np.float64]

CASES = "cases/gp_history_cases.parquet"
"""Histories of objects that cannot manoeuvre, among others."""

PASSIVE_NUMBERS = (16593, 17369, 22675, 25980, 35331)
"""Cosmos 1732, 1818 and 2251, Orbcomm FM 30 and a piece of debris: no manoeuvre was observed."""

UNTIL = MappingProxyType({22675: datetime(2009, 2, 10, 16, tzinfo=UTC)})
"""Cosmos 2251 was struck then."""

TERMS = (
    "Derived from element sets of Space-Track.org via public research sets; its user agreement "
    "restricts redistribution of the sets themselves, and the model holds none. Manoeuvres: "
    "International DORIS Service; list of the Fengyun operator."
)

_REFERENCE_ROWS = 400
_SIMULATED_SHARES = {"leo": 0.18, "geo": 0.46, "meo": 0.18, "heo": 0.18}
_AGREEMENT_ROWS = 200


@dataclass(frozen=True, slots=True)
class HeldOut:
    """A detector that was taught with other satellites than the one it is asked of."""

    model: Any
    operating: Mapping[str, Operating]

    def scores(self, _regime: str, candidates: Candidates) -> F64:
        """Return the probability of a manoeuvre in each gap; (m,)."""
        if not len(candidates.at):
            return np.zeros(0)
        return predicted(self.model, candidates.features)


def fit(run: Run) -> dict[str, Any]:
    """Judge the encoder and its yardsticks object by object; write what ships."""
    params = run.recipe.params
    windows = gathered(run)
    run.log(step=0, windows=len(windows.at_d), quiet=int((~windows.moved).sum()))
    settings = settings_of(params, run.seed)
    level = float(params.get("level", 0.01))
    judged = judge(windows, settings)
    told = figures(judged, level)
    run.log(step=1, auroc=told["scores"]["network"]["auroc"])
    agreement = write_model(run.out, judged, settings, told["chosen"])
    _write_signature(run.out)
    metrics = _metrics(told, level) | {"onnx_agreement": agreement}
    _write_card(run, metrics, windows, told)
    floor = told["scores"]["floor"]["auroc"]
    return metrics | {"baseline": {"name": "one threshold on axis changes", "auroc": floor}}


def load(folder: Path) -> Predict:
    """Return the predictor of a model folder: slots to p-value, code and what stands out."""
    encoder = BehaviourEncoder(folder)

    def predict(rows: Rows) -> list[dict[str, Any]]:
        slots = matrix_of(rows, [one.name for one in SLOTS])
        p, codes = encoder.score(slots), encoder.encode(slots)
        return [
            {
                "value": float(p[k]),
                "code": codes[k].tolist(),
                "stands_out": [asdict(one) for one in encoder.explain(slots[k], most=5)],
            }
            for k in range(len(slots))
        ]

    return predict


def settings_of(params: Mapping[str, Any], seed: int) -> Settings:
    """Return the settings of a recipe."""
    names = ("epochs", "batch", "rate", "decay", "hidden", "noise")
    lessons = Lessons(**{name: params[name] for name in names if name in params})
    return Settings(lessons, int(params.get("folds", 10)), seed)


def gathered(run: Run) -> Windows:
    """Return all windows: real ones of the data folder, simulated ones where those are few."""
    params = run.recipe.params
    history = read_history(run.data / HISTORY)
    truth = pl.read_parquet(run.data / TRUTH)
    count = int(params.get("simulated", 220))
    shares = {name: round(share * count) for name, share in _SIMULATED_SHARES.items()}
    return joined(
        [
            satellite_windows(
                history,
                truth,
                step_d=float(params.get("step_d", 5.0)),
                detectors=held_out_detectors(history, truth),
            ),
            passive_windows(
                read_history(run.data / CASES), PASSIVE_NUMBERS, step_d=1.0, until=UNTIL
            ),
            simulated_windows(shares, run.seed),
        ]
    )


def held_out_detectors(history: pl.DataFrame, truth: pl.DataFrame) -> dict[int, HeldOut]:
    """Return for each satellite a detector of manoeuvres that was taught with the others.

    The slots of burns come from a detector. The one in use learned from these very satellites, so
    that it would hand their labels to whoever reads its slots; its thresholds alone are kept.
    """
    some = [
        (int(number), satellites(own, truth)[0])
        for (number,), own in history.partition_by("norad_id", as_dict=True).items()
        if truth.filter(pl.col("norad_id") == number).height
    ]
    operating = detector_in_use().operating
    told = {}
    for number, held in some:
        settings = SETTINGS[held.regime]
        rest = [one for _, one in some if one is not held and one.regime == held.regime]
        if not rest:
            continue
        features = np.concatenate([one.gaps.features for one in rest])
        labels = np.concatenate([one.labels(settings.label_d) for one in rest])
        model = boosted(features, labels, settings.params, rounds=settings.rounds)
        told[number] = HeldOut(model, operating)
    return told


def write_model(out: Path, judged: Judged, settings: Settings, chosen: str) -> float:
    """Teach with all quiet windows, write the model; return how far the served graph is off."""
    quiet = judged.windows.rows(~judged.windows.moved)
    weight, filling = weights_of(quiet.name), yardsticks.filling_of(quiet.slots)
    module = train_encoder(quiet.slots, weight, settings.lessons, settings.seed)
    export_encoder(module, out / NETWORK)
    if chosen == "forest":
        forest = yardsticks.grown_forest(quiet.slots, weight, filling, settings.seed)
        yardsticks.export_forest(forest, out / FOREST, len(SLOTS))
    known = judged.windows.source == STRETCH
    regimes = [name for name in REGIMES if (quiet.regime == name).any()]
    calibrations = {name: asdict(judged.calibration(chosen, name)) for name in regimes}
    buffers = ("centre", "scale", "residual_centre", "residual_spread")
    told = {
        "chosen": chosen,
        "weights": weights_by(module, judged.windows.rows(known)).tolist(),
        "scored_groups": list(SCORED),
        "calibrations": calibrations,
        **{name: getattr(module, name).numpy().tolist() for name in buffers},
        "filling": filling.tolist(),
        "slots": [one.name for one in SLOTS],
    }
    (out / ENCODER).write_text(json.dumps(told) + "\n", encoding="utf-8")
    _write_reference(out, quiet, settings.seed)
    few = quiet.slots[:: max(len(quiet.slots) // _AGREEMENT_ROWS, 1)]
    pairs = zip(outputs_of(module, few), BehaviourEncoder(out).outputs(few), strict=True)
    return max(float(np.abs(a - b).max()) for a, b in pairs)


def _write_reference(out: Path, quiet: Windows, seed: int) -> None:
    random = np.random.default_rng(seed)
    told = {}
    for name in np.unique(quiet.regime).tolist():
        rows = np.flatnonzero(quiet.regime == name)
        weight = weights_of(quiet.name[rows])
        count = min(len(rows), _REFERENCE_ROWS)
        kept = random.choice(rows, count, replace=False, p=weight / weight.sum())
        told[name] = quiet.slots[kept].astype(np.float32)
    with (out / REFERENCE).open("wb") as file:
        np.savez_compressed(file, **told)


def _metrics(told: Mapping[str, Any], level: float) -> dict[str, Any]:
    scores, chosen = told["scores"], told["chosen"]
    passive = told["quiet"][chosen].get("passive", {}).get("all", {})
    metrics: dict[str, Any] = {"chosen": chosen, "level": level}
    for name, one in scores.items():
        prefix = "" if name == chosen else f"{name}_"
        metrics[f"{prefix}auroc"] = one["auroc"]
        metrics[f"{prefix}average_precision"] = one["average_precision"]
        metrics[f"{prefix}auroc_low"], metrics[f"{prefix}auroc_high"] = one["auroc_interval"]
    for name in CHOICES:
        metrics[f"{name}_auroc"] = scores[name]["auroc"]
    metrics["alarms_per_passive_object_year"] = passive.get("per_object_year")
    metrics["passive_object_years"] = passive.get("object_years")
    metrics["found_windows"] = told["found"][chosen]["windows_with_a_manoeuvre"]
    return metrics


def _write_signature(out: Path) -> None:
    told = {
        "task": "regression",
        "target": "share of quiet windows that are as unusual",
        "inputs": [{"name": one.name, "type": "number"} for one in SLOTS],
    }
    (out / SIGNATURE).write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


def _write_card(
    run: Run, metrics: dict[str, Any], windows: Windows, told: Mapping[str, Any]
) -> None:
    quiet = windows.rows(~windows.moved)
    kinds, counts = np.unique(np.char.add(quiet.source, "_"), return_counts=True)
    card = {
        "name": run.recipe.name,
        "title": run.recipe.title,
        "metrics": metrics,
        "scores": told["scores"],
        "network_less": told["network_less"],
        "data": {
            "windows_with_a_manoeuvre": int(windows.moved.sum()),
            "quiet_windows": {
                f"{kind}windows": int(count)
                for kind, count in zip(kinds.tolist(), counts.tolist(), strict=True)
            },
            "objects": {
                one: len(np.unique(windows.name[windows.source == one]))
                for one in np.unique(windows.source).tolist()
            },
            "terms": TERMS,
        },
        "licence": "Apache-2.0",
        "command": f"skywright train {run.recipe.name} --data FOLDER",
    }
    (run.out / "card.json").write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")

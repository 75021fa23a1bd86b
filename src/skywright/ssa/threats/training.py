"""Training the threat detector: network and boosting on one set of scenarios; the better ships."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from skywright.errors import InputError
from skywright.foundry.kind import SIGNATURE, Predict, Rows
from skywright.foundry.run import Run
from skywright.ssa.behaviours import Behaviour
from skywright.ssa.boosting import export, predicted
from skywright.ssa.simulation.scenario import read_scenarios
from skywright.ssa.simulation.scenarios import simulate
from skywright.ssa.slot_rows import matrix_of
from skywright.ssa.threats import alarms, controls, learning, network
from skywright.ssa.threats.circumstances import FEATURES
from skywright.ssa.threats.conformal import abstains, coverage, sets_of, thresholds
from skywright.ssa.threats.detector import CHOICES, DETECTOR, Detector
from skywright.ssa.threats.images import SCALARS
from skywright.ssa.threats.passive import CASES, passive_alarms

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

SCENARIOS = "scenarios"
"""Folder of scenarios in the data; without it they are simulated."""

_AGREEMENT_ROWS = 200


@dataclass(frozen=True, slots=True)
class Judged:
    """Rows that were held out by orbit and family, and what each model said of them."""

    truth: I64
    clusters: npt.NDArray[np.str_]
    """Group of the asset's orbit."""
    floor: npt.NDArray[np.bool_]
    """Whether every burn that makes the behaviour is above the stated floor."""
    chances: dict[str, F64]
    """Probabilities by model; (n, 6)."""
    told: dict[str, I64]
    """Classes by control."""
    strange: F64 = field(default_factory=lambda: np.zeros(0))
    """Of an isolation forest, the lowest of all for declared pairs; (n,), or none."""

    def score(self, told: I64, *, all_rows: bool = False) -> dict[str, Any]:
        """Return macro-F1 with its interval, above the floor or everywhere."""
        rows = np.flatnonzero(self.floor | all_rows)
        truth, said, clusters = self.truth[rows], told[rows], self.clusters[rows]
        low, high = controls.clustered_interval(truth, said, clusters, seed=1)
        return {"macro_f1": controls.macro_f1(truth, said), "interval": [low, high]}


def fit(run: Run) -> dict[str, Any]:
    """Judge network, boosting and controls on held-out orbits and families; write the best."""
    params = run.recipe.params
    some = examples(run)
    floor_m_s = float(params.get("floor_m_s", 0.1))
    judged = judge(some, int(params.get("folds", 3)), floor_m_s, _lessons(params), run)
    scores = {name: judged.score(p.argmax(axis=1)) for name, p in judged.chances.items()}
    chosen = max(CHOICES, key=lambda name: scores[name]["macro_f1"])
    single = by_family(some, chosen, floor_m_s, _lessons(params), run)
    least = thresholds(single.chances[chosen], single.truth, float(params.get("alpha", 0.05)))
    models = _trained(some, _lessons(params), run.seed)
    _write(run.out, models, chosen, least)
    metrics = _metrics(single, chosen, least) | {"alarms": _alarms(single, chosen)}
    for name, score in scores.items():
        metrics[f"{name}_many_families_f1"] = score["macro_f1"]
    metrics["known_families_f1"] = _known_families(some, floor_m_s, run.seed)
    metrics["threshold_f1"] = judged.score(judged.told["threshold"])["macro_f1"]
    metrics["floor_m_s"] = floor_m_s
    metrics["onnx_agreement"] = _agreement(run.out, models, some)
    metrics |= _real_checks(run)
    _write_signature(run.out)
    _write_card(run, metrics, some)
    return metrics | {"baseline": {"name": "one threshold", "macro_f1": metrics["threshold_f1"]}}


def load(folder: Path) -> Predict:
    """Return the predictor of a model folder: slots and circumstances to class and set."""
    detector = Detector(folder)
    if detector.looks_at_images:
        message = f"The model in {folder.name} looks at images; ask skywright ssa threats."
        raise InputError(message)

    def predict(rows: Rows) -> list[dict[str, Any]]:
        features = matrix_of(rows, [one.name for one in FEATURES])
        empty = np.zeros((len(rows), 3, 30, 30), dtype=np.float32)
        numbers = np.zeros((len(rows), len(SCALARS)), dtype=np.float32)
        return detector.answers(features, empty, numbers)

    return predict


def examples(run: Run) -> learning.Drawn:
    """Return the scenarios of the data folder, or simulated ones, as arrays."""
    folder = run.data / SCENARIOS if run.data else None
    if folder is not None and folder.is_dir():
        return learning.drawn(read_scenarios(folder))
    count = int(run.recipe.params.get("scenarios", 2000))
    run.log(step=0, scenarios=count)
    return learning.drawn(simulate(count, seed=run.seed))


def judge(
    some: learning.Drawn, count: int, floor_m_s: float, lessons: network.Lessons, run: Run
) -> Judged:
    """Train on each fold and keep what is said of its held-out rows."""
    rows: list[I64] = []
    chances: dict[str, list[F64]] = {name: [] for name in (*CHOICES, "both", "cadence")}
    told: list[I64] = []
    for k, fold in enumerate(learning.folds(some, count, run.seed)):
        train, test = some.rows(fold.train), some.rows(fold.test)
        for name, p in _chances(train, test, lessons, run.seed).items():
            chances[name].append(p)
        told.append(_by_threshold(train, test))
        rows.append(fold.test)
        f1 = controls.macro_f1(test.classes, chances["boosting"][-1].argmax(axis=1))
        run.log(step=k + 1, train=len(fold.train), test=len(fold.test), macro_f1=f1)
    order = np.concatenate(rows)
    declared = some.cooperative[order]
    burn = some.smallest_burn_m_s[order]
    return Judged(
        some.classes[order],
        some.asset_orbit[order],
        np.isnan(burn) | (burn >= floor_m_s),
        {name: _known(np.concatenate(parts), declared) for name, parts in chances.items()},
        {"threshold": np.concatenate(told)},
    )


def by_family(
    some: learning.Drawn, chosen: str, floor_m_s: float, lessons: network.Lessons, run: Run
) -> Judged:
    """Judge the chosen model with one family held out at a time, beside two controls."""
    rows, chances, cadence, strange = [], [], [], []
    group = cadence_columns()
    for fold in learning.family_folds(some, run.seed):
        train, test = some.rows(fold.train), some.rows(fold.test)
        rows.append(fold.test)
        if chosen == "network":
            module = network.train_network(train.examples, lessons, run.seed)
            chances.append(network.probabilities(module, test.examples).astype(np.float64))
        else:
            model = controls.boosted_features(train.features, train.classes, run.seed)
            chances.append(predicted(model, test.features))
        small = controls.boosted_features(train.features[:, group], train.classes, run.seed)
        cadence.append(predicted(small, test.features[:, group]))
        strange.append(alarms.strangeness(train.features, train.classes, test.features, run.seed))
    order = np.concatenate(rows)
    burn, declared = some.smallest_burn_m_s[order], some.cooperative[order]
    told = {chosen: np.concatenate(chances), "cadence": np.concatenate(cadence)}
    return Judged(
        some.classes[order],
        some.asset_orbit[order],
        np.isnan(burn) | (burn >= floor_m_s),
        {name: _known(p, declared) for name, p in told.items()},
        {},
        np.where(declared, -np.inf, np.concatenate(strange)),
    )


def _known_families(some: learning.Drawn, floor_m_s: float, seed: int) -> float:
    """Return macro-F1 of boosting where only the asset's orbit is new: an easier question."""
    rows, chances = [], []
    for fold in learning.orbit_folds(some, 3, seed):
        train, test = some.rows(fold.train), some.rows(fold.test)
        model = controls.boosted_features(train.features, train.classes, seed)
        chances.append(_known(predicted(model, test.features), test.cooperative))
        rows.append(fold.test)
    order = np.concatenate(rows)
    burn, said = some.smallest_burn_m_s[order], np.concatenate(chances).argmax(axis=1)
    above = np.isnan(burn) | (burn >= floor_m_s)
    return controls.macro_f1(some.classes[order][above], said[above])


def _known(chances: F64, declared: npt.NDArray[np.bool_]) -> F64:
    """Return what is said when declared pairs are known to be such, as they are in use."""
    told = chances.copy()
    told[declared] = np.eye(len(Behaviour))[Behaviour.PASSIVE_OR_STATION_KEEPING]
    return told


def _chances(
    train: learning.Drawn, test: learning.Drawn, lessons: network.Lessons, seed: int
) -> dict[str, F64]:
    module = network.train_network(train.examples, lessons, seed)
    drawn = network.probabilities(module, test.examples).astype(np.float64)
    boost = predicted(controls.boosted_features(train.features, train.classes, seed), test.features)
    group = cadence_columns()
    cadence = controls.boosted_features(train.features[:, group], train.classes, seed)
    return {
        "network": drawn,
        "boosting": boost,
        "both": 0.5 * (drawn + boost),
        "cadence": predicted(cadence, test.features[:, group]),
    }


def cadence_columns() -> I64:
    """Return the places of the slots that tell of the schedule of sets only."""
    return np.array([k for k, one in enumerate(FEATURES) if one.group == "cadence"])


def _by_threshold(train: learning.Drawn, test: learning.Drawn) -> I64:
    """Classes by one threshold on the count of detected burns, the floor of every detector."""
    place = next(k for k, one in enumerate(FEATURES) if one.group == "burns")
    active = np.isin(
        train.classes,
        [Behaviour.UNRELATED_ORBIT_CHANGE, Behaviour.APPROACH, Behaviour.PROXIMITY_STAY],
    )
    limit = controls.one_threshold(train.features[:, place], active)
    above, below = (
        int(np.bincount(train.classes[rows], minlength=len(Behaviour)).argmax())
        for rows in (active, ~active)
    )
    return np.where(test.features[:, place] >= limit, above, below)


def _trained(some: learning.Drawn, lessons: network.Lessons, seed: int) -> tuple[Any, Any]:
    free = some.rows(~some.cooperative)
    module = network.train_network(free.examples, lessons, seed)
    return module, controls.boosted_features(free.features, free.classes, seed)


def _write(out: Path, models: tuple[Any, Any], chosen: str, least: F64) -> None:
    module, boost = models
    if chosen == "network":
        network.export_network(module, out / CHOICES["network"])
    else:
        export(boost, out / CHOICES["boosting"], len(FEATURES))
    told = {"chosen": chosen, "least": least.tolist(), "features": [one.name for one in FEATURES]}
    (out / DETECTOR).write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


def _agreement(out: Path, models: tuple[Any, Any], some: learning.Drawn) -> float:
    few = some.rows(np.arange(min(_AGREEMENT_ROWS, len(some.classes))))
    detector = Detector(out)
    served = detector.probabilities(few.features, few.examples.images, few.examples.numbers)
    if detector.chosen == "network":
        original = network.probabilities(models[0], few.examples).astype(np.float64)
    else:
        original = predicted(models[1], few.features)
    return float(np.abs(served - original).max())


def _real_checks(run: Run) -> dict[str, Any]:
    """Assess real objects without propulsion by the new model, where their histories are here.

    ``real_checks_failed`` is for the gate: 0 where none failed or none could be run, and
    ``real_object_years`` tells which.
    """
    cases = run.data / CASES if run.data else None
    if cases is None or not cases.is_file():
        return {"real_checks_failed": 0, "real_object_years": 0.0}
    told = passive_alarms(cases, run.out)
    most = float(run.recipe.params.get("most_behaviour_alarms", 0.5))
    return {
        "real_checks_failed": int(told["behaviour_alarms_per_year"] > most),
        "real_object_years": told["object_years"],
        "real_behaviour_alarms_per_year": told["behaviour_alarms_per_year"],
        "real_collision_alerts_per_year": told["collision_alerts_per_year"],
    }


def _metrics(judged: Judged, chosen: str, least: F64) -> dict[str, Any]:
    """Return the figures of the chosen model, one family held out at a time."""
    said = judged.chances[chosen].argmax(axis=1)
    held = sets_of(judged.chances[chosen], least)
    score = judged.score(said)
    cadence = judged.score(judged.chances["cadence"].argmax(axis=1))
    return {
        "rows": len(judged.truth),
        "macro_f1": score["macro_f1"],
        "macro_f1_low": score["interval"][0],
        "macro_f1_high": score["interval"][1],
        "macro_f1_all_burns": judged.score(said, all_rows=True)["macro_f1"],
        "cadence_only_f1": cadence["macro_f1"],
        "cadence_only_low": cadence["interval"][0],
        "cadence_only_high": cadence["interval"][1],
        "chosen": chosen,
        "abstains": float(abstains(held).mean()),
        "coverage": float(np.mean(list(coverage(held, judged.truth, range(6)).values()))),
        **{
            f"recall_{Behaviour(k).name.lower()}": float((said[judged.truth == k] == k).mean())
            for k in np.unique(judged.truth).tolist()
        },
    }


def _alarms(judged: Judged, chosen: str) -> dict[str, Any]:
    """Return how well what threatens is told apart, beside an isolation forest."""
    rows = np.flatnonzero(judged.floor)
    chances, strange = judged.chances[chosen][rows], judged.strange[rows]
    return alarms.told_apart(judged.truth[rows], chances, strange, judged.clusters[rows])


def _lessons(params: dict[str, Any]) -> network.Lessons:
    names = ("epochs", "batch", "rate", "decay", "dropout", "smoothing")
    return network.Lessons(**{name: params[name] for name in names if name in params})


def _write_signature(out: Path) -> None:
    told = {
        "task": "multiclass",
        "target": "behaviour",
        "classes": [one.name.lower() for one in Behaviour],
        "inputs": [{"name": one.name, "type": "number"} for one in FEATURES],
    }
    (out / SIGNATURE).write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


def _write_card(run: Run, metrics: dict[str, Any], some: learning.Drawn) -> None:
    names, counts = np.unique(some.policy, return_counts=True)
    card = {
        "name": run.recipe.name,
        "title": run.recipe.title,
        "metrics": metrics,
        "data": {
            "scenarios": len(some.classes),
            "policies": dict(zip(names.tolist(), counts.tolist(), strict=True)),
            "asset_orbits": len(np.unique(some.asset_orbit)),
            "terms": "simulated; the observation model holds statistics of element sets",
        },
        "licence": "Apache-2.0",
        "command": f"skywright train {run.recipe.name}",
    }
    (run.out / "card.json").write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")

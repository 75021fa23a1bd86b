"""What a patrol looks at: inputs, outputs, estimated and known performance of one model."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from skywright.errors import InputError
from skywright.foundry.evaluate.answers import answers_of, task_of
from skywright.foundry.evaluate.metrics import metric_names, usual_metrics
from skywright.foundry.kind import SIGNATURE
from skywright.foundry.recipe import Recipe
from skywright.foundry.watch.adwin import Adwin
from skywright.foundry.watch.cbpe import estimate
from skywright.foundry.watch.columns import F64
from skywright.foundry.watch.delayed import delayed_performance
from skywright.foundry.watch.drift import drift_report
from skywright.foundry.watch.traffic import Traffic
from skywright.foundry.watch.triggers import rule_of
from skywright.foundry.watch.two_sample import two_sample_test

LEAST_ROWS = 50
"""Predictions below which nothing is said: every test would be noise."""

_MOST_REFERENCE = 50_000
_SIGNIFICANT = 0.01


@dataclass(frozen=True, slots=True)
class Subject:
    """What is looked at."""

    recipe: Recipe
    """Names the rule and the metric."""
    folder: Path
    """The model in use."""
    reference: pl.DataFrame | None
    """Rows that it learned from; None if they are not here."""
    traffic: Traffic
    """What it was asked."""
    signature: dict[str, Any] = field(default_factory=dict)
    """Task, classes and inputs; read from the folder if it is empty."""

    def signed(self) -> dict[str, Any]:
        """Return the signature of the model, empty if it has none."""
        path = self.folder / SIGNATURE
        if self.signature or not path.is_file():
            return self.signature
        return dict(json.loads(path.read_text(encoding="utf-8")))

    @property
    def metric(self) -> str | None:
        """The metric that judges, None if rows cannot be judged."""
        try:
            task = task_of(self.signed())
            known = metric_names(task)
            return self.recipe.judge if self.recipe.judge in known else usual_metrics(task)[0]
        except (InputError, KeyError):
            return None


def look(subject: Subject) -> dict[str, Any]:
    """Tell what is seen of a model in use.

    Returns
    -------
    dict
        ``rows`` looked at; ``inputs`` (see `drift.drift_report`), ``together`` (see
        `two_sample.TwoSample`), ``outputs`` (``changes`` that ADWIN found and where), ``estimated``
        (see `cbpe.estimate`), ``delayed`` (see `delayed.delayed_performance`), each None where it
        cannot be said; ``rule``, ``value`` that the rule looks at, ``crossed``, ``alarm`` (the
        rule crossed; without a rule, columns that drifted), ``notes``.
    """
    notes: list[str] = []
    seen: dict[str, Any] = dict.fromkeys(("inputs", "together", "outputs", "estimated", "delayed"))
    if len(subject.traffic) < LEAST_ROWS:
        notes.append(f"{len(subject.traffic)} predictions are too few; {LEAST_ROWS} are needed.")
    else:
        for name, sight in _SIGHTS.items():
            try:
                seen[name] = sight(subject)
            except InputError as reason:
                notes.append(f"{name}: {reason.message}")
    rule = rule_of(subject.recipe.watch.drift)
    value = None if rule is None else measured(rule.test, seen, subject.metric)
    crossed = rule is not None and rule.crossed(value)
    drifted = bool(seen["inputs"] and seen["inputs"]["drift"])
    return {
        "rows": len(subject.traffic),
        **seen,
        "rule": subject.recipe.watch.drift,
        "value": value,
        "crossed": crossed,
        "alarm": crossed if rule is not None else drifted,
        "notes": notes,
    }


def measured(test: str, seen: Mapping[str, Any], metric: str | None) -> float | None:
    """Return the number that a rule compares, None if it is not known.

    ``psi`` and ``ks``: the largest of the columns whose distribution differs; ``c2st``: the
    accuracy of the classifier, 0.5 if chance explains it; ``adwin``: the changes of the answers;
    ``cbpe``: the estimate of the metric that judges, None if the calibration is poor.
    """
    inputs, together, outputs = seen["inputs"], seen["together"], seen["outputs"]
    if test in {"psi", "ks"}:
        return None if inputs is None else float(inputs[f"max_{test}"])
    if test == "c2st":
        if together is None:
            return None
        return float(together["accuracy"]) if together["p"] < _SIGNIFICANT else 0.5
    if test == "adwin":
        return None if outputs is None else float(outputs["changes"])
    estimated = seen["estimated"]
    if estimated is None or estimated["trust"]["state"] == "poor":
        return None
    return (estimated["metrics"].get(str(metric)) or {}).get("value")


def _tables(subject: Subject) -> tuple[pl.DataFrame, pl.DataFrame]:
    if subject.reference is None:
        message = "The rows that the model learned from are not here."
        raise InputError(message)
    named = [item["name"] for item in subject.signed().get("inputs", ())]
    wanted = named or [c for c in subject.reference.columns if c != subject.recipe.target]
    columns = [name for name in wanted if name in subject.reference.columns]
    old = subject.reference.select(columns)
    if old.height > _MOST_REFERENCE:
        old = old.sample(_MOST_REFERENCE, seed=1)
    return old, subject.traffic.table(columns)


def _inputs(subject: Subject) -> dict[str, Any]:
    return drift_report(*_tables(subject))


def _together(subject: Subject) -> dict[str, Any]:
    return asdict(two_sample_test(*_tables(subject)))


def _outputs(subject: Subject) -> dict[str, Any]:
    """Count the changes of the confidence, or of the numbers answered, in order of time."""
    stream = _stream(subject.traffic)
    adwin = Adwin()
    places = [k for k, value in enumerate(stream) if adwin.add(value)]
    return {
        "changes": len(places),
        "at": [subject.traffic.at[k] for k in places],
        "mean": float(np.mean(stream)),
    }


def _stream(traffic: Traffic) -> F64:
    """Return one number between 0 and 1 a prediction."""
    if all("probabilities" in told for told in traffic.told):
        return np.array([max(told["probabilities"].values(), default=0.0) for told in traffic.told])
    if not all("value" in told for told in traffic.told):
        message = "The answers have neither probabilities nor values."
        raise InputError(message)
    values = np.array([float(told["value"]) for told in traffic.told])
    low, high = np.nanquantile(values, [0.01, 0.99])
    return np.asarray(np.clip((values - low) / max(high - low, 1e-300), 0.0, 1.0))


def _estimated(subject: Subject) -> dict[str, Any] | None:
    signature, traffic = subject.signed(), subject.traffic
    if not signature.get("classes") or subject.metric is None:
        return None
    guess = [told.get("label") for told in traffic.told]  # any truth will do: it is not looked at
    answers = answers_of(signature, guess, list(traffic.told))
    known = traffic.labelled()
    labelled = known.answers(signature) if len(known) else None
    return estimate(answers, (subject.metric,), labelled=labelled)


def _delayed(subject: Subject) -> dict[str, Any] | None:
    if subject.metric is None or not len(subject.traffic.labelled()):
        return None
    return delayed_performance(subject.traffic, subject.signed(), subject.metric)


_SIGHTS = {
    "inputs": _inputs,
    "together": _together,
    "outputs": _outputs,
    "estimated": _estimated,
    "delayed": _delayed,
}

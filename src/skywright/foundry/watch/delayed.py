"""Performance from labels that came later, day by day, with intervals and counts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import numpy as np

from skywright.errors import InputError
from skywright.foundry.evaluate.answers import Answers
from skywright.foundry.evaluate.intervals import Resampling, percentile_interval, wilson_interval
from skywright.foundry.evaluate.metrics import measure
from skywright.foundry.watch.traffic import Traffic

_RESAMPLES = 200


def delayed_performance(
    traffic: Traffic, signature: Mapping[str, Any], metric: str
) -> dict[str, Any]:
    """Measure a model in use on those answers whose truth has become known.

    Labels that arrive are seldom a random part of all: a failure is reported sooner than its
    absence. ``labelled`` of ``asked`` says how many there are.

    Parameters
    ----------
    traffic : Traffic
        Logged predictions.
    signature : mapping
        Task and classes of the model.
    metric : str
        Which metric of the task.

    Returns
    -------
    dict
        ``metric``, ``asked``, ``labelled``, ``whole`` and ``days``, the latter by the UTC day of
        the question, each with ``rows``, ``value``, ``low`` and ``high``; the three are None where
        the metric is not defined, such as auc on a day of one class only.
    """
    known = traffic.labelled()
    days: dict[str, list[int]] = {}
    for place, at in enumerate(known.at):
        days.setdefault(f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d}", []).append(place)
    return {
        "metric": metric,
        "asked": len(traffic),
        "labelled": len(known),
        "whole": _measured(known, signature, metric),
        "days": [
            {"day": day, **_measured(known.take(places), signature, metric)}
            for day, places in sorted(days.items())
        ],
    }


def interval_of(metric: str, answers: Answers) -> tuple[float, float]:
    """Return a 95 % interval: Wilson's for accuracy, else by 200 resamples of the rows.

    Raises
    ------
    InputError
        If the metric is not defined on most resamples.
    """
    if metric == "accuracy":
        hits = round(measure(metric, answers) * len(answers))
        return wilson_interval(hits, len(answers))
    strata = answers.truth if answers.classes else None
    drawn = [
        _or_nan(metric, answers.take(index))
        for index in Resampling(len(answers), strata=strata, count=_RESAMPLES)
    ]
    return percentile_interval(np.array(drawn))


def _measured(known: Traffic, signature: Mapping[str, Any], metric: str) -> dict[str, Any]:
    told: dict[str, Any] = {"rows": len(known), "value": None, "low": None, "high": None}
    try:
        answers = known.answers(signature)
        told["value"] = measure(metric, answers)
        told["low"], told["high"] = interval_of(metric, answers)
    except InputError as reason:
        told["note"] = reason.message
    return told


def _or_nan(metric: str, answers: Answers) -> float:
    try:
        return measure(metric, answers)
    except InputError:
        return float("nan")

"""Judging on the rows that nobody learned from: numbers, intervals, differences."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from skywright.errors import InputError
from skywright.foundry.evaluate.answers import Answers
from skywright.foundry.evaluate.compare import Difference, mcnemar, paired_bootstrap
from skywright.foundry.evaluate.intervals import (
    Resampling,
    delong,
    percentile_interval,
    wilson_interval,
)
from skywright.foundry.evaluate.metrics import measure, metric_named
from skywright.foundry.recipe import Recipe


@dataclass(frozen=True, slots=True)
class Yardstick:
    """By what a candidate is measured."""

    metrics: tuple[str, ...]
    """Names, the judging one among them."""
    judge: str
    """The metric that decides."""
    rope: float
    """Half width of the region of practical equivalence of the judging metric."""


def resampling_of(recipe: Recipe, answers: Answers, rows: pl.DataFrame, seed: int) -> Resampling:
    """Choose how rows are drawn again: as the split says that they hang together.

    Groups are drawn whole, time in stretches of n^(1/3) rows (Carlstein 1986, Annals of Statistics
    14, 1171), other rows one by one, within classes.
    """
    way, _, rest = recipe.evaluate.split.partition(":")
    column = rest.split(":")[0]
    if way in {"group", "time"} and column in rows.columns:
        keys = rows[column]
        clusters = (
            keys.cast(pl.String).fill_null("").to_numpy() if way == "group" else _stretches(keys)
        )
        unit = f"groups of {column}" if way == "group" else "stretches of time"
        return Resampling(len(answers), clusters=clusters, seed=seed, unit=unit)
    strata = answers.truth if answers.labels is not None else None
    return Resampling(len(answers), strata=strata, seed=seed)


def _stretches(times: pl.Series) -> NDArray[np.int64]:
    length = math.ceil(len(times) ** (1 / 3))
    place = np.empty(len(times), np.int64)
    place[times.arg_sort().to_numpy()] = np.arange(len(times))
    stretch: NDArray[np.int64] = place // length
    return stretch


def measured(answers: Answers, metrics: Sequence[str]) -> tuple[dict[str, float | None], list[str]]:
    """Measure what can be measured; the others are None, each with a sentence."""
    values: dict[str, float | None] = {}
    notes = []
    for name in metrics:
        try:
            values[name] = measure(name, answers)
        except InputError as reason:
            values[name] = None
            notes.append(f"{name}: {reason}")
    return values, notes


def replicates(
    models: Sequence[Answers], metrics: Sequence[str], resampling: Resampling
) -> NDArray[np.float64]:
    """Measure models on the same resamples.

    Returns
    -------
    ndarray, shape (models, metrics, resamples)
        NaN where a metric is not defined.
    """
    drawn = np.full((len(models), len(metrics), resampling.draws), np.nan)
    for turn, index in enumerate(resampling):
        for row, model in enumerate(models):
            values, _ = measured(model.take(index), metrics)
            drawn[row, :, turn] = [np.nan if one is None else one for one in values.values()]
    return drawn


def intervals_of(
    answers: Answers, metrics: Sequence[str], drawn: NDArray[np.float64], resampling: Resampling
) -> dict[str, list[float] | None]:
    """Return a 95 % interval of each metric.

    DeLong's for auc and Wilson's for accuracy where rows are independent, else percentiles of
    ``drawn``, shape (metrics, resamples).
    """
    found: dict[str, list[float] | None] = {}
    for name, values in zip(metrics, drawn, strict=True):
        try:
            closed = None if resampling.clusters is not None else _closed_form(answers, name)
            found[name] = list(closed or percentile_interval(values))
        except InputError:
            found[name] = None
    return found


def _closed_form(answers: Answers, name: str) -> tuple[float, float] | None:
    if name == "auc":
        return delong(answers.truth == 1, answers.positive[None, :]).interval()
    if name == "accuracy" and answers.labels is not None:
        return wilson_interval(int(np.sum(answers.labels == answers.truth)), len(answers))
    return None


def compared(
    pair: tuple[Answers, Answers], yardstick: Yardstick, drawn: NDArray[np.float64]
) -> dict[str, Any]:
    """Compare the first of two models with the second, metric by metric.

    Parameters
    ----------
    pair : two Answers
        Candidate and opponent, on the same rows.
    yardstick : Yardstick
        Metrics.
    drawn : ndarray, shape (2, metrics, resamples)
        As `replicates` returns it.
    """
    by_metric: dict[str, Any] = {}
    first, second = (measured(one, yardstick.metrics)[0] for one in pair)
    for place, name in enumerate(yardstick.metrics):
        left, right = first[name], second[name]
        if left is None or right is None:
            continue
        sign = 1.0 if metric_named(name, pair[0].task).higher_is_better else -1.0
        gains = sign * (drawn[0, place] - drawn[1, place])
        try:
            found = paired_bootstrap(sign * (left - right), gains, yardstick.rope)
        except InputError:
            continue
        by_metric[name] = told_of(found, sign, name == yardstick.judge)
    told = dict(by_metric.get(yardstick.judge, {}))
    return told | {"metric": yardstick.judge, "by_metric": by_metric} | _mcnemar(pair)


def told_of(gain: Difference, sign: float, is_judge: bool) -> dict[str, Any]:  # noqa: FBT001
    """Turn a gain (more is better) back into candidate minus opponent."""
    found = gain
    if sign < 0:
        found = replace(gain, difference=-gain.difference, low=-gain.high, high=-gain.low)
    told = found.told()
    if not is_judge:  # the width of the region is in units of the judging metric only
        del told["rope"]
    return told


def _mcnemar(pair: tuple[Answers, Answers]) -> dict[str, Any]:
    first, second = pair
    if first.labels is None or second.labels is None:
        return {}
    return {"mcnemar_p": mcnemar(first.labels == first.truth, second.labels == second.truth)}


def confusion_of(answers: Answers) -> dict[str, Any] | None:
    """Count what was said of each class: rows are the truth, a last column is no known class."""
    if answers.labels is None or len(answers.classes) > 50:
        return None
    size = len(answers.classes)
    said = np.where(answers.labels < 0, size, answers.labels)
    counts = np.zeros((size, size + 1), int)
    np.add.at(counts, (answers.truth, said), 1)
    if not counts[:, -1].any():
        counts = counts[:, :-1]
    return {"classes": list(answers.classes), "counts": counts.tolist()}

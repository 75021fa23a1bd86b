"""The judgement of a model by rows it did not learn from, beside a baseline and the champion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from skywright.errors import InputError
from skywright.foundry.data.splits import Split
from skywright.foundry.evaluate.answers import Answers
from skywright.foundry.evaluate.calibration import calibration_of
from skywright.foundry.evaluate.folds import (
    Rematch,
    compared_by_folds,
    cross_validated,
    why_not_refitted,
)
from skywright.foundry.evaluate.holdout import (
    Yardstick,
    compared,
    confusion_of,
    intervals_of,
    measured,
    replicates,
    resampling_of,
)
from skywright.foundry.evaluate.intervals import Resampling
from skywright.foundry.evaluate.metrics import metric_named, metric_names, usual_metrics
from skywright.foundry.evaluate.opponents import (
    LEAST_UNSEEN,
    Bench,
    answers_to,
    opponents,
    trivial_baselines,
    unseen_rows,
)
from skywright.foundry.evaluate.report import (
    Arrays,
    Champion,
    Context,
    curves_of,
    jsonable,
    signature_of,
)
from skywright.foundry.evaluate.slices import slices_of, worst_of
from skywright.foundry.gate import parse_gate
from skywright.foundry.kind import Kind
from skywright.foundry.recipe import Recipe
from skywright.foundry.run import Run

__all__ = ["Arrays", "Champion", "Context", "evaluate"]

_NOTHING_MORE = Context()
_LEAST_UNITS = 10


def evaluate(
    kind: Kind,
    run: Run,
    *,
    champion: Champion | None = None,
    folds: Sequence[Split] | None = None,
    context: Context = _NOTHING_MORE,
) -> tuple[dict[str, Any], Arrays]:
    """Judge the model that a run has written.

    Parameters
    ----------
    kind : Kind
        What fitted it.
    run : Run
        With the rows of its split; the model lies in ``run.out``.
    champion : Champion, optional
        The model in use.
    folds : sequence of Split, optional
        If given, the recipe, its baseline and the champion's recipe are fitted again on each, and
        compared by a test that knows that folds overlap.
    context : Context
        The dataset, and other models named as baselines.

    Returns
    -------
    report : dict
        Can be written as JSON: task, metric, rows, metrics, intervals, baseline, champion, others,
        comparisons (candidate minus opponent), slices, worst_slice, calibration, confusion, folds,
        split, notes.
    arrays : Arrays
        For `plots.write_plots`.

    Raises
    ------
    InputError
        If there is no row to judge by, a metric, baseline or slice is unknown, or the kind wrote no
        signature.
    """
    bench = _bench(kind, run)
    others = opponents(bench, champion, context)
    report = _beside(bench, {key: one for key, one in others.items() if key != "champion"})
    if champion is not None:
        _add_champion(report, bench, (champion, others["champion"]), context)
    _add_parts(report, bench)
    if folds:
        _add_folds(report, bench, Rematch(kind, run, report["baseline"]["name"], champion), folds)
    asked = {key: one for key, one in others.items() if not isinstance(one, str)}
    return jsonable(report), Arrays(bench.answers, asked, curves_of(run.log_path))


def _bench(kind: Kind, run: Run) -> Bench:
    split, recipe = run.rows(), run.recipe
    if recipe.target not in split.test.columns:
        message = f"The rows have no target {recipe.target!r}; they have {split.test.columns}."
        raise InputError(message)
    rows = split.test.filter(pl.col(recipe.target).is_not_null())
    if rows.is_empty():
        message = "The split leaves no row with a target to judge by."
        raise InputError(
            message, hint="Give more rows or a larger test share, such as holdout:0.3."
        )
    signature = signature_of(run.out)
    answers = answers_to(rows, recipe.target, signature, kind.load(run.out))
    return Bench(run, rows, signature, answers, _yardstick(recipe, answers))


def _yardstick(recipe: Recipe, answers: Answers) -> Yardstick:
    """Choose the metrics: those of the recipe or the task, and those its gate speaks of."""
    task = answers.task
    named = list(recipe.evaluate.metrics or usual_metrics(task))
    if not recipe.evaluate.metrics and {"low", "high"} <= set(answers.columns):
        named.append("coverage")
    judge = recipe.judge or named[0]
    in_gate = [one.metric for one in parse_gate(recipe.evaluate.gate)]
    known = metric_names(task)
    names = dict.fromkeys([judge, *named, *(name for name in in_gate if name in known)])
    for name in names:
        metric_named(name, task)
    return Yardstick(tuple(names), judge, recipe.evaluate.rope)


def _beside(bench: Bench, others: Mapping[str, Answers | str]) -> dict[str, Any]:
    """Measure the candidate and those who certainly have not seen the rows, all at once."""
    metrics = bench.yardstick.metrics
    able = {key: one for key, one in others.items() if not isinstance(one, str)}
    resampling = resampling_of(bench.run.recipe, bench.answers, bench.rows, bench.run.seed)
    drawn = replicates([bench.answers, *able.values()], metrics, resampling)
    report = _alone(bench, resampling)
    report["intervals"] = intervals_of(bench.answers, metrics, drawn[0], resampling)
    report["notes"] += [one for one in others.values() if isinstance(one, str)]
    trivial = trivial_baselines(bench.run.recipe, bench.answers.task, bench.yardstick.judge)
    for place, (key, answers) in enumerate(able.items(), 1):
        block = {
            "name": trivial[0] if key == "baseline" else key,
            "metrics": measured(answers, metrics)[0],
            "intervals": intervals_of(answers, metrics, drawn[place], resampling),
        }
        if key == "baseline":
            report["baseline"] = block
        else:
            report["others"][key] = block
        difference = compared((bench.answers, answers), bench.yardstick, drawn[[0, place]])
        report["comparisons"][key] = {"against": block["name"], **difference}
    return report


def _alone(bench: Bench, resampling: Resampling) -> dict[str, Any]:
    """Return what is known of the candidate without any resample or opponent."""
    yardstick, split = bench.yardstick, bench.run.rows()
    values, notes = measured(bench.answers, yardstick.metrics)
    return {
        "task": bench.answers.task,
        "metric": yardstick.judge,
        "higher_is_better": metric_named(yardstick.judge, bench.answers.task).higher_is_better,
        "rows": {"train": len(split.train), "valid": len(split.valid), "test": len(bench.rows)},
        "metrics": values,
        "split": bench.run.recipe.evaluate.split,
        "resampling": {"rows_drawn": resampling.unit, "draws": resampling.draws},
        "notes": [*notes, *_few(resampling)],
        "champion": None,
        "others": {},
        "comparisons": {},
    }


def _few(resampling: Resampling) -> list[str]:
    """Warn of intervals from few groups, which are too narrow (Cameron, Gelbach & Miller 2008)."""
    if resampling.clusters is None or resampling.units >= _LEAST_UNITS:
        return []
    return [f"Only {resampling.units} {resampling.unit} judge: the intervals are too narrow."]


def _add_champion(
    report: dict[str, Any],
    bench: Bench,
    rival: tuple[Champion, Answers | str],
    context: Context,
) -> None:
    """Compare with the champion, on rows that it cannot have learned from as far as is known."""
    champion, answers = rival
    block: dict[str, Any] = {"name": champion.name, "version": champion.version, "metrics": {}}
    report["champion"] = block
    if isinstance(answers, str):
        block["note"] = answers
        return
    unseen = unseen_rows(bench, champion, context)
    fair = unseen is not None and int(unseen.sum()) >= LEAST_UNSEEN
    pair = (bench.answers, answers)
    rows = bench.rows
    if fair and unseen is not None and not unseen.all():
        pair, rows = (pair[0].take(unseen), pair[1].take(unseen)), rows.filter(unseen)
        # The candidate is told on the same rows, so that both numbers speak of the same.
        block["candidate_metrics"] = measured(pair[0], bench.yardstick.metrics)[0]
    block["rows"] = len(pair[0])
    block["champion_may_have_seen_rows"] = not fair and not (unseen is not None and unseen.all())
    if block["champion_may_have_seen_rows"]:
        block["note"] = "The champion may have learned from rows that judge here: it looks better."
        report["notes"].append(block["note"])
    resampling = resampling_of(bench.run.recipe, pair[0], rows, bench.run.seed)
    drawn = replicates(pair, bench.yardstick.metrics, resampling)
    block["metrics"] = measured(pair[1], bench.yardstick.metrics)[0]
    block["intervals"] = intervals_of(pair[1], bench.yardstick.metrics, drawn[1], resampling)
    difference = compared(pair, bench.yardstick, drawn)
    report["comparisons"]["champion"] = {"against": champion.name, **difference}


def _add_parts(report: dict[str, Any], bench: Bench) -> None:
    """Add slices, calibration and confusion."""
    columns = bench.run.recipe.evaluate.slices
    slices = slices_of(bench.answers, bench.rows, columns, bench.yardstick)
    report["slices"] = slices
    report["worst_slice"] = worst_of(slices, bench.answers, bench.rows, bench.yardstick)
    report["confusion"] = confusion_of(bench.answers)
    report["calibration"] = _calibration(bench.answers)


def _calibration(answers: Answers) -> dict[str, Any] | None:
    """Return the calibration of the positive class of two, or of the winning one of many."""
    if answers.probabilities is None:
        return None
    if answers.task == "binary":
        told = calibration_of(answers.positive, answers.truth == 1)
        return {"of": answers.classes[-1], **told}
    winner = answers.probabilities.argmax(axis=1)
    told = calibration_of(answers.probabilities.max(axis=1), winner == answers.truth)
    return {"of": "the winning class", **told}


def _add_folds(
    report: dict[str, Any], bench: Bench, rematch: Rematch, folds: Sequence[Split]
) -> None:
    """Fit again on every fold; its tests replace those of the holdout, which stay beside them."""
    reason = why_not_refitted(rematch.run, rematch.champion)
    if reason is not None:
        rematch = Rematch(rematch.kind, rematch.run, rematch.baseline, None)
    scores = cross_validated(rematch, folds, bench.yardstick)
    report["folds"] = {"count": len(folds), "metric": bench.yardstick.judge, "scores": scores}
    if report["champion"] is not None and reason is not None:
        report["notes"].append(f"The champion was not fitted on the folds: {reason}.")
    for key in (one for one in scores if one != "candidate"):
        holdout = report["comparisons"].get(key, {})
        told = compared_by_folds(scores, key, folds, bench.yardstick, bench.answers.task)
        against = holdout.get("against", key)
        report["comparisons"][key] = {"against": against, **told, "holdout": holdout}

"""Cross-validation: the recipe fitted again on every fold, beside its opponents."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from skywright.errors import InputError
from skywright.foundry.data.splits import Split
from skywright.foundry.evaluate.answers import Answers
from skywright.foundry.evaluate.baselines import baseline
from skywright.foundry.evaluate.compare import (
    Difference,
    corrected_t_test,
    five_by_two_f_test,
    five_by_two_t_test,
)
from skywright.foundry.evaluate.holdout import Yardstick, measured, told_of
from skywright.foundry.evaluate.metrics import metric_named
from skywright.foundry.evaluate.opponents import answers_to
from skywright.foundry.evaluate.report import Champion, signature_of
from skywright.foundry.kind import Kind, kind_named
from skywright.foundry.run import Run

_TEACHING = ("kind", "params", "features", "drop", "prepare", "target")

Scores = dict[str, dict[str, list[float | None]]]
"""Of each model and metric, one value a fold."""


@dataclass(frozen=True, slots=True)
class Rematch:
    """Who is fitted on every fold."""

    kind: Kind
    """The candidate's kind."""
    run: Run
    """The candidate's run."""
    baseline: str
    """A trivial baseline."""
    champion: Champion | None
    """The model in use, if its recipe is another one."""


def why_not_refitted(run: Run, champion: Champion | None) -> str | None:
    """Tell why the recipe of a champion is not fitted again, None if it is."""
    if champion is None or champion.recipe is None:
        return "its recipe is not known"
    if champion.recipe.target != run.recipe.target:
        return f"it predicts {champion.recipe.target!r}, the candidate {run.recipe.target!r}"
    if all(getattr(champion.recipe, key) == getattr(run.recipe, key) for key in _TEACHING):
        return "it has the same recipe, which folds cannot tell from itself"
    return None


def cross_validated(rematch: Rematch, folds: Sequence[Split], yardstick: Yardstick) -> Scores:
    """Fit candidate and opponents on every fold and measure them on its test rows.

    Returns
    -------
    Scores
        Of ``candidate``, ``baseline`` and, if it was fitted, ``champion``.
    """
    scores: Scores = {}
    for number, fold in enumerate(folds, 1):
        judged = _fold(rematch, fold)
        for model, answers in judged.items():
            values, _ = measured(answers, yardstick.metrics)
            for name, value in values.items():
                scores.setdefault(model, {}).setdefault(name, []).append(value)
        last = {
            f"fold_{model}_{yardstick.judge}": table[yardstick.judge][-1]
            for model, table in scores.items()
        }
        rematch.run.log(step=number, fold=number, folds=len(folds), **last)
    return scores


def _fold(rematch: Rematch, fold: Split) -> dict[str, Answers]:
    run = rematch.run
    judged = {}
    signature, judged["candidate"] = _fitted(rematch.kind, run, fold)
    taught = fold.train[run.recipe.target]
    trivial = baseline(rematch.baseline, signature, taught, run.seed)
    judged["baseline"] = answers_to(fold.test, run.recipe.target, signature, trivial)
    if rematch.champion is not None and rematch.champion.recipe is not None:
        other = replace(run, recipe=rematch.champion.recipe)
        _, judged["champion"] = _fitted(kind_named(other.recipe.kind), other, fold)
    return judged


def _fitted(kind: Kind, run: Run, fold: Split) -> tuple[Mapping[str, Any], Answers]:
    """Fit a kind on a fold in a folder that is thrown away."""
    with tempfile.TemporaryDirectory(dir=run.out.parent, prefix=".fold-") as scratch:
        out, checkpoints = Path(scratch, "model"), Path(scratch, "checkpoints")
        out.mkdir()
        checkpoints.mkdir()
        # Nothing of the whole run may reach a fold: a start or a checkpoint has seen its test rows.
        kind.fit(
            replace(
                run,
                split=fold,
                out=out,
                checkpoints=checkpoints,
                start=None,
                emit=None,
                log_path=Path(scratch, "log.jsonl"),
            )
        )
        signature = signature_of(out)
        return signature, answers_to(fold.test, run.recipe.target, signature, kind.load(out))


def compared_by_folds(
    scores: Scores, against: str, folds: Sequence[Split], yardstick: Yardstick, task: str
) -> dict[str, Any]:
    """Compare the candidate with an opponent by the folds.

    Ten folds of two are tested by Dietterich's and Alpaydin's 5x2 tests, others by the corrected
    resampled t-test.
    """
    by_metric: dict[str, Any] = {}
    share = float(np.mean([_test_share(fold) for fold in folds]))
    for name in yardstick.metrics:
        sign = 1.0 if metric_named(name, task).higher_is_better else -1.0
        try:
            gains = sign * _gains(scores, against, name)
            found, more = _test(gains, share, yardstick.rope)
        except InputError:
            continue
        by_metric[name] = told_of(found, sign, name == yardstick.judge) | more
    return {
        **by_metric.get(yardstick.judge, {}),
        "metric": yardstick.judge,
        "by_metric": by_metric,
    }


def _gains(scores: Scores, against: str, name: str) -> Any:
    first, second = scores["candidate"][name], scores[against][name]
    return np.array(first, float) - np.array(second, float)


def _test(gains: Any, share: float, rope: float) -> tuple[Difference, dict[str, Any]]:
    if len(gains) == 10 and abs(share - 0.5) < 0.05:
        pairs = gains.reshape(5, 2)
        ratio, p = five_by_two_f_test(pairs)
        return five_by_two_t_test(pairs, rope), {"f": ratio, "f_p": p}
    return corrected_t_test(gains, share, rope), {}


def _test_share(fold: Split) -> float:
    rows = len(fold.train) + len(fold.valid) + len(fold.test)
    return len(fold.test) / rows

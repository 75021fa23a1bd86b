"""Who a candidate is compared with, and on which rows that is fair."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from skywright.errors import InputError, SkywrightError
from skywright.foundry.evaluate.answers import Answers, answers_of, ask, task_of
from skywright.foundry.evaluate.baselines import baseline, is_trivial, trivial_names, usual_baseline
from skywright.foundry.evaluate.holdout import Yardstick
from skywright.foundry.evaluate.report import Champion, Context
from skywright.foundry.gate import parse_gate
from skywright.foundry.kind import Predict
from skywright.foundry.recipe import Recipe
from skywright.foundry.run import Run

LEAST_UNSEEN = 30
"""Fewer rows that a champion cannot have seen say nothing."""

_BATCH = 4096  # rows a call; bounds the memory of kinds that unpack images or sequences
_DIVIDING = ("target", "prepare")


@dataclass(frozen=True, slots=True)
class Bench:
    """The rows that judge, and what the candidate says of them."""

    run: Run
    """The candidate's run."""
    rows: pl.DataFrame
    """Rows of the test split that have a target."""
    signature: Mapping[str, Any]
    """The candidate's signature."""
    answers: Answers
    """The candidate's answers."""
    yardstick: Yardstick
    """By what it is measured."""

    def asked(self, predict: Predict) -> Answers:
        """Return another's answers to the same rows."""
        return answers_to(self.rows, self.run.recipe.target, self.signature, predict)


def answers_to(
    rows: pl.DataFrame, target: str, signature: Mapping[str, Any], predict: Predict
) -> Answers:
    """Ask a model about rows without showing it the target."""
    parts = rows.drop(target).iter_slices(_BATCH)
    told = [answer for part in parts for answer in ask(predict, part.to_dicts())]
    return answers_of(signature, rows[target].to_list(), told)


def trivial_baselines(recipe: Recipe, task: str, judge: str) -> list[str]:
    """Return the trivial baselines to measure; the first one is the baseline of the report.

    Those that the recipe names, else the usual one, and those that only its gate names.

    Raises
    ------
    InputError
        If a name is neither one of the task nor ``NAME@champion``.
    """
    named = [name for name in recipe.evaluate.baseline if "@" not in name]
    for name in named:
        if name not in trivial_names(task):
            known = ", ".join(trivial_names(task)) or "none"
            message = f"evaluate.baseline names {name!r}; for {task} there are {known}."
            raise InputError(message, hint="A model in use is written NAME@champion.")
    in_gate = [one.other for one in parse_gate(recipe.evaluate.gate) if is_trivial(one.other)]
    return list(dict.fromkeys([*(named or [usual_baseline(task, judge)]), *in_gate]))


def opponents(
    bench: Bench, champion: Champion | None, context: Context
) -> dict[str, Answers | str]:
    """Ask every opponent; one that cannot answer is told with the reason.

    Returns
    -------
    dict
        ``baseline`` first, then further baselines by name, models named as baselines, and
        ``champion``.
    """
    recipe, task = bench.run.recipe, task_of(bench.signature)
    taught = bench.run.rows().train[recipe.target]
    found: dict[str, Answers | str] = {}
    for name in trivial_baselines(recipe, task, bench.yardstick.judge):
        predict = baseline(name, bench.signature, taught, bench.run.seed)
        found["baseline" if not found else name] = bench.asked(predict)
    for name in (one for one in recipe.evaluate.baseline if "@" in one):
        rival = context.rivals.get(name)
        found[name] = f"{name} is not in use." if rival is None else _asked(bench, rival)
    if champion is not None:
        found["champion"] = _asked(bench, champion)
    return found


def _asked(bench: Bench, rival: Champion) -> Answers | str:
    """Ask a model that may have been made for other columns."""
    try:
        return bench.asked(rival.predict)
    except (SkywrightError, LookupError, TypeError, ValueError) as error:
        return f"{rival.name} {rival.version} cannot answer these rows: {error!r}."


def unseen_rows(bench: Bench, champion: Champion, context: Context) -> NDArray[np.bool_] | None:
    """Return which rows a champion cannot have learned from, None if nobody knows.

    All of them if it was made from the same dataset, divided in the same way by the same seed; else
    those that are not among the rows that taught it, if these are at hand.
    """
    if _same_division(bench.run, champion, context):
        return np.ones(len(bench.rows), bool)
    if champion.taught is None:
        return None
    taught = champion.taught.schema
    shared = [
        name
        for name, kind in bench.rows.schema.items()
        if name in taught and not kind.is_nested() and kind != pl.Object
    ]
    seen = set(champion.taught.select(shared).rows())
    return np.array([row not in seen for row in bench.rows.select(shared).rows()])


def _same_division(run: Run, champion: Champion, context: Context) -> bool:
    recipe = champion.recipe
    if recipe is None or champion.dataset_id is None or champion.dataset_id != context.dataset_id:
        return False
    seed = recipe.seed if champion.seed is None else champion.seed
    same = all(getattr(recipe, key) == getattr(run.recipe, key) for key in _DIVIDING)
    return same and seed == run.seed and recipe.evaluate.split == run.recipe.evaluate.split

"""The table of metrics: what each measures, for which task, and whether more is better.

The base install judges without scikit-learn; the tests compare every metric with it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from skywright.errors import InputError
from skywright.foundry.evaluate.answers import TASKS, Answers
from skywright.foundry.evaluate.calibration import expected_error
from skywright.foundry.evaluate.ranks import average_ranks

_TINY = float(np.finfo(np.float64).eps)  # log loss of a certain error stays finite: 36.04


@dataclass(frozen=True, slots=True)
class Metric:
    """One way to put a number on answers."""

    name: str
    """As recipes write it."""
    task: str
    """One of ``answers.TASKS``."""
    higher_is_better: bool
    """Which direction is better."""
    low: float
    """Least possible value."""
    high: float
    """Greatest possible value."""
    measure: Callable[[Answers], float]
    """Answers in, number out; raises InputError where it is not defined."""


def metric_named(name: str, task: str) -> Metric:
    """Find a metric of a task.

    Raises
    ------
    InputError
        If the task has no such metric; lists those it has.
    """
    found = _TABLE.get((task, name))
    if found is None:
        message = (
            f"There is no metric {name!r} for {task}; there are {', '.join(metric_names(task))}."
        )
        raise InputError(message, hint="Name others under evaluate.metrics.")
    return found


def metric_names(task: str) -> list[str]:
    """Return the names of the metrics of a task; raises InputError for an unknown task."""
    if task not in TASKS:
        message = f"There is no task {task!r}; tasks are {', '.join(TASKS)}."
        raise InputError(message)
    return [name for of, name in _TABLE if of == task]


def usual_metrics(task: str) -> tuple[str, ...]:
    """Return the metrics of a task for recipes that name none; the first one judges."""
    return _USUAL[task]


def measure(name: str, answers: Answers) -> float:
    """Measure one metric.

    Raises
    ------
    InputError
        If the metric is unknown to the task or not defined for these rows; says why.
    """
    metric = metric_named(name, answers.task)
    if len(answers) == 0:
        message = f"{name} needs at least one row, and there is none."
        raise InputError(message)
    return metric.measure(answers)


def prefers_more(name: str) -> bool | None:
    """Return whether more of a metric is better, None if the foundry does not know it."""
    if name in {"loss", "perplexity"}:  # kinds that judge themselves measure these
        return False
    return next(
        (metric.higher_is_better for metric in _TABLE.values() if metric.name == name), None
    )


def _labels(answers: Answers) -> NDArray[np.int64]:
    if answers.labels is None:
        message = "This metric needs labels, and the model answers none."
        raise InputError(message)
    return answers.labels


def _both_classes(answers: Answers, name: str) -> NDArray[np.bool_]:
    yes: NDArray[np.bool_] = answers.truth == len(answers.classes) - 1
    if yes.all() or not yes.any():
        only = answers.classes[int(answers.truth[0])]
        message = f"{name} needs rows of both classes; all {len(yes)} rows are {only!r}."
        raise InputError(message)
    return yes


def _auc(answers: Answers) -> float:
    yes = _both_classes(answers, "auc")
    ranks = average_ranks(answers.positive)
    n_yes, n_no = int(yes.sum()), int((~yes).sum())
    return float((ranks[yes].sum() - n_yes * (n_yes + 1) / 2) / (n_yes * n_no))


def _average_precision(answers: Answers) -> float:
    yes = _both_classes(answers, "average_precision")
    scores = answers.positive
    order = np.argsort(-scores, kind="stable")
    last = np.flatnonzero(np.r_[np.diff(scores[order]) != 0, True])
    hits = np.cumsum(yes[order])[last]
    recall = hits / yes.sum()
    return float(np.sum(np.diff(np.r_[0.0, recall]) * hits / (last + 1)))


def _counts(answers: Answers) -> tuple[int, int, int, int]:
    yes, said = answers.truth == 1, _labels(answers) == 1
    right = int((yes & said).sum())
    false, missed = int((~yes & said).sum()), int((yes & ~said).sum())
    return right, false, missed, len(answers) - right - false - missed


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def _precision(answers: Answers) -> float:
    right, false, _, _ = _counts(answers)
    return _ratio(right, right + false)


def _recall(answers: Answers) -> float:
    right, _, missed, _ = _counts(answers)
    return _ratio(right, right + missed)


def _f1(answers: Answers) -> float:
    right, false, missed, _ = _counts(answers)
    return _ratio(2 * right, 2 * right + false + missed)


def _mcc(answers: Answers) -> float:
    right, false, missed, rest = (float(count) for count in _counts(answers))
    product = (right + false) * (right + missed) * (rest + false) * (rest + missed)
    return _ratio(right * rest - false * missed, math.sqrt(product))


def _accuracy(answers: Answers) -> float:
    return float(np.mean(_labels(answers) == answers.truth))


def _balanced_accuracy(answers: Answers) -> float:
    right = _labels(answers) == answers.truth
    return float(np.mean([right[answers.truth == one].mean() for one in np.unique(answers.truth)]))


def _macro_f1(answers: Answers) -> float:
    said = _labels(answers)
    seen = np.unique(np.r_[answers.truth, said[said >= 0]])
    shares = [
        2.0
        * np.sum((said == one) & (answers.truth == one))
        / (np.sum(said == one) + np.sum(answers.truth == one))
        for one in seen
    ]
    return float(np.mean(shares))


def _brier(answers: Answers) -> float:
    return float(np.mean((answers.positive - (answers.truth == 1)) ** 2))


def _log_loss(answers: Answers) -> float:
    given = answers.chances()[np.arange(len(answers)), answers.truth]
    return float(-np.mean(np.log(np.clip(given, _TINY, 1.0 - _TINY))))


def _top3(answers: Answers) -> float:
    chances = answers.chances()
    own = chances[np.arange(len(answers)), answers.truth][:, None]
    return float(np.mean(np.sum(chances > own, axis=1) < 3))


def _ece(answers: Answers) -> float:
    return expected_error(answers.positive, answers.truth == 1)


def _errors(answers: Answers) -> NDArray[np.float64]:
    if answers.values is None:
        message = "This metric needs numbers, and the model answers none."
        raise InputError(message)
    errors: NDArray[np.float64] = answers.values - answers.truth
    return errors


def _rmse(answers: Answers) -> float:
    return float(np.sqrt(np.mean(_errors(answers) ** 2)))


def _r2(answers: Answers) -> float:
    spread = float(np.sum((answers.truth - answers.truth.mean()) ** 2))
    if spread == 0.0:
        message = f"r2 needs a target that varies; all {len(answers)} rows have the same value."
        raise InputError(message)
    return 1.0 - float(np.sum(_errors(answers) ** 2)) / spread


def _mae(answers: Answers) -> float:
    return float(np.mean(np.abs(_errors(answers))))


def _medae(answers: Answers) -> float:
    return float(np.median(np.abs(_errors(answers))))


def _mape(answers: Answers) -> float:
    if np.any(answers.truth == 0):
        message = "mape is not defined where the target is 0."
        raise InputError(message, hint="Use mae or medae.")
    return float(np.mean(np.abs(_errors(answers) / answers.truth)))


def _coverage(answers: Answers) -> float:
    low, high = (_column(answers, name, "coverage") for name in ("low", "high"))
    return float(np.mean((low <= answers.truth) & (answers.truth <= high)))


def _column(answers: Answers, name: str, metric: str) -> NDArray[np.float64]:
    if name not in answers.columns:
        message = f"{metric} needs answers with {name!r}, and the model gives none."
        raise InputError(message)
    return answers.columns[name]


def _mean_of(name: str) -> Callable[[Answers], float]:
    return lambda answers: float(np.mean(_column(answers, name, name)))


def _perplexity(answers: Answers) -> float:
    told = _column(answers, "log_probability", "perplexity").sum()
    return float(np.exp(-told / _column(answers, "tokens", "perplexity").sum()))


def _rows(
    task: str, rows: Iterable[tuple[str, bool, float, float, Callable[[Answers], float]]]
) -> list[Metric]:
    return [Metric(name, task, more, low, high, how) for name, more, low, high, how in rows]


_INF = math.inf
_METRICS = [
    *_rows(
        "binary",
        [
            ("auc", True, 0.0, 1.0, _auc),
            ("average_precision", True, 0.0, 1.0, _average_precision),
            ("f1", True, 0.0, 1.0, _f1),
            ("precision", True, 0.0, 1.0, _precision),
            ("recall", True, 0.0, 1.0, _recall),
            ("accuracy", True, 0.0, 1.0, _accuracy),
            ("balanced_accuracy", True, 0.0, 1.0, _balanced_accuracy),
            ("brier", False, 0.0, 1.0, _brier),
            ("log_loss", False, 0.0, _INF, _log_loss),
            ("mcc", True, -1.0, 1.0, _mcc),
            ("ece", False, 0.0, 1.0, _ece),
        ],
    ),
    *_rows(
        "multiclass",
        [
            ("accuracy", True, 0.0, 1.0, _accuracy),
            ("macro_f1", True, 0.0, 1.0, _macro_f1),
            ("balanced_accuracy", True, 0.0, 1.0, _balanced_accuracy),
            ("log_loss", False, 0.0, _INF, _log_loss),
            ("top3", True, 0.0, 1.0, _top3),
        ],
    ),
    *_rows(
        "regression",
        [
            ("rmse", False, 0.0, _INF, _rmse),
            ("r2", True, -_INF, 1.0, _r2),
            ("mae", False, 0.0, _INF, _mae),
            ("medae", False, 0.0, _INF, _medae),
            ("mape", False, 0.0, _INF, _mape),
            ("coverage", True, 0.0, 1.0, _coverage),
        ],
    ),
    *_rows("policy", [("mean_return", True, -_INF, _INF, _mean_of("return"))]),
    *_rows(
        "text",
        [
            ("exact_match", True, 0.0, 1.0, _mean_of("exact_match")),
            ("token_f1", True, 0.0, 1.0, _mean_of("token_f1")),
            ("perplexity", False, 1.0, _INF, _perplexity),
        ],
    ),
]
_TABLE = {(metric.task, metric.name): metric for metric in _METRICS}
_USUAL = {
    "binary": ("auc", "average_precision", "f1", "brier", "ece"),
    "multiclass": ("macro_f1", "accuracy", "balanced_accuracy", "log_loss"),
    "regression": ("rmse", "mae", "r2"),
    "policy": ("mean_return",),
    "text": ("token_f1", "exact_match"),
}

"""Performance without labels: what honest probabilities say of themselves.

If a model that says 0.8 is right eight times in ten, its probabilities tell how often it is right
on rows whose truth is not known yet. Truths are drawn from the probabilities, and each metric is
measured on every draw: the mean is the estimate, the spread what chance does to it on these rows.

It sees that inputs have moved to where the model is less sure. It cannot see that the relation
between inputs and truth has changed (concept drift): the probabilities do not know it. And it is
worth as much as the calibration, which is therefore checked on rows whose truth is known.

References
----------
.. [1] Białek, Kuberski, Perrakis & Bifet (2024), Estimating model performance under covariate
   shift without labels, arXiv:2401.08348 (confidence-based performance estimation).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import isotonic_regression

from skywright.errors import InputError
from skywright.foundry.evaluate.answers import Answers
from skywright.foundry.evaluate.calibration import expected_error
from skywright.foundry.evaluate.metrics import measure, usual_metrics

F64 = npt.NDArray[np.float64]

_LEAST_LABELLED = 50
_ENOUGH_TO_MEND = 500  # below that isotonic regression adds more noise than it removes
_WORST_ERROR = 0.05  # expected calibration error that moves an estimate by about as much
_P = 0.01
_MOST_ROWS = 5000
_DRAWS = 200
_DRAWS_OF_CHECK = 100


@dataclass(frozen=True, slots=True)
class Trust:
    """Whether probabilities can be believed."""

    state: str
    """``good``, ``poor``, ``mended`` (by isotonic regression), or ``unknown``."""
    error: float | None
    """Expected calibration error of the probabilities as they are [-]."""
    chance: float | None
    """What an honest model of as many rows exceeds once in a hundred [-]."""
    rows: int
    """Rows of known truth."""


def estimate(
    answers: Answers,
    metrics: tuple[str, ...] = (),
    *,
    labelled: Answers | None = None,
    seed: int = 1,
) -> dict[str, Any]:
    """Estimate how well a model does on rows whose truth is not known.

    Parameters
    ----------
    answers : Answers
        Of a classification, with probabilities; its truth is not looked at.
    metrics : tuple of str
        Which; by default the usual ones of the task.
    labelled : Answers, optional
        Rows of known truth by the same model, to check the calibration, and to mend it if it is
        poor and there are enough of them.
    seed : int
        Seed of the draws.

    Returns
    -------
    dict
        ``metrics``: for each ``value``, ``low`` and ``high`` (95 % of the draws); ``trust`` with
        the fields of `Trust`; ``rows``.

    Raises
    ------
    InputError
        If the answers have no probabilities.
    """
    random = np.random.default_rng(seed)
    asked = (
        answers
        if len(answers) <= _MOST_ROWS
        else answers.take(random.choice(len(answers), _MOST_ROWS, replace=False))
    )
    chances = _as_shares(asked.chances())
    trust = trust_in(labelled, seed)
    if trust.state == "poor" and labelled is not None and _can_mend(labelled):
        chances = mended(chances, labelled)
        trust = replace(trust, state="mended")
    names = metrics or usual_metrics(asked.task)
    drawn = _drawn(asked, chances, names, random)
    return {
        "metrics": {name: _spread(values) for name, values in drawn.items() if len(values)},
        "trust": {f: getattr(trust, f) for f in ("state", "error", "chance", "rows")},
        "rows": len(answers),
    }


def trust_in(labelled: Answers | None, seed: int = 1) -> Trust:
    """Check probabilities against known truths.

    They are poor if the calibration error of the label that was given is above 0.05 and above what
    an honest model exceeds once in a hundred.
    """
    rows = 0 if labelled is None else len(labelled)
    if labelled is None or rows < _LEAST_LABELLED:
        return Trust("unknown", None, None, rows)
    chances = _as_shares(labelled.chances())
    top, given = chances.argmax(axis=1), chances.max(axis=1)
    error = expected_error(given, top == labelled.truth)
    random = np.random.default_rng(seed)
    honest = [
        expected_error(given, random.uniform(size=rows) < given) for _ in range(_DRAWS_OF_CHECK)
    ]
    chance = float(np.quantile(honest, 1 - _P))
    state = "poor" if error > max(_WORST_ERROR, chance) else "good"
    return Trust(state, error, chance, rows)


def mended(chances: F64, labelled: Answers) -> F64:
    """Return probabilities of two classes, shape (n, 2), made honest by known truths.

    Isotonic regression (Zadrozny & Elkan 2002), which keeps their order.
    """
    told = labelled.positive
    order = np.argsort(told, kind="stable")
    steps = isotonic_regression((labelled.truth[order] == 1).astype(float)).x
    positive = np.interp(chances[:, 1], told[order], steps)
    return np.column_stack([1 - positive, positive])


def _can_mend(labelled: Answers) -> bool:
    return len(labelled.classes) == 2 and len(labelled) >= _ENOUGH_TO_MEND


def _drawn(
    answers: Answers, chances: F64, names: tuple[str, ...], random: np.random.Generator
) -> dict[str, list[float]]:
    """Measure on truths drawn from the probabilities; draws of one class only are left out."""
    edges = chances.cumsum(axis=1)[:, :-1]
    found: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(_DRAWS):
        truth = (random.uniform(size=(len(chances), 1)) > edges).sum(axis=1)
        guess = replace(answers, truth=truth)
        for name in names:
            try:
                found[name].append(measure(name, guess))
            except InputError:
                continue  # such as auc where all drawn truths are alike
    return found


def _spread(values: list[float]) -> dict[str, float]:
    low, high = np.quantile(values, [0.025, 0.975])
    return {"value": float(np.mean(values)), "low": float(low), "high": float(high)}


def _as_shares(chances: F64) -> F64:
    """Return probabilities that add up to 1 in each row."""
    whole = chances.sum(axis=1, keepdims=True)
    return np.asarray(
        np.where(whole > 0, chances / np.where(whole > 0, whole, 1.0), 1 / chances.shape[1])
    )

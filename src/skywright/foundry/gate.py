"""The gate: a candidate that is not good enough is kept back, and told why, condition by condition.

``evaluate.gate`` of a recipe holds conditions joined by ``;``:

- ``auc better than majority, p < 0.05``: better than an opponent, with a p, or, without one, with
  a 95 % interval of the difference that leaves out 0; ``by 0.02`` asks for at least that much;
- ``auc not worse than champion by 0.01``: worse by no more than that;
- ``brier < 0.2``: a limit, also ``<=``, ``>``, ``>=``;
- ``worst_slice auc > 0.6``: a limit for the worst slice.

Opponents are ``baseline``, ``champion``, or a name under ``evaluate.baseline``.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from skywright.errors import InputError
from skywright.foundry.evaluate.metrics import prefers_more
from skywright.foundry.recipe import Recipe

_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?"
_LIMIT = re.compile(
    rf"(?P<slice>worst_slice +)?(?P<metric>\w+) *(?P<sign><=|>=|<|>) *(?P<limit>{_NUMBER})", re.I
)
_AGAINST = re.compile(
    rf"(?P<metric>\w+) +(?P<how>better than|not worse than) +(?P<other>[\w.@/-]+)"
    rf"(?: +by +(?P<by>{_NUMBER}))?(?: *, *p *< *(?P<p>{_NUMBER}))?",
    re.I,
)
_SIGNS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
_ALLOWED = (
    "A condition is such as 'auc better than baseline, p < 0.05', 'auc not worse than champion by "
    "0.01', 'brier < 0.2' or 'worst_slice auc > 0.6'; conditions are joined by ';'."
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gate decided."""

    passed: bool
    """Whether the candidate may go into use."""
    reason: str
    """A sentence with the numbers."""
    conditions: list[dict[str, Any]] = field(default_factory=list)
    """For each condition ``condition``, ``holds`` and ``told``."""
    needs_person: bool = False
    """Whether a person must promote it although it passed."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition of a gate."""

    text: str
    """As it was written."""
    metric: str
    """The metric it speaks of."""
    how: str
    """``better``, ``not worse``, or one of the signs ``<``, ``<=``, ``>``, ``>=``."""
    other: str = ""
    """The opponent of a comparison."""
    limit: float = 0.0
    """The limit, or by how much."""
    p: float | None = None
    """Largest p of a comparison, if one is asked for."""
    worst_slice: bool = False
    """Whether the worst slice is meant."""


def parse_gate(text: str) -> tuple[Condition, ...]:
    """Read the conditions of a gate.

    Raises
    ------
    InputError
        If a condition cannot be read; names it and tells what is allowed.
    """
    return tuple(_condition(part) for part in (one.strip() for one in text.split(";")) if part)


def judge_report(recipe: Recipe, report: Mapping[str, Any]) -> Verdict:
    """Decide about a candidate from its report.

    Parameters
    ----------
    recipe : Recipe
        Its gate, tolerance, and whether a person must sign.
    report : mapping
        As `evaluate.evaluation.evaluate` makes it, or numbers of a kind that judges itself:
        ``metrics``, and ``baseline`` and ``champion`` with numbers of their own.

    Returns
    -------
    Verdict
        It passed if every condition holds; a metric that is not finite never does.

    Raises
    ------
    InputError
        If the gate cannot be read, or the report lacks the metric that judges.
    """
    conditions = parse_gate(recipe.evaluate.gate) or _usual(recipe, report)
    told = [_held(one, recipe, report) for one in conditions]
    failed = [one for one in told if not one["holds"]]
    passed = not failed
    reason = " ".join(one["told"] for one in (failed or told))
    return Verdict(passed, reason, told, needs_person=passed and recipe.deploy.sign_off)


def judge(
    recipe: Recipe, candidate: Mapping[str, Any], champion: Mapping[str, Any] | None
) -> Verdict:
    """Compare a candidate with the model in use by the metric of the recipe.

    Parameters
    ----------
    recipe : Recipe
        Names the metric, its direction and the tolerance.
    candidate, champion : mapping
        Metrics; None if there is no model in use.

    Raises
    ------
    InputError
        If the candidate lacks the metric.
    """
    metric = recipe.judge
    if metric is None or metric not in candidate:
        message = f"The run of {recipe.name} measured no {metric!r}, by which it is judged."
        raise InputError(message)
    new = float(candidate[metric])
    if not np.isfinite(new):
        return Verdict(False, f"{metric} of the candidate is {new}.")
    if champion is None or metric not in champion:
        return Verdict(True, f"{metric} = {new:.6g}; there is no model in use to compare with.")
    old = float(champion[metric])
    worse_by = (old - new) if recipe.higher_is_better is not False else (new - old)
    told = f"{metric} of the candidate is {new:.6g}, of the model in use {old:.6g}"
    if worse_by > recipe.tolerance:
        return Verdict(False, f"{told}: worse by more than {recipe.tolerance:g}.")
    return Verdict(True, f"{told}.")


def _condition(text: str) -> Condition:
    if found := _LIMIT.fullmatch(text):
        return Condition(
            text,
            found["metric"],
            found["sign"],
            limit=float(found["limit"]),
            worst_slice=found["slice"] is not None,
        )
    found = _AGAINST.fullmatch(text)
    if found is None:
        message = f"The gate's condition {text!r} cannot be read."
        raise InputError(message, hint=_ALLOWED)
    how = "better" if found["how"].lower().startswith("better") else "not worse"
    by, p = found["by"], found["p"]
    if how == "not worse" and p is not None:
        message = f"The gate's condition {text!r} asks for a p, which only 'better than' can have."
        raise InputError(message, hint=_ALLOWED)
    # Without a number the tolerance of the recipe holds, which NaN stands for.
    limit = float(by) if by is not None else (0.0 if how == "better" else math.nan)
    return Condition(
        text, found["metric"], how, found["other"], limit, None if p is None else float(p)
    )


def _usual(recipe: Recipe, report: Mapping[str, Any]) -> tuple[Condition, ...]:
    """Return the default: better than the baseline, not worse than the champion."""
    metric = recipe.judge or report.get("metric")
    if metric is None or metric not in report.get("metrics", {}):
        message = f"The run of {recipe.name} measured no {metric!r}, by which it is judged."
        raise InputError(message)
    conditions = [
        Condition(f"{metric} not worse than champion", metric, "not worse", "champion", math.nan)
    ]
    if metric in _numbers(_baseline(report)):
        first = Condition(f"{metric} better than baseline", metric, "better", "baseline")
        return (first, *conditions)
    return tuple(conditions)


def _held(one: Condition, recipe: Recipe, report: Mapping[str, Any]) -> dict[str, Any]:
    value = _own_value(one, report)
    if isinstance(value, str):
        holds, told = False, value
    elif one.how in _SIGNS:
        holds, told = _within(one, value)
    else:
        holds, told = _against(one, recipe, report, value)
    return {"condition": one.text, "holds": holds, "told": told}


def _own_value(one: Condition, report: Mapping[str, Any]) -> float | str:
    """Return the candidate's number, or a sentence that tells why there is none."""
    if one.worst_slice:
        worst = report.get("worst_slice")
        if not worst:
            return "There is no slice with enough rows to speak of a worst one."
        measured, where = worst.get("metrics", {}), " of the worst slice"
    else:
        measured, where = report.get("metrics", {}), ""
    if one.metric not in measured:
        return (
            f"The report measured no {one.metric}{where}; it has {', '.join(measured) or 'none'}."
        )
    value = _finite(measured[one.metric])
    if value is None:
        return f"{one.metric}{where} of the candidate is not a finite number."
    return value


def _finite(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(value) if math.isfinite(value) else None


def _within(one: Condition, value: float) -> tuple[bool, str]:
    holds = bool(_SIGNS[one.how](value, one.limit))
    name = f"{one.metric} of the worst slice" if one.worst_slice else one.metric
    verb = "is" if holds else "is not"
    return holds, f"{name} = {value:.4g} {verb} {one.how} {one.limit:g}."


@dataclass(frozen=True, slots=True)
class _Opponent:
    """Another's number, and how sure the difference is."""

    value: float
    sureness: Mapping[str, Any]
    own: float | None = None
    """The candidate's number on the opponent's rows, where these are fewer."""
    remark: str = ""


def _against(
    one: Condition, recipe: Recipe, report: Mapping[str, Any], value: float
) -> tuple[bool, str]:
    if one.other == "champion" and (missing := _no_champion(one, report)):
        return True, f"{one.metric} = {value:.4g}; {missing}."
    other = _opponent(one, report)
    if isinstance(other, str):
        return False, other
    value = value if other.own is None else other.own
    sign = 1.0 if _more_is_better(one.metric, recipe) else -1.0
    gain = sign * (value - other.value)
    told = f"{one.metric} = {value:.4g}, {one.other} {other.value:.4g}"
    if one.how == "not worse":
        limit = _tolerance(recipe) if math.isnan(one.limit) else one.limit
        holds = gain >= -limit
        return (
            holds,
            f"{told}: {'not worse' if holds else 'worse'} by more than {limit:g}.{other.remark}",
        )
    holds, how = _surely_better(one, gain, sign, other.sureness)
    return holds, f"{told}: {how}.{other.remark}"


def _no_champion(one: Condition, report: Mapping[str, Any]) -> str:
    """Tell why there is nothing to compare with; empty if there is."""
    champion = report.get("champion")
    if not champion:
        return "there is no champion to compare with"
    if report.get("task") == "own" and one.metric not in _numbers(champion):
        return f"the champion has no {one.metric} on record to compare with"
    return ""


def _tolerance(recipe: Recipe) -> float:
    return max(recipe.tolerance, recipe.evaluate.tolerance)


def _surely_better(
    one: Condition, gain: float, sign: float, sureness: Mapping[str, Any]
) -> tuple[bool, str]:
    """Decide whether a gain is large and sure enough, and say by what."""
    if gain <= 0 or gain < one.limit:
        return False, "not better" + (f" by {one.limit:g}" if one.limit else "")
    told = _finite(sureness.get("difference"))
    if told is not None and sign * told <= 0:
        return False, f"better on the holdout but not over the folds (difference {told:.4g})"
    p = _finite(sureness.get("p"))
    if one.p is not None:
        if p is None:
            return False, "better, but no p was measured"
        return (
            p < one.p,
            f"better with p = {p:.2g}, {'below' if p < one.p else 'not below'} {one.p:g}",
        )
    low, high = (_finite(sureness.get(end)) for end in ("low", "high"))
    if low is None or high is None:
        return True, "better, by a single number without an interval"
    sure = (low > 0 if sign > 0 else high < 0) or (p is not None and p < 0.05)
    interval = f"95 % interval of the difference {low:.4g} to {high:.4g}"
    return sure, f"{'better' if sure else 'not surely better'}, {interval}"


def _opponent(one: Condition, report: Mapping[str, Any]) -> _Opponent | str:
    """Find the numbers of an opponent, or a sentence that tells why there are none."""
    key, block = _block(one.other, report)
    if block is None:
        known = ", ".join(_known(report)) or "none"
        return f"There is no opponent {one.other!r} in the report; there are {known}."
    value = _finite(_numbers(block).get(one.metric))
    sureness = report.get("comparisons", {}).get(key, {}).get("by_metric", {}).get(one.metric, {})
    if value is None:
        note = block.get("note", "")
        return f"{one.other} has no finite {one.metric} to compare with. {note}".rstrip()
    seen = key == "champion" and block.get("champion_may_have_seen_rows")
    remark = " The champion may have learned from rows that judged here." if seen else ""
    own = _finite(block.get("candidate_metrics", {}).get(one.metric))
    return _Opponent(value, sureness, own, remark)


def _block(name: str, report: Mapping[str, Any]) -> tuple[str, Mapping[str, Any] | None]:
    base = _baseline(report)
    if name in {"baseline", base.get("name")}:
        return "baseline", base or None
    if name == "champion":
        return "champion", report.get("champion")
    return name, report.get("others", {}).get(name)


def _numbers(block: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the numbers of an opponent: under ``metrics``, or by themselves."""
    return block.get("metrics", block) or {}


def _baseline(report: Mapping[str, Any]) -> Mapping[str, Any]:
    found = report.get("baseline")
    return found if isinstance(found, Mapping) else {}


def _known(report: Mapping[str, Any]) -> list[str]:
    base = _baseline(report)
    names = ["baseline"] if base else []
    names += [str(base["name"])] if "name" in base else []
    return [*names, "champion", *report.get("others", {})]


def _more_is_better(metric: str, recipe: Recipe) -> bool:
    """Return the direction: the recipe's for its metric, else the foundry's, else upwards."""
    if metric == recipe.judge and recipe.higher_is_better is not None:
        return recipe.higher_is_better
    return prefers_more(metric) is not False

"""Is a challenger among the threat detectors better? Asked of what people confirmed or dismissed.

While a version is challenger it answers every analysis unseen. A person's decision says whether an
alarm was right, and a sequential test that may be looked at after every decision weighs both.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from skywright.foundry.serve.sequential import Duel
from skywright.ssa.threats.assess import MODEL
from skywright.ssa.threats.levels import ALARM

CHALLENGER = "@challenger"
"""Key of the unseen levels in a decision, and suffix of the model that gave them."""

OUTCOMES = {"confirmed": True, "dismissed": False}
"""Decisions that say whether there was reason for an alarm."""


def taken_out(told: dict[str, Any]) -> tuple[dict[str, str], dict[str, Any]]:
    """Take the unseen answer out of an assessment; return versions and decision for the record."""
    models = {one["name"]: str(one["version"]) for one in told["models"]}
    decision: dict[str, Any] = {one["object"]: one["level"] for one in told["objects"]}
    unseen = told.pop("challenger", None)
    if unseen is not None:
        models[MODEL + CHALLENGER] = unseen["version"]
        decision[CHALLENGER] = unseen["levels"]
    return models, decision


def verdict(analyses: Iterable[Mapping[str, Any]], version: str) -> dict[str, Any]:
    """Weigh a challenger against the champion.

    Parameters
    ----------
    analyses : iterable of mapping
        As from ``store.analyses.list_analyses``, the newest first.
    version : str
        Of the challenger.

    Returns
    -------
    dict
        ``analyses`` that both answered, objects on which each raised an alarm, and the test:
        ``verdict`` (``promote``, ``roll back`` or ``go on``), ``outcomes``, ``difference`` in the
        share of right answers, ``interval``, ``evidence_better``, ``evidence_worse``, ``needed``.
    """
    duel = Duel()
    counts = {"analyses": 0, "alarms_champion": 0, "alarms_challenger": 0}
    for row in reversed(list(analyses)):
        if row["models"].get(MODEL + CHALLENGER) != version:
            continue
        unseen = row["decision"][CHALLENGER]
        shown = {name: level for name, level in row["decision"].items() if name != CHALLENGER}
        raised = [sum(level >= ALARM for level in one.values()) for one in (shown, unseen)]
        counts["analyses"] += 1
        counts["alarms_champion"] += raised[0]
        counts["alarms_challenger"] += raised[1]
        outcome = _outcome(row["overrides"])
        if outcome is not None:
            right = [float((number > 0) == outcome) for number in raised]
            duel.add_pair(right[0], right[1])
    return {"version": version, **counts, **duel.told()}


def _outcome(overrides: Iterable[Mapping[str, Any]]) -> bool | None:
    """Return what the last decision that says so says of the alarm."""
    said = [OUTCOMES[one["decision"]] for one in overrides if one["decision"] in OUTCOMES]
    return said[-1] if said else None

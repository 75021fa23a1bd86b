"""Is a challenger among the threat detectors better? Asked of what people confirmed or dismissed.

In the shadow a challenger answers every analysis unseen, and a decision about an analysis says
which of both was right. In a canary or an A/B trial the challenger answers about its share of the
assets, and the decisions about its assets are weighed against those about the others. Either way
the test is the foundry's: it may be looked at after every decision.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from skywright.foundry.registry import CHALLENGER as ON_TRIAL
from skywright.foundry.registry import CHAMPION, Registry
from skywright.foundry.serve.deployment import Deployment, read_deployment
from skywright.foundry.serve.sequential import GO_ON, PROMOTE, ROLL_BACK, Duel
from skywright.foundry.serve.trial import REWARDS, Outcome, new_state, read_state
from skywright.ssa.threats.arms import SPLIT, Answered
from skywright.ssa.threats.assess import MODEL
from skywright.ssa.threats.levels import ALARM
from skywright.store.analyses import decisions_on, list_analyses
from skywright.store.database import Database

KIND = "threat-analysis"
"""Of the analyses that are weighed."""

CHALLENGER = "@challenger"
"""Key of the unseen levels in a decision, and suffix of the model that gave them."""

TRIAL = "@trial"
"""Key of the trial in a decision: arm, mode and the versions of both sides."""

OUTCOMES = {"confirmed": True, "dismissed": False}
"""Decisions that say whether there was reason for an alarm."""

VERDICTS = {PROMOTE: "promote", ROLL_BACK: "keep", GO_ON: "undecided"}
"""What is told of the test: the challenger is better, worse, or not known to be either."""

_MOST = 1000


def on_record(answered: Answered) -> tuple[dict[str, Any], dict[str, str], dict[str, Any]]:
    """Return the answer to show, and versions and decision for the record."""
    told = dict(answered.told)
    models = {one["name"]: str(one["version"]) for one in told["models"]}
    decision: dict[str, Any] = {one["object"]: one["level"] for one in told["objects"]}
    unseen = told.pop("challenger", None)
    if unseen is not None:
        models[MODEL + CHALLENGER] = unseen["version"]
        decision[CHALLENGER] = unseen["levels"]
    if answered.trial is not None:
        decision[TRIAL] = answered.trial
    return told, models, decision


def outcome_of(database: Database, analysis_id: str) -> Outcome | None:
    """Return what the last decision about an analysis is worth as evidence in its trial, if any.

    Of all decisions about one asset in one trial only the first is evidence: an asset stays with
    its side, so the others are not independent of it.

    Parameters
    ----------
    database : Database
        Where analyses and decisions are.
    analysis_id : str
        The analysis that was decided on just now.
    """
    rows = decisions_on(database, analysis_id, KIND)
    newest = next((row for row in reversed(rows) if row["id"] == analysis_id), None)
    trial = newest["advised"].get(TRIAL) if newest else None
    if newest is None or trial is None or newest["decision"] not in OUTCOMES:
        return None
    versions = (str(trial[CHAMPION]), str(trial[ON_TRIAL]))
    decided = [row for row in rows if row["decision"] in OUTCOMES]
    if sum(_same(row["advised"], versions) for row in decided) > 1:
        return None
    right = float((_alarms(newest["advised"]) > 0) == OUTCOMES[newest["decision"]])
    if trial["arm"] == ON_TRIAL:
        return Outcome(MODEL, versions, REWARDS, challenger=right)
    return Outcome(MODEL, versions, REWARDS, champion=right)


def weighed(registry: Registry, database: Database) -> dict[str, Any] | None:
    """Weigh the challenger of now, or tell how the last trial ended; None if there was none.

    Returns
    -------
    dict or None
        ``version``, ``mode``, ``share`` of the assets, ``analyses``, objects on which each side
        raised an alarm, and the test: ``verdict`` (``promote``, ``keep`` or ``undecided``),
        ``acted``, ``reason``, ``outcomes``, ``difference`` in the share of right answers,
        ``interval``, ``evidence_better``, ``evidence_worse``, ``needed``.
    """
    now = read_deployment(registry, MODEL)
    if now.challenger is not None and not (now.on_trial and now.mode in SPLIT):
        rows = list_analyses(database, kind=KIND, limit=_MOST)
        return {"mode": "shadow", "share": 0.0, **verdict(rows, now.challenger)}
    state = read_state(registry, MODEL)
    if now.challenger is None and (state is None or state["mode"] not in SPLIT):
        return None
    if now.challenger is not None and (state is None or now.challenger not in state["versions"]):
        fresh = new_state(now)
        state = {**fresh, REWARDS: Duel.of(fresh[REWARDS]).told()}
    return None if state is None else _of_split(database, now, state)


def verdict(analyses: Iterable[Mapping[str, Any]], version: str) -> dict[str, Any]:
    """Weigh a challenger in the shadow against the champion.

    Parameters
    ----------
    analyses : iterable of mapping
        As from ``store.analyses.list_analyses``, the newest first.
    version : str
        Of the challenger.

    Returns
    -------
    dict
        As from `weighed`, without ``mode`` and ``share``.
    """
    duel = Duel()
    counts = {"analyses": 0, "alarms_champion": 0, "alarms_challenger": 0}
    for row in reversed(list(analyses)):
        if row["models"].get(MODEL + CHALLENGER) != version:
            continue
        raised = [_alarms(row["decision"]), _alarms(row["decision"][CHALLENGER])]
        counts["analyses"] += 1
        counts["alarms_champion"] += raised[0]
        counts["alarms_challenger"] += raised[1]
        outcome = _last_word(row["overrides"])
        if outcome is not None:
            right = [float((number > 0) == outcome) for number in raised]
            duel.add_pair(right[0], right[1])
    told = duel.told()
    told["verdict"] = VERDICTS[told["verdict"]]
    return {"version": version, **counts, **told, "acted": False, "reason": ""}


def _of_split(database: Database, now: Deployment, state: Mapping[str, Any]) -> dict[str, Any]:
    versions = tuple(state["versions"])
    counts = {"analyses": 0, "alarms_champion": 0, "alarms_challenger": 0}
    for row in list_analyses(database, kind=KIND, limit=_MOST):
        if _same(row["decision"], versions):
            counts["analyses"] += 1
            counts[f"alarms_{row['decision'][TRIAL]['arm']}"] += _alarms(row["decision"])
    told, decision = dict(state[REWARDS]), state["decision"] or {}
    told["verdict"] = VERDICTS[str(decision.get("verdict") or told["verdict"])]
    return {
        "version": versions[1],
        "mode": state["mode"],
        "share": now.fraction if now.challenger else 0.0,
        **counts,
        **told,
        "acted": bool(decision.get("acted")),
        "reason": str(decision.get("reason", "")),
    }


def _same(decision: Mapping[str, Any], versions: tuple[str, ...]) -> bool:
    """Whether an analysis belongs to the trial of two versions."""
    trial = decision.get(TRIAL)
    return trial is not None and (trial[CHAMPION], trial[ON_TRIAL]) == versions


def _alarms(levels: Mapping[str, Any]) -> int:
    return sum(level >= ALARM for name, level in levels.items() if name not in (CHALLENGER, TRIAL))


def _last_word(overrides: Iterable[Mapping[str, Any]]) -> bool | None:
    """Return what the last decision that says so says of the alarm."""
    said = [OUTCOMES[one["decision"]] for one in overrides if one["decision"] in OUTCOMES]
    return said[-1] if said else None

"""Trials of challengers: outcomes come in beside the requests, and a verdict is acted on.

Two duels are fought. Errors: a challenger that fails more often is rolled back. Rewards, from
labels: a better one is promoted and a worse one rolled back, if the deployment says that verdicts
are acted on. Their state lies in the database, so several servers add to the same trial.
"""

from __future__ import annotations

import json
import threading
from collections import OrderedDict, deque
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, select, update

from skywright.foundry.registry import CHALLENGER, CHAMPION, Registry
from skywright.foundry.serve.deployment import (
    SINGLE,
    Deployment,
    deployment_in,
    write_deployment,
)
from skywright.foundry.serve.figures import Figures
from skywright.foundry.serve.sequential import GO_ON, PROMOTE, ROLL_BACK, Duel
from skywright.logs import get_logger
from skywright.store.audit import add_audit_row
from skywright.store.database import utc_now
from skywright.store.foundry_schema import deployments

ERRORS = "errors"
REWARDS = "rewards"
_MOST_WAITING = 100_000
_MOST_KEYS = 100_000
_log = get_logger("skywright.serve")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one request on trial."""

    name: str
    """Model."""
    versions: tuple[str, str]
    """Champion and challenger at the time."""
    what: str
    """``errors`` or ``rewards``."""
    champion: float | None = None
    """Reward of the champion, None if it was not asked."""
    challenger: float | None = None
    """Reward of the challenger, None if it was not asked."""
    key: str | None = None
    """Requests of one key go to one side, so only the first of them is evidence."""


class Trials:
    """Collects outcomes and settles them in batches; `settle` is called by the housekeeping."""

    def __init__(self, registry: Registry, figures: Figures) -> None:
        self._registry = registry
        self._figures = figures
        self._waiting: deque[Outcome] = deque(maxlen=_MOST_WAITING)
        self._keys: OrderedDict[tuple[str, str, str, str], None] = OrderedDict()
        self._settling = threading.Lock()

    def observe(self, outcome: Outcome) -> None:
        """Take an outcome in without waiting; repeated ones of a key are left out."""
        if outcome.key is not None:
            seen = (outcome.name, outcome.versions[1], outcome.what, outcome.key)
            if seen in self._keys:
                return
            self._keys[seen] = None
            if len(self._keys) > _MOST_KEYS:
                self._keys.popitem(last=False)
        self._waiting.append(outcome)

    def settle(self) -> None:
        """Add what came in to the trials, and act on their verdicts."""
        with self._settling:
            groups: dict[str, list[Outcome]] = {}
            while self._waiting:
                outcome = self._waiting.popleft()
                groups.setdefault(outcome.name, []).append(outcome)
            for name, outcomes in groups.items():
                self._settle(name, outcomes)

    def _settle(self, name: str, outcomes: list[Outcome]) -> None:
        with self._registry.database.write() as connection:
            now = deployment_in(connection, self._registry, name)
            current = [one for one in outcomes if one.versions == (now.champion, now.challenger)]
            if not now.on_trial or not current:
                return
            state = state_in(connection, now)
            duels = {what: Duel.of(state[what]) for what in (ERRORS, REWARDS)}
            for one in current:
                _take_in(state, duels[one.what], now, one)
            state |= {what: duel.state() for what, duel in duels.items()}
            _save(connection, now, state)
            self._decide(connection, now, state)

    def _decide(self, connection: Connection, now: Deployment, state: dict[str, Any]) -> None:
        """Roll back or promote if a duel says so and the deployment lets it."""
        verdict, reason = _verdict(now, state)
        if verdict == GO_ON:
            return
        if verdict == PROMOTE and (bar := self._bar(now)):
            state["decision"] = {"verdict": verdict, "acted": False, "reason": f"{reason} {bar}"}
            _save(connection, now, state)
            return
        winner = now.challenger if verdict == PROMOTE else now.champion
        by = "trial"
        if verdict == PROMOTE:
            self._registry.point(connection, now.name, winner, CHAMPION, by=by)
        self._registry.point(connection, now.name, None, CHALLENGER, by=by)
        add_audit_row(connection, by, f"trial.{verdict.replace(' ', '-')}", now.name, reason)
        ended = replace(now, champion=str(winner), challenger=None, mode=SINGLE, fraction=0.0)
        write_deployment(connection, ended)
        state["decision"] = {"verdict": verdict, "acted": True, "reason": reason, "at": utc_now()}
        _save(connection, ended, state)
        self._figures.decisions.labels(now.name, verdict).inc()
        _log.warning("trial ended", model=now.name, verdict=verdict, reason=reason)

    def _bar(self, now: Deployment) -> str:
        """Tell why a person must promote the challenger; empty if none need."""
        facts = self._registry.facts(now.name, now.challenger) or {}
        if not now.acts:
            return "It is not acted on: promote it by hand."
        if ((facts.get("recipe") or {}).get("deploy") or {}).get("sign_off"):
            return "Its recipe asks for a person to promote it."
        if (facts.get("gate") or {}).get("state") == "kept back":
            return "Its gate kept it back, so a person must promote it."
        return ""


def state_in(connection: Connection, now: Deployment) -> dict[str, Any]:
    """Return the state of a trial under way, or that of a new one."""
    c = deployments.c
    query = select(c.state_json, c.challenger, c.champion).where(c.name == now.name)
    row = connection.execute(query.with_for_update()).first()  # other servers add to it as well
    if row is not None and row.challenger == now.challenger and row.champion == now.champion:
        state = json.loads(row.state_json)
        if state:
            return dict(state)
    else:
        write_deployment(connection, now)  # the trial of a challenger that a job put there
    return new_state(now)


def new_state(now: Deployment) -> dict[str, Any]:
    """Return the state of a trial that begins."""
    share = 0.5 if now.mode == "shadow" else now.fraction
    duel = Duel(share, now.flags.alpha, now.flags.margin)
    errors = Duel(share, now.flags.alpha)
    side = {"asked": 0, "errors": 0, "labelled": 0, "reward_sum": 0.0}
    return {
        "versions": [now.champion, now.challenger],
        "mode": now.mode,
        "since": utc_now(),
        ERRORS: errors.state(),
        REWARDS: duel.state(),
        CHAMPION: dict(side),
        CHALLENGER: dict(side),
        "decision": None,
    }


def read_state(registry: Registry, name: str) -> dict[str, Any] | None:
    """Return the trial of a model, under way or the last one, for reading."""
    with registry.database.read() as connection:
        text = connection.scalar(select(deployments.c.state_json).where(deployments.c.name == name))
    state = json.loads(text) if text else {}
    if not state:
        return None
    told = {what: Duel.of(state[what]).told() for what in (ERRORS, REWARDS)}
    return {**state, **told}


def _take_in(state: dict[str, Any], duel: Duel, now: Deployment, one: Outcome) -> None:
    if one.champion is not None and one.challenger is not None:
        duel.add_pair(one.champion, one.challenger)
    elif now.mode != "shadow":
        value = one.champion if one.challenger is None else one.challenger
        duel.add(float(value or 0.0), challenger=one.challenger is not None)
    for side, reward in ((CHAMPION, one.champion), (CHALLENGER, one.challenger)):
        if reward is None:
            continue
        if one.what == ERRORS:
            state[side]["asked"] += 1
            state[side]["errors"] += int(reward < 1.0)
        else:
            state[side]["labelled"] += 1
            state[side]["reward_sum"] += reward


def _verdict(now: Deployment, state: dict[str, Any]) -> tuple[str, str]:
    errors, rewards = (Duel.of(state[what]) for what in (ERRORS, REWARDS))
    if errors.decided == ROLL_BACK and now.flags.auto is not False:
        told = state[CHALLENGER]
        reason = (
            f"{now.challenger} failed on {told['errors']} of {told['asked']} requests, "
            f"{now.champion} on {state[CHAMPION]['errors']} of {state[CHAMPION]['asked']}."
        )
        return ROLL_BACK, reason
    if rewards.decided == GO_ON or (rewards.decided == ROLL_BACK and not now.acts):
        return GO_ON, ""
    mean = rewards.sum / rewards.count
    reason = (
        f"After {rewards.count} outcomes the reward of {now.challenger} differs by {mean:+.3g} "
        f"from that of {now.champion}: {rewards.decided}."
    )
    return rewards.decided, reason


def _save(connection: Connection, now: Deployment, state: dict[str, Any]) -> None:
    connection.execute(
        update(deployments)
        .where(deployments.c.name == now.name)
        .values(state_json=json.dumps(state))
    )

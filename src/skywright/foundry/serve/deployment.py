"""What an endpoint does: which version answers, which one is on trial, and how.

The aliases say which versions are champion and challenger; the row in ``deployments`` says in which
mode the challenger is tried and carries the flags. A challenger that a training job put there comes
without a row: then its recipe decides.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from functools import lru_cache
from typing import Any, Literal

from sqlalchemy import Connection, delete, insert, select

from skywright.errors import InputError
from skywright.foundry.registry import CHALLENGER, CHAMPION, Registry
from skywright.foundry.serve.reference import SHIPPED
from skywright.store.database import utc_now
from skywright.store.foundry_schema import aliases, deployments

Mode = Literal["single", "canary", "shadow", "ab"]
Log = Literal["none", "sample", "all"]

SINGLE: Mode = "single"
MODES: tuple[Mode, ...] = ("single", "canary", "shadow", "ab")
_LOGS = ("none", "sample", "all")
_MOST_CACHED = 1_000_000
_USUAL_FRACTION = {"canary": 0.1, "ab": 0.5, "shadow": 1.0, "single": 0.0}


@dataclass(frozen=True, slots=True)
class Flags:
    """What an endpoint does besides answering."""

    log: Log = "sample"
    """Which predictions are put on record: none, a sample, or all."""
    filter: bool = False
    """Whether the content filter looks at texts that come in and go out."""
    watermark: bool = False
    """Whether generated text is marked."""
    cache: int = 0
    """Answers kept for the same row."""
    auto: bool | None = None
    """Whether a verdict is acted on; None: in a canary, but not in shadow and ab."""
    alpha: float = 0.05
    """Largest chance of a wrong verdict."""
    margin: float = 0.0
    """How much worse in reward a challenger may be and still be promoted."""

    def __post_init__(self) -> None:
        _check(self.log in _LOGS, "log", self.log, "none, sample or all")
        for name in ("filter", "watermark"):
            value = getattr(self, name)
            _check(isinstance(value, bool), name, value, "true or false")
        _check(self.auto in (None, True, False), "auto", self.auto, "true, false or null")
        cached = type(self.cache) is int and 0 <= self.cache <= _MOST_CACHED
        _check(cached, "cache", self.cache, f"a whole number from 0 to {_MOST_CACHED}")
        _check(_between(self.alpha, 1e-6, 0.5), "alpha", self.alpha, "between 0.000001 and 0.5")
        _check(_between(self.margin, 0.0, 0.5), "margin", self.margin, "between 0 and 0.5")


@dataclass(frozen=True, slots=True)
class Deployment:
    """One endpoint, as it is now."""

    name: str
    """Name of the model."""
    champion: str
    """Version that answers."""
    challenger: str | None = None
    """Version on trial."""
    mode: Mode = SINGLE
    """How it is tried."""
    fraction: float = 0.0
    """Share of the requests that the challenger gets, or is shown in the shadow."""
    flags: Flags = field(default_factory=Flags)
    """What else the endpoint does."""

    @property
    def on_trial(self) -> bool:
        """Whether there is a challenger that requests reach."""
        return self.challenger is not None and self.mode != SINGLE and self.fraction > 0

    @property
    def acts(self) -> bool:
        """Whether a good verdict is acted on without a person."""
        return self.mode == "canary" if self.flags.auto is None else self.flags.auto


def flags_of(given: dict[str, Any], base: Flags | None = None) -> Flags:
    """Read flags.

    Raises
    ------
    InputError
        If one is unknown or not allowed.
    """
    known = [one.name for one in fields(Flags)]
    if foreign := [name for name in given if name not in known]:
        message = f"flags.{foreign[0]} is not a flag."
        raise InputError(message, hint=f"Flags are {', '.join(known)}.")
    return replace(base or Flags(), **given)


def recipe_flags(deploy: Mapping[str, Any]) -> Flags:
    """Return the flags that the table ``[deploy]`` of a recipe asks for."""
    named = {name: deploy[name] for name in ("filter", "watermark", "cache") if name in deploy}
    return Flags(**named)


def fraction_of(mode: str, given: float | None) -> float:
    """Return the share of the challenger.

    Raises
    ------
    InputError
        If it is not a number above 0 and, for canary and ab, below 1.
    """
    if given is None or mode == SINGLE:
        return _USUAL_FRACTION[mode]
    highest = 1.0 if mode == "shadow" else 0.99
    if not 0.0 < given <= highest:
        message = f"fraction = {given} is not allowed: in mode {mode} it must be above 0 and at "
        raise InputError(message + f"most {highest:g}.")
    return float(given)


def read_deployment(registry: Registry, name: str) -> Deployment:
    """Return what the endpoint of a model does now.

    Raises
    ------
    NotFoundError
        If the model has no champion and does not ship.
    """
    with registry.database.read() as connection:
        return deployment_in(connection, registry, name)


def deployment_in(connection: Connection, registry: Registry, name: str) -> Deployment:
    """Read it inside a transaction; raises like `read_deployment`."""
    pointed = {
        str(row.alias): str(row.version)
        for row in connection.execute(select(aliases).where(aliases.c.name == name))
    }
    champion = pointed.get(CHAMPION)
    if champion is None:
        registry.champion(name)  # raises if it does not ship either
        champion = SHIPPED
    challenger = pointed.get(CHALLENGER)
    row = connection.execute(select(deployments).where(deployments.c.name == name)).first()
    if row is None:
        flags = recipe_flags(_asked(registry, name, champion))
    else:
        flags = flags_of(json.loads(row.flags))
    if challenger is None or challenger == champion:
        return Deployment(name, champion, flags=flags)
    if row is not None and row.challenger == challenger:
        return Deployment(name, champion, challenger, row.mode, row.fraction, flags)
    mode, fraction = _trial_of(_asked(registry, name, challenger))
    return Deployment(name, champion, challenger, mode, fraction, flags)


def write_deployment(connection: Connection, deployment: Deployment) -> None:
    """Put an endpoint on record; a trial under way starts anew."""
    connection.execute(delete(deployments).where(deployments.c.name == deployment.name))
    connection.execute(
        insert(deployments).values(
            name=deployment.name,
            champion=deployment.champion,
            challenger=deployment.challenger,
            mode=deployment.mode,
            fraction=deployment.fraction,
            flags=json.dumps(asdict(deployment.flags)),
            state_json="{}",
            updated_at=utc_now(),
        )
    )


@lru_cache(maxsize=1024)
def _asked(registry: Registry, name: str, version: str) -> Mapping[str, Any]:
    """Return ``[deploy]`` of a version's recipe; a version never changes."""
    facts = registry.facts(name, version) or {}
    return dict((facts.get("recipe") or {}).get("deploy") or {})


def _trial_of(deploy: Mapping[str, Any]) -> tuple[Mode, float]:
    if deploy.get("canary"):
        return "canary", min(float(deploy["canary"]), 0.99)
    return ("shadow", 1.0) if deploy.get("shadow") else (SINGLE, 0.0)


def _between(value: Any, low: float, high: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high


def _check(holds: bool, name: str, value: Any, allowed: str) -> None:  # noqa: FBT001
    if not holds:
        message = f"flags.{name} = {value!r} is not allowed: it must be {allowed}."
        raise InputError(message)

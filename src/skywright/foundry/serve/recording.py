"""What a request leaves behind: rows in the log, evidence for a trial, counts; all of it queued."""

from __future__ import annotations

import hashlib
import random
import secrets
import time
from dataclasses import dataclass

from skywright.foundry.serve.batching import Rows
from skywright.foundry.serve.choosing import Ask, Chosen
from skywright.foundry.serve.figures import Figures
from skywright.foundry.serve.housekeeping import Housekeeping
from skywright.foundry.serve.prediction_log import Prediction, PredictionLog
from skywright.foundry.serve.routing import CHALLENGER
from skywright.foundry.serve.trial import ERRORS, Outcome, Trials


@dataclass(frozen=True, slots=True)
class Said:
    """What one version said to some rows."""

    rows: Rows
    """The rows, as they may be put on record."""
    outputs: Rows
    """The answers."""
    ms: float
    """Time it took [ms]."""


@dataclass(frozen=True, slots=True)
class Recorder:
    """Puts everything into queues; the housekeeping writes it."""

    log: PredictionLog
    """Takes predictions in."""
    trials: Trials
    """Takes outcomes in."""
    figures: Figures
    """Counts."""
    housekeeping: Housekeeping
    """Begun by the first thing that is to be written."""
    sample: float
    """Share of predictions on record where log = sample."""

    def answered(self, ask: Ask, chosen: Chosen, said: Said) -> list[str | None]:
        """Count answers and put them on record; returns their ids, None where there is none."""
        name, version = chosen.opened.name, chosen.opened.version
        self.figures.rows.labels(name, version, chosen.variant).inc(len(said.outputs))
        self.figures.seconds.labels(name).observe(said.ms / 1e3)
        ids = [_new_id(ask.key) if self._wanted(chosen) else None for _ in said.outputs]
        return self.put(ask, chosen, said, ids)

    def put(self, ask: Ask, chosen: Chosen, said: Said, ids: list[str | None]) -> list[str | None]:
        """Put answers on record under given ids; returns those that were not dropped."""
        opened, now = chosen.opened, time.time()
        kept: list[str | None] = []
        for one, row, output in zip(ids, said.rows, said.outputs, strict=True):
            if one is None:
                kept.append(None)
                continue
            self.housekeeping.begin()
            about = (opened.name, opened.version, chosen.variant, ask.caller)
            made = Prediction(one, *about, row, output, said.ms, now)
            kept.append(one if self.log.put(made) else None)
        return kept

    def failed(self, ask: Ask, chosen: Chosen, rows: int) -> None:
        """Count rows that a version failed on."""
        labels = (chosen.opened.name, chosen.opened.version, chosen.variant)
        self.figures.errors.labels(*labels).inc(rows)
        self.tried(ask, chosen, 0.0)

    def tried(self, ask: Ask, chosen: Chosen, reward: float) -> None:
        """Tell a trial how a side fared: 1 it answered, 0 it failed."""
        if chosen.variant == CHALLENGER or chosen.lost:
            self.observe(ask, chosen, challenger=reward)
        else:
            self.observe(ask, chosen, champion=reward)

    def observe(self, ask: Ask, chosen: Chosen, **sides: float) -> None:
        """Hand evidence about failures to the trial, if there is one."""
        trial = chosen.trial
        if trial is None:
            return
        self.housekeeping.begin()
        key = None if ask.key is None else digest_of(ask.key)
        versions = (trial.champion, str(trial.challenger))
        self.trials.observe(Outcome(trial.name, versions, ERRORS, key=key, **sides))

    def _wanted(self, chosen: Chosen) -> bool:
        if chosen.flags.log == "sample":  # labels decide a trial, so all of it is kept
            return chosen.trial is not None or random.random() < self.sample  # noqa: S311
        return chosen.flags.log == "all"


def digest_of(key: str) -> str:
    """Return the ten characters that stand for a key."""
    return hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=5).hexdigest()


def digest_in(prediction_id: str) -> str | None:
    """Return the digest of the key that a prediction was asked with, None if it had none."""
    _, found, digest = prediction_id.partition("k")
    return digest if found else None


def _new_id(key: str | None) -> str:
    """Return an id; it carries the digest of the key, so that a label can be told apart."""
    name = f"p{secrets.token_hex(12)}"
    return name if key is None else f"{name}k{digest_of(key)}"

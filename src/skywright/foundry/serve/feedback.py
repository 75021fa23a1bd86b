"""Truth that comes later: attached to the prediction, and evidence in a trial."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from skywright.errors import InputError, NotFoundError
from skywright.foundry.registry import Registry
from skywright.foundry.serve.deployment import Deployment, read_deployment
from skywright.foundry.serve.opened import Opened, Shelf
from skywright.foundry.serve.outcomes import reward_of, scale_of, truth_of_label
from skywright.foundry.serve.prediction_log import Prediction, PredictionLog
from skywright.foundry.serve.recording import digest_in
from skywright.foundry.serve.routing import CHALLENGER, CHAMPION
from skywright.foundry.serve.trial import REWARDS, Outcome, Trials


@dataclass(frozen=True, slots=True)
class Feedback:
    """Takes labels and rewards in."""

    registry: Registry
    """Which versions are on trial."""
    shelf: Shelf
    """For the signature."""
    log: PredictionLog
    """Where predictions are."""
    trials: Trials
    """Told what the answers were worth."""

    def take(
        self, name: str, prediction_id: str, *, label: Any = None, reward: float | None = None
    ) -> dict[str, Any]:
        """Attach the truth to a prediction, or what its answer was worth.

        Parameters
        ----------
        name : str
            Model.
        prediction_id : str
            From the answer.
        label : str, int, float or bool, optional
            What was true: a class, a number, a text.
        reward : float, optional
            What the answer was worth, from 0 to 1; instead of a label.

        Returns
        -------
        dict
            ``prediction_id``, ``reward`` and the ``variant`` that had answered.

        Raises
        ------
        NotFoundError
            If the prediction is not on record.
        ConflictError
            If it has its label already.
        InputError
            If neither or both are given, or the value does not fit the model.
        """
        _refuse_both_or_none(label, reward)
        asked = self.log.find(name, prediction_id)
        opened = self.shelf.open(name, asked.version)
        now = self._deployment(name)
        scale = self._scale(now, opened)
        if reward is None:
            truth = truth_of_label(opened.signature, label)
            worth = reward_of(asked.output, truth, scale)
            self.log.label(prediction_id, truth)
        else:
            truth, worth = None, _unit(reward)
            self.log.label(prediction_id, {"reward": worth})
        sides = {} if now is None else self._sides(asked, now, truth, worth, scale)
        if now is not None and now.on_trial and sides:
            versions, key = (now.champion, str(now.challenger)), digest_in(asked.id)
            self.trials.observe(Outcome(name, versions, REWARDS, key=key, **sides))
        return {"prediction_id": prediction_id, "variant": asked.variant, "reward": worth}

    def _deployment(self, name: str) -> Deployment | None:
        """Return what is on trial; None if the model was only asked by its version."""
        try:
            return read_deployment(self.registry, name)
        except NotFoundError:
            return None

    def _scale(self, now: Deployment | None, opened: Opened) -> float:
        """Return the champion's error, which both sides are measured by."""
        if now is None or now.champion == opened.version:
            return scale_of(opened.facts)
        return scale_of(self.registry.facts(now.name, now.champion) or {})

    def _sides(
        self, asked: Prediction, now: Deployment, truth: Any, worth: float, scale: float
    ) -> dict[str, float]:
        """Return the rewards of the sides that answered this request, none if it is from before."""
        if now.mode == "shadow":
            listened = self.log.shadow_of(asked.id)
            if truth is None or listened is None or listened.version != now.challenger:
                return {}
            return {CHAMPION: worth, CHALLENGER: reward_of(listened.output, truth, scale)}
        if asked.variant == CHALLENGER and asked.version == now.challenger:
            return {CHALLENGER: worth}
        if asked.variant == CHAMPION and asked.version == now.champion:
            return {CHAMPION: worth}
        return {}


def _refuse_both_or_none(label: Any, reward: float | None) -> None:
    if (label is None) == (reward is None):
        message = "Give either label, what was true, or reward, what the answer was worth."
        raise InputError(message)
    if isinstance(label, list | dict):
        message = "label must be a number, a text, or true or false."
        raise InputError(message)


def _unit(reward: float) -> float:
    if isinstance(reward, bool) or not 0.0 <= reward <= 1.0:
        message = f"reward = {reward} is not allowed: it must lie between 0 and 1."
        raise InputError(message)
    return float(reward)

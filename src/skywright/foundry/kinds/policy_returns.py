"""What a policy earns: episodes with fixed starts, beside a policy that acts at random."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from skywright.foundry.kind import Predict
from skywright.foundry.kinds.policy_answers import load_policy
from skywright.foundry.kinds.policy_environment import Spaces, environment
from skywright.foundry.onnx_model import AGREEMENT, TOLERANCE
from skywright.foundry.run import Run

FIRST_START = 1_000_000
"""Seed of the first episode that judges; the same for every policy, now and later."""

_MOST_STEPS = 10_000  # of an episode whose environment never ends it
_MOST_COMPARED = 2_000

Act = Callable[[Any], Any]
Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Played:
    """Episodes as they went."""

    returns: Numbers
    """Sum of rewards, shape (episodes,)."""
    lengths: Numbers
    """Steps, shape (episodes,)."""
    seen: list[npt.NDArray[np.float32]]
    """Observations on the way, at most 2,000."""


def judged(run: Run, episodes: int, spaces: Spaces, model: Any) -> dict[str, Any]:
    """Let the exported policy and a random one play the same episodes.

    Parameters
    ----------
    run : Run
        With the exported policy in ``run.out``.
    episodes : int
        How many are played.
    spaces : Spaces
        Of the environment.
    model : stable_baselines3 model
        The original, with which the export is compared.

    Returns
    -------
    dict
        ``mean_return`` with ``mean_return_low`` and ``mean_return_high`` (95 %, Student),
        ``mean_length``, ``episodes``, ``onnx_agreement`` (share of what was seen where export and
        original act alike), ``baseline`` and ``comparisons``.
    """
    policy = load_policy(run.out)
    played = play(run, episodes, lambda _: _asked(policy, spaces))
    by_chance = play(run, episodes, _random)
    agreement = _write_agreement(run, played.seen, spaces, model)
    mean, low, high = interval(played.returns)
    gain, gain_low, gain_high = interval(played.returns - by_chance.returns)
    return {
        "metric": "mean_return",
        "mean_return": mean,
        "mean_return_low": low,
        "mean_return_high": high,
        "mean_length": float(played.lengths.mean()),
        "episodes": episodes,
        "onnx_agreement": agreement,
        "baseline": {"name": "random", "mean_return": float(by_chance.returns.mean())},
        "comparisons": {
            "baseline": {
                "by_metric": {
                    "mean_return": {"difference": gain, "low": gain_low, "high": gain_high}
                }
            }
        },
    }


def play(run: Run, episodes: int, actor: Callable[[Any], Act]) -> Played:
    """Play episodes with the starts ``FIRST_START``, ``FIRST_START + 1`` and so on.

    Parameters
    ----------
    run : Run
        Its recipe names the environment.
    episodes : int
        How many.
    actor : callable
        Environment in, function from observation to action out.
    """
    returns, lengths, seen = [], [], []
    with environment(run.recipe) as env:
        env.action_space.seed(FIRST_START)
        act = actor(env)
        for number in range(episodes):
            observation, _ = env.reset(seed=FIRST_START + number)
            total, steps, over = 0.0, 0, False
            while not over and steps < _MOST_STEPS:
                seen.append(np.asarray(observation, np.float32).reshape(-1))
                observation, reward, ended, cut, _ = env.step(act(observation))
                total, steps, over = total + float(reward), steps + 1, bool(ended or cut)
            returns.append(total)
            lengths.append(steps)
    return Played(np.array(returns), np.array(lengths, float), _spread(seen))


def interval(values: Numbers) -> tuple[float, float, float]:
    """Return the mean of n values and its 95 % interval after Student."""
    from scipy.special import stdtrit  # a policy that is only asked needs no statistics

    mean = float(values.mean())
    half = float(stdtrit(len(values) - 1, 0.975) * values.std(ddof=1) / np.sqrt(len(values)))
    return mean, mean - half, mean + half


def _spread(seen: list[Any]) -> list[Any]:
    return seen[:: max(1, -(-len(seen) // _MOST_COMPARED))]


def _asked(policy: Predict, spaces: Spaces) -> Act:
    def act(observation: Any) -> Any:
        action = policy([{"observation": observation}])[0]["action"]
        return action if spaces.action == "choice" else np.array(action, np.float32)

    return act


def _random(env: Any) -> Act:
    return lambda _: env.action_space.sample()


def _write_agreement(run: Run, seen: list[Any], spaces: Spaces, model: Any) -> float:
    """Compare the export with the original on what was seen, and write ``onnx.json``.

    Returns
    -------
    float
        Share of the observations where both act alike.
    """
    answers = load_policy(run.out)([{"observation": one} for one in seen])
    ours = np.array([answer["action"] for answer in answers], float).reshape(len(seen), -1)
    kind = np.int64 if spaces.observation == "state" else np.float32
    shown = np.array(seen, kind).reshape(len(seen), *model.observation_space.shape)
    theirs = np.array(model.predict(shown, deterministic=True)[0], float).reshape(len(seen), -1)
    gaps = np.abs(ours - theirs).max(axis=1)
    equal = gaps <= TOLERANCE
    told = {
        "rows": len(seen),
        "max_abs_error": float(gaps.max()),
        "labels_equal": float(equal.mean()),
        "agrees": bool(equal.all()),
    }
    (run.out / AGREEMENT).write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    return float(equal.mean())

"""Training the ActorCritic: cloned from the optimiser, then improved by PPO or SAC."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from skywright.errors import InputError, MissingExtraError
from skywright.foundry.kind import SIGNATURE, Predict, Rows
from skywright.foundry.run import Run
from skywright.ssa.coorbit.actor_critic import ActorCritic
from skywright.ssa.coorbit.cloning import agreement, cloned, lessons
from skywright.ssa.coorbit.drawing import CASES
from skywright.ssa.coorbit.network import CLONE, MODEL, export
from skywright.ssa.coorbit.observing import SLOTS, Observer
from skywright.ssa.coorbit.planner import Planner
from skywright.ssa.coorbit.playing import Played, play
from skywright.ssa.coorbit.worlds import Setting, Worlds

F64 = npt.NDArray[np.float64]

TERMS = "Simulated relative motion; no data of any satellite."

_OURS = {"algorithm", "lessons", "epochs", "wide", "episodes"}
_ASIDE = 7_000_000  # seeds of the worlds that judge lie beyond those that teach


def fit(run: Run) -> dict[str, Any]:
    """Clone the optimiser, improve the clone, and judge it on worlds that neither saw.

    ``params.algorithm`` is ``ppo``, ``sac``, or ``clone`` for the clone alone; ``lessons`` worlds
    and ``epochs`` teach the clone, ``wide`` is the width of its layers, ``episodes`` judge each
    case; the rest are the algorithm's own.

    Raises
    ------
    InputError
        If a parameter is not one that can be learned with.
    MissingExtraError
        If torch is not installed.
    """
    params = dict(run.recipe.params)
    algorithm = str(params.get("algorithm", "ppo"))
    plan = _plan(algorithm, {key: one for key, one in params.items() if key not in _OURS})
    try:
        import torch
    except ImportError as error:
        message = "Training the policy of co-orbital avoidance"
        raise MissingExtraError(message, "train") from error
    torch.set_num_threads(1)
    shown = lessons(int(params.get("lessons", 6000)), run.seed)
    module = cloned(shown, int(params.get("epochs", 12)), run.seed, int(params.get("wide", 64)))
    held = lessons(500, run.seed + _ASIDE)
    metrics: dict[str, Any] = {"agrees_with_optimiser": agreement(module, held)}
    run.log(step=0, **metrics)
    export(module, run.out / CLONE)
    module = _improved(module, algorithm, plan, run)
    export(module, run.out / MODEL)
    told = judged(ActorCritic(run.out), int(params.get("episodes", 500)), run.seed + _ASIDE)
    metrics |= told["metrics"]
    _write_told(run, metrics, len(shown.act))
    return metrics | {key: told[key] for key in ("baseline", "comparisons")}


def _plan(algorithm: str, given: dict[str, Any]) -> Any:
    from skywright.ssa.coorbit.ppo import PPO
    from skywright.ssa.coorbit.sac import SAC

    kinds: dict[str, Any] = {"ppo": PPO, "sac": SAC, "clone": None}
    if algorithm not in kinds:
        message = f"params.algorithm is ppo, sac or clone, not {algorithm!r}."
        raise InputError(message)
    kind = kinds[algorithm]
    known = {one.name for one in fields(kind)} if kind else set()
    if unknown := sorted(set(given) - known):
        message = f"{algorithm} has no parameter {', '.join(unknown)}."
        raise InputError(message, hint=f"There are {', '.join(sorted(_OURS | known))}.")
    if "cases" in given:
        given["cases"] = tuple(given["cases"])
    return kind(**given) if kind else None


def _improved(module: Any, algorithm: str, plan: Any, run: Run) -> Any:
    from skywright.ssa.coorbit import ppo, sac

    if algorithm == "ppo":
        return ppo.learned(module, plan, run.seed, run.log)
    if algorithm == "sac":
        return sac.learned(module, plan, run.seed, run.log)
    return module


def judged(policy: ActorCritic, episodes: int, seed: int) -> dict[str, Any]:
    """Return how the checked policy does in each case beside the optimiser, on the same worlds."""
    metrics: dict[str, Any] = {}
    gains, ours, usual = [], [], []
    for case in CASES:
        one = _checked_play(case, episodes, seed, policy)
        other = Worlds(episodes, Setting(case), seed)
        base = play(other, Planner(other).act)
        gains.append(one.reward - base.reward)
        ours.append(one.reward)
        usual.append(base.reward)
        metrics[f"{case}_success"] = float(one.success.mean())
        metrics[f"{case}_fuel_m_s"] = float(one.fuel_m_s.mean())
        metrics[f"{case}_optimiser_success"] = float(base.success.mean())
        metrics[f"{case}_optimiser_fuel_m_s"] = float(base.fuel_m_s.mean())
        metrics[f"{case}_gain"] = float(gains[-1].mean())
    metrics["mean_return"] = float(np.concatenate(ours).mean())
    gain = np.concatenate(gains)
    random = np.random.default_rng(1)
    means = gain[random.integers(0, len(gain), (1000, len(gain)))].mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    sure = {"difference": float(gain.mean()), "low": float(low), "high": float(high)}
    base_return = float(np.concatenate(usual).mean())
    return {
        "metrics": metrics,
        "baseline": {"name": "optimiser", "mean_return": base_return},
        "comparisons": {"baseline": {"by_metric": {"mean_return": sure}}},
    }


def _checked_play(case: str, episodes: int, seed: int, policy: ActorCritic) -> Played:
    worlds = Worlds(episodes, Setting(case), seed)
    observer = Observer(worlds, Planner(worlds))
    return play(worlds, lambda: policy.act(observer, learned=True).impulse_m_s)


def load(folder: Path) -> Predict:
    """Return the predictor: rows of observations by slot to the impulse proposed, unchecked."""
    policy = ActorCritic(folder)

    def predict(rows: Rows) -> list[dict[str, Any]]:
        x = np.array([[float(row[name]) for name in SLOTS] for row in rows], np.float32)
        impulse, _, value = policy.propose(x)
        return [
            {"value": float(v), "impulse_m_s": [float(part) for part in one]}
            for one, v in zip(impulse, value, strict=True)
        ]

    return predict


def _write_told(run: Run, metrics: dict[str, Any], shown: int) -> None:
    signature = {
        "task": "regression",
        "target": "impulse_m_s",
        "inputs": [{"name": name, "type": "number"} for name in SLOTS],
    }
    (run.out / SIGNATURE).write_text(json.dumps(signature, indent=1) + "\n", encoding="utf-8")
    card = {
        "name": run.recipe.name,
        "title": run.recipe.title,
        "algorithm": run.recipe.params.get("algorithm", "ppo"),
        "metrics": metrics,
        "lessons": shown,
        "data": TERMS,
        "licence": "Apache-2.0",
        "command": "skywright train ssa-coorbit-ppo",
    }
    (run.out / "card.json").write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")

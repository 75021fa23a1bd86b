"""Learning a policy in stretches, so that a broken-off run goes on exactly where it was.

The state of an environment cannot be saved. So learning is cut into stretches: each begins with
fresh episodes and with random numbers that follow from the seed and the number of the stretch
alone, and a checkpoint lies between two of them. A resumed run therefore ends in the very weights
of one that was never broken off.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from skywright.errors import InputError
from skywright.foundry.kinds.policy_environment import Spaces, make
from skywright.foundry.kinds.policy_plan import Plan
from skywright.foundry.run import Run

STATE = "policy.safetensors"
"""File of a model folder with the weights of the policy, from which it can learn on."""

_COUNTERS = ("num_timesteps", "_n_updates", "_episode_num")
_REPLAY = ("observations", "next_observations", "actions", "rewards", "dones", "timeouts")


def trained(run: Run, plan: Plan, spaces: Spaces) -> Any:
    """Learn to the end, from the newest checkpoint on if there is one.

    Returns
    -------
    stable_baselines3 model
        The learned one.

    Raises
    ------
    InputError
        If the algorithm and the environment do not fit, or a parameter is refused.
    """
    import torch
    from stable_baselines3.common.vec_env import DummyVecEnv

    if plan.algorithm == "sac" and spaces.action == "choice":
        message = f"SAC acts by numbers, and {run.recipe.env} takes a choice; use ppo."
        raise InputError(message)
    torch.set_num_threads(max(1, int(run.recipe.run.cpus)))
    worlds = DummyVecEnv([_watched(run) for _ in range(plan.environments)])
    try:
        model = _model(run, plan, worlds)
        _begin(run, model)
        _learn(run, model, plan, plan.stretch(run.recipe.run.checkpoint_every, spaces.longest))
    finally:
        worlds.close()
    return model


def _watched(run: Run) -> Callable[[], Any]:
    def one() -> Any:
        from stable_baselines3.common.monitor import Monitor

        return Monitor(make(run.recipe))

    return one


def _model(run: Run, plan: Plan, worlds: Any) -> Any:
    import stable_baselines3
    from torch import nn

    algorithm = getattr(stable_baselines3, plan.algorithm.upper())
    given = dict(plan.given)
    if plan.algorithm == "ppo":
        given.setdefault("n_steps", plan.rollout // plan.environments)
    else:
        given.setdefault("buffer_size", min(1_000_000, plan.total_steps))
    kind = nn.Tanh if plan.activation == "tanh" else nn.ReLU
    shape = {"net_arch": list(plan.layers), "activation_fn": kind}
    device = "auto" if run.recipe.run.gpus else "cpu"
    try:
        return algorithm(
            "MlpPolicy", worlds, seed=run.seed, device=device, policy_kwargs=shape, **given
        )
    except (TypeError, ValueError, AssertionError) as error:
        message = f"{plan.algorithm.upper()} refuses the parameters of {run.recipe.name}: {error}."
        raise InputError(message, hint="See [params] of the recipe.") from error


def _begin(run: Run, model: Any) -> None:
    """Continue a checkpoint, or begin with the weights of an older model of the same shape."""
    if (found := run.resume()) is not None:
        _restore(model, found)
        run.log(step=model.num_timesteps, resumed=found.name)
    elif run.start is not None:
        from safetensors.torch import load_file

        try:
            model.policy.load_state_dict(load_file(run.start / STATE))
        except (RuntimeError, FileNotFoundError) as error:
            message = f"The policy {run.start.name} cannot be learned on: its layers are others."
            raise InputError(message, hint="Set the same algorithm, layers and env.") from error


def _learn(run: Run, model: Any, plan: Plan, stretch: int) -> None:
    curve = _curve(run)
    while model.num_timesteps < plan.total_steps:
        done = model.num_timesteps
        _fresh(run, model, done)
        steps = min(stretch, plan.total_steps - done)
        model.learn(steps, callback=curve, reset_num_timesteps=False)
        if run.checkpoints is not None and model.num_timesteps < plan.total_steps:
            with run.checkpoint(model.num_timesteps) as folder:
                _save(model, folder)


def _fresh(run: Run, model: Any, done: int) -> None:
    """Begin a stretch: new episodes, and random numbers of the seed and the steps done alone."""
    seed = int(np.random.SeedSequence([run.seed, done]).generate_state(1)[0]) >> 1
    model.set_random_seed(seed)
    model._last_obs = None  # by which the library knows that episodes begin


def _curve(run: Run) -> Any:
    """Return a callback that logs the mean return of the episodes that ended of late."""
    from stable_baselines3.common.callbacks import BaseCallback

    class Curve(BaseCallback):
        """Writes a point each thousand steps."""

        told = 0

        def _on_step(self) -> bool:
            if self.num_timesteps - self.told >= 1000 and self.model.ep_info_buffer:
                self.told = self.num_timesteps
                returns = [episode["r"] for episode in self.model.ep_info_buffer]
                run.log(step=self.num_timesteps, mean_return=float(np.mean(returns)))
            return True

    return Curve()


def _save(model: Any, folder: Path) -> None:
    import torch

    variables = {name: getattr(model, name).detach() for name in _variables(model)}
    torch.save(
        {"parameters": model.get_parameters(), "variables": variables}, folder / "learned.pt"
    )
    counters = {name: int(getattr(model, name)) for name in _COUNTERS}
    (folder / "counters.json").write_text(json.dumps(counters), encoding="utf-8")
    replay = getattr(model, "replay_buffer", None)
    if replay is not None:
        arrays = {name: getattr(replay, name) for name in _REPLAY}
        np.savez(folder / "replay.npz", pos=replay.pos, full=replay.full, **arrays)


def _restore(model: Any, folder: Path) -> None:
    import torch

    saved = torch.load(folder / "learned.pt", map_location=model.device, weights_only=True)
    model.set_parameters(saved["parameters"], exact_match=True, device=model.device)
    for name, value in saved["variables"].items():
        getattr(model, name).data.copy_(value)
    for name, number in json.loads((folder / "counters.json").read_text(encoding="utf-8")).items():
        setattr(model, name, number)
    replay = getattr(model, "replay_buffer", None)
    if replay is not None:
        with np.load(folder / "replay.npz") as arrays:
            for name in _REPLAY:
                getattr(replay, name)[:] = arrays[name]
            replay.pos, replay.full = int(arrays["pos"]), bool(arrays["full"])


def _variables(model: Any) -> list[str]:
    names: list[str] = model._get_torch_save_params()[1]
    return names

"""Policies: what to do in a situation, learned by doing (PPO and SAC of Stable-Baselines3).

The world to learn in is the gymnasium environment that the recipe names under ``env``.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from skywright.errors import MissingExtraError
from skywright.foundry.kind import Predict
from skywright.foundry.kinds.policy_answers import load_policy
from skywright.foundry.kinds.policy_environment import environment, spaces_of
from skywright.foundry.kinds.policy_export import export
from skywright.foundry.kinds.policy_plan import Plan
from skywright.foundry.kinds.policy_returns import judged
from skywright.foundry.kinds.policy_training import trained
from skywright.foundry.run import Run


def fit(run: Run) -> Mapping[str, Any]:
    """Learn a policy, export it, and let the export itself show what it earns.

    ``params.algorithm`` is ``ppo`` or ``sac``, ``params.total_steps`` how long it learns,
    ``params.episodes`` by how many episodes it is judged, ``params.environment`` what the
    environment is made with; the rest are the algorithm's own, under the names of
    Stable-Baselines3.

    Returns
    -------
    dict
        ``mean_return`` with a 95 % interval, ``mean_length``, ``episodes``; the random policy
        under ``baseline``; the gain on the same starts under ``comparisons``.

    Raises
    ------
    InputError
        If the environment or a parameter is not one that can be learned with.
    MissingExtraError
        If Stable-Baselines3 or gymnasium is not installed.
    """
    _refuse_missing_parts()
    plan = Plan.of(run)
    with environment(run.recipe) as one:
        spaces = spaces_of(one, run.recipe.env)
    model = trained(run, plan, spaces)
    export(run.out, model, plan, spaces)
    return judged(run, plan.episodes, spaces, model)


def load(folder: Path) -> Predict:
    """Return the policy of a model folder; it needs no torch and no environment."""
    return load_policy(folder)


def _refuse_missing_parts() -> None:
    try:
        import gymnasium  # noqa: F401
        import onnx  # noqa: F401
        import stable_baselines3  # noqa: F401
    except ImportError as error:
        what = "Learning a policy"
        raise MissingExtraError(what, "train") from error

"""How a policy is learned: the parameters of a recipe, checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from skywright.errors import InputError
from skywright.foundry.run import Run

_STEPS, _EPISODES, _ENVIRONMENTS, _ROLLOUT = 50_000, 20, 4, 2048
_EPISODES_A_STRETCH = 4  # at most one episode in five of an environment is cut off by a checkpoint
_UNKNOWN_LENGTH = 2_500  # of an episode whose environment tells no limit
_OURS = {
    "algorithm", "total_steps", "episodes", "environments", "environment", "layers", "activation"
}  # fmt: skip
_BOTH = {"batch_size", "ent_coef", "gamma", "learning_rate"}
_PPO = {
    "clip_range", "gae_lambda", "max_grad_norm", "n_epochs", "n_steps", "normalize_advantage",
    "target_kl", "vf_coef",
}  # fmt: skip
_SAC = {"buffer_size", "gradient_steps", "learning_starts", "target_entropy", "tau", "train_freq"}


@dataclass(frozen=True, slots=True)
class Plan:
    """How a policy is learned."""

    algorithm: str
    """``ppo`` or ``sac``."""
    total_steps: int
    """Steps of all environments together."""
    episodes: int
    """Episodes that judge."""
    environments: int
    """Environments side by side."""
    layers: tuple[int, ...]
    """Widths of the hidden layers."""
    activation: str
    """``tanh`` or ``relu``."""
    given: dict[str, Any]
    """What the algorithm is told besides."""

    @classmethod
    def of(cls, run: Run) -> Plan:
        """Read the parameters of a recipe; raises InputError for one that is not allowed."""
        params = dict(run.recipe.params)
        algorithm = str(params.get("algorithm", "ppo")).lower()
        if algorithm not in {"ppo", "sac"}:
            message = f"params.algorithm is ppo or sac, not {algorithm!r}."
            raise InputError(message)
        own = _BOTH | (_PPO if algorithm == "ppo" else _SAC)
        if unknown := sorted(set(params) - _OURS - own):
            message = f"{algorithm.upper()} has no parameter {', '.join(unknown)}."
            raise InputError(message, hint=f"There are {', '.join(sorted(_OURS | own))}.")
        activation = str(params.get("activation", "tanh" if algorithm == "ppo" else "relu"))
        if activation not in {"tanh", "relu"}:
            message = f"params.activation is tanh or relu, not {activation!r}."
            raise InputError(message)
        return cls(
            algorithm,
            _whole(params, "total_steps", _STEPS),
            _whole(params, "episodes", _EPISODES, least=2),
            _whole(params, "environments", _ENVIRONMENTS if algorithm == "ppo" else 1),
            _layers(params.get("layers", (64, 64) if algorithm == "ppo" else (256, 256))),
            activation,
            {key: value for key, value in params.items() if key in own},
        )

    @property
    def rollout(self) -> int:
        """Steps of all environments that one update of PPO learns from; 1 for SAC."""
        if self.algorithm == "sac":
            return self.environments
        each = self.given.get("n_steps", max(1, _ROLLOUT // self.environments))
        return int(each) * self.environments

    def stretch(self, checkpoint_every: int, longest: int | None) -> int:
        """Return the steps between two checkpoints, a multiple of `rollout`.

        Parameters
        ----------
        checkpoint_every : int
            Hundreds of steps that the recipe asks for; more are taken if episodes are long.
        longest : int or None
            Steps of the longest episode.
        """
        episodes = _EPISODES_A_STRETCH * (longest or _UNKNOWN_LENGTH) * self.environments
        least = max(100 * checkpoint_every, episodes)
        return -(-least // self.rollout) * self.rollout


def _whole(params: dict[str, Any], name: str, usual: int, least: int = 1) -> int:
    value = params.get(name, usual)
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        message = f"params.{name} is a whole number of at least {least}, not {value!r}."
        raise InputError(message)
    return value


def _layers(value: Any) -> tuple[int, ...]:
    fits = isinstance(value, list | tuple) and all(
        isinstance(one, int) and not isinstance(one, bool) and one > 0 for one in value
    )
    if not fits:
        message = f"params.layers is a list of widths such as [64, 64], not {value!r}."
        raise InputError(message)
    return tuple(value)

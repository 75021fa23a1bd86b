"""Environments by name, and the spaces of them that a policy can be exported for."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import Any

import numpy as np

from skywright.errors import InputError, NotFoundError
from skywright.foundry.recipe import Recipe

GROUP = "skywright.environments"
"""Entry points by which packages offer environments: a class or function that makes one."""


@dataclass(frozen=True, slots=True)
class Spaces:
    """What an environment shows and takes, as far as it matters for a policy."""

    observation: str
    """``numbers``, or ``state`` if it is one of so many states."""
    width: int
    """Numbers of an observation, or states."""
    action: str
    """``choice`` or ``numbers``."""
    actions: int
    """Choices, or numbers of an action."""
    low: tuple[float, ...] = ()
    """Least action, a number each."""
    high: tuple[float, ...] = ()
    """Greatest action, a number each."""
    shape: tuple[int, ...] = ()
    """Shape of an action of numbers."""
    longest: int | None = None
    """Steps after which an episode is cut off, if that is known."""


@contextmanager
def environment(recipe: Recipe) -> Iterator[Any]:
    """Give a new environment of a recipe, closed in the end."""
    made = make(recipe)
    try:
        yield made
    finally:
        made.close()


def make(recipe: Recipe) -> Any:
    """Make the environment of a recipe.

    Parameters
    ----------
    recipe : Recipe
        ``env`` is an id that gymnasium knows, ``module:Id`` for a module that registers it when it
        is imported, or the name of an entry point of the group ``skywright.environments``.
        ``params.environment`` holds what it is made with.

    Raises
    ------
    InputError
        If the recipe names none, or the environment refuses what it is made with.
    NotFoundError
        If there is no such environment; carries the nearest names.
    """
    import gymnasium

    if not recipe.env:
        message = f"The recipe {recipe.name} names no env, which a policy learns in."
        raise InputError(message, hint="Set env = 'CartPole-v1' or another environment.")
    given = dict(recipe.params.get("environment") or {})
    _register_offered(recipe.env)
    try:
        return gymnasium.make(recipe.env, **given)
    except (gymnasium.error.UnregisteredEnv, ModuleNotFoundError) as error:
        raise _unknown(recipe.env) from error
    except (gymnasium.error.Error, TypeError, ValueError) as error:
        message = f"The environment {recipe.env} could not be made: {error}."
        raise InputError(message, hint="See params.environment of the recipe.") from error


def spaces_of(env: Any, name: str) -> Spaces:
    """Return the spaces of an environment.

    Raises
    ------
    InputError
        If it shows or takes anything but numbers, or one choice of several that counts from 0.
    """
    from gymnasium.spaces import Box, Discrete

    seen: Any = env.observation_space
    done: Any = env.action_space
    state, choice = isinstance(seen, Discrete), isinstance(done, Discrete)
    if not ((state and seen.start == 0) or (isinstance(seen, Box) and not _picture(seen))):
        raise _unfit(name, "shows", seen)
    if not ((choice and done.start == 0) or isinstance(done, Box)):
        raise _unfit(name, "takes", done)
    bounds = () if choice else (done.low.ravel().tolist(), done.high.ravel().tolist())
    return Spaces(
        observation="state" if state else "numbers",
        width=int(seen.n) if state else math.prod(seen.shape),
        action="choice" if choice else "numbers",
        actions=int(done.n) if choice else math.prod(done.shape),
        low=tuple(bounds[0]) if bounds else (),
        high=tuple(bounds[1]) if bounds else (),
        shape=() if choice else tuple(done.shape),
        longest=getattr(env.spec, "max_episode_steps", None),
    )


def _register_offered(name: str) -> None:
    """Make an environment that a package offers known to gymnasium, by its own name."""
    import gymnasium

    if name in gymnasium.registry:
        return
    for entry in entry_points(group=GROUP):
        if entry.name == name:
            offered = entry.load()
            steps = getattr(offered, "max_episode_steps", None)
            gymnasium.register(id=name, entry_point=offered, max_episode_steps=steps)
            return


def _unknown(name: str) -> NotFoundError:
    import gymnasium

    offered = [entry.name for entry in entry_points(group=GROUP)]
    near = difflib.get_close_matches(name, [*gymnasium.registry, *offered], n=3)
    meant = f"Did you mean {', '.join(near)}? " if near else ""
    message = f"There is no environment {name!r}."
    hint = "An environment of a module is named as module:Id, one of a package by its entry point."
    return NotFoundError(message, hint=f"{meant}{hint}")


def _picture(space: Any) -> bool:
    return space.dtype == np.uint8 and len(space.shape) == 3


def _unfit(name: str, verb: str, space: Any) -> InputError:
    message = f"The environment {name} {verb} {space}, which a policy cannot be learned for."
    return InputError(
        message, hint="Wrap it so that it shows and takes numbers, or one choice from 0 on."
    )

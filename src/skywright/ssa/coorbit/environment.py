"""The gymnasium environment ``skywright/CoorbitAvoid-v0``: one world of `Worlds`.

An action is three numbers in -1..1 (radial, in-track, cross-track) whose signed squares scale the
greatest impulse, and a gate: at or below zero nothing is burnt.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from skywright.errors import MissingExtraError
from skywright.ssa.coorbit.observing import SLOTS, Observer
from skywright.ssa.coorbit.planner import Planner
from skywright.ssa.coorbit.worlds import MOST_M_S, Setting, Worlds

F64 = npt.NDArray[np.float64]


def impulses(actions: npt.ArrayLike) -> F64:
    """Return the impulses [m/s] of actions, shape (n, 4) to (n, 3)."""
    given = np.clip(np.asarray(actions, float), -1, 1)
    part = given[:, :3]
    return np.asarray(np.sign(part) * part**2 * MOST_M_S * (given[:, 3:] > 0))


def actions(impulse_m_s: F64) -> F64:
    """Return the actions that burn these impulses, shape (n, 3) to (n, 4)."""
    part = np.clip(impulse_m_s / MOST_M_S, -1, 1)
    gate = np.where(np.abs(part).sum(axis=1, keepdims=True) > 0, 1.0, -1.0)
    return np.concatenate([np.sign(part) * np.sqrt(np.abs(part)), gate], axis=1)


@lru_cache(maxsize=1)
def _made() -> Any:
    try:
        import gymnasium
    except ImportError as error:
        message = "The environment CoorbitAvoid"
        raise MissingExtraError(message, "train") from error

    class CoorbitAvoid(gymnasium.Env[Any, Any]):
        """Keep 1 km from up to three neighbours for 6 to 24 hours, with little fuel."""

        metadata: dict[str, Any] = {"render_modes": []}  # noqa: RUF012

        def __init__(self, case: str = "any", hours: float = 6.0) -> None:
            self.setting = Setting(case, hours)
            box = gymnasium.spaces.Box
            self.observation_space = box(-10.0, 10.0, (len(SLOTS),), np.float32)
            self.action_space = box(-1.0, 1.0, (4,), np.float32)
            self._world: Worlds | None = None

        def reset(
            self, *, seed: int | None = None, options: dict[str, Any] | None = None
        ) -> tuple[Any, dict[str, Any]]:
            """Draw a world; the same seed draws the same one."""
            super().reset(seed=seed)
            drawn = int(self.np_random.integers(2**31))
            self._world = Worlds(1, self.setting, drawn)
            self.observer = Observer(self._world, Planner(self._world))
            return self.observer.observe()[0], {}

        def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
            """Burn, and let ten minutes pass."""
            world = self._world
            if world is None:
                message = "The environment has no world yet; reset it first."
                raise gymnasium.error.ResetNeeded(message)
            told = world.step(impulses(np.asarray(action)[None]))
            facts = {
                "least_range_km": float(world.least_km[0]),
                "spent_m_s": float(told.spent_m_s[0]),
            }
            seen = self.observer.observe()[0]
            return seen, float(told.reward[0]), bool(told.ended[0]), bool(told.over[0]), facts

    CoorbitAvoid.__module__, CoorbitAvoid.__qualname__ = __name__, "CoorbitAvoid"
    return CoorbitAvoid


def __getattr__(name: str) -> Any:
    """Make the class when it is first asked for: gymnasium is no part of the base install."""
    if name == "CoorbitAvoid":
        return _made()
    raise AttributeError(name)

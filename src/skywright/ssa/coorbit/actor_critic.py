"""The ActorCritic: a learned policy that proposes, and physics that checks what it proposes.

What is done is always the own satellite's impulse. Where the optimiser can keep clear and the
proposal no longer could, or only for much more fuel, the optimiser's impulse stands, and the
answer says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from skywright.errors import InputError, NotFoundError
from skywright.ssa.coorbit.network import ACT, IMPULSE, MODEL, OBSERVATION, VALUE
from skywright.ssa.coorbit.observing import SLOTS, Observer
from skywright.ssa.coorbit.planner import Planner
from skywright.ssa.coorbit.worlds import MOST_M_S

F64 = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

NAME = "ssa-coorbit-ppo"

DEFAULT = "optimiser"
"""What acts if nothing else is asked for."""

GAP = 0.25
"""By which part a proposal with what must follow it may be dearer than the optimiser's plan."""

KEPT, BREACHES, DEARER, NO_OFFER = "kept", "would breach", "dearer", "nothing offered"
NOT_ASKED = "no neighbour was seen to burn"
"""Why a proposal stands, or the optimiser's impulse stands in its place."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What to do in each of a batch of worlds."""

    impulse_m_s: F64
    """Radial, in-track, cross-track, shape (count, 3)."""
    proposed_m_s: F64
    """What the network proposed."""
    why: list[str]
    """``kept``, or why the optimiser's impulse stands in its place."""

    @property
    def replaced(self) -> Flags:
        """Whether the optimiser's impulse stands."""
        return np.array([one != KEPT for one in self.why])


class ActorCritic:
    """The shipped or installed policy; without one, the optimiser acts.

    Parameters
    ----------
    folder : Path, optional
        Of a model; by default the one in use.
    graph : str
        Which of its graphs: the policy, or the clone that it began as.
    """

    def __init__(self, folder: Path | None = None, graph: str = MODEL) -> None:
        self._folder = folder if folder is not None else model_in_use()
        self._graph = graph

    @property
    def trained(self) -> bool:
        """Whether there is a model."""
        return self._folder is not None

    def propose(self, observations: npt.ArrayLike) -> tuple[F64, F64, F64]:
        """Return impulses (n, 3) [m/s], logits of the acts (n, 7) and value (n,), unchecked.

        Raises
        ------
        InputError
            If observations are not numbers in the order of ``SLOTS``.
        NotFoundError
            If there is no model.
        """
        if self._folder is None:
            message = f"No model {NAME} is installed."
            raise NotFoundError(message, hint="Train one: skywright train ssa-coorbit-ppo.")
        seen = np.asarray(observations, np.float32)
        if seen.ndim != 2 or seen.shape[1] != len(SLOTS) or not np.isfinite(seen).all():
            message = f"observations is an array of finite numbers, shape (n, {len(SLOTS)})."
            raise InputError(message, hint="See skywright.ssa.coorbit.observing.SLOTS.")
        names = [IMPULSE, ACT, VALUE]
        told = _session(str(self._folder / self._graph)).run(names, {OBSERVATION: seen})
        impulse, acts, value = (np.asarray(one, np.float64) for one in told)
        return impulse, acts, value

    def act(
        self,
        observer: Observer,
        *,
        learned: bool = DEFAULT != "optimiser",
        where_moved: bool = True,
    ) -> Answer:
        """Return what to do now in every world that is observed, checked by physics.

        Parameters
        ----------
        observer : Observer
            Of the worlds.
        learned : bool
            Whether the policy proposes; otherwise, or without one, the optimiser acts.
        where_moved : bool
            Whether it is asked only where a neighbour was seen to burn, as it was trained.
        """
        planner = observer.planner
        if not (self.trained and learned):
            usual = planner.act()
            return Answer(usual, usual, [KEPT] * len(usual))
        proposed = self.propose(observer.observe())[0]
        asked = observer.moved if where_moved else np.ones(len(proposed), bool)
        usual = np.zeros_like(proposed) if asked.all() else planner.act()
        answer = checked(planner, np.where(asked[:, None], proposed, usual))
        why = [one if ask else NOT_ASKED for one, ask in zip(answer.why, asked, strict=True)]
        return Answer(answer.impulse_m_s, proposed, why)


def checked(planner: Planner, proposed_m_s: F64, gap: float = GAP) -> Answer:
    """Return proposals with the optimiser's impulse wherever physics speaks against one.

    Parameters
    ----------
    planner : Planner
        Of the worlds; its estimates are what is checked against.
    proposed_m_s : ndarray, shape (count, 3)
        Proposals.
    gap : float
        See ``GAP``.
    """
    now, plans = planner.situation, planner.plans()
    which = now.which
    impulse = np.clip(proposed_m_s, -MOST_M_S, MOST_M_S)
    usual = np.zeros_like(impulse)
    usual[which] = plans.now_m_s
    offered = np.isfinite(now.table).any(axis=(1, 2))
    same = np.abs(impulse - usual).max(axis=1) < 1e-9
    why = np.full(len(impulse), KEPT, dtype=object)
    quiet = np.ones(len(impulse), bool)
    quiet[which] = False
    asked = np.flatnonzero(~same & (~quiet | (np.abs(impulse).sum(axis=1) > 0)))
    cost = _cost_after(planner, impulse, asked)
    least = np.full(len(impulse), 0.0)
    least[which] = np.where(offered, plans.size_m_s, np.inf)
    why[asked[cost > (1 + gap) * least[asked] + 1e-3]] = DEARER
    why[asked[~np.isfinite(cost)]] = BREACHES
    lost = which[~offered]
    why[lost[~same[lost]]] = NO_OFFER
    stands = why == KEPT
    return Answer(np.where(stands[:, None], impulse, usual), proposed_m_s, why.tolist())


def _cost_after(planner: Planner, impulse_m_s: F64, which: npt.NDArray[np.int64]) -> F64:
    """Return what an impulse costs now with the least single one that must follow [m/s]."""
    cost = np.abs(impulse_m_s[which]).sum(axis=1)
    found = planner.approach(impulse_m_s)
    more = np.flatnonzero(planner.alarmed(found)[which])
    table = planner.table(which[more], impulse_m_s)
    cost[more] += table.reshape(len(more), table.shape[1] * table.shape[2]).min(axis=1)
    return np.asarray(cost)


def model_in_use(name: str = NAME) -> Path | None:
    """Return the folder of the installed or shipped model of a name; None if there is none."""
    from skywright.foundry.registry import in_use

    try:
        folder = in_use(name)
    except NotFoundError:
        return None
    return folder if (folder / MODEL).is_file() else None


@lru_cache(maxsize=8)
def _session(path: str) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(path, options)

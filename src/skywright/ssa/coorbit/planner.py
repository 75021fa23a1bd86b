"""The optimiser: which impulse keeps every neighbour at range, and at which decision.

A linear programme with one separating plane has its optimum in one component of one burn, so all of
them are tried: each decision, axis and sign, with the least size that keeps every neighbour clear
all along, exactly. Neighbours are taken to coast.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from skywright.ssa.clohessy_wiltshire import state_transition
from skywright.ssa.coorbit.drawing import KEEP_KM, STEP_S
from skywright.ssa.coorbit.passes import A_STEP, GRID_S, near_all, sizes_all
from skywright.ssa.coorbit.worlds import MOST_M_S, Worlds

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

LOOK_S = 6 * 3600.0
"""How far ahead is looked [s]."""

DECISIONS = int(LOOK_S / STEP_S)

KINDS = ("radial_out", "radial_in", "ahead", "back", "cross_up", "cross_down")
"""What a single impulse may be along."""

DIRECTIONS: F64 = np.repeat(np.eye(3), 2, axis=0) * np.tile([1.0, -1.0], 3)[:, None]
"""Unit vectors of ``KINDS``, shape (6, 3)."""


@dataclass(frozen=True, slots=True)
class Rule:
    """How a planner plans."""

    margin_km: float = 0.03
    """What is kept beyond the range."""
    sigmas: float = 2.0
    """Deviations of the tracking, grown to the approach, kept besides."""
    axes: tuple[int, ...] = (0, 1, 2)
    """Axes that it burns along."""
    lead_s: float | None = None
    """Burn as soon as so long before the approach [s]; None for the best time."""
    lead_rev: float | None = None
    """The same in revolutions."""


OPTIMISER = Rule()
CUT_OFF = Rule(lead_s=24 * 3600.0)
ONE_REVOLUTION = Rule(lead_rev=1.0)
ALONG_TRACK = Rule(axes=(1,), lead_rev=0.5)


@dataclass(frozen=True, slots=True)
class Approach:
    """The closest predicted approach of each world."""

    range_km: F64
    """Infinite if nobody is there."""
    ahead_s: F64
    place_km: F64
    velocity_km_s: F64


@dataclass(frozen=True, slots=True)
class Situation:
    """What is seen at one decision."""

    found: Approach
    which: I64
    """Worlds in which something must be done."""
    table: F64
    """Least sizes that keep all clear in these, shape (some, decisions, 6) [m/s]."""


@dataclass(frozen=True, slots=True)
class Plans:
    """One impulse for each of some worlds."""

    step: I64
    """Decisions from now; 0 is now."""
    kind: I64
    """Place in ``KINDS``."""
    size_m_s: F64
    clear: Flags
    """Whether it keeps every neighbour at range, if they coast."""

    @property
    def now_m_s(self) -> F64:
        """What to do now, shape (some, 3)."""
        size = np.where(self.step == 0, self.size_m_s, 0.0)
        return np.asarray(DIRECTIONS[self.kind] * size[:, None])


class Planner:
    """Plans for a batch of worlds."""

    def __init__(self, worlds: Worlds, rule: Rule = OPTIMISER) -> None:
        self.worlds, self.rule = worlds, rule
        self.ahead_s = np.arange(0.0, LOOK_S + 1, GRID_S)
        self._n = np.zeros(worlds.count)
        self._turns = np.zeros((worlds.count, len(self.ahead_s), 3))
        self._known: tuple[int, Situation] | None = None

    @property
    def situation(self) -> Situation:
        """What is seen now; worked out once for each decision."""
        if self._known is None or self._known[0] != self.worlds.tick:
            found = self.approach()
            which = np.flatnonzero(self.alarmed(found))
            self._known = (self.worlds.tick, Situation(found, which, self.table(which)))
        return self._known[1]

    @property
    def turns(self) -> F64:
        """Cosine, sine and angle of the mean motions at each moment."""
        stale = np.flatnonzero(self._n != self.worlds.n)
        if stale.size:
            angle = self.worlds.n[stale, None] * self.ahead_s
            self._turns[stale] = np.stack([np.cos(angle), np.sin(angle), angle], axis=-1)
            self._n[stale] = self.worlds.n[stale]
        return self._turns

    @property
    def last(self) -> I64:
        """Last moment that is looked at: the end of the episode, or six hours."""
        left = self.worlds.setting.steps - self.worlds.step_number
        return np.asarray(np.minimum(left * A_STEP, len(self.ahead_s) - 1), np.int64)

    def approach(self, burnt_m_s: F64 | None = None) -> Approach:
        """Predict the closest approach over what is left of the episode, six hours at most."""
        w, states = self.worlds, self._states(burnt_m_s)
        told = near_all(states, w.there, w.n, self.turns, self.last)
        ahead = told[:, 1] * GRID_S
        who = np.cumsum(w.there, axis=1) == told[:, 2:].astype(np.int64) + 1
        one = states[np.arange(w.count), who.argmax(axis=1)]
        there = (state_transition(w.n, ahead) @ one[..., None])[..., 0]
        return Approach(told[:, 0], ahead, there[:, :3], there[:, 3:])

    def _states(self, burnt_m_s: F64 | None = None, *, known: bool = False) -> F64:
        w = self.worlds
        seen = w.near - w.own[:, None] if known else w.seen()
        states = np.where(w.there[..., None], seen, 0.0)
        if burnt_m_s is not None:
            states[..., 3:] -= burnt_m_s[:, None] / 1000
        return np.asarray(states)

    def alarmed(self, found: Approach) -> Flags:
        """Tell which worlds are closer than what is kept, less most of the margin."""
        w = self.worlds
        grown = w.sigma_km.max(axis=1) * w.n * found.ahead_s
        keep = KEEP_KM + 0.4 * (self.rule.margin_km + self.rule.sigmas * grown)
        return np.asarray(found.range_km < keep)

    def table(
        self,
        which: I64,
        burnt_m_s: F64 | None = None,
        *,
        margins: float = 1.0,
        known: bool = False,
    ) -> F64:
        """Return the least sizes that keep all clear, shape (some, decisions, 6) [m/s].

        Parameters
        ----------
        which : ndarray
            Worlds.
        burnt_m_s : ndarray, shape (count, 3), optional
            Burnt now before anything else; then there is no other burn now.
        margins : float
            What part of the margins is kept.
        known : bool
            Whether the truth is looked at instead of estimates, for limits.
        """
        w = self.worlds
        ahead = w.step_number[which, None] + np.arange(DECISIONS)
        dark = w.blackout[which[:, None], np.minimum(ahead, w.setting.steps)]
        fuel = w.fuel_m_s.copy()
        if burnt_m_s is not None:
            dark[:, 0] = True
            fuel -= np.abs(burnt_m_s).sum(axis=1)
        keeps = (KEEP_KM + margins * self.rule.margin_km, margins * self.rule.sigmas * w.sigma_km)
        most = np.clip(fuel, 0.0, MOST_M_S) / 1000
        given = (which, self._states(burnt_m_s, known=known), w.there, w.n, self.turns, self.last)
        return np.asarray(sizes_all(*given, dark, keeps, most) * 1000)

    def plans(self) -> Plans:
        """Return the least single impulse that keeps all clear in each world of the situation."""
        now = self.situation
        which, ahead_s = now.which, now.found.ahead_s[now.which]
        told = cheapest(self._ruled(now.table, which, ahead_s))
        lost = np.flatnonzero(~told.clear)
        if lost.size:
            # With its margins nothing may be clear where without them something is.
            bare = self.table(which[lost], margins=0.0)
            again = cheapest(self._ruled(bare, which[lost], ahead_s[lost]))
            last = np.flatnonzero(~again.clear)
            kind, size = self._farthest(which[lost[last]])
            again.kind[last], again.size_m_s[last] = kind, size
            again.step[last] = self._wait(which[lost[last]], ahead_s[lost[last]])
            told.step[lost], told.kind[lost] = again.step, again.kind
            told.size_m_s[lost], told.clear[lost] = again.size_m_s, again.clear
        return told

    def _ruled(self, table: F64, which: I64, ahead_s: F64) -> F64:
        rule = self.rule
        allowed = np.isin(np.arange(6) // 2, rule.axes)
        table = np.where(allowed, table, np.inf)
        if rule.lead_s is None and rule.lead_rev is None:
            return table
        wait = self._wait(which, ahead_s)
        some = np.isfinite(table).any(axis=2) & (np.arange(DECISIONS) >= wait[:, None])
        first = some & (np.cumsum(some, axis=1) == 1)
        return np.asarray(np.where(first[..., None], table, np.inf))

    def _wait(self, which: I64, ahead_s: F64) -> I64:
        """Return how many decisions the rule waits."""
        rule = self.rule
        lead = np.full(len(which), np.inf if rule.lead_s is None else rule.lead_s)
        if rule.lead_rev is not None:
            lead = rule.lead_rev * 2 * np.pi / self.worlds.n[which]
        return np.asarray(np.ceil(np.maximum(ahead_s - lead, 0.0) / STEP_S), np.int64)

    def _farthest(self, which: I64) -> tuple[I64, F64]:
        """Return kind and size of the greatest impulse now that leaves the greatest range."""
        w = self.worlds
        size = np.minimum(MOST_M_S, w.fuel_m_s)[which]
        there, n, turns, last = w.there[which], w.n[which], self.turns[which], self.last[which]
        ranges = np.zeros((len(which), 6))
        for kind in np.flatnonzero(np.isin(np.arange(6) // 2, self.rule.axes)):
            burnt = DIRECTIONS[kind] * size[:, None]
            states = self._states()[which]
            states[..., 3:] -= burnt[:, None] / 1000
            ranges[:, kind] = near_all(states, there, n, turns, last)[:, 0]
        return ranges.argmax(axis=1), size

    def act(self) -> F64:
        """Return the impulses of this decision, shape (count, 3) [m/s]."""
        impulse = np.zeros((self.worlds.count, 3))
        impulse[self.situation.which] = self.plans().now_m_s
        return impulse


def cheapest(table: F64) -> Plans:
    """Return the least entries of tables of shape (some, decisions, 6)."""
    flat = table.reshape(len(table), table.shape[1] * len(KINDS))
    best = flat.argmin(axis=1)
    size = flat[np.arange(len(table)), best]
    step, kind = np.divmod(best, 6)
    clear = np.isfinite(size)
    return Plans(step, kind, np.where(clear, size, 0.0), clear)


def nothing(worlds: Worlds) -> Callable[[], F64]:
    """Return the policy that never burns."""
    return lambda: np.zeros((worlds.count, 3))

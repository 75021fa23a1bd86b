"""Scenarios as examples: images, numbers and slots of each, and how they are divided.

A scenario is held out only where both its asset's orbit and its policy family are: a model that
knew either from training would be judged on what it has seen.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import numpy.typing as npt

from skywright.ssa.behaviour.slots import behaviour_vector
from skywright.ssa.relative_track import received_by, relative_track
from skywright.ssa.simulation.scenario import Scenario
from skywright.ssa.threats.circumstances import circumstances
from skywright.ssa.threats.images import threat_images
from skywright.ssa.threats.network import Examples

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
Texts = npt.NDArray[np.str_]

_ORBIT_PARTS = 3


@dataclass(frozen=True, slots=True)
class Drawn:
    """Scenarios as arrays, one row each."""

    examples: Examples
    """Images, numbers, classes."""
    features: F64
    """Slots of behaviour and circumstances; NaN is not known; (n, len(FEATURES))."""
    policy: Texts
    """Family of each."""
    asset_orbit: Texts
    """Group of the asset's orbit."""
    smallest_burn_m_s: F64
    """Smallest burn that makes the behaviour; NaN where none does [m/s]."""
    cooperative: npt.NDArray[np.bool_]
    """Whether the pair is declared."""

    @property
    def classes(self) -> I64:
        """Values of ``Behaviour``."""
        return self.examples.classes

    def rows(self, chosen: npt.NDArray[np.int64] | npt.NDArray[np.bool_]) -> Drawn:
        """Return some of them."""
        rest = {one.name: getattr(self, one.name)[chosen] for one in fields(self)[1:]}
        return Drawn(self.examples.rows(chosen), **rest)


def drawn(scenarios: Sequence[Scenario]) -> Drawn:
    """Return what the models see of some scenarios, each up to its moment."""
    seen = [_seen(one) for one in scenarios]
    examples = Examples(
        np.stack([images for images, _, _ in seen]),
        np.stack([numbers for _, numbers, _ in seen]),
        np.array([int(one.behaviour) for one in scenarios]),
    )
    return Drawn(
        examples,
        np.stack([features for _, _, features in seen]),
        np.array([one.policy for one in scenarios]),
        np.array([one.asset_orbit for one in scenarios]),
        np.array([one.smallest_burn_m_s for one in scenarios], dtype=np.float64),
        np.array([one.cooperative for one in scenarios]),
    )


def _seen(one: Scenario) -> tuple[F32, F32, F64]:
    track = relative_track(one.asset, one.other, one.at_utc)
    images, numbers = threat_images(one.asset, one.other, one.at_utc, track=track)
    slots = behaviour_vector(one.other, one.at_utc, asset=one.asset, track=track)
    asset, other = (received_by(history, one.at_utc) for history in (one.asset, one.other))
    beside = circumstances(asset, other, one.at_utc)
    return images, numbers, np.concatenate([slots, beside])


def save(path: Path, some: Drawn) -> None:
    """Write them as one file of arrays."""
    rest = {one.name: getattr(some, one.name) for one in fields(some)[1:]}
    learned = {f"examples_{one.name}": getattr(some.examples, one.name) for one in fields(Examples)}
    with path.open("wb") as file:
        np.savez_compressed(file, **learned, **rest)


def read(path: Path) -> Drawn:
    """Read what `save` wrote."""
    with np.load(path, allow_pickle=False) as kept:
        examples = Examples(*(kept[f"examples_{one.name}"] for one in fields(Examples)))
        return Drawn(examples, *(kept[one.name] for one in fields(Drawn)[1:]))


@dataclass(frozen=True, slots=True)
class Fold:
    """Rows to learn from and rows to be judged on; no orbit and no family in both."""

    train: I64
    test: I64


def folds(some: Drawn, count: int, seed: int) -> Iterator[Fold]:
    """Divide by policy family within each class, several at once, and by the asset's orbit.

    Parameters
    ----------
    some : Drawn
        Scenarios.
    count : int
        Parts of families and of orbits: each is held out in one of them.
    seed : int
        Of the drawing.

    Yields
    ------
    Fold
        Train rows have neither a held-out family nor a held-out orbit, test rows have both. Rows
        with one of the two are in neither part. Nothing is learned from declared pairs: that they
        are quiet is told by the declaration, and they look like undeclared stays.
    """
    random = np.random.default_rng(seed)
    orbits = random.permutation(np.unique(some.asset_orbit))
    held: list[set[tuple[int, str]]] = [set() for _ in range(count)]
    for behaviour in np.unique(some.classes).tolist():
        for k, family in enumerate(random.permutation(_families(some, behaviour))):
            held[k % count].add((behaviour, str(family)))
    for k in range(count):
        yield _divided(some, held[k], set(orbits[k::count].tolist()))


def family_folds(some: Drawn, seed: int) -> Iterator[Fold]:
    """Hold out one family at a time, and a third of the asset's orbits; as `folds` else."""
    random = np.random.default_rng(seed)
    orbits = random.permutation(np.unique(some.asset_orbit))
    k = 0
    for behaviour in np.unique(some.classes).tolist():
        families = _families(some, behaviour)
        for family in families if len(families) > 1 else []:
            held = set(orbits[k % _ORBIT_PARTS :: _ORBIT_PARTS].tolist())
            fold = _divided(some, {(behaviour, str(family))}, held)
            k += 1
            if len(fold.test):
                yield fold


def orbit_folds(some: Drawn, count: int, seed: int) -> Iterator[Fold]:
    """Hold out orbits only: every family is known, as in an easier and less honest question."""
    orbits = np.random.default_rng(seed).permutation(np.unique(some.asset_orbit))
    for k in range(count):
        far = np.isin(some.asset_orbit, orbits[k::count])
        yield Fold(np.flatnonzero(~far & ~some.cooperative), np.flatnonzero(far))


def _families(some: Drawn, behaviour: int) -> list[str]:
    return [str(one) for one in np.unique(some.policy[some.classes == behaviour])]


def _divided(some: Drawn, families: set[tuple[int, str]], orbits: set[str]) -> Fold:
    pairs = zip(some.classes.tolist(), some.policy.tolist(), strict=True)
    new = np.array([pair in families for pair in pairs])
    far = np.array([orbit in orbits for orbit in some.asset_orbit.tolist()])
    return Fold(np.flatnonzero(~far & ~new & ~some.cooperative), np.flatnonzero(far & new))

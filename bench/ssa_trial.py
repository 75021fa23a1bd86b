"""How often a trial of threat detectors errs, and how long it takes: ``python bench/ssa_trial.py``.

Simulated decisions of people. Assets differ in how hard they are and stay with their side. One JSON
object: wrong verdicts on two equal sides, looked at after every decision, when the first decision
of each asset counts (as it does) and when all do (the control); decisions until a verdict when one
side is better.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass

import numpy as np

from skywright.foundry.registry import CHALLENGER
from skywright.foundry.serve.deployment import Deployment
from skywright.foundry.serve.routing import Router
from skywright.foundry.serve.sequential import GO_ON, Duel

_EASE = (1.4, 0.6)  # beta distribution of the chance to be right about an asset: 0.7 on average


@dataclass(frozen=True, slots=True)
class Case:
    """One kind of trial."""

    share: float
    assets: int = 400
    repeats: int = 1
    """Decisions about each asset."""
    decided_on: tuple[float, float] = (1.0, 1.0)
    """Chance of a decision about an answer of the champion and of the challenger."""


EQUAL = {
    "half": Case(0.5),
    "a_tenth": Case(0.1),
    "challenger_decided_on_twice_as_often": Case(0.5, decided_on=(0.4, 0.8)),
    "control_all_decisions_count": Case(0.5, assets=60, repeats=20),
}
RIGHT = ((0.9, 0.4), (0.9, 0.6), (0.9, 0.7))
"""Shares of right answers of champion and challenger."""


def wrong(case: Case, trials: int, seed: int) -> float:
    """Share of trials of two equal sides that come to a verdict."""
    random = np.random.default_rng(seed)
    return sum(_ends(case, f"v{k}", random) for k in range(trials)) / trials


def _ends(case: Case, version: str, random: np.random.Generator) -> bool:
    now, duel = Deployment("ssa-threats", "v0", version, "ab", case.share), Duel(case.share)
    for asset in range(case.assets):
        challenger = Router().side(now, str(asset)) == CHALLENGER
        ease = random.beta(*_EASE)
        for _ in range(case.repeats):
            if random.random() < case.decided_on[challenger]:
                duel.add(float(random.random() < ease), challenger=challenger)
    return duel.decided != GO_ON


def decisions_needed(right: tuple[float, float], trials: int, seed: int) -> float:
    """Median number of assets decided on until a verdict, half of them the challenger's."""
    random = np.random.default_rng(seed)
    told = []
    for _ in range(trials):
        duel = Duel(0.5)
        while duel.decided == GO_ON:
            challenger = random.random() < 0.5
            duel.add(float(random.random() < right[challenger]), challenger=challenger)
        told.append(duel.count)
    return float(np.median(told))


def main() -> None:
    """Simulate and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--seed", type=int, default=3)
    options = parser.parse_args()
    given = options.trials, options.seed
    told = {
        "trials": options.trials,
        "allowed": Duel().alpha,
        "wrong_verdicts": {name: wrong(case, *given) for name, case in EQUAL.items()},
        "decisions_needed": {f"{a:g} against {b:g}": decisions_needed((a, b), *given)
                             for a, b in RIGHT},
    }  # fmt: skip
    print(json.dumps(told, indent=1))


if __name__ == "__main__":
    main()

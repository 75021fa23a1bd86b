"""The scores beside each other, each on objects that its model was not taught with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from skywright.ssa.behaviour import yardsticks
from skywright.ssa.behaviour.autoencoder import Lessons, outputs_of, train_encoder
from skywright.ssa.behaviour.calibration import Calibration, calibrated
from skywright.ssa.behaviour.drift import alarm_rates
from skywright.ssa.behaviour.encoder import CHOICES, floor_statistic, joint_distance, logs_of
from skywright.ssa.behaviour.weighing import learned_weights
from skywright.ssa.behaviour.windows import (
    PASSIVE,
    SIMULATED,
    STRETCH,
    Windows,
)

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

ENOUGH_REAL = 8
"""Real objects of a regime from which on no simulated one calibrates it."""

_LEVELS = (0.01, 0.02, 0.05, 0.1)


@dataclass(frozen=True, slots=True)
class Settings:
    """How the scores are made and judged."""

    lessons: Lessons
    folds: int
    """Parts of the objects; each is held out once."""
    seed: int


@dataclass(frozen=True, slots=True)
class Judged:
    """Windows and what each score says of them, held out by object."""

    windows: Windows
    fold: I64
    scores: dict[str, F64]

    def calibration(self, name: str, regime: str, but: int | None = None) -> Calibration:
        """Return the calibration of a score on the quiet windows of a regime.

        Real objects alone calibrate where there are `ENOUGH_REAL` of them; simulated ones help
        where there are fewer.

        Parameters
        ----------
        name, regime : str
            Of the score; of the orbit.
        but : int, optional
            A fold whose objects are left out, to judge them.
        """
        some = self.windows
        rows = (some.regime == regime) & ~some.moved
        if but is not None:
            rows &= self.fold != but
        real = rows & (some.source != SIMULATED)
        if len(np.unique(some.name[real])) >= ENOUGH_REAL:
            rows = real
        return calibrated(self.scores[name][rows], some.name[rows], some.source[rows])

    def p_values(self, name: str) -> F64:
        """Return p-values of all windows, each by the quiet objects of the other folds."""
        told = np.ones(len(self.fold))
        for fold in np.unique(self.fold).tolist():
            for regime in np.unique(self.windows.regime[self.fold == fold]).tolist():
                rows = (self.fold == fold) & (self.windows.regime == regime)
                one = self.calibration(name, regime, but=fold)
                told[rows] = one.p_values(self.scores[name][rows])
        return told


def judge(windows: Windows, settings: Settings) -> Judged:
    """Teach every score on the quiet windows of some objects and ask it of the others."""
    fold = folds_of(windows, settings.folds, settings.seed)
    scores: dict[str, F64] = {}
    for k in range(settings.folds):
        held = fold == k
        if not held.any():
            continue
        for name, told in _asked(windows, ~held, windows.slots[held], settings).items():
            scores.setdefault(name, np.full(len(fold), np.nan))[held] = told
    return Judged(windows, fold, scores)


def folds_of(windows: Windows, count: int, seed: int) -> I64:
    """Return the fold of each window: whole objects, evenly by regime and source."""
    random = np.random.default_rng(seed)
    fold = np.zeros(len(windows.at_d), dtype=np.int64)
    first = 0
    kinds = np.char.add(windows.regime, windows.source)
    for kind in np.unique(kinds).tolist():
        names = random.permutation(np.unique(windows.name[kinds == kind]))
        for k, name in enumerate(names.tolist()):
            fold[windows.name == name] = (first + k) % count
        first += len(names)
    return fold


def weights_of(names: npt.NDArray[np.str_]) -> F64:
    """Return the weight of each window, so that ten times the windows weigh three times as much."""
    _, place, counts = np.unique(names, return_inverse=True, return_counts=True)
    return np.asarray(1.0 / np.sqrt(counts)[place])


def _asked(
    windows: Windows, taught: npt.NDArray[np.bool_], asked: F64, settings: Settings
) -> dict[str, F64]:
    quiet = windows.rows(taught & ~windows.moved)
    weight, filling = weights_of(quiet.name), yardsticks.filling_of(quiet.slots)
    module = train_encoder(quiet.slots, weight, settings.lessons, settings.seed)
    _, _, residual, code, groups = outputs_of(module, asked)
    everything = np.arange(asked.shape[1])
    known = windows.rows(taught & (windows.source == STRETCH))
    told = {
        "network": joint_distance(groups, code, weights_by(module, known)),
        "residual": residual,
        "code": code,
        "floor": floor_statistic(asked),
    }
    for name, columns in (("forest", everything), ("cadence", yardsticks.CADENCE)):
        forest = yardsticks.grown_forest(
            quiet.slots[:, columns], weight, filling[columns], settings.seed
        )
        told[name] = yardsticks.isolation(forest, asked[:, columns], filling[columns])
    for name, columns in (("boosting", everything), ("boosted_cadence", yardsticks.CADENCE)):
        told[name] = yardsticks.told_labels(
            known.slots[:, columns], known.moved, asked[:, columns], settings.seed
        )
    return told


def weights_by(module: Any, known: Windows) -> F64:
    """Return the weights of the distances, from windows of satellites with reports."""
    _, _, _, code, groups = outputs_of(module, known.slots)
    return learned_weights(logs_of(groups, code), known.moved, known.name)


def figures(judged: Judged, level: float) -> dict[str, Any]:
    """Return what there is to say: areas and precisions by score, and alarms of the candidates."""
    some = judged.windows
    stretch = some.source == STRETCH
    by_name = {
        name: yardsticks.by_object(score[stretch], some.moved[stretch], some.name[stretch])
        for name, score in judged.scores.items()
    }
    chosen = max(CHOICES, key=lambda name: yardsticks.summary(by_name[name])["auroc"])
    real = some.source != SIMULATED
    return {
        "chosen": chosen,
        "scores": {name: yardsticks.summary(one) for name, one in by_name.items()},
        "of_all_real_windows": {
            name: {
                "auroc": yardsticks.auroc(score[real], some.moved[real]),
                "average_precision": yardsticks.average_precision(score[real], some.moved[real]),
            }
            for name, score in judged.scores.items()
        },
        "network_less": {
            name: yardsticks.difference(by_name["network"], by_name[name])
            for name in ("forest", "floor", "cadence", "boosting")
        },
        "by_object": {name: {k: v[0] for k, v in by_name[name].items()} for name in CHOICES},
        "quiet": _quiet(judged, level),
        "found": {name: _found(judged, name, level) for name in CHOICES},
        "levels": _levels(judged, chosen),
    }


def _quiet(judged: Judged, level: float) -> dict[str, Any]:
    """Return alarm rates on quiet windows by score and source; never mixed."""
    some = judged.windows
    told: dict[str, Any] = {}
    for name in CHOICES:
        p = judged.p_values(name)
        told[name] = {}
        for source in (PASSIVE, STRETCH):
            rows = (some.source == source) & ~some.moved
            if rows.any():
                told[name][source] = alarm_rates(_table(some.rows(rows), p[rows]), level)
        rows = (some.source == SIMULATED) & ~some.moved
        if rows.any():
            told[name]["simulated_share_below_level"] = float((p[rows] < level).mean())
    return told


def _found(judged: Judged, name: str, level: float) -> dict[str, float]:
    """Return the shares of windows below the level, by what they hold."""
    p, some = judged.p_values(name), judged.windows
    stretch = some.source == STRETCH
    return {
        "windows_with_a_manoeuvre": float((p[some.moved] < level).mean()),
        "quiet_stretches": float((p[stretch & ~some.moved] < level).mean()),
    }


def _levels(judged: Judged, name: str) -> dict[str, Any]:
    """Return what other levels would give: shares found by regime, alarms on passive objects."""
    p, some = judged.p_values(name), judged.windows
    passive = some.source == PASSIVE
    table = _table(some.rows(passive), p[passive])
    told: dict[str, Any] = {}
    for level in _LEVELS:
        told[str(level)] = {
            regime: float((p[some.moved & (some.regime == regime)] < level).mean())
            for regime in np.unique(some.regime[some.moved]).tolist()
        }
        if passive.any():
            rate = alarm_rates(table, level)["all"]
            told[str(level)]["alarms_per_passive_object_year"] = rate["per_object_year"]
            told[str(level)]["interval"] = rate["interval"]
    return told


def _table(some: Windows, p: F64) -> pl.DataFrame:
    return pl.DataFrame({"object": some.name, "regime": some.regime, "at_d": some.at_d, "p": p})

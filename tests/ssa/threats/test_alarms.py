"""What threatens told apart, by a detector and by a forest that knows no labels."""

import numpy as np
import pytest

from skywright.ssa.behaviours import Behaviour
from skywright.ssa.threats.alarms import THREATENING, strangeness, told_apart

pytest.importorskip("sklearn", reason="the extra train is not installed")


def rows(count=300, seed=2):
    random = np.random.default_rng(seed)
    truth = random.integers(0, len(Behaviour), count)
    clusters = random.integers(0, 20, count).astype(str)
    return random, truth, clusters


def certain(truth):
    return np.eye(len(Behaviour))[truth]


def test_a_perfect_detector_beside_a_forest_that_guesses():
    random, truth, clusters = rows()
    told = told_apart(truth, certain(truth), random.random(len(truth)), clusters)
    assert told["detector"]["auroc"]["value"] == told["detector"]["recall"]["value"] == 1.0
    low, high = told["forest"]["auroc"]["interval"]
    assert low < 0.5 < high
    share = np.isin(truth, THREATENING).mean()
    assert told["forest"]["recall"]["value"] == pytest.approx(share, abs=0.12)
    assert told["difference"]["recall"]["interval"][0] > 0.3


def test_both_raise_equally_many_alarms():
    _, truth, clusters = rows()
    wanted = np.isin(truth, THREATENING)
    half = truth.copy()
    half[np.flatnonzero(wanted)[::2]] = Behaviour.PASSING_CONJUNCTION
    told = told_apart(truth, certain(half), wanted.astype(float), clusters)
    assert told["alarms"] == told["threatening"] // 2
    assert told["forest"]["recall"]["value"] == told["detector"]["recall"]["value"]
    assert told["forest"]["auroc"]["value"] == 1.0


def test_the_forest_learns_from_what_does_not_threaten_only():
    random, truth, _ = rows()
    usual = random.normal(size=(len(truth), 5))
    usual[np.isin(truth, THREATENING)] += 8.0
    usual[::7, 2] = np.nan
    asked = np.vstack([np.zeros(5), np.full(5, 8.0)])
    calm, strange = strangeness(usual, truth, asked, seed=1)
    assert strange > calm + 0.1

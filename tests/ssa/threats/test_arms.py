"""Assets are divided between two detectors, always the same way; the test of both errs seldom."""

import numpy as np
import pytest

from skywright.foundry.registry import CHALLENGER, CHAMPION
from skywright.foundry.serve.deployment import Deployment
from skywright.foundry.serve.sequential import GO_ON, Duel
from skywright.ssa.threats.arms import Sides
from skywright.ssa.threats.assess import MODEL

ASSETS = [str(40000 + k) for k in range(2000)]


def sides(fraction, *, mode="ab", challenger="v2", tmp="v2"):
    return Sides(Deployment(MODEL, "v1", challenger, mode, fraction), "v1", tmp)


@pytest.mark.parametrize(("fraction", "heard"), [(0.0, CHAMPION), (1.0, CHALLENGER)])
def test_a_share_of_nothing_and_of_all(fraction, heard):
    now = sides(fraction)
    assert {now.side(asset) for asset in ASSETS} == {heard}


@pytest.mark.parametrize("fraction", [0.1, 0.5])
def test_the_share_is_kept_and_each_asset_stays_with_its_side(fraction):
    first, second = ([sides(fraction).side(asset) for asset in ASSETS] for _ in range(2))
    assert first == second
    assert first.count(CHALLENGER) / len(ASSETS) == pytest.approx(fraction, abs=0.03)


def test_a_larger_share_takes_no_asset_away_from_the_challenger():
    small, large = (
        {asset for asset in ASSETS if sides(f).side(asset) == CHALLENGER} for f in (0.1, 0.3)
    )
    assert small < large


def test_another_challenger_divides_anew():
    one, two = ([sides(0.5, challenger=v).side(a) for a in ASSETS] for v in ("v2", "v3"))
    assert 0.4 < np.mean([a == b for a, b in zip(one, two, strict=True)]) < 0.6


def test_in_the_shadow_and_without_a_trial_the_champion_answers():
    assert {sides(1.0, mode="shadow").side(asset) for asset in ASSETS} == {CHAMPION}
    assert sides(1.0, mode="shadow").shadow == ("v2", "v2")
    assert sides(0.5).shadow is None
    assert Sides(Deployment(MODEL, "v1"), "v1").side("1") == CHAMPION


def wrong_verdicts(share, repeats, *, trials=100, assets=150, decided_on=(1.0, 1.0)):
    """Trials of two equal sides that end, of some; assets differ in how hard they are."""
    random = np.random.default_rng(17)
    ended = 0
    for trial in range(trials):
        now, duel = sides(share, challenger=f"v{trial}"), Duel(share)
        for asset in ASSETS[:assets]:
            challenger, ease = now.side(asset) == CHALLENGER, random.beta(1.4, 0.6)
            for _ in range(repeats):
                if random.random() < decided_on[challenger]:
                    duel.add(float(random.random() < ease), challenger=challenger)
        ended += duel.decided != GO_ON
    return ended


# alpha is 0.05; of 100 trials 9 or more would come by chance in 6 % if it were just kept.
@pytest.mark.parametrize("share", [0.1, 0.5])
def test_equal_sides_are_seldom_told_apart_however_often_one_looks(share):
    assert wrong_verdicts(share, 1) <= 8


def test_nor_when_one_side_is_decided_on_more_often():
    assert wrong_verdicts(0.5, 1, decided_on=(0.4, 0.8)) <= 8


def test_all_decisions_of_an_asset_would_be_far_too_many():
    assert wrong_verdicts(0.5, 15, trials=20, assets=60) > 8

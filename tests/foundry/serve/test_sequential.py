"""The sequential test: looking after every outcome must not make it wrong more often."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skywright.errors import InputError
from skywright.foundry.serve.sequential import GO_ON, PROMOTE, ROLL_BACK, Duel


def _story(seed, champion, challenger, *, share=0.5, alpha=0.05, most=600, margin=0.0):
    """Peek after every outcome, and stop at the first verdict."""
    rng = np.random.default_rng(seed)
    duel = Duel(share, alpha, margin)
    for _ in range(most):
        given_to = rng.random() < share
        chance = challenger if given_to else champion
        if duel.add(float(rng.random() < chance), challenger=given_to) != GO_ON:
            break
    return duel


@pytest.mark.parametrize(("chance", "share"), [(0.5, 0.5), (0.9, 0.5), (0.98, 0.1)])
def test_equal_sides_are_told_apart_no_more_often_than_alpha(chance, share):
    wrong = sum(
        _story(seed, chance, chance, share=share, alpha=0.1).decided != GO_ON for seed in range(80)
    )
    assert wrong <= 8  # 10 % of 80


@pytest.mark.slow
@pytest.mark.parametrize(("chance", "share"), [(0.5, 0.5), (0.9, 0.5), (0.95, 0.1), (0.2, 0.3)])
def test_a_thousand_looks_at_equal_sides_stay_within_alpha(chance, share):
    stories = [_story(seed, chance, chance, share=share, most=1000) for seed in range(200)]
    assert sum(story.decided != GO_ON for story in stories) <= 0.05 * 200


def test_a_challenger_that_is_no_better_is_seldom_promoted_even_at_the_margin():
    promoted = sum(
        _story(seed, 0.8, 0.7, margin=0.1, alpha=0.1).decided == PROMOTE for seed in range(80)
    )
    assert promoted <= 4  # alpha / 2: promotion is one of the two questions


def test_a_fixed_level_test_with_peeking_fails_the_same_story():
    def peeked(seed):
        rng = np.random.default_rng(seed)
        z = np.where(rng.random(600) < 0.5, 2.0, -2.0) * ((rng.random(600) < 0.5) - 0.5)
        n = np.arange(1, 601)
        spread = np.sqrt(np.maximum(np.cumsum(z**2) / n - (np.cumsum(z) / n) ** 2, 1e-9) / n)
        return bool((np.abs(np.cumsum(z) / n / spread)[30:] > 1.645).any())

    assert sum(peeked(seed) for seed in range(80)) > 24  # three times the promised 10 %


def test_a_better_challenger_is_promoted():
    verdicts = [_story(seed, 0.7, 0.9).decided for seed in range(20)]
    assert verdicts.count(PROMOTE) >= 18


def test_a_failing_canary_is_rolled_back_within_a_few_errors():
    rng = np.random.default_rng(5)
    duel, errors = Duel(share=0.1), 0
    for _ in range(2000):
        mine = bool(rng.random() < 0.1)
        fails = mine and rng.random() < 0.5
        errors += fails
        if duel.add(0.0 if fails else 1.0, challenger=mine) != GO_ON:
            break
    assert duel.decided == ROLL_BACK
    assert errors <= 6


def test_pairs_of_a_shadow_need_few_outcomes():
    rng = np.random.default_rng(3)
    duel = Duel()
    for _ in range(200):
        hard = rng.random() < 0.3
        if duel.add_pair(0.0 if hard else 1.0, 1.0) != GO_ON:
            break
    assert duel.decided == PROMOTE
    assert duel.count < 120


def test_numeric_rewards_are_weighed_as_well():
    rng = np.random.default_rng(8)
    duel = Duel(share=0.3)
    for _ in range(3000):
        mine = bool(rng.random() < 0.3)
        if duel.add(float(rng.beta(6, 4) if mine else rng.beta(4, 6)), challenger=mine) != GO_ON:
            break
    assert duel.decided == PROMOTE


def test_the_interval_covers_the_true_difference_at_every_look():
    missed = 0
    for seed in range(60):
        rng, duel, out = np.random.default_rng(seed), Duel(), False
        for look in range(300):
            mine = bool(rng.random() < 0.5)
            duel.add(float(rng.random() < (0.6 if mine else 0.5)), challenger=mine)
            interval = duel.interval() if look > 30 else None
            out = out or (interval is not None and not interval[0] <= 0.1 <= interval[1])
        missed += out
    assert missed <= 3  # 5 % of 60


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), max_size=40))
def test_no_outcome_ruins_the_gambler_or_is_lost_on_the_way_to_the_database(outcomes):
    duel = Duel(share=0.2, margin=0.05)
    for reward, mine in outcomes:
        duel.add(reward, challenger=mine)
    assert np.isfinite(duel.better).all()
    assert np.isfinite(duel.worse).all()
    assert Duel.of(json.loads(json.dumps(duel.state()))) == duel


def test_a_verdict_stays():
    duel = Duel()
    for _ in range(100):
        duel.add_pair(0.0, 1.0)
    assert duel.decided == PROMOTE
    for _ in range(300):
        duel.add_pair(1.0, 0.0)
    assert duel.decided == PROMOTE


@pytest.mark.parametrize("reward", [-0.1, 1.5, float("nan")])
def test_a_reward_outside_its_range_is_refused(reward):
    with pytest.raises(InputError, match="between 0 and 1"):
        Duel().add(reward, challenger=True)


def test_a_share_that_leaves_one_side_out_is_refused():
    with pytest.raises(InputError, match="share = 1"):
        Duel(share=1)

"""The ActorCritic: its graph, its shape, and the check by physics that it stands behind."""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from skywright.errors import InputError
from skywright.ssa.coorbit.actor_critic import (
    BREACHES,
    DEARER,
    KEPT,
    ActorCritic,
    checked,
)
from skywright.ssa.coorbit.network import ACTS, MODEL, chooser, export
from skywright.ssa.coorbit.observing import NEVER, NOW, SLOTS, Observer
from skywright.ssa.coorbit.planner import DIRECTIONS, Planner
from skywright.ssa.coorbit.playing import play
from skywright.ssa.coorbit.worlds import MOST_M_S, Setting, Worlds


def _observed(case="any", seed=60, count=64):
    worlds = Worlds(count, Setting(case), seed)
    return Observer(worlds, Planner(worlds))


def test_observations_are_finite_and_named():
    observer = _observed()
    for _ in range(5):
        x = observer.observe()
        assert x.shape == (64, len(SLOTS))
        assert np.isfinite(x).all()
        observer.worlds.step(observer.planner.act())


def test_a_surprise_is_seen_where_a_neighbour_burns_and_nowhere_else():
    last = {}
    for case in ("passive", "reacting"):
        observer = _observed(case)
        observer.observe()
        observer.worlds.step(np.zeros((64, 3)))
        last[case] = observer.observe()[:, SLOTS.index("surprise")]
    assert np.median(last["reacting"]) > 3 * np.median(last["passive"])


def test_the_graph_answers_as_the_network_it_was_written_from(tmp_path):
    pytest.importorskip("torch")
    from skywright.ssa.coorbit.cloning import cloned, lessons

    shown = lessons(60, 61)
    module = cloned(shown, 2, 61)
    export(module, tmp_path / MODEL)
    x = _observed(seed=62).observe()
    impulse, _, _ = ActorCritic(tmp_path).propose(x)
    np.testing.assert_allclose(impulse, chooser(module)(x), atol=1e-5)


def test_every_impulse_that_is_proposed_lies_along_an_axis_and_within_bounds():
    policy = ActorCritic()
    if not policy.trained:
        pytest.skip("no policy ships")
    x = _observed(seed=63).observe()
    impulse, acts, value = policy.propose(x)
    assert (np.abs(impulse) <= MOST_M_S + 1e-6).all()
    assert ((np.abs(impulse) > 0).sum(axis=1) <= 1).all()
    assert acts.shape == (64, len(ACTS))
    assert value.shape == (64,)
    never = (x[:, NOW] >= NEVER - 1e-3).all(axis=1)
    assert not impulse[never].any()


def test_observations_of_a_wrong_shape_or_with_nan_are_refused(tmp_path):
    policy = ActorCritic(tmp_path)
    with pytest.raises(InputError, match="observations"):
        policy.propose(np.zeros((2, 3)))
    with pytest.raises(InputError, match="finite"):
        policy.propose(np.full((1, len(SLOTS)), np.nan))


def test_what_the_optimiser_would_do_is_kept():
    planner = _observed(seed=64).planner
    answer = checked(planner, planner.act())
    assert set(answer.why) == {KEPT}
    np.testing.assert_array_equal(answer.impulse_m_s, planner.act())


def test_waiting_where_it_would_breach_is_replaced_and_said():
    worlds = Worlds(20, Setting("passive"), 65)
    worlds.blackout[:, 1:] = True  # what is not burnt now is never burnt
    worlds.blackout[:, 0] = False
    planner = Planner(worlds)
    must = planner.situation.which[planner.plans().clear]
    answer = checked(planner, np.zeros((20, 3)))
    assert len(must) > 10
    assert all(answer.why[k] == BREACHES for k in must)
    np.testing.assert_array_equal(answer.impulse_m_s[must], planner.act()[must])
    assert answer.replaced[must].all()


def test_a_burn_where_nobody_comes_near_is_replaced():
    worlds = Worlds(10, Setting("passive"), 66)
    worlds.near[:, 0, 1] += 500.0
    answer = checked(Planner(worlds), np.tile([0.0, 0.01, 0.0], (10, 1)))
    assert set(answer.why) == {DEARER}
    assert not answer.impulse_m_s.any()


def test_a_burn_much_greater_than_the_plan_is_replaced():
    planner = _observed("passive", seed=67).planner
    usual = planner.act()
    burning = np.flatnonzero(np.abs(usual).sum(axis=1) > 0)
    answer = checked(planner, usual * 1.8)
    assert {answer.why[k] for k in burning} <= {DEARER, BREACHES}


def test_a_poor_policy_behind_the_check_keeps_clear_as_the_optimiser_does():
    random = np.random.default_rng(68)
    worlds = Worlds(60, Setting("passive"), 68)
    planner = Planner(worlds)

    def poor():
        kinds = random.integers(0, 6, 60)
        return checked(planner, DIRECTIONS[kinds] * random.uniform(0, 0.2, (60, 1))).impulse_m_s

    other = Worlds(60, Setting("passive"), 68)
    usual = play(other, Planner(other).act)
    one = play(worlds, poor)
    assert one.success.mean() >= usual.success.mean() - 0.05
    assert one.fuel_m_s.mean() < 1.6 * usual.fuel_m_s.mean()


def test_without_a_model_the_optimiser_acts(monkeypatch):
    from skywright.ssa.coorbit import actor_critic

    monkeypatch.setattr(actor_critic, "model_in_use", lambda: None)
    observer = _observed(seed=69)
    answer = ActorCritic().act(observer)
    np.testing.assert_array_equal(answer.impulse_m_s, observer.planner.act())


@pytest.mark.parametrize("algorithm", ["ppo", "sac"])
def test_a_short_training_leaves_a_whole_model(tmp_path, algorithm):
    pytest.importorskip("torch")
    from skywright.ssa.coorbit import training

    params = {"algorithm": algorithm, "lessons": 30, "epochs": 1, "rounds": 2, "worlds": 8}
    params |= {"episodes": 5} | (
        {"updates": 2, "batch": 16, "warm": 1} if algorithm == "sac" else {"warm": 1}
    )
    recipe = SimpleNamespace(params=params, name="small", title="small")
    run = SimpleNamespace(recipe=recipe, seed=3, out=tmp_path, log=lambda **_: None)
    told = training.fit(run)
    assert {"passive_success", "mean_return"} <= set(told)
    names = [one["name"] for one in json.loads((tmp_path / "signature.json").read_text())["inputs"]]
    assert names == list(SLOTS)
    row = dict.fromkeys(SLOTS, 0.0)
    assert len(training.load(Path(tmp_path))([row])[0]["impulse_m_s"]) == 3


def test_a_parameter_that_there_is_not_is_refused(tmp_path):
    from skywright.ssa.coorbit import training

    recipe = SimpleNamespace(params={"algorithm": "ppo", "speed": 9}, name="small", title="small")
    with pytest.raises(InputError, match="speed"):
        training.fit(SimpleNamespace(recipe=recipe, seed=3, out=tmp_path))


def test_a_neighbour_that_burns_is_told_from_one_that_coasts():
    seen = {}
    for case in ("passive", "reacting"):
        observer = _observed(case, count=200)
        for _ in range(4):
            observer.observe()
            observer.worlds.step(np.zeros((200, 3)))
        observer.observe()
        seen[case] = observer.moved.mean()
    assert seen["passive"] < 0.15
    assert seen["reacting"] > 0.6

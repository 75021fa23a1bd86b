"""The optimiser: exact sizes, blackouts, rules, and a neighbour whose answers are known."""

import numpy as np

from skywright.ssa.clohessy_wiltshire import state_transition
from skywright.ssa.coorbit.drawing import STEP_S
from skywright.ssa.coorbit.foresight import Foresight
from skywright.ssa.coorbit.planner import (
    ALONG_TRACK,
    CUT_OFF,
    DIRECTIONS,
    Planner,
    Rule,
    cheapest,
    nothing,
)
from skywright.ssa.coorbit.playing import play
from skywright.ssa.coorbit.worlds import REACTS_KM_S, Setting, Worlds, pursuit


def _least_km(worlds, k, step, burn_m_s):
    times = np.arange(0.0, 6 * 3600, 5.0)
    path = (state_transition(worlds.n[k], times) @ worlds.near[k, 0])[:, :3]
    since = times - step * STEP_S
    moved = state_transition(worlds.n[k], since)[:, :3, 3:] @ burn_m_s / 1000
    return np.linalg.norm(path - moved * (since > 0)[:, None], axis=1).min()


def test_the_least_size_keeps_the_range_and_a_little_less_does_not():
    worlds = Worlds(12, Setting("passive"), 50)
    plans = cheapest(Planner(worlds, Rule(0.0, 0.0)).table(np.arange(12), known=True))
    for k in range(12):
        burn = DIRECTIONS[plans.kind[k]] * plans.size_m_s[k]
        assert abs(_least_km(worlds, k, plans.step[k], burn) - 1.0) < 0.01  # looked at each 40 s
        assert _least_km(worlds, k, plans.step[k], 0.97 * burn) < 1.0


def test_no_plan_burns_in_a_blackout_or_more_than_the_fuel():
    worlds = Worlds(30, Setting("passive", blackout_share=0.6), 51)
    worlds.fuel_m_s[:10] = 0.03
    table = Planner(worlds).table(np.arange(30))
    assert np.isinf(table[worlds.blackout[:, :36]]).all()
    assert (table[:10][np.isfinite(table[:10])] <= 0.03).all()


def test_a_burn_already_made_leaves_less_to_be_burnt():
    worlds = Worlds(12, Setting("passive", blackout_share=0.0), 52)
    planner = Planner(worlds)
    table = planner.table(np.arange(12))
    plans = cheapest(table[:, :1])
    burnt = DIRECTIONS[plans.kind] * plans.size_m_s[:, None] * 1.05
    assert (planner.approach(burnt).range_km > 1.0).all()
    rest = planner.table(np.arange(12), 0.5 * burnt).reshape(12, -1).min(axis=1)
    assert (rest < table.reshape(12, -1).min(axis=1)).all()


def test_the_cut_off_rule_burns_as_soon_as_it_may():
    worlds = Worlds(20, Setting("passive", blackout_share=0.0), 53)
    first = np.abs(Planner(worlds, CUT_OFF).act()).sum(axis=1)
    assert (first > 0).mean() > 0.9


def test_the_along_track_rule_burns_in_track_alone_and_not_before_half_a_revolution():
    worlds = Worlds(20, Setting("passive", blackout_share=0.0), 54)
    planner = Planner(worlds, ALONG_TRACK)
    for _ in range(worlds.setting.steps):
        ahead = planner.approach().ahead_s
        burn = planner.act()
        assert (burn[:, [0, 2]] == 0).all()
        early = ahead - np.pi / worlds.n > STEP_S
        assert (burn[early] == 0).all()
        worlds.step(burn)


def test_answers_of_a_neighbour_are_foreseen_as_the_world_plays_them():
    worlds = Worlds(8, Setting("reacting"), 55)
    start, reach = worlds.near[:, 0].copy(), worlds.reach_km_s.copy()
    closest = worlds.closest_s[:, 0].copy()
    for step in range(6):
        wants = pursuit(worlds.n, closest - step * STEP_S)
        wanted = -(wants @ start[..., None])[..., 0]
        size = np.linalg.norm(wanted, axis=1)
        part = np.minimum(np.minimum(REACTS_KM_S, reach), size) / size
        start[:, 3:] += wanted * part[:, None]
        reach -= part * size
        start = (worlds.phi_step @ start[..., None])[..., 0]
        worlds.step(np.zeros((8, 3)))
        np.testing.assert_allclose(worlds.near[:, 0], start, atol=1e-9)


def test_knowing_the_reaction_saves_fuel_at_no_less_success():
    told = {}
    for kind in (Planner, Foresight):
        worlds = Worlds(60, Setting("reacting"), 56)
        told[kind] = play(worlds, kind(worlds).act)
    assert told[Foresight].success.mean() >= told[Planner].success.mean() - 0.02
    assert told[Foresight].fuel_m_s.mean() < told[Planner].fuel_m_s.mean()


def test_doing_nothing_costs_no_fuel_and_fails():
    worlds = Worlds(20, Setting("passive"), 57)
    one = play(worlds, nothing(worlds))
    assert not one.fuel_m_s.any()
    assert not one.success.any()

"""Limits: what the directions cover, bounds below plans, programmes no dearer than they began."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skywright.ssa.clohessy_wiltshire import state_transition
from skywright.ssa.coorbit.drawing import STEP_S
from skywright.ssa.coorbit.limit import lower_bound, pair_bound, sphere
from skywright.ssa.coorbit.planner import DIRECTIONS, Planner, Rule
from skywright.ssa.coorbit.programme import Programme, ideal, polished, problem_of
from skywright.ssa.coorbit.worlds import Setting, Worlds


def _bare(case, seed, count=12, margin_km=0.0):
    worlds = Worlds(count, Setting(case), seed)
    worlds.fuel_m_s[:] = 5.0
    return worlds, Planner(worlds, Rule(margin_km, 0.0))


def _closest_s(worlds, k):
    times = np.arange(0.0, 6 * 3600, 20.0)
    path = (state_transition(worlds.n[k], times) @ worlds.near[k, 0])[:, :3]
    return times[np.linalg.norm(path, axis=1).argmin()]


@pytest.mark.parametrize("count", [200, 300, 2000])
def test_no_point_of_the_sphere_is_farther_from_the_directions_than_is_said(count):
    # The largest gap of a lattice is the largest circle through a facet of its convex hull.
    from scipy.spatial import ConvexHull

    directions, cosine = sphere(count)
    measured = -ConvexHull(directions).equations[:, -1].max()
    assert cosine <= measured < cosine + 2e-4


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 10_000))
def test_two_moments_bound_no_less_than_one_and_no_more_than_what_a_plan_costs(seed):
    # Plans are looked at each 40 s: 20 m of margin make them clear in between (at 6 m/s).
    worlds, planner = _bare("passive", seed, 3, margin_km=0.02)
    least = planner.table(np.arange(3), known=True).reshape(3, -1).min(axis=1)
    for k in range(3):
        burns = np.flatnonzero(~worlds.blackout[k]) * STEP_S
        at = (worlds.near[k, 0], worlds.n[k], _closest_s(worlds, k), burns)
        one, two = lower_bound(*at), pair_bound(*at)
        assert one <= two <= least[k]


def test_single_impulses_are_within_a_tenth_of_any_sequence_for_passers():
    worlds, planner = _bare("passive", 40, 12)
    least = planner.table(np.arange(12), known=True).reshape(12, -1).min(axis=1)
    bound = [
        pair_bound(
            worlds.near[k, 0],
            worlds.n[k],
            _closest_s(worlds, k),
            np.flatnonzero(~worlds.blackout[k]) * STEP_S,
        )
        for k in range(12)
    ]
    assert np.median(least / bound) < 1.1


def test_a_programme_is_no_dearer_than_the_impulse_it_began_with_and_clear():
    worlds, planner = _bare("circumnavigating", 41)
    table = planner.table(np.arange(12), known=True)
    for k in range(12):
        step, kind = np.unravel_index(table[k].argmin(), table[k].shape)
        problem = problem_of(planner, k, 0.0, known=True)
        start = np.zeros((len(problem.dark), 3))
        start[step] = DIRECTIONS[kind] * table[k, step, kind]
        plan = polished(problem, start)
        assert np.abs(plan).sum() <= np.abs(start).sum() + 1e-12
        assert not plan[problem.dark].any()
        assert _least_km(worlds, k, plan) > 0.99  # planes stand each 60 s


def _least_km(worlds, k, plan):
    times = np.arange(0.0, 6 * 3600, 10.0)
    path = (state_transition(worlds.n[k], times) @ worlds.near[k, 0])[:, :3]
    for step, burn in enumerate(plan):
        since = times - step * STEP_S
        path = (
            path
            - (state_transition(worlds.n[k], since)[:, :3, 3:] @ burn / 1000) * (since > 0)[:, None]
        )
    return np.linalg.norm(path, axis=1).min()


def test_who_knows_all_pays_no_more_than_a_planner_with_estimates_and_margins():
    worlds = Worlds(20, Setting("passive"), 42)
    least = ideal(worlds, 20)
    planner = Programme(worlds)
    while worlds.step_number[0] < worlds.setting.steps:
        worlds.step(planner.act())
    spent = worlds.budget_m_s - worlds.fuel_m_s
    assert least.sum() < spent.sum()
    assert (worlds.least_km >= 1.0).mean() >= 0.9

"""Kernels of a coasting neighbour against the matrices of the closed form, on a dense grid."""

import numpy as np

from skywright.ssa.clohessy_wiltshire import state_transition
from skywright.ssa.coorbit.passes import GRID_S, coast, least_range, nearest
from skywright.ssa.coorbit.planner import Planner
from skywright.ssa.coorbit.worlds import Setting, Worlds


def _path(worlds, k, times):
    return (state_transition(worlds.n[k], times) @ worlds.near[k, 0])[:, :3]


def test_coasting_agrees_with_the_matrices():
    worlds = Worlds(5, Setting("circumnavigating"), 80)
    planner = Planner(worlds)
    for k in range(5):
        out = np.empty((len(planner.ahead_s), 3))
        coast(worlds.near[k, 0], worlds.n[k], planner.turns[k], out)
        np.testing.assert_allclose(out, _path(worlds, k, planner.ahead_s), atol=1e-9)


def test_the_nearest_approach_is_found_between_the_moments_that_are_looked_at():
    worlds = Worlds(20, Setting("passive"), 81)
    planner = Planner(worlds)
    dense = np.arange(0.0, 6 * 3600, 1.0)
    for k in range(20):
        told = nearest(worlds.near[k, :1], worlds.n[k], planner.turns[k])
        ranges = np.linalg.norm(_path(worlds, k, dense), axis=1)
        assert abs(told[0] - ranges.min()) < 2e-3
        assert abs(told[1] * GRID_S - dense[ranges.argmin()]) < GRID_S


def test_burns_of_a_plan_move_the_path_by_their_sum():
    worlds = Worlds(3, Setting("passive"), 82)
    planner = Planner(worlds)
    plan = np.zeros((36, 3))
    plan[2, 1], plan[5, 0] = 3e-5, -2e-5  # [km/s]
    dense = np.arange(0.0, 6 * 3600, 1.0)
    for k in range(3):
        path = _path(worlds, k, dense)
        for step in (2, 5):
            since = dense - step * 600.0
            moved = state_transition(worlds.n[k], since)[:, :3, 3:] @ plan[step]
            path = path - moved * (since > 0)[:, None]
        told = least_range(worlds.near[k, :1], worlds.n[k], planner.turns[k], plan)
        assert abs(told - np.linalg.norm(path, axis=1).min()) < 2e-3

"""Relative motion in closed form, against two-body motion and the laws it must keep."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from skywright.ssa.clohessy_wiltshire import invariants, state_transition

MU = 398600.4418  # km3/s2
A = 7078.0
N = np.sqrt(MU / A**3)
lengths = st.floats(-5.0, 5.0)
rates = st.floats(-5e-3, 5e-3)
states = st.tuples(lengths, lengths, lengths, rates, rates, rates).map(np.array)
times = st.floats(-30_000.0, 30_000.0)


def _nonlinear(state, t_s):
    def rates_of(_, s):
        x, y, z, vx, vy, vz = s
        r3 = ((A + x) ** 2 + y**2 + z**2) ** 1.5
        return [
            vx, vy, vz,
            2 * N * vy + N**2 * x - MU * (A + x) / r3 + MU / A**2,
            -2 * N * vx + N**2 * y - MU * y / r3,
            -MU * z / r3,
        ]  # fmt: skip

    return solve_ivp(rates_of, (0, t_s), state, rtol=1e-12, atol=1e-13).y[:, -1]


def test_small_separations_follow_two_body_motion_for_a_revolution():
    # Terms left out are of second order: separation^2 / a, here (0.3 km)^2 / 7078 km = 13 mm,
    # which a drift of a revolution multiplies by about 6 pi: 0.3 m.
    state = np.array([0.1, -0.2, 0.15, 1e-4, -2e-4, 1e-4])
    t_s = 2 * np.pi / N
    truth = _nonlinear(state, t_s)
    assert np.abs(state_transition(N, t_s) @ state - truth)[:3].max() < 5e-4


def test_an_in_track_impulse_drifts_by_three_times_speed_times_time():
    # Vallado, section 6.8: after a whole revolution the secular term alone is left.
    t_s = 2 * np.pi / N
    moved = state_transition(N, t_s) @ np.array([0, 0, 0, 0, 1e-5, 0])
    np.testing.assert_allclose(moved[:3], [0, -3e-5 * t_s, 0], atol=1e-12)


@given(states, times)
def test_motion_backwards_undoes_motion_forwards(state, t_s):
    back = state_transition(N, -t_s) @ (state_transition(N, t_s) @ state)
    np.testing.assert_allclose(back, state, atol=1e-9)


@given(states, times, times)
def test_two_times_in_a_row_are_their_sum(state, one, two):
    twice = state_transition(N, two) @ (state_transition(N, one) @ state)
    np.testing.assert_allclose(state_transition(N, one + two) @ state, twice, atol=1e-8)


@given(states, times)
def test_free_motion_keeps_its_invariants(state, t_s):
    later = state_transition(N, t_s) @ state
    np.testing.assert_allclose(invariants(N, later), invariants(N, state), atol=1e-9)


def test_volume_of_phase_space_is_kept():
    np.testing.assert_allclose(np.linalg.det(state_transition(N, np.linspace(0, 9e4, 50))), 1.0)

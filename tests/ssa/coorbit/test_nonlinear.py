"""Gravity with J2: textbook laws, coordinates along the orbit, agreement with the closed form."""

import numpy as np
import pytest

from skywright.ssa.clohessy_wiltshire import state_transition
from skywright.ssa.coorbit import nonlinear
from skywright.ssa.coorbit.nonlinear import (
    J2,
    MU_KM3_S2,
    RADIUS_KM,
    NonlinearWorlds,
    beside,
    inertial,
    moved,
)
from skywright.ssa.coorbit.worlds import Setting

A_KM = 7078.0
N = np.sqrt(MU_KM3_S2 / A_KM**3)


def _circular(inclination_rad):
    c, s = np.cos(inclination_rad), np.sin(inclination_rad)
    return np.array([A_KM, 0.0, 0.0, 0.0, A_KM * N * c, A_KM * N * s])


def test_places_along_the_orbit_are_undone_exactly():
    worlds = NonlinearWorlds(20, Setting("several"), 1)
    people = np.concatenate([worlds.own[:, None], worlds.near], axis=1)
    slot = moved(worlds.slot, 900.0)  # not circular any more
    np.testing.assert_allclose(beside(slot, inertial(slot, people)), people, atol=1e-9)


def test_the_node_regresses_as_the_textbook_has_it():
    # Vallado, section 9.6.1: -1.5 n J2 (R/p)^2 cos i; osculating against mean is second order.
    inclination = np.radians(60.0)
    start = _circular(inclination)
    revolutions = 15
    end = moved(start, revolutions * 2 * np.pi / N)
    h = np.cross(end[:3], end[3:])
    node = np.arctan2(h[0], -h[1])
    expected = -1.5 * J2 * (RADIUS_KM / A_KM) ** 2 * np.cos(inclination)
    assert node == pytest.approx(expected * revolutions * 2 * np.pi, rel=0.01)


def test_the_energy_with_the_potential_of_j2_is_kept():
    def energy(state):
        r = np.linalg.norm(state[:3])
        oblate = J2 * (RADIUS_KM / r) ** 2 * (1.5 * (state[2] / r) ** 2 - 0.5)
        return state[3:] @ state[3:] / 2 - MU_KM3_S2 / r * (1 - oblate)

    start = _circular(1.0)
    assert energy(moved(start, 20_000.0)) == pytest.approx(energy(start), rel=1e-7)


def test_without_j2_near_neighbours_move_as_clohessy_and_wiltshire_have_it(monkeypatch):
    monkeypatch.setattr(nonlinear, "J2", 0.0)
    slot = _circular(0.9)[None]
    start = np.array([[[0.05, 0.3, -0.04, 2e-5, -1e-4, 5e-5]]])
    both = np.concatenate([slot[:, None], inertial(slot, start)], axis=1)
    end = moved(both, 6000.0)
    found = beside(end[:, 0], end[:, 1:])[0, 0]
    expected = state_transition(N, 6000.0) @ start[0, 0]
    np.testing.assert_allclose(found[:3], expected[:3], atol=1e-3)  # second order: 0.3 km^2 / a


def test_j2_moves_neighbours_otherwise_and_the_own_slot_not_at_all():
    worlds = NonlinearWorlds(10, Setting("passive"), 2)
    start = worlds.near[:, 0].copy()
    for _ in range(12):
        worlds.step(np.zeros((10, 3)))
    coasted = (state_transition(worlds.n, 7200.0) @ start[..., None])[..., 0]
    off = np.linalg.norm((worlds.near[:, 0] - coasted)[:, :3], axis=1)
    assert np.median(off) > 0.02
    assert np.abs(worlds.own).max() < 1e-6

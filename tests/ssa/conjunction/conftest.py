"""Conjunctions to work with: a fast one made by hand, and messages written from it."""

from datetime import datetime

import numpy as np
import pytest

from skywright.orbits.frames import rtn_basis
from skywright.ssa.conjunction.conjunction import Conjunction

SPEED_KM_S = 7.5


@pytest.fixture
def make_conjunction():
    """A head-on or crossing encounter at 700 km with sigmas of its own."""

    def make(miss_km=(0.1, 0.3, 0.0), sigma_km=(0.05, 0.3, 0.05), angle_deg=90.0, hbr_m=10.0):
        r, v = np.array([7078.0, 0.0, 0.0]), np.array([0.0, SPEED_KM_S, 0.0])
        angle = np.radians(angle_deg)
        other_v = SPEED_KM_S * np.array([0.0, np.cos(angle), np.sin(angle)])
        states = np.stack([np.concatenate([r, v]), np.concatenate([r + miss_km, other_v])])
        own = np.diag([*np.square(sigma_km), 1e-12, 1e-12, 1e-12])
        covariances = []
        for state in states:
            turn = np.kron(np.eye(2), rtn_basis(state).reshape(3, 3).T)
            covariances.append(turn @ own @ turn.T)
        when = datetime(2024, 1, 1)  # noqa: DTZ001 - UTC
        return Conjunction("made", when, states, np.stack(covariances), hbr_m, "test", True)

    return make

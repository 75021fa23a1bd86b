"""SGP4 by our kernel: the verification set, the published library over odd orbits, errors."""

import numpy as np
import pytest
from sgp4.api import WGS72, Satrec

from skywright.orbits.sgp4_near_earth import prepared, states

# Vallado et al. (2006), AIAA 2006-6753, tcppver.out: satellite 00005 [rad/min, rad, km].
VANGUARD = [
    10.82419157 * 2 * np.pi / 1440,
    0.1859667,
    *np.radians([34.2682, 348.7242, 331.7664, 19.3264]),
    0.28098e-4,
]


def library(given, minutes):
    one = Satrec()
    n, e, i, node, argp, anomaly, bstar = given
    one.sgp4init(WGS72, "i", 1, 20000.0, bstar, 0.0, 0.0, e, argp, i, anomaly, n, node)
    told = [one.sgp4_tsince(t) for t in minutes]
    return np.array([[*r, *v] if error == 0 else [np.nan] * 6 for error, r, v in told])


def ours(given, minutes):
    rows = np.zeros(len(minutes), np.int64)
    return states(prepared(np.array([given])), rows, np.asarray(minutes, float))


def test_the_verification_set_is_met():
    found = ours(VANGUARD, [0.0, 360.0, 4320.0])[:, :3]
    expected = [
        [7022.46529266, -1400.08296755, 0.03995155],
        [-7154.03120202, -3783.17682504, -3536.19412294],
        [-9060.47373569, 4658.70952502, 813.68673153],
    ]
    assert found == pytest.approx(np.array(expected), abs=1e-7)


@pytest.mark.parametrize("seed", range(3))
def test_states_are_the_librarys(seed):
    random = np.random.default_rng(seed)
    for _ in range(40):
        perigee = random.uniform(1.02, 1.4)
        e = random.choice([0.0, 1e-5, 1e-3, 0.1]) * random.random()
        n = 0.07436691613317342 * ((1.0 - e) / perigee) ** 1.5
        i = random.choice([1e-9, 1.2, 1.7, np.pi])
        given = [n, e, i, *random.uniform(0, 2 * np.pi, 3), random.uniform(-1e-3, 1e-3)]
        minutes = np.concatenate([[0.0], random.uniform(-4320.0, 4320.0, 20)])
        found, expected = ours(given, minutes), library(given, minutes)
        assert np.array_equal(np.isnan(found), np.isnan(expected))
        assert found == pytest.approx(expected, abs=1e-6, nan_ok=True)  # km: a millimetre


def test_an_eccentric_orbit_near_the_limit_of_deep_space_agrees():
    given = [2 * np.pi / 224.0, 0.4, 1.1, 0.3, 4.0, 0.1, 1e-4]
    minutes = np.linspace(-2880.0, 2880.0, 50)
    assert ours(given, minutes) == pytest.approx(library(given, minutes), abs=1e-6)


def test_a_decayed_set_has_no_state():
    falling = [16.4 * 2 * np.pi / 1440, 0.001, 1.0, 0.0, 0.0, 0.0, 0.05]
    assert np.isnan(ours(falling, [20000.0])).all()


def test_deep_space_sets_are_left_to_the_library():
    high = [2.0 * 2 * np.pi / 1440, 0.7, 1.1, 0.0, 0.0, 0.0, 0.0]
    assert prepared(np.array([high]))["near"][0] == 0.0
    assert np.isnan(ours(high, [0.0])).all()

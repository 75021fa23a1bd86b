"""Impacts: found to the second, counted the same whatever the threads, three levels that agree."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from skywright.errors import InputError
from skywright.orbits.constants import AU_KM, DAY_S
from skywright.orbits.covariance import cloud_from_state
from skywright.orbits.deflection import delta_v_to_miss, kinetic_impactor_m_s
from skywright.orbits.ephemeris import body_state
from skywright.orbits.frames import inertial_from_rtn
from skywright.orbits.impact_linear import linear_probability
from skywright.orbits.impact_lov import lov_probability
from skywright.orbits.impact_monte_carlo import draw_clones, monte_carlo_probability
from skywright.orbits.impact_search import Search, Watch, find_impacts, fly
from skywright.orbits.integrator import propagate
from skywright.orbits.threads import CancelledError

HIT_JD = 2462500.25
LEAD_D = 400.0
SPEED_KM_S = 17.0
SEARCH = Search(years=1.3)


def impactor(body="earth", radius_km=6378.137, miss_km=0.0):
    """A state LEAD_D before it falls on a body, aimed at its centre from an hour away."""
    hour_before = HIT_JD - 3600 / DAY_S
    state = body_state(body, hour_before)[0]
    inward = np.array([0.6, 0.64, 0.48])
    aside = np.cross(inward, [0, 0, 1.0]) / np.linalg.norm(np.cross(inward, [0, 0, 1.0]))
    state[:3] -= (inward * (radius_km + SPEED_KM_S * 3600) - aside * miss_km) / AU_KM
    state[3:] += inward * SPEED_KM_S * DAY_S / AU_KM
    return propagate(state[None, :], hour_before, HIT_JD - LEAD_D)[0]


@pytest.fixture(scope="module")
def state():
    return impactor()


@pytest.fixture(scope="module")
def cloud(state):
    """About 8,000 km wide along the track at the Earth."""
    sigma = np.array([2e-6, 2e-6, 2e-6, 8e-8, 8e-8, 8e-8])
    return cloud_from_state(state, HIT_JD - LEAD_D, np.diag(sigma**2))


def test_impact_is_found_near_the_time_it_was_made_for(state):
    flight = find_impacts(state, HIT_JD - LEAD_D, SEARCH)
    assert flight.hit[0]
    # It was aimed along a straight line; the fall itself brings it down some minutes early.
    assert flight.jd_tdb[0] == pytest.approx(HIT_JD, abs=0.01)
    assert flight.speed_km_s[0] > SPEED_KM_S


def test_time_of_impact_is_where_the_distance_is_the_radius(state):
    flight = find_impacts(state, HIT_JD - LEAD_D, SEARCH)
    before = float(flight.jd_tdb[0]) - 2.0 / DAY_S
    at = propagate(state[None, :], HIT_JD - LEAD_D, before)[0] - body_state("earth", before)[0]
    radial = at[:3] @ at[3:] / np.linalg.norm(at[:3]) * AU_KM / DAY_S
    height_km = np.linalg.norm(at[:3]) * AU_KM - 6378.137
    assert height_km == pytest.approx(-2.0 * radial, abs=0.2)  # 0.2 km is 0.02 s of fall


def test_the_moon_can_be_hit_too():
    flight = find_impacts(impactor("moon", 1737.4), HIT_JD - LEAD_D, replace(SEARCH, body="moon"))
    assert flight.hit[0]


def test_blocks_agree_with_orbits_flown_one_by_one(cloud):
    states = draw_clones(cloud, 96, 5)
    search = replace(SEARCH, rtol=1e-12)
    together, alone = (
        fly(states, cloud.epoch_jd_tdb, search),
        find_impacts(states, cloud.epoch_jd_tdb, search),
    )
    assert (together.hit == alone.hit).mean() > 0.98  # a grazing clone may fall on either side
    both = together.hit & alone.hit
    assert_allclose(together.jd_tdb[both], alone.jd_tdb[both], rtol=0, atol=1 / DAY_S)


def test_threads_do_not_change_a_digit(cloud):
    one, two = (
        monte_carlo_probability(cloud, replace(SEARCH, threads=n), clones=128, seed=9)
        for n in (1, 2)
    )
    assert one.probability == two.probability
    assert (one.impact_jd_tdb == two.impact_jd_tdb).all()


def test_three_levels_agree_within_the_sampling_error(cloud):
    linear = linear_probability(cloud, SEARCH)
    lov = lov_probability(cloud, SEARCH, direction=linear.weak_direction, points=200)
    counted = monte_carlo_probability(cloud, SEARCH, clones=2000, seed=3)
    assert 0.05 < counted.probability < 0.95
    spread = 4 * np.sqrt(counted.probability * (1 - counted.probability) / 2000)
    assert linear.probability == pytest.approx(counted.probability, abs=spread)
    assert lov.probability == pytest.approx(counted.probability, abs=spread + 0.03)
    assert counted.low < counted.probability < counted.high


def test_probability_grows_with_the_radius_of_the_earth(cloud):
    chances = [
        linear_probability(cloud, replace(SEARCH, radius_km=radius)).probability
        for radius in (3000.0, 6378.137, 12_000.0)
    ]
    assert chances == sorted(chances)


def test_cancelling_stops_the_clones(cloud):
    watch = Watch(None, lambda: True)
    with pytest.raises(CancelledError):
        monte_carlo_probability(cloud, SEARCH, clones=2000, seed=1, watch=watch)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"years": -1.0}, r"years must lie in"),
        ({"body": "vulcan"}, "vulcan"),
        ({"radius_km": 0.0}, "radius_km must be positive"),
    ],
)
def test_search_for_nonsense_is_refused(options, sentence):
    with pytest.raises(InputError, match=sentence):
        Search(**options)


def test_push_that_is_said_to_miss_does_miss(state):
    epoch, at = HIT_JD - LEAD_D, HIT_JD - 300.0
    found = delta_v_to_miss(state, epoch, at, replace(SEARCH, years=1.0), clearance=1.5)
    assert found.least_m_s > 0
    moved = propagate(state[None, :], epoch, at)[0]
    push = found.least_direction_rtn * found.least_m_s * 1.1 * DAY_S / AU_KM / 1e3
    pushed = moved.copy()
    pushed[3:] += inertial_from_rtn(moved, push).reshape(3)
    assert find_impacts(moved, at, replace(SEARCH, years=1.0)).hit[0]
    assert not find_impacts(pushed, at, replace(SEARCH, years=1.0)).hit[0]


# DART (Cheng et al. 2023, Nature 616, 457): 579.4 kg at 6.145 km/s on 4.3e9 kg, along-track 2.70
# mm/s for beta = 3.61 (the velocity lies 10 to 20 degrees off the track).
def test_kinetic_impactor_is_of_the_size_that_dart_measured():
    found = kinetic_impactor_m_s(4.3e9, 579.4, 6.145, beta=3.61)
    assert found * 1e3 == pytest.approx(2.70, rel=0.15)


def test_beta_below_one_is_refused():
    with pytest.raises(InputError, match="beta"):
        kinetic_impactor_m_s(1e9, 500.0, 6.0, beta=0.5)

"""Elements to states and back: published examples, all eccentricities, derivatives."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from skywright.errors import OrbitError
from skywright.orbits.constants import AU_KM, DAY_S
from skywright.orbits.elements import (
    Elements,
    elements_from_state,
    mean_anomaly,
    state_from_elements,
    state_jacobian,
    tp_from_mean_anomaly,
)

EPOCH = 2459000.5
# Vallado (2013), examples 2-5 and 2-6: the Earth, GM in km^3/s^2 turned into au^3/d^2.
VALLADO_GM = 398_600.4418 * DAY_S**2 / AU_KM**3
VALLADO_R_KM = np.array([6524.834, 6862.875, 6448.296])
VALLADO_V_KM_S = np.array([4.901327, 5.533756, -1.976341])


def vallado_state():
    return np.concatenate([VALLADO_R_KM / AU_KM, VALLADO_V_KM_S * DAY_S / AU_KM])[None]


def vallado_anomaly_time(q_au, e, nu):
    """Time since perihelion from a true anomaly by the eccentric anomaly, as the book does."""
    E = 2 * math.atan(math.sqrt((1 - e) / (1 + e)) * math.tan(nu / 2))
    return (E - e * math.sin(E)) * math.sqrt((q_au / (1 - e)) ** 3 / VALLADO_GM)


def relative_error(found, expected):
    sizes = [np.linalg.norm(expected[:, part], axis=1) for part in (slice(3), slice(3, 6))]
    gaps = [np.linalg.norm((found - expected)[:, p], axis=1) for p in (slice(3), slice(3, 6))]
    return max(np.max(gap / size) for gap, size in zip(gaps, sizes, strict=True))


def test_vallado_example_2_5_gives_the_published_elements():
    found = elements_from_state(vallado_state(), EPOCH, VALLADO_GM)
    assert_allclose(found.q_au * AU_KM, 36127.343 * (1 - 0.832853), rtol=0, atol=0.05)
    assert_allclose(found.e, 0.832853, rtol=0, atol=1e-6)
    angles_deg = [math.degrees(v[0]) for v in (found.i, found.node, found.peri)]
    assert_allclose(angles_deg, [87.870, 227.898, 53.38], rtol=0, atol=6e-3)
    expected_d = vallado_anomaly_time(found.q_au[0], found.e[0], math.radians(92.335))
    assert_allclose(EPOCH - found.tp_jd_tdb, expected_d, rtol=0, atol=0.1 / DAY_S)


def test_vallado_example_2_6_gives_the_published_state():
    e, p_km = 0.83285, 11067.790
    q = p_km / (1 + e) / AU_KM
    since = vallado_anomaly_time(q, e, math.radians(92.335))
    orbit = Elements(q, e, *np.radians([87.87, 227.89, 53.38]), EPOCH - since, 0.0)
    state = state_from_elements(orbit, EPOCH, VALLADO_GM)[0]
    assert_allclose(state[:3] * AU_KM, [6525.344, 6861.535, 6449.125], rtol=0, atol=0.2)
    velocity_km_s = state[3:] * AU_KM / DAY_S
    assert_allclose(velocity_km_s, [4.902276, 5.533124, -1.975709], rtol=0, atol=2e-4)


eccentricities = st.one_of(
    st.sampled_from([0.0, 1e-12, 1 - 1e-12, 1.0, 1 + 1e-12, 1 - 1e-6, 1 + 1e-6]),
    st.floats(0, 0.99),
    st.floats(0.99, 1.01),
    st.floats(1.01, 5),
)
inclinations = st.one_of(st.sampled_from([0.0, 1e-10, math.pi, math.pi / 2]), st.floats(0, math.pi))
angles = st.floats(0, math.tau)


@settings(max_examples=400, deadline=None)
@given(
    q=st.floats(0.1, 30),
    e=eccentricities,
    i=inclinations,
    node=angles,
    peri=angles,
    since=st.floats(-2000, 2000),
)
def test_elements_and_state_round_trip_for_every_eccentricity(q, e, i, node, peri, since):
    orbit = Elements(*(np.array([v]) for v in (q, e, i, node, peri, EPOCH - since)))
    state = state_from_elements(orbit, EPOCH)
    back = elements_from_state(state, EPOCH)
    assert relative_error(state_from_elements(back, EPOCH), state) < 1e-13
    assert_allclose(back.e, e, rtol=0, atol=1e-12)
    assert_allclose(back.q_au, q, rtol=1e-12, atol=0)
    assert_allclose(back.i, i, rtol=0, atol=1e-12)


@pytest.mark.parametrize("e", [0.2, 0.97, 0.9999999, 1.0, 1.0000001, 1.3])
def test_jacobian_agrees_with_differences(e):
    orbit = Elements(*(np.array([v]) for v in (0.7, e, 0.4, 1.1, 2.2, EPOCH - 80.0)))
    found = state_jacobian(orbit, EPOCH)[0]
    for column, name in enumerate(["e", "q_au", "tp_jd_tdb", "node", "peri", "i"]):
        step = 2.0**-10 if name == "tp_jd_tdb" else 1e-6
        up, down = (orbit._replace(**{name: getattr(orbit, name) + s}) for s in (step, -step))
        slope = (state_from_elements(up, EPOCH) - state_from_elements(down, EPOCH))[0] / (2 * step)
        assert_allclose(found[:, column], slope, rtol=0, atol=2e-9)


def test_node_is_zero_without_inclination_and_perihelion_at_the_node_on_a_circle():
    flat = elements_from_state([[1.0, 0, 0, 0, 0.0172, 0]], EPOCH)
    assert (flat.node[0], flat.i[0]) == (0.0, 0.0)
    circle = Elements(*(np.array([v]) for v in (1.0, 0.0, 0.3, 1.0, 0.0, EPOCH)))
    found = elements_from_state(state_from_elements(circle, EPOCH), EPOCH)
    assert_allclose([found.e[0], found.node[0]], [0, 1.0], rtol=0, atol=1e-14)


def test_mean_anomaly_and_time_of_perihelion_are_inverse():
    tp = tp_from_mean_anomaly(np.array([1.5, -2.0]), [0.3, 1.4], np.radians([350.0, 20.0]), EPOCH)
    orbit = Elements(
        np.array([1.5 * 0.7, -2.0 * -0.4]), np.array([0.3, 1.4]), *np.zeros((3, 2)), tp
    )
    assert_allclose(np.degrees(mean_anomaly(orbit, EPOCH)), [-10.0, 20.0], rtol=0, atol=1e-9)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("e", -0.1, r"e=-0\.1 in row 1 must be 0 or more"),
        ("q_au", 0.0, r"q_au=0 in row 1 must be greater than 0 au"),
        ("i", 3.2, r"i=3\.2 in row 1 must be 0 to pi rad"),
        ("node", math.nan, r"node=nan in row 1 must be a finite number"),
    ],
)
def test_impossible_elements_are_refused_with_row_and_range(field, value, words):
    good = Elements(*(np.full(3, v) for v in (1.0, 0.1, 0.2, 0.3, 0.4, EPOCH)))
    bad = getattr(good, field).copy()
    bad[1] = value
    with pytest.raises(OrbitError, match=words):
        state_from_elements(good._replace(**{field: bad}), EPOCH)


def test_axis_and_eccentricity_of_different_conics_are_refused():
    with pytest.raises(OrbitError, match="do not belong together"):
        tp_from_mean_anomaly(-1.0, 0.5, 0.0, EPOCH)

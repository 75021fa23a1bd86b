"""MOID: laws, the plain oracle, and geometry known to trap fast methods."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from skywright.errors import OrbitError
from skywright.orbits import moid as moid_module
from skywright.orbits._moid_kernels import nearest_on_ellipse
from skywright.orbits.constants import GM_SUN
from skywright.orbits.elements import Elements, elements_from_state, state_from_elements
from skywright.orbits.moid import body_elements, moid, moid_between, moid_gradient
from skywright.orbits.moid_oracle import moid_direct

EPOCH = 2459000.5
FIELDS = ("e", "q_au", "tp_jd_tdb", "node", "peri", "i")


def orbit(q, e, i=0.0, node=0.0, peri=0.0):
    count = np.broadcast(q, e, i, node, peri).size
    values = (np.resize(v, count).astype(float) for v in (q, e, i, node, peri, EPOCH))
    return Elements(*values)


def drawn(seed, count, e_range, tilt_range):
    rng = np.random.default_rng(seed)
    angles = rng.uniform(0, math.tau, (2, count))
    tilt = 10 ** rng.uniform(*np.log10(tilt_range), count)
    return orbit(rng.uniform(0.05, 1.4, count), rng.uniform(*e_range, count), tilt, *angles)


def points(orbits, nu):
    """Positions of one orbit at true anomalies, by Kepler's motion rather than by the conic."""
    e, q = orbits.e[0], orbits.q_au[0]
    E = 2 * np.arctan(math.sqrt((1 - e) / (1 + e)) * np.tan(nu / 2))
    since = (E - e * np.sin(E)) * math.sqrt((q / (1 - e)) ** 3 / GM_SUN)
    many = Elements(*(np.resize(np.asarray(f), nu.size) for f in orbits))
    return state_from_elements(many, EPOCH + since)[:, :3]


def test_coplanar_circles_are_as_far_apart_as_their_radii():
    found = moid_between(orbit(1.0, 0.0), orbit([1.0, 1.3, 0.4], 0.0))
    assert_allclose(found.moid_au, [0, 0.3, 0.6], rtol=0, atol=1e-15)
    assert np.isnan(found.moid2_au).all()


def test_crossing_coplanar_ellipses_meet_twice():
    # r = p / (1 + e cos nu) = 1 where cos nu = (p - 1) / e; q = 0.5, e = 0.6, p = 0.8.
    found = moid_between(orbit(0.5, 0.6), orbit(1.0, 0.0))
    assert_allclose([found.moid_au[0], found.moid2_au[0]], [0, 0], rtol=0, atol=1e-14)
    assert_allclose(math.cos(found.nu[0]), (0.8 - 1) / 0.6, rtol=0, atol=1e-13)


def test_crossing_at_one_node_only():
    # In the plane of a unit circle the ellipse has its nodes at q = 1 and Q = 3.
    found = moid_between(orbit(1.0, 0.5, i=0.7), orbit(1.0, 0.0))
    assert_allclose([found.moid_au[0], found.nu[0], found.body_nu[0]], 0, rtol=0, atol=1e-13)
    assert found.moid2_au[0] > 0.5 or np.isnan(found.moid2_au[0])


@pytest.mark.parametrize("tilt", [1e-6, 0.5, math.pi / 2])
def test_tilted_circles_of_one_radius_meet_at_both_nodes(tilt):
    found = moid_between(orbit(1.0, 0.0, i=tilt), orbit(1.0, 0.0))
    assert_allclose([found.moid_au[0], found.moid2_au[0]], 0, rtol=0, atol=1e-14)


def test_orbit_run_through_backwards_crosses_at_the_same_places():
    forward = moid_between(orbit(0.5, 0.6), orbit(1.0, 0.0))
    backward = moid_between(orbit(0.5, 0.6, i=math.pi), orbit(1.0, 0.0))
    assert_allclose([backward.moid_au[0], backward.moid2_au[0]], 0, rtol=0, atol=1e-14)
    assert_allclose(abs(backward.nu), abs(forward.nu), rtol=0, atol=1e-13)


@pytest.mark.parametrize("e", [0.0, 0.0167, 0.5, 0.97])
def test_identical_orbits_touch(e):
    one = orbit(0.9, e, 0.3, 1.0, 2.0)
    assert_allclose(moid_between(one, one).moid_au, 0, rtol=0, atol=1e-14)


@pytest.mark.parametrize(
    ("e_range", "tilt_range"),
    [
        pytest.param((0, 0.99), (0.05, 3.0), id="closed"),
        pytest.param((1.0, 3.5), (0.05, 3.0), id="open"),
        pytest.param((0, 0.99), (1e-9, 1e-2), id="nearly-coplanar"),
        pytest.param((1.0, 2.0), (1e-9, 1e-2), id="open-nearly-coplanar"),
    ],
)
def test_fast_search_agrees_with_the_plain_one(e_range, tilt_range):
    runners = drawn(11, 12, e_range, tilt_range)
    fast = moid(runners, EPOCH)
    plain = moid_direct(runners, body_elements("earth", np.full(12, EPOCH)))
    assert_allclose(fast.moid_au, plain.moid_au, rtol=0, atol=1e-12)
    assert_allclose(fast.moid2_au, plain.moid2_au, rtol=0, atol=1e-9)


@pytest.mark.parametrize("body", ["mercury", "jupiter", "pluto"])
def test_fast_search_agrees_with_the_plain_one_for_other_planets(body):
    runners = drawn(5, 5, (0.1, 0.9), (0.01, 1.0))
    plain = moid_direct(runners, body_elements(body, np.full(5, EPOCH)))
    assert_allclose(moid(runners, EPOCH, body).moid_au, plain.moid_au, rtol=0, atol=1e-12)


def test_two_eccentric_orbits_agree_with_the_plain_search():
    a, b = drawn(1, 12, (0.5, 0.95), (0.01, 3.0)), drawn(2, 12, (0.5, 0.95), (0.01, 3.0))
    assert_allclose(moid_between(a, b).moid_au, moid_direct(a, b).moid_au, rtol=0, atol=1e-12)


def stress(kind, count):
    rng = np.random.default_rng(20260601)
    angles = rng.uniform(0, math.tau, (2, count))
    tilt = 10 ** rng.uniform(-9, 0, count)
    e = rng.uniform(0.1, 0.99, count)
    if kind == "tangent at perihelion or aphelion":
        near = 1 + rng.choice([-1, 1], count) * 10 ** rng.uniform(-7, -2, count)
        q = np.where(rng.random(count) < 0.5, near, near * (1 - e) / (1 + e))
        return orbit(q, e, tilt, *angles)
    if kind == "co-orbital":
        e = rng.uniform(0, 0.05, count)
        return orbit((1 + rng.uniform(-0.02, 0.02, count)) * (1 - e), e, tilt, *angles)
    if kind == "hyperbolic":
        e = 1 + 10 ** rng.uniform(-6, 0.5, count)
    return orbit(rng.uniform(0.01, 1.2, count), e, tilt, *angles)


@pytest.mark.slow
@pytest.mark.parametrize(
    "kind", ["tangent at perihelion or aphelion", "co-orbital", "hyperbolic", "closed"]
)
def test_no_minimum_is_missed_on_stress_sets(kind, monkeypatch):
    orbits = stress(kind, 10_000)
    found = moid(orbits, EPOCH)
    monkeypatch.setattr(moid_module, "_SAMPLES", 1000)
    assert_allclose(found.moid_au, moid(orbits, EPOCH).moid_au, rtol=0, atol=1e-11)


closed = st.tuples(
    st.floats(0.1, 3),
    st.floats(0, 0.95),
    st.floats(0, math.pi),
    st.floats(0, math.tau),
    st.floats(0, math.tau),
)


@settings(max_examples=60, deadline=None)
@given(closed, closed)
def test_moid_is_symmetric_under_exchange(first, second):
    a, b = orbit(*first), orbit(*second)
    one, other = moid_between(a, b), moid_between(b, a)
    assert_allclose(one.moid_au, other.moid_au, rtol=0, atol=1e-9)


@settings(max_examples=60, deadline=None)
@given(closed, closed, st.floats(0, math.tau), st.floats(0, math.pi))
def test_moid_does_not_change_when_both_orbits_are_turned(first, second, about_z, about_x):
    c, s, cx, sx = math.cos(about_z), math.sin(about_z), math.cos(about_x), math.sin(about_x)
    turn = np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]]) @ [[c, -s, 0], [s, c, 0], [0, 0, 1]]
    a, b = orbit(*first), orbit(*second)
    turned = [
        elements_from_state((state_from_elements(o, EPOCH).reshape(2, 3) @ turn.T).ravel(), EPOCH)
        for o in (a, b)
    ]
    before, after = moid_between(a, b), moid_between(*turned)
    assert_allclose(after.moid_au, before.moid_au, rtol=0, atol=1e-8)


@settings(max_examples=60, deadline=None)
@given(closed, closed, st.lists(st.floats(-3.1, 3.1), min_size=2, max_size=30))
def test_moid_is_not_above_any_sampled_distance(first, second, anomalies):
    a, b = orbit(*first), orbit(*second)
    nu = np.array(anomalies)
    gaps = np.linalg.norm(points(a, nu)[:, None] - points(b, nu)[None], axis=2)
    assert moid_between(a, b).moid_au[0] <= gaps.min() + 1e-12


def test_anomalies_are_those_of_the_nearest_points():
    a, b = drawn(3, 20, (0.1, 0.9), (0.05, 2.0)), drawn(4, 20, (0.0, 0.1), (0.05, 2.0))
    found = moid_between(a, b)
    for k in range(20):
        one = points(Elements(*(np.asarray(f)[k : k + 1] for f in a[:6])), found.nu[k : k + 1])
        two = points(Elements(*(np.asarray(f)[k : k + 1] for f in b[:6])), found.body_nu[k : k + 1])
        assert_allclose(np.linalg.norm(one - two), found.moid_au[k], rtol=0, atol=1e-11)


def test_gradient_agrees_with_differences():
    orbits = drawn(8, 30, (0.1, 1.5), (0.05, 2.0))
    gradient = moid_gradient(orbits, EPOCH)
    for column, name in enumerate(FIELDS):
        up, down = (orbits._replace(**{name: getattr(orbits, name) + h}) for h in (1e-6, -1e-6))
        slope = (moid(up, EPOCH).moid_au - moid(down, EPOCH).moid_au) / 2e-6
        assert_allclose(gradient[:, column], slope, rtol=0, atol=2e-8)


@settings(max_examples=100, deadline=None)
@given(st.floats(-2, 2), st.floats(-2, 2), st.floats(0.01, 1.0))
def test_nearest_point_of_an_ellipse_beats_every_other_point(x, y, b):
    c, s = nearest_on_ellipse(x, y, 1.0, b)
    u = np.linspace(0, math.tau, 200)
    others = np.hypot(x - np.cos(u), y - b * np.sin(u)).min()
    assert math.hypot(x - c, y - b * s) <= others + 1e-12


def test_threads_do_not_change_a_digit():
    orbits = drawn(6, 500, (0, 2.0), (1e-6, 3.0))
    one, four = moid(orbits, EPOCH, threads=1), moid(orbits, EPOCH, threads=4)
    assert all(np.array_equal(a, b, equal_nan=True) for a, b in zip(one, four, strict=True))


def test_two_open_orbits_are_refused():
    with pytest.raises(OrbitError, match=r"Both orbits of row 0 are open"):
        moid_between(orbit(1.0, 1.2), orbit(1.0, 1.5))

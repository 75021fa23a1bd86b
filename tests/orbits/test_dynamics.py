import numpy as np
import pytest
from numpy.testing import assert_allclose

from skywright.errors import OrbitError
from skywright.orbits.constants import AU_KM, GM_SUN
from skywright.orbits.dynamics import (
    GM_AU3_D2,
    ForceModel,
    acceleration,
    field_at,
    prepare_world,
)
from skywright.orbits.ephemeris import BODIES, body_states

_T = 7_305.25
_HELD = np.array([1.3, -0.4, 0.2, 0.004, 0.013, -0.001])


def _acceleration(y, model, nongrav=(0.0, 0.0, 0.0)):
    table, layout, force = prepare_world(model, 2_451_545.0, 2_460_000.0)
    field, out = np.empty((12, 3)), np.empty(6)
    field_at(_T, table, layout, field)
    acceleration(y, field, force, np.array(nongrav), out)
    return out, field


def test_newtonian_pull_is_the_plain_sum_over_the_bodies():
    bare = ForceModel(relativity=False, earth_j2=False, sun_j2=False)
    out, field = _acceleration(_HELD, bare)
    toward = field[:11] - _HELD[:3]
    expected = (GM_AU3_D2 / np.linalg.norm(toward, axis=1) ** 3) @ toward
    assert_allclose(out[3:], expected, rtol=1e-14, atol=0)
    assert np.array_equal(out[:3], _HELD[3:])


def test_the_field_ends_with_the_velocity_of_the_sun():
    table, layout, _ = prepare_world(ForceModel(), 2_451_545.0, 2_460_000.0)
    field, states = np.empty((12, 3)), np.empty((11, 6))
    field_at(_T, table, layout, field)
    body_states(_T, table, layout, states)
    assert_allclose(field[:11], states[:, :3], rtol=0, atol=1e-15)
    assert_allclose(field[11], states[0, 3:], rtol=0, atol=1e-12)


# Montenbruck & Gill (2000), equation 3.27 on the axis and on the equator: the oblateness adds
# -3 J2 (R/r)^2 to the pull above a pole and +3/2 J2 (R/r)^2 above the equator.
@pytest.mark.parametrize(("direction", "factor"), [("pole", -3.0), ("equator", 1.5)])
def test_oblateness_of_the_earth_at_the_pole_and_the_equator(direction, factor):
    eps = np.radians(84_381.448 / 3600)
    unit = np.array([0, np.sin(eps), np.cos(eps)] if direction == "pole" else [1.0, 0, 0])
    r = 20_000 / AU_KM
    bare = ForceModel(relativity=False, earth_j2=False, sun_j2=False)
    _, field = _acceleration(_HELD, bare)
    earth = field[BODIES.index("earth")]
    y = np.concatenate([earth + r * unit, np.zeros(3)])
    with_j2 = _acceleration(y, ForceModel(relativity=False, sun_j2=False))[0][3:]
    extra = with_j2 - _acceleration(y, bare)[0][3:]
    pull = GM_AU3_D2[BODIES.index("earth")] / r**2
    expected = -factor * 1.0826254545e-3 * (6_378.1366 / 20_000) ** 2 * pull
    assert_allclose(extra @ unit, expected, rtol=1e-8, atol=0)


def test_the_force_falls_with_the_square_and_keeps_its_axes():
    bare = ForceModel(relativity=False, earth_j2=False, sun_j2=False)
    a = np.array([3e-13, -5e-14, 2e-14])
    plain, field = _acceleration(_HELD, bare)
    extra = _acceleration(_HELD, bare, a)[0][3:] - plain[3:]
    r, v = _HELD[:3] - field[0], _HELD[3:] - field[11]
    radial, normal = r / np.linalg.norm(r), np.cross(r, v) / np.linalg.norm(np.cross(r, v))
    axes = np.array([radial, np.cross(normal, radial), normal])
    assert_allclose(axes @ extra * (r @ r), a, rtol=0, atol=1e-18)


def test_numbers_per_object_must_fit_the_objects():
    with pytest.raises(OrbitError, match="for each of the 2 objects"):
        ForceModel(nongrav=np.zeros((3, 3))).nongrav_of(2)


def test_the_sun_pulls_most_by_far():
    assert_allclose(GM_AU3_D2[0], GM_SUN, rtol=0, atol=0)
    assert GM_AU3_D2[0] / GM_AU3_D2[1:].sum() > 700

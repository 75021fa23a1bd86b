import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from skywright.orbits.bplane import target_plane
from skywright.orbits.constants import AU_KM, DAY_S
from skywright.orbits.dynamics import GM_AU3_D2

_GM = GM_AU3_D2[3]
_PLANET_V = np.array([0.0, 0.0172, 0.0])
_FAST = 0.01


# Valsecchi et al. (2003), section 2: eta along the incoming velocity, here x; zeta against the
# projection of the planet's velocity, here -y; xi = eta x zeta, here -z.
@pytest.mark.parametrize(
    ("offset", "xi", "zeta"), [((0, 1e-3, 0), 0.0, -1e-3), ((0, 0, 1e-3), -1e-3, 0.0)]
)
def test_the_axes_are_those_of_oepiks_theory(offset, xi, zeta):
    plane = target_plane([*offset, _FAST, 0, 0], _PLANET_V, 1e-20)
    assert_allclose([plane.xi_au[0], plane.zeta_au[0]], [xi, zeta], rtol=0, atol=1e-12)


@settings(max_examples=50, deadline=None)
@given(
    q=st.floats(1e-5, 1e-2), v_inf=st.floats(5e-4, 0.04), nu=st.floats(-1.5, 1.5), t=st.floats(0, 6)
)
def test_focusing_obeys_energy_and_angular_momentum(q, v_inf, nu, t):
    """b^2 = q^2 (1 + 2 GM / (q v_inf^2)), from wherever on the hyperbola the state is taken."""
    e = 1 + q * v_inf**2 / _GM
    p, root = q * (1 + e), np.sqrt(_GM / (q * (1 + e)))
    r = p / (1 + e * np.cos(nu))
    x = np.array([r * np.cos(nu), r * np.sin(nu), 0])
    v = root * np.array([-np.sin(nu), e + np.cos(nu), 0])
    turn = np.array([[1, 0, 0], [0, np.cos(t), -np.sin(t)], [0, np.sin(t), np.cos(t)]])
    plane = target_plane(np.concatenate([turn @ x, turn @ v]), [0.01, 0.013, 0.002], _GM)
    b = np.hypot(plane.xi_au, plane.zeta_au)
    assert_allclose(b, q * np.sqrt(1 + 2 * _GM / (q * v_inf**2)), rtol=1e-8, atol=0)
    assert_allclose(plane.pericentre_au, q, rtol=1e-8, atol=0)
    assert_allclose(plane.v_inf_au_d, v_inf, rtol=1e-8, atol=0)


def test_the_point_is_the_same_before_and_after_the_encounter():
    inbound, outbound = [-2e-4, 3e-4, 1e-4, 0.004, 0, 0], None
    from scipy.integrate import solve_ivp

    def pull(_, y):
        return np.concatenate([y[3:], -_GM * y[:3] / np.linalg.norm(y[:3]) ** 3])

    outbound = solve_ivp(pull, (0, 0.2), inbound, method="DOP853", rtol=1e-13, atol=1e-17).y[:, -1]
    plane = target_plane([inbound, outbound], _PLANET_V, _GM)
    assert_allclose(plane.xi_au[0], plane.xi_au[1], rtol=1e-9, atol=0)
    assert_allclose(plane.zeta_au[0], plane.zeta_au[1], rtol=1e-9, atol=0)


def test_bound_motion_has_no_target_plane_but_a_pericentre():
    km, km_s = 1 / AU_KM, DAY_S / AU_KM
    plane = target_plane([7000 * km, 0, 0, 0, 7.5 * km_s, 0], _PLANET_V, _GM)
    assert np.isnan(plane.xi_au[0])
    assert plane.v_inf_au_d[0] == 0
    assert 6000 * km < plane.pericentre_au[0] < 7000 * km


def test_a_central_fall_has_pericentre_zero():
    plane = target_plane([1e-3, 0, 0, -0.01, 0, 0], _PLANET_V, _GM)
    assert_allclose([plane.xi_au[0], plane.zeta_au[0], plane.pericentre_au[0]], 0, atol=1e-15)

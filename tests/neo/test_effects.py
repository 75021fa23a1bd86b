"""Entry and cratering against what is known of real events, and against a direct integration."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from skywright.errors import InputError
from skywright.neo.effects import crater_diameter_km, effects


# Barringer crater is 1.19 km wide; its impactor: iron, about 40 to 50 m, entering at 12 to 20 km/s
# (Melosh & Collins 2005, Nature 434, 157; Kring 2017, Geology of Barringer Meteorite Crater).
# The scaling law itself is good to a factor of about 1.5.
def test_iron_of_forty_metres_makes_the_barringer_crater():
    found = effects(0.040, 8000.0, 20.0)
    assert found.outcome == "crater"
    assert found.crater_diameter_km == pytest.approx(1.19, rel=0.3)


# Chelyabinsk: 19 m, 3300 kg/m^3, 19.16 km/s, 18.3 deg; main burst at 30 km, 0.5 Mt
# (Popova et al. 2013, Science 342, 1069; Brown et al. 2013, Nature 503, 238).
def test_chelyabinsk_bursts_near_thirty_kilometres():
    found = effects(0.0198, 3300.0, 19.16, 18.3)
    assert found.outcome == "airburst"
    assert found.burst_altitude_km == pytest.approx(30.0, abs=5.0)
    assert found.energy_mt == pytest.approx(0.5, rel=0.25)


def test_slowing_of_the_cloud_agrees_with_a_direct_integration():
    L, density, v, sine = 60.0, 2700.0, 17_000.0, np.sqrt(0.5)
    found = effects(L / 1e3, density, v / 1e3)
    z0, z1 = found.breakup_altitude_km * 1e3, found.burst_altitude_km * 1e3
    H, drag = 8000.0, 2.0
    spread = L * sine * np.sqrt(density / (drag * np.exp(-z0 / H)))

    def slowing(z, speed):
        width = L * np.sqrt(1 + (2 * H / spread * np.expm1((z0 - z) / (2 * H))) ** 2)
        return 0.75 * drag * np.exp(-z / H) * width**2 / (density * L**3 * sine) * speed

    above = v * np.exp(-3 * np.exp(-z0 / H) * drag * H / (4 * density * L * sine))
    end = solve_ivp(slowing, (z0, z1), [above], rtol=1e-10).y[0, -1]
    lost = found.energy_mt * (1 - (end / v) ** 2)
    assert found.burst_energy_mt == pytest.approx(lost, rel=1e-6)


@given(d=st.floats(0.005, 5.0), v=st.floats(11.2, 70.0), density=st.floats(500, 8000))
def test_fate_is_one_of_two_and_energy_is_conserved(d, v, density):
    found = effects(d, density, v)
    assert (found.outcome == "crater") == (found.crater_diameter_km is not None)
    assert 0 <= found.burst_energy_mt <= found.energy_mt * (1 + 1e-12)


@given(d=st.floats(0.05, 10.0), grow=st.floats(1.01, 3.0))
def test_larger_impactor_makes_a_larger_crater(d, grow):
    if d < 0.5 < d * grow:  # the law has a step where simple craters end
        return
    assert crater_diameter_km(d * grow, 3000.0, 20.0) > crater_diameter_km(d, 3000.0, 20.0)


def test_angle_below_the_horizon_is_refused():
    with pytest.raises(InputError, match=r"angle_deg = -3 must be in \(0, 90\]"):
        effects(0.1, 3000.0, 20.0, -3.0)

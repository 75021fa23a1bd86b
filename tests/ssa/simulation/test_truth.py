"""True orbits against published rates: J2, Sun and Moon, C22, drag; conserved energy; burns."""

from datetime import datetime

import numpy as np
import pytest

from skywright.ssa.simulation.catalogue import equinoctial
from skywright.ssa.simulation.forces import C22, GM_KM3_S2, RADIUS_KM, S22, J, tesseral, zonal
from skywright.ssa.simulation.geo_keeping import measured, pull_deg_d2
from skywright.ssa.simulation.surroundings import (
    EARTH_RATE_RAD_S,
    Surroundings,
    log_density,
    surroundings,
)
from skywright.ssa.simulation.truth import Body, Track

START = datetime(2020, 3, 1)  # noqa: DTZ001 - times inside are UTC without a zone
NOTHING = Body(0.0, 0.0)


def around(days, *, sun_and_moon=True):
    n = int(days * 8) + 10
    full = surroundings(START, days + 1, np.full(n, 120.0), np.full(n, 10.0))
    # So far away that they pull no more.
    bodies = full.bodies_km if sun_and_moon else full.bodies_km * 1e4
    return Surroundings(
        full.start_utc, full.sidereal_rad, bodies, full.inverse_kelvin, full.log_density
    )


def circular(axis_km, inclination_deg, node_deg=0.0):
    i, node = np.radians([inclination_deg, node_deg])
    speed = np.sqrt(GM_KM3_S2 / axis_km)
    ascending = np.array([np.cos(node), np.sin(node), 0.0])
    beyond = np.array([-np.sin(node) * np.cos(i), np.cos(node) * np.cos(i), np.sin(i)])
    return np.concatenate([axis_km * ascending, speed * beyond])


def flown(state, days, *, step_s=100.0, body=NOTHING, sun_and_moon=True, burns=()):
    track = Track(around(days, sun_and_moon=sun_and_moon), body, step_s, days)
    track.start(0.0, state)
    track.forward(days * 86400.0, list(burns))
    return track


def potential(track):
    """Of the Earth, in the rotating frame; from the textbook sums, not from the kernels."""
    r = track.states[:, :3]
    t = np.arange(len(r)) * track.step_s
    distance = np.linalg.norm(r, axis=1)
    s, q = r[:, 2] / distance, RADIUS_KM / distance
    legendre = [np.polynomial.legendre.Legendre.basis(n)(s) for n in range(2, 7)]
    told = 1.0 - sum(j * q**n * p for j, n, p in zip(J, range(2, 7), legendre, strict=True))
    east = np.arctan2(r[:, 1], r[:, 0]) - track.around.sidereal_rad - EARTH_RATE_RAD_S * t
    sectoral = C22 * np.cos(2 * east) + S22 * np.sin(2 * east)
    told += 3.0 * q**2 * (1.0 - s**2) * sectoral
    return GM_KM3_S2 / distance * told


# Without Sun, Moon and air the Jacobi integral of the turning Earth is constant (Montenbruck and
# Gill 2000, section 3.1): energy minus the Earth's rate times the axial angular momentum.
@pytest.mark.parametrize("inclination_deg", [51.6, 98.6])
def test_the_jacobi_integral_is_constant(inclination_deg):
    track = flown(circular(7000.0, inclination_deg), 5.0, sun_and_moon=False)
    r, v = track.states[:, :3], track.states[:, 3:]
    axial = r[:, 0] * v[:, 1] - r[:, 1] * v[:, 0]
    integral = 0.5 * (v**2).sum(axis=1) - potential(track) - EARTH_RATE_RAD_S * axial
    assert np.ptp(integral) / abs(integral[0]) < 2e-9


# Vallado (2013), equation 9-41: node rate -1.5 n J2 (R/p)^2 cos i. J4 and J2 squared add 0.2 %.
@pytest.mark.parametrize(("axis_km", "inclination_deg"), [(7178.0, 98.6), (7000.0, 51.6)])
def test_the_node_turns_as_j2_says(axis_km, inclination_deg):
    track = flown(circular(axis_km, inclination_deg), 10.0, sun_and_moon=False)
    x = equinoctial(track.states)
    node = np.unwrap(np.arctan2(x[:, 4], x[:, 3]))
    days = np.arange(len(node)) * track.step_s / 86400.0
    found = np.degrees(np.polyfit(days, node, 1)[0])
    n = np.sqrt(GM_KM3_S2 / axis_km**3) * 86400.0
    expected = -1.5 * n * J[0] * (RADIUS_KM / axis_km) ** 2 * np.cos(np.radians(inclination_deg))
    assert found == pytest.approx(np.degrees(expected), rel=0.004)


# Vallado (2013), equation 9-43: perigee rate 0.75 n J2 (R/p)^2 (4 - 5 sin^2 i).
def test_the_perigee_turns_as_j2_says():
    axis, e, i = 9000.0, 0.2, np.radians(50.0)
    state = circular(axis, 50.0)
    state[:3] *= 1.0 - e
    state[3:] *= np.sqrt((1.0 + e) / (1.0 - e))
    x = equinoctial(flown(state, 10.0, step_s=60.0, sun_and_moon=False).states)
    node = np.unwrap(np.arctan2(x[:, 4], x[:, 3]))
    argp = np.unwrap(np.arctan2(x[:, 2], x[:, 1])) - node
    found = np.degrees(np.polyfit(np.arange(len(argp)) * 60.0 / 86400.0, argp, 1)[0])
    n = np.sqrt(GM_KM3_S2 / axis**3) * 86400.0
    squeeze = (RADIUS_KM / (axis * (1.0 - e**2))) ** 2
    expected = np.degrees(0.75 * n * J[0] * squeeze * (4.0 - 5.0 * np.sin(i) ** 2))
    assert found == pytest.approx(expected, rel=0.01)


# Soop (1994), section 5.3: the pole of the geostationary orbit moves 0.75 to 0.95 deg a year.
def test_sun_and_moon_tilt_the_geostationary_orbit():
    track = flown(circular(42165.8, 0.01), 365.0, step_s=1800.0)
    x = equinoctial(track.states)
    tilt = np.degrees(2.0 * x[-48:, 3:5].mean(axis=0) - 2.0 * x[:48, 3:5].mean(axis=0))
    assert 0.75 < np.hypot(*tilt) < 0.95


# Soop (1994), section 4.3: at most 0.0018 deg/day2 with all terms, 0.0017 of J22 alone; at rest
# at 75.1 deg east.
@pytest.mark.parametrize("east_deg", [30.0, 75.1, 120.0, 165.0])
def test_c22_pulls_a_geostationary_satellite_to_75_deg_east(east_deg):
    sky = around(31.0, sun_and_moon=False)
    axis = 42166.25
    turn = np.radians(east_deg) + sky.sidereal_rad
    state = circular(axis, 0.0)
    spin = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    state[:2], state[3:5] = spin @ state[:2], spin @ state[3:5]
    track = Track(sky, NOTHING, 1800.0, 31.0)
    track.start(0.0, state)
    rates = []
    for day in (1.1, 30.0):
        track.forward(day * 86400.0, [])
        rates.append(measured(track, forward=True)[1])
    pull = (rates[1] - rates[0]) / 28.9
    assert pull == pytest.approx(pull_deg_d2(east_deg), abs=1e-4)
    assert abs(pull) < 0.0018


# King-Hele (1987), section 4: a circle sinks by 2 pi C_D A/m rho a^2 a revolution.
def test_a_circle_sinks_as_its_drag_says():
    axis, area = RADIUS_KM + 350.0, 0.02
    track = flown(circular(axis, 0.01), 3.0, body=Body(area, 0.0), sun_and_moon=False)
    a = equinoctial(track.states)[:, 0]
    height = np.linalg.norm(track.states[:, :3], axis=1).mean() - RADIUS_KM
    revolution = round(2.0 * np.pi * np.sqrt(axis**3 / GM_KM3_S2) / track.step_s)
    days = (len(a) - revolution) * track.step_s / 86400.0
    found = (a[-revolution:].mean() - a[:revolution].mean()) / days
    density = float(np.exp(log_density(np.array([height]))[0]))
    n = np.sqrt(GM_KM3_S2 / axis**3)
    # Against air that turns with the Earth; kg/m3 x m2/kg x km gives 1e3 /km.
    slower = (1.0 - EARTH_RATE_RAD_S / n) ** 2
    expected = -area * density * 1e3 * n * axis**2 * slower * 86400.0
    assert found == pytest.approx(expected, rel=0.05)


def test_a_run_back_through_a_burn_returns():
    burns = [(200_123.0, 0.1, 2.0, 0.0, False)]
    there = flown(circular(7200.0, 66.0), 4.0, burns=burns)
    back = Track(there.around, NOTHING, 100.0, 4.0)
    back.start(4.0 * 86400.0, there.states[-1])
    back.backward(0.0, burns)
    assert back.states[0, :3] == pytest.approx(there.states[0, :3], abs=0.002)


def test_an_in_track_burn_drifts_three_times_its_size():
    one = flown(circular(7200.0, 66.0), 2.0)
    two = flown(circular(7200.0, 66.0), 2.0, burns=[(1.0, 0.0, 1.0, 0.0, False)])
    behind = np.linalg.norm(two.states[-1, :3] - one.states[-1, :3])
    assert behind == pytest.approx(3.0 * 1e-3 * 2.0 * 86400.0, rel=0.02)


@pytest.mark.parametrize("force", [zonal, lambda y, a: tesseral(y, 0.3, a)])
def test_fields_are_gradients(force):
    """A gradient field has no curl."""
    at, h = np.array([5000.0, -3000.0, 4200.0, 0.0, 0.0, 0.0]), 0.5
    slope = np.empty((3, 3))
    for c in range(3):
        sides = []
        for sign in (1.0, -1.0):
            place, out = at.copy(), np.zeros(3)
            place[c] += sign * h
            force(place, out)
            sides.append(out)
        slope[:, c] = (sides[0] - sides[1]) / (2.0 * h)
    assert slope == pytest.approx(slope.T, abs=1e-6 * np.abs(slope).max())
    assert np.trace(slope) == pytest.approx(0.0, abs=1e-5 * np.abs(slope).max())


def test_a_state_between_rows_is_that_of_a_finer_run():
    coarse = flown(circular(7200.0, 66.0), 0.5)
    fine = flown(circular(7200.0, 66.0), 0.5, step_s=25.0)
    assert coarse.at(12_325.0)[:3] == pytest.approx(fine.at(12_325.0)[:3], abs=0.005)


def test_half_the_step_gives_the_same_week():
    coarse = flown(circular(7178.0, 98.6), 7.0)
    fine = flown(circular(7178.0, 98.6), 7.0, step_s=50.0)
    assert coarse.states[-1, :3] == pytest.approx(fine.states[-1, :3], abs=0.02)


def test_an_object_that_comes_down_has_no_states_after():
    track = flown(circular(RADIUS_KM + 150.0, 50.0), 5.0, body=Body(0.1, 0.0))
    assert track.high < len(track.states) - 1
    assert np.isnan(track.states[track.high + 1]).all()

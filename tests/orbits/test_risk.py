"""Risk scales: published cases, the diagram of the Torino scale, laws."""

import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from skywright.errors import InputError
from skywright.orbits.risk import (
    impact_energy_mt,
    impact_speed_km_s,
    palermo_cumulative,
    palermo_scale,
    torino_scale,
)
from skywright.orbits.timescales import jd_tdb_from_text

chances = st.floats(1e-12, 1.0)
energies = st.floats(1e-3, 1e9)
waits = st.floats(0.01, 1000)


# Bennu, 2182-09-24: Farnocchia et al. (2021), Icarus 369, 114594, 1 in 2,700; mass 7.33e10 kg.
# Sentry lists 1,400 Mt and -1.59 for that date.
# Apophis, 27 December 2004: 1 in 37 for 2029-04-13, about 1,480 Mt (Sentry, that day), 1.10.
# 2024 YR4, 18 February 2025: 3.1 % for 2032-12-22, 7.8 Mt (CNEOS), -0.18.
@pytest.mark.parametrize(
    ("probability", "energy_mt", "wait_yr", "published", "tol"),
    [
        pytest.param(1 / 2700, 1400, 2182.73 - 2022.97, -1.59, 0.02, id="bennu-2182"),
        pytest.param(1 / 37, 1480, 2029.28 - 2004.99, 1.10, 0.02, id="apophis-2004"),
        pytest.param(0.031, 7.8, 2032.97 - 2025.13, -0.18, 0.03, id="2024-yr4"),
    ],
)
def test_palermo_value_is_the_published_one(probability, energy_mt, wait_yr, published, tol):
    assert_allclose(palermo_scale(probability, energy_mt, wait_yr), published, rtol=0, atol=tol)


@pytest.mark.parametrize(
    ("probability", "energy_mt", "published"),
    [
        pytest.param(1 / 37, 1480, 4, id="apophis-2004"),
        pytest.param(0.031, 7.8, 3, id="2024-yr4"),
        pytest.param(1 / 2700, 0.9, 0, id="too small to count"),
        pytest.param(1e-9, 1e4, 0, id="too unlikely"),
        pytest.param(1e-4, 100, 1, id="normal"),
        pytest.param(5e-3, 1000, 2, id="merits attention"),
        pytest.param(0.5, 5e4, 5, id="regional threat"),
        pytest.param(5e-3, 1e6, 6, id="global threat"),
        pytest.param(0.5, 1e6, 7, id="great global threat"),
        pytest.param(1.0, 15, 8, id="certain, Tunguska"),
        pytest.param(1.0, 1e4, 9, id="certain, regional"),
        pytest.param(1.0, 1e8, 10, id="certain, Chicxulub"),
        pytest.param(0.0, 1e8, 0, id="excluded"),
    ],
)
def test_torino_value_follows_the_diagram(probability, energy_mt, published):
    assert torino_scale(probability, energy_mt) == published


@given(chances, chances, energies)
def test_torino_value_does_not_fall_with_probability(one, other, energy_mt):
    low, high = sorted((one, other))
    assert torino_scale(low, energy_mt) <= torino_scale(high, energy_mt)


@given(chances, energies, energies)
def test_torino_value_does_not_fall_with_energy(probability, one, other):
    low, high = sorted((one, other))
    assert torino_scale(probability, low) <= torino_scale(probability, high)


@given(chances, energies, waits)
def test_ten_times_the_wait_lowers_the_palermo_value_by_one(probability, energy_mt, wait_yr):
    values = palermo_scale(probability, energy_mt, np.array([wait_yr, 10 * wait_yr]))
    assert_allclose(values[0] - values[1], 1.0, rtol=0, atol=1e-9)


@given(st.lists(st.tuples(chances, energies, waits), min_size=1, max_size=8))
def test_cumulative_palermo_value_is_at_least_the_largest(impacts):
    columns = np.array(impacts).T
    largest = palermo_scale(*columns).max()
    total = palermo_cumulative(*columns)
    assert largest - 1e-12 <= total <= largest + math.log10(len(impacts)) + 1e-12


def test_impossible_impact_has_no_palermo_value():
    assert palermo_scale(0.0, 10.0, 5.0) == -math.inf
    assert palermo_cumulative([], [], []) == -math.inf


def test_energy_of_tunguska_sized_body():
    # 50 m at 3000 kg/m^3 and 15 km/s: pi/6 d^3 rho v^2 / 2 = 2.209e16 J = 5.28 Mt.
    mass_kg = 3000 * math.pi / 6 * 50**3
    assert_allclose(impact_energy_mt(mass_kg, 15.0), 5.2795, rtol=0, atol=1e-4)


def test_body_at_rest_arrives_with_escape_speed():
    # Escape speed of the Earth 11.18 km/s, of the Moon 2.38 km/s (NASA fact sheets).
    speeds = [float(impact_speed_km_s(0.0)), float(impact_speed_km_s(0.0, "moon"))]
    assert_allclose(speeds, [11.18, 2.38], rtol=0, atol=0.01)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((1.2, 1.0, 1.0), r"probability=1\.2 must be between 0 and 1"),
        ((math.nan, 1.0, 1.0), r"probability=nan"),
        ((0.1, 0.0, 1.0), r"energy_mt=0 must be a finite number above 0"),
        ((0.1, 1.0, -3.0), r"wait_yr=-3 must be a finite number above 0"),
    ],
)
def test_value_outside_its_range_is_refused(arguments, words):
    with pytest.raises(InputError, match=words):
        palermo_scale(*arguments)


def test_neocc_list_is_reproduced_from_its_own_columns(reference_data):
    table = pl.read_parquet(reference_data / "risk" / "neocc_risk_list.parquet").drop_nulls(
        ["ip_max", "ps_max", "v_km_s", "diameter_m", "vi_max_utc"]
    )
    dates = np.array([jd_tdb_from_text(text[:10]) for text in table["vi_max_utc"]])
    wait = (dates - jd_tdb_from_text("2022-12-20")) / 365.25
    # The list rounds diameters and names no density; 2000 kg/m^3 is the one it agrees with.
    mass = 2000 * math.pi / 6 * table["diameter_m"].to_numpy() ** 3
    energy = impact_energy_mt(mass, table["v_km_s"].to_numpy())
    found = palermo_scale(table["ip_max"].to_numpy(), energy, wait)
    assert np.median(np.abs(found - table["ps_max"].to_numpy())) < 0.06
    assert (torino_scale(table["ip_max"].to_numpy(), energy) == 0).all()

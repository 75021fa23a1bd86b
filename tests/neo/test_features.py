"""What follows from an orbit, against JPL's own values."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skywright.neo.features import (
    A_JUPITER_AU,
    EARTH_SPEED_KM_S,
    add_features,
    orbit_class,
    tisserand,
)

# JPL SBDB, solution 220 of 99942 Apophis (epoch 2461000.5): period 323.5664375491271 d,
# Q 1.09870838264049 au, t_jup 6.466, MOID .000360605 au, class ATE, pha true.
APOPHIS = {
    "designation": "2004 MN4", "epoch_jd_tdb": 2461000.5, "e": 0.1911663355386932,
    "q_au": 0.7460522521429133, "i_deg": 3.340958441017069, "node_deg": 203.8996515621043,
    "peri_deg": 126.6728325163065, "h_mag": 19.09, "diameter_km": 0.34,
}  # fmt: skip


def test_apophis_has_the_derived_values_that_jpl_prints():
    row = add_features(pl.DataFrame([APOPHIS])).row(0, named=True)
    assert row["a_au"] == pytest.approx(0.9223803173917017, abs=1e-15)
    assert row["period_d"] == pytest.approx(323.5664375491271, abs=1e-6)
    assert row["aphelion_au"] == pytest.approx(1.09870838264049, abs=1e-13)
    assert row["t_jup"] == pytest.approx(6.466, abs=6e-4)
    assert row["moid_au"] == pytest.approx(0.000360605, abs=6e-10)
    assert (row["orbit_class"], row["is_pha"], row["is_comet"]) == ("ATE", True, False)
    assert row["size_class"] == "140 m to 1 km"


def test_apophis_has_the_node_distances_and_v_inf_that_esa_prints():
    # ESA NEOCC, 99942.ke1: ANODE and DNODE are distances to the Earth's orbit, VINFTY in km/s.
    row = add_features(pl.DataFrame([APOPHIS]), with_moid=False).row(0, named=True)
    assert row["node_asc_au"] == pytest.approx(1.0 - 1.2231621e-3, abs=0.017)
    assert row["node_desc_au"] == pytest.approx(1.0 - 0.1991258, abs=0.017)
    assert row["v_inf_km_s"] == pytest.approx(5.4648634949464, abs=0.3)
    assert "moid_au" not in row


def test_halley_is_retrograde_and_of_halley_type():
    halley = APOPHIS | {"designation": "1P/Halley", "e": 0.9671429, "q_au": 0.5859781,
                        "i_deg": 162.26269}  # fmt: skip
    row = add_features(pl.DataFrame([halley]), with_moid=False).row(0, named=True)
    assert (row["orbit_class"], row["is_comet"]) == ("HTC", True)
    assert row["t_jup"] == pytest.approx(-0.6, abs=0.05)  # JPL: -0.597
    assert row["period_d"] / 365.25 == pytest.approx(75.32, abs=0.02)


def test_an_open_orbit_has_no_period_and_no_aphelion():
    row = add_features(pl.DataFrame([APOPHIS | {"e": 1.2}])).row(0, named=True)
    assert (row["period_d"], row["aphelion_au"], row["orbit_class"]) == (None, None, "HYA")


def test_a_parabola_is_no_error():
    row = add_features(pl.DataFrame([APOPHIS | {"e": 1.0}]), with_moid=False).row(0, named=True)
    assert (row["a_au"], row["period_d"]) == (None, None)


def test_without_a_magnitude_hazard_and_size_stay_open():
    orbit = {k: v for k, v in APOPHIS.items() if k not in {"h_mag", "diameter_km"}}
    row = add_features(pl.DataFrame([orbit])).row(0, named=True)
    assert (row["is_pha"], row["size_class"], row["diameter_h_km"]) == (None, None, None)


def test_a_measured_diameter_goes_before_one_from_the_magnitude():
    rows = [APOPHIS | {"diameter_km": None}, APOPHIS | {"diameter_km": 1.2}]
    table = add_features(pl.DataFrame(rows, infer_schema_length=None), with_moid=False)
    # 1329 / sqrt(0.14) * 10^(-19.09 / 5) km
    assert table["diameter_h_km"][0] == pytest.approx(0.5402, abs=1e-3)
    assert table["size_class"].to_list() == ["140 m to 1 km", "over 1 km"]


# Bounds of CNEOS, "NEO Groups": a and q in au.
@pytest.mark.parametrize(
    ("a", "q", "name"),
    [(0.74, 0.5, "IEO"), (0.99, 0.5, "ATE"), (1.01, 1.0, "APO"), (2.0, 1.016, "APO"),
     (2.0, 1.018, "AMO"), (2.0, 1.31, "MCA"), (1.9, 1.7, "IMB"), (2.7, 2.5, "MBA"),
     (3.5, 3.0, "OMB"), (5.2, 5.0, "TJN"), (10.0, 8.0, "CEN"), (40.0, 35.0, "TNO")],
)  # fmt: skip
def test_classes_follow_their_definition(a, q, name):
    e = np.array([1 - q / a])
    assert orbit_class(np.array([q]), e, np.zeros(1), comet=np.zeros(1, bool)) == [name]


def test_classes_are_those_of_jpl_for_four_thousand_objects(reference_data):
    table = pl.read_parquet(reference_data / "catalogue" / "sbdb_neo_full_2020.parquet")
    ours = orbit_class(
        table["q"].to_numpy(), table["e"].to_numpy(), np.radians(table["i"].to_numpy()),
        comet=table["class"].is_in(["HTC", "JFc", "ETc", "CTc", "COM"]).to_numpy(),
    )  # fmt: skip
    assert (pl.Series(ours) == table["class"]).all()


def test_tisserand_parameters_are_those_of_jpl(reference_data):
    table = pl.read_parquet(reference_data / "catalogue" / "sbdb_neo_full_2020.parquet")
    a, q, e, i = (table[name].to_numpy() for name in ("a", "q", "e", "i"))
    ours = tisserand(A_JUPITER_AU, a, q, e, np.radians(i))
    assert np.max(np.abs(ours - table["t_jup"].to_numpy())) < 5.1e-4  # printed to 0.001


def test_a_circle_at_the_earth_has_no_speed_at_infinity():
    assert pytest.approx(29.785, abs=1e-3) == EARTH_SPEED_KM_S
    one, zero = np.ones(1), np.zeros(1)
    assert tisserand(1.0, one, one, zero, zero)[0] == 3.0


@given(st.floats(0.01, 2.0), st.floats(0.0, 0.99), st.floats(0.0, np.pi))
def test_turning_an_orbit_round_only_changes_the_sign_of_its_second_term(q, e, i):
    a = q / (1 - e)
    args = (np.array([a]), np.array([q]), np.array([e]))
    both = tisserand(1.0, *args, np.array([i])) + tisserand(1.0, *args, np.array([np.pi - i]))
    assert both[0] == pytest.approx(2.0 / a, rel=1e-12, abs=1e-12)

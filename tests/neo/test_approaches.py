import polars as pl
import pytest
from numpy.testing import assert_allclose

from skywright.errors import InputError
from skywright.neo.approaches import list_approaches
from skywright.orbits.constants import AU_KM

_COLUMNS = [
    "designation",
    "body",
    "jd_tdb",
    "dist_au",
    "v_rel_km_s",
    "v_inf_km_s",
    "b_xi_km",
    "b_zeta_km",
    "impact",
]


@pytest.fixture
def apophis():
    """JPL Small-Body Database, 99942 Apophis, solution 220 of 2024-06-25."""
    return pl.DataFrame(
        {
            "designation": ["2004 MN4"],
            "epoch_jd_tdb": [2_461_000.5],
            "a_au": [0.9223803173917017],
            "e": [0.1911663355386932],
            "i_deg": [3.340958441017069],
            "node_deg": [203.8996515621043],
            "peri_deg": [126.6728325163065],
            "mean_anomaly_deg": [312.8054663584516],
            "a1_au_d2": [5e-13],
            "a2_au_d2": [-2.901766637153165e-14],
        }
    )


# JPL: 38,011 km on 2029-04-13 at 21:46 TDB.
def test_the_passage_of_apophis_is_listed(apophis):
    listed = list_approaches(apophis, start="2029-04-01", stop="2029-05-01", within_au=0.05)
    assert listed.columns == _COLUMNS
    assert listed["body"].to_list() == ["earth", "moon"]
    first = listed.row(0, named=True)
    assert first["designation"] == "2004 MN4"
    assert_allclose(first["dist_au"] * AU_KM, 38_011, rtol=0, atol=5)
    assert_allclose(first["jd_tdb"], 2_462_240.407, rtol=0, atol=1e-3)


def test_rows_keep_the_order_of_the_table_and_then_of_time(apophis):
    second = apophis.with_columns(designation=pl.lit("B"), peri_deg=pl.col("peri_deg") + 5)
    both = pl.concat([second, apophis])
    listed = list_approaches(both, start="2020-01-01", stop="2030-01-01", within_au=0.3)
    assert listed["designation"].unique(maintain_order=True).to_list() == ["B", "2004 MN4"]
    for _, group in listed.group_by("designation"):
        assert group["jd_tdb"].is_sorted()


def test_a_julian_date_is_a_date_as_well(apophis):
    by_text = list_approaches(apophis, start="2029-04-01", stop="2029-05-01", within_au=0.05)
    by_number = list_approaches(apophis, start=2_462_227.5, stop=2_462_257.5, within_au=0.05)
    assert by_text.equals(by_number)


def test_only_the_bodies_asked_for_are_listed(apophis):
    listed = list_approaches(
        apophis, start="2029-04-01", stop="2029-05-01", within_au=0.05, bodies=["Moon"]
    )
    assert listed["body"].to_list() == ["moon"]


def test_nothing_near_gives_an_empty_table_with_all_columns(apophis):
    listed = list_approaches(apophis, start="2029-05-01", stop="2029-05-02", within_au=1e-4)
    assert listed.height == 0
    assert listed.columns == _COLUMNS


def test_a_missing_date_in_the_orbit_is_named(apophis):
    table = apophis.drop("mean_anomaly_deg")
    with pytest.raises(InputError, match="tp_jd_tdb"):
        list_approaches(table, start="2029-04-01", stop="2029-05-01", within_au=0.05)

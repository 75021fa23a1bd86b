"""Assessment: definitions exactly, probabilities between their limits, sizes as intervals."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skywright.errors import InputError
from skywright.neo.assess import COLUMNS, add_assessment, predict
from skywright.neo.columns import STATE_COLUMNS
from skywright.neo.notable import notable_objects
from skywright.neo.pha import hazard_probability
from skywright.neo.sizes import albedo_quantile, sizes
from skywright.orbits.elements import Elements, state_from_elements, state_jacobian
from skywright.sources.files import read_objects

NAN = np.array([np.nan])


def rows():
    return notable_objects().drop("orbit_class", strict=False)


def test_known_objects_have_the_class_and_flag_that_jpl_gives():
    found = {row["name"]: row for row in add_assessment(rows()).to_dicts()}
    # JPL SBDB: orbit class and hazard flag.
    for name, orbit_class, hazardous in (
        ("Apophis", "ATE", True),
        ("Bennu", "APO", True),
        ("Eros", "AMO", False),
        ("Phaethon", "APO", True),
        ("Itokawa", "APO", True),
    ):
        assert found[name]["orbit_class"] == orbit_class
        assert found[name]["is_pha"] is hazardous


def test_columns_are_added_and_others_kept():
    table = rows().with_columns(note=pl.lit("mine"))
    found = add_assessment(table)
    assert set(COLUMNS) <= set(found.columns)
    assert found["note"].to_list() == ["mine"] * table.height


def test_unknown_magnitude_gives_nulls_where_it_matters_and_a_class_all_the_same():
    found = add_assessment(rows().head(1).drop("h_mag", "diameter_km", "albedo"))
    row = found.row(0, named=True)
    assert row["is_pha"] is None
    assert row["p_pha"] is None
    assert row["diameter_km_p50"] is None
    assert row["orbit_class"]


def test_dictionaries_and_tables_get_the_same_answer():
    table = rows().head(5).select("designation", "epoch_jd_tdb", "q_au", "e", "i_deg", "node_deg",
                                  "peri_deg", "tp_jd_tdb", "h_mag")  # fmt: skip
    answers = predict(table.to_dicts())
    assert [a["p_pha"] for a in answers] == add_assessment(table)["p_pha"].to_list()


def test_missing_column_is_a_sentence():
    with pytest.raises(InputError, match="needs the columns e"):
        add_assessment(rows().drop("e"))


def test_covariance_widens_the_probability_at_the_edge():
    nominal = {"moid_au": np.array([0.06]), "h_mag": np.array([18.0]), "condition_code": NAN}
    sharp = hazard_probability(**nominal, orbit_sigma_au=np.array([1e-6]), h_sigma=NAN)
    wide = hazard_probability(**nominal, orbit_sigma_au=np.array([0.02]), h_sigma=NAN)
    assert sharp[0] < 0.01 < 0.2 < wide[0]


def test_covariance_over_state_or_elements_gives_the_same_probability():
    el = Elements(*(np.array([x]) for x in (0.93, 0.3, 0.4, 1.0, 2.6, 2461000.5 - 40)))
    epoch = np.array([2461000.5])
    over_elements = np.diag([1e-6, 1e-6, 1e-4, 1e-4, 1e-4, 1e-4])
    units = np.array([1, 1, 1, *[np.pi / 180] * 3])
    to_state = state_jacobian(el, epoch)[0] * units
    over_state = to_state @ over_elements @ to_state.T
    angles = zip(("i_deg", "node_deg", "peri_deg"), (el.i, el.node, el.peri), strict=True)
    common = {"designation": "x", "epoch_jd_tdb": epoch[0], "h_mag": 20.0}
    first = common | {"q_au": 0.93, "e": 0.3, "tp_jd_tdb": el.tp_jd_tdb[0],
                      "covariance": over_elements.ravel().tolist(),
                      **{name: float(np.degrees(value[0])) for name, value in angles}}  # fmt: skip
    state = dict(zip(STATE_COLUMNS, state_from_elements(el, epoch)[0], strict=True))
    second = common | state | {"covariance": over_state.ravel().tolist()}
    answers = [add_assessment(pl.DataFrame([row]))["p_pha"][0] for row in (first, second)]
    assert 0.01 < answers[0] < 0.99
    assert answers[1] == pytest.approx(answers[0], rel=1e-6)


@given(
    moid=st.floats(0, 1), h=st.floats(9, 34), sigma=st.floats(1e-9, 0.5), h_sigma=st.floats(0.01, 2)
)
def test_probability_of_hazard_lies_between_zero_and_one(moid, h, sigma, h_sigma):
    p = hazard_probability(*(np.array([x]) for x in (moid, h, np.nan, sigma, h_sigma)))
    assert 0 <= p[0] <= 1


@given(h=st.floats(12, 30), fainter=st.floats(0.1, 3))
def test_fainter_object_is_smaller_and_quantiles_are_in_order(h, fainter):
    found = sizes(np.array([h, h + fainter]), np.full(2, np.nan), np.full(2, np.nan))
    assert (np.diff(found.diameter_km, axis=1) > 0).all()
    assert (found.diameter_km[0] > found.diameter_km[1]).all()


# Wright et al. (2016), AJ 152, 79: 25.3 % of near-Earth asteroids are dark, with a mode of 0.03.
def test_albedo_distribution_is_that_of_the_paper():
    assert albedo_quantile(0.253 * (1 - np.exp(-0.5)) + 0.747 * 0.0158) == pytest.approx(
        0.03, abs=0.001
    )


def test_measured_diameter_counts_more_than_h():
    found = sizes(np.array([19.0]), NAN, np.array([0.34]))
    assert found.diameter_km[0, 1] == pytest.approx(0.34, rel=1e-12)


@pytest.mark.slow
def test_rule_agrees_with_the_flags_of_jpl(reference_data):
    table = read_objects(reference_data / "catalogue/sbdb_neo_full_2020.parquet")
    found = add_assessment(table).filter(
        pl.col("pha").is_not_null(), pl.col("is_pha").is_not_null()
    )
    assert (found["pha"] == found["is_pha"]).mean() > 0.997  # H is rounded in the table
    assert (found["class"] == found["orbit_class"]).mean() == 1.0


@pytest.mark.slow
def test_probability_beats_the_flag_at_telling_the_flag_of_five_years_later(reference_data):
    then = read_objects(reference_data / "catalogue/mpc_nea_2019.parquet").unique("designation")
    now = pl.read_parquet(reference_data / "catalogue/neo_catalogue_202410.parquet")
    both = add_assessment(then).join(now.select("designation", "pha"), on="designation")
    both = both.filter(pl.col("p_pha").is_not_null(), pl.col("pha").is_not_null())
    truth = both["pha"].cast(pl.Float64).to_numpy()
    brier = np.mean((both["p_pha"].to_numpy() - truth) ** 2)
    stays = np.mean((both["is_pha"].cast(pl.Float64).to_numpy() - truth) ** 2)
    assert brier < 0.9 * stays


@pytest.mark.slow
def test_two_thirds_of_measured_diameters_lie_in_the_interval(reference_data):
    table = pl.read_parquet(reference_data / "catalogue/neo_catalogue_202410.parquet")
    table = table.filter(pl.col("diameter_km").is_not_null(), pl.col("h_mag").is_not_null())
    unknown = np.full(table.height, np.nan)
    found = sizes(table["h_mag"].to_numpy(), unknown, unknown).diameter_km
    measured = table["diameter_km"].to_numpy()
    inside = (measured > found[:, 0]) & (measured < found[:, 2])
    assert 0.60 < inside.mean() < 0.76

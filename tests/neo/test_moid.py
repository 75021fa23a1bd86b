"""The MOID command: JPL's values, columns, and a sentence for bad input."""

import numpy as np
import polars as pl
import pytest
from numpy.testing import assert_allclose

from skywright.errors import EphemerisRangeError, InputError, OrbitError
from skywright.neo.moid import add_moid

# JPL Small-Body Database, solutions 658, 199, 119, 308, 97 (late 2020): elements, MOID to the Earth
# and to Jupiter as printed there.
PUBLISHED = pl.DataFrame(
    [
        ("433 Eros", 2459000.5, 1.45804572908104, 0.222951264743428, 10.8305412182992,
         304.299325900044, 178.882295922722, 0.148623, 3.2865),
        ("99942 Apophis", 2454733.5, 0.9224383019077086, 0.1911953048308701, 3.331369520013644,
         204.4460289189818, 126.401879524849, 0.000315683, 4.12582),
        ("1566 Icarus", 2459000.5, 1.07816892435622, 0.82702135175841, 22.8221058438125,
         87.9975459324354, 31.3933387332223, 0.0342447, 3.21481),
        ("1862 Apollo", 2459000.5, 1.47034543707794, 0.55991673989907, 6.35473160977809,
         35.6271312501446, 285.975958087018, 0.0258141, 3.07104),
        ("101955 Bennu", 2455562.5, 1.12639102593407, 0.203745108478542, 6.03493953360783,
         2.06086732937363, 66.2230684608836, 0.0032228, 3.87795),
    ],
    schema=["designation", "epoch_jd_tdb", "a_au", "e", "i_deg", "node_deg", "peri_deg",
            "jpl_earth_au", "jpl_jupiter_au"],
    orient="row",
)  # fmt: skip


def spread_orbits(count=12):
    rng = np.random.default_rng(7)
    return pl.DataFrame(
        {
            "designation": [f"X{k}" for k in range(count)],
            "epoch_jd_tdb": np.full(count, 2459000.5),
            "q_au": rng.uniform(0.2, 1.3, count),
            "e": rng.uniform(0, 0.9, count),
            "i_deg": rng.uniform(0, 60, count),
            "node_deg": rng.uniform(0, 360, count),
            "peri_deg": rng.uniform(0, 360, count),
        }
    )


def changed(column, value, row=2):
    table = spread_orbits()
    values = table[column].to_list()
    values[row] = value
    return table.with_columns(pl.Series(column, values, strict=False))


def test_moid_equals_the_published_one_to_the_printed_digits():
    found = add_moid(PUBLISHED)["moid_au"]
    assert_allclose(found, PUBLISHED["jpl_earth_au"], rtol=0, atol=5.1e-7)


def test_moid_to_jupiter_equals_the_published_one_to_the_printed_digits():
    found = add_moid(PUBLISHED, body="jupiter")
    assert_allclose(found["moid_au"], PUBLISHED["jpl_jupiter_au"], rtol=0, atol=5.1e-5)
    assert "jupiter_nu_deg" in found.columns


def test_input_columns_pass_through_and_four_are_added():
    found = add_moid(PUBLISHED)
    assert found.columns == [*PUBLISHED.columns, "moid_au", "nu_deg", "earth_nu_deg", "moid2_au"]
    assert found.select(PUBLISHED.columns).equals(PUBLISHED)
    assert found["nu_deg"].is_between(0, 360).all()


def test_axis_and_perihelion_distance_give_the_same():
    table = spread_orbits()
    by_axis = table.with_columns(a_au=pl.col("q_au") / (1 - pl.col("e"))).drop("q_au")
    assert_allclose(add_moid(by_axis)["moid_au"], add_moid(table)["moid_au"], rtol=0, atol=1e-14)


def test_hyperbola_is_taken_with_a_negative_axis():
    table = spread_orbits(1).with_columns(e=pl.lit(1.2))
    by_axis = table.with_columns(a_au=pl.col("q_au") / (1 - pl.col("e"))).drop("q_au")
    assert_allclose(add_moid(by_axis)["moid_au"], add_moid(table)["moid_au"], rtol=0, atol=1e-14)


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("e", -0.1, r"row 3 \(X2\) has e = -0\.1; it must be an eccentricity >= 0"),
        ("e", None, r"row 3 \(X2\) has e = nan; it must be a finite number"),
        ("i_deg", 181.0, r"row 3 \(X2\) has i_deg = 181; .* \[0, 180\] degrees"),
        ("node_deg", float("inf"), r"row 3 \(X2\) has node_deg = inf"),
        ("q_au", -1.0, r"row 3 \(X2\) has q_au = -1"),
    ],
)
def test_bad_cell_is_named_with_row_value_and_range(column, value, words):
    with pytest.raises(OrbitError, match=words):
        add_moid(changed(column, value))


@pytest.mark.parametrize(("a", "e"), [(-1.5, 0.5), (1.5, 1.5)])
def test_axis_of_the_wrong_sign_is_refused(a, e):
    table = spread_orbits().drop("q_au").with_columns(a_au=pl.lit(a), e=pl.lit(e))
    with pytest.raises(OrbitError, match=rf"a_au = {a}; it must be a_au [<>] 0 where e [<>] 1"):
        add_moid(table)


def test_angles_in_radians_are_recognised():
    table = spread_orbits().with_columns(
        (pl.col(name) * np.pi / 180).alias(name) for name in ("i_deg", "node_deg", "peri_deg")
    )
    with pytest.raises(InputError, match="look like radians"):
        add_moid(table)


def test_missing_column_is_named():
    with pytest.raises(InputError, match="needs the columns peri_deg"):
        add_moid(spread_orbits().drop("peri_deg"))


def test_epoch_outside_the_ephemeris_is_refused_with_the_range():
    with pytest.raises(EphemerisRangeError, match="years 1550 to 2650"):
        add_moid(changed("epoch_jd_tdb", 2700000.5))


def test_unknown_body_is_refused_with_the_choices():
    with pytest.raises(InputError, match=r"'moon' has no .* Choose one of: mercury"):
        add_moid(spread_orbits(), body="moon")


def test_empty_table_gives_an_empty_answer():
    assert add_moid(spread_orbits().head(0)).height == 0


def test_every_reference_orbit_agrees_with_jpl_and_distlink(reference_data):
    table = pl.read_parquet(reference_data / "reference" / "moid_reference.parquet")
    found = add_moid(table)["moid_au"]
    assert_allclose(found, table["moid_jpl_au"], rtol=0, atol=6e-7)
    assert_allclose(found, table["moid_distlink_au"], rtol=0, atol=1e-10)

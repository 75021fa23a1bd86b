"""Drift of tables: the right columns are named, the others are not."""

import numpy as np
import polars as pl
import pytest
from numpy.testing import assert_allclose

from skywright.errors import InputError
from skywright.foundry.watch.columns import pairs
from skywright.foundry.watch.drift import (
    benjamini_hochberg,
    chi_square_test,
    drift_report,
    ks_test,
)
from skywright.foundry.watch.stability import chance_level, psi_of_counts, stability


def table_of(rng, rows=7000, columns=20, shifted=(), by=0.6):
    values = rng.normal(size=(rows, columns))
    values[:, list(shifted)] += by
    return pl.DataFrame(values, schema=[f"x{k:02d}" for k in range(columns)])


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_the_two_shifted_of_twenty_columns_are_named_by_both_and_no_other(seed):
    rng = np.random.default_rng(seed)
    report = drift_report(table_of(rng), table_of(rng, shifted=(3, 11)))
    assert report["moved"] == report["differs"] == report["drifted"] == ["x03", "x11"]


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_without_a_shift_no_column_is_named_by_either(seed):
    rng = np.random.default_rng(seed)
    report = drift_report(table_of(rng), table_of(rng))
    assert (report["moved"], report["drifted"], report["drift"]) == ([], [], False)


def test_the_false_discovery_rate_holds_over_many_tables():
    # 10 of 20 columns shifted by 0.3; expected share of false ones is at most 0.1 * 10 / 20.
    rng = np.random.default_rng(7)
    shares = []
    for _ in range(300):
        old, new = rng.normal(size=(2, 20, 300))
        new[:10] += 0.3
        p = np.array([ks_test(a, b)[1] for a, b in zip(old, new, strict=True)])
        named = benjamini_hochberg(p) < 0.1
        shares.append(named[10:].sum() / max(named.sum(), 1))
    assert np.mean(shares) < 0.05 + 3 * np.std(shares) / np.sqrt(300)
    assert np.mean(shares) > 0.01


def test_false_discovery_control_matches_the_published_example():
    # Benjamini & Hochberg (1995), section 3.1: 15 p values, four rejected at 0.05.
    p = np.array(
        [
            *(0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344),
            *(0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0),
        ]
    )
    assert (benjamini_hochberg(p) < 0.05).sum() == 4
    assert_allclose(benjamini_hochberg(p)[0], 0.0015, rtol=0, atol=1e-12)


def test_false_discovery_control_matches_the_definition_in_any_order():
    p = np.random.default_rng(3).uniform(size=50)
    ranked = np.sort(p)
    slow = [min(ranked[j] * 50 / (j + 1) for j in range(50) if ranked[j] >= value) for value in p]
    assert_allclose(benjamini_hochberg(p), np.minimum(slow, 1), rtol=0, atol=1e-12)


def test_the_index_matches_its_sum_written_out():
    # Shares 0.5/0.3/0.2 against 0.4/0.3/0.3: 0.1 ln(5/4) + 0.1 ln(3/2) = 0.062861.
    many = 1e9  # so that the half row of smoothing does not count
    found = psi_of_counts(np.array([5, 3, 2]) * many, np.array([4, 3, 3]) * many)
    assert_allclose(found, 0.1 * np.log(5 / 4) + 0.1 * np.log(3 / 2), rtol=0, atol=1e-7)


def test_the_index_without_drift_exceeds_its_chance_level_as_often_as_it_says():
    rng = np.random.default_rng(5)
    p = np.full(10, 0.1)
    over = [
        psi_of_counts(*(rng.multinomial(n, p).astype(float) for n in (800, 500)))
        > chance_level(800, 500, 10, 0.05)
        for _ in range(4000)
    ]
    assert_allclose(np.mean(over), 0.05, rtol=0, atol=0.012)


def test_few_rows_that_only_look_moved_are_not_called_so():
    rng = np.random.default_rng(1)
    old, new = table_of(rng, rows=60), table_of(rng, rows=25)
    report = drift_report(old, new)
    assert report["moved"] == []
    assert max(row["psi"] for row in report["columns"].values()) > 0.2


def test_kolmogorov_smirnov_matches_its_definition():
    rng = np.random.default_rng(2)
    a, b = rng.normal(size=300), rng.normal(0.2, 1, size=250)
    slow = max(abs((a <= x).mean() - (b <= x).mean()) for x in np.concatenate([a, b]))
    assert_allclose(ks_test(a, b)[0], slow, rtol=0, atol=1e-12)


def test_chi_square_matches_a_published_table():
    # Agresti (2007), Introduction to Categorical Data Analysis, table 2.3: aspirin and heart
    # attacks, 189 of 11034 against 104 of 11037; X2 = 25.01.
    old = pl.Series(["yes"] * 189 + ["no"] * 10845)
    new = pl.Series(["yes"] * 104 + ["no"] * 10933)
    v, p = chi_square_test(old, new)
    assert_allclose(v**2 * 22071, 25.01, rtol=0, atol=0.01)
    assert_allclose(p, 5.7e-7, rtol=0, atol=1e-8)


def test_categories_that_became_more_frequent_or_new_are_named():
    rng = np.random.default_rng(4)
    old = pl.DataFrame({"mode": rng.choice(["safe", "nominal"], 2000, p=[0.1, 0.9])})
    new = pl.DataFrame({"mode": rng.choice(["safe", "slew"], 800, p=[0.1, 0.9])})
    assert drift_report(old, new)["drifted"] == ["mode"]
    assert drift_report(old, old.sample(800, seed=1))["drifted"] == []


def test_a_constant_that_changed_is_named():
    old, new = pl.DataFrame({"gain": [2.0] * 500}), pl.DataFrame({"gain": [3.0] * 500})
    assert drift_report(old, new)["drifted"] == ["gain"]


def test_values_that_went_missing_are_told_apart_from_values_that_moved():
    rng = np.random.default_rng(6)
    x = rng.normal(size=3000)
    old = pl.DataFrame({"x": x})
    new = pl.DataFrame({"x": np.where(rng.uniform(size=3000) < 0.2, np.nan, x)})
    report = drift_report(old, new)
    assert (report["missing_changed"], report["drifted"]) == (["x"], [])
    assert_allclose(report["columns"]["x"]["missing_current"], 0.2, rtol=0, atol=0.03)


def test_text_that_is_not_a_number_counts_as_missing_in_a_number_column():
    old = pl.DataFrame({"x": np.arange(100.0)})
    new = pl.DataFrame({"x": ["1.5", "error", None, "7"]})
    assert drift_report(old, new)["columns"]["x"]["missing_current"] == 0.5


def test_long_texts_are_compared_by_their_lengths():
    rng = np.random.default_rng(8)
    old = pl.DataFrame({"note": ["a" * k + str(k) for k in rng.integers(5, 400, 1000)]})
    new = pl.DataFrame({"note": ["a" * k + str(k) for k in rng.integers(300, 900, 1000)]})
    report = drift_report(old, new)
    assert (report["columns"]["note"]["type"], report["drifted"]) == ("text", ["note"])


def test_times_and_truth_values_are_compared_too():
    days = pl.datetime_range(
        pl.datetime(2024, 1, 1), pl.datetime(2024, 12, 31), "1d", eager=True
    ).alias("at")
    old = pl.DataFrame({"at": days, "lit": [True, False] * 183})
    later = old.with_columns(pl.col("at").dt.offset_by("1y"))
    assert drift_report(old, later)["drifted"] == ["at"]


def test_columns_of_one_table_only_are_named_and_not_compared():
    old = pl.DataFrame({"x": [1.0, 2.0], "old": [1, 2]})
    new = pl.DataFrame({"x": [1.0, 2.0], "fresh": [1, 2]})
    report = drift_report(old, new)
    assert (report["new"], report["gone"], list(report["columns"])) == (["fresh"], ["old"], ["x"])


def test_a_column_without_any_value_is_no_error():
    old = pl.DataFrame(
        {"x": [None, None], "y": [1.0, 2.0]}, schema={"x": pl.Float64, "y": pl.Float64}
    )
    report = drift_report(old, old)
    assert report["drifted"] == []


def test_bins_hold_equal_counts_of_the_reference():
    old = pl.DataFrame({"x": np.random.default_rng(1).exponential(size=1000)})
    (pair,) = pairs(old, old)
    assert stability(pair).bins == 10
    assert stability(pair).psi == 0.0


def test_nothing_to_compare_is_refused():
    with pytest.raises(InputError, match="present table has no rows"):
        drift_report(pl.DataFrame({"x": [1.0]}), pl.DataFrame({"x": []}))
    with pytest.raises(InputError, match="share no column"):
        drift_report(pl.DataFrame({"x": [1.0]}), pl.DataFrame({"y": [1.0]}))

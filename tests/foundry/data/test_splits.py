"""Splits: partitions of the rows that keep time, groups and equal rows whole."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skywright.errors import InputError
from skywright.foundry.data.splits import folds, split_table, way_of

SEEDS = st.integers(0, 2**31)


def ids(split):
    return [set(part["id"]) for part in (split.train, split.valid, split.test)]


@given(rows=st.integers(30, 300), seed=SEEDS, way=st.sampled_from(["holdout", "stratified:0.3"]))
def test_the_parts_are_a_partition(recipe, table, rows, seed, way):
    parts = ids(split_table(table(rows), recipe(way), seed))
    assert sum(map(len, parts)) == rows
    assert set.union(*parts) == set(range(rows))


def test_a_split_is_seventy_fifteen_fifteen_unless_told_otherwise(recipe, table):
    split = split_table(table(1000), recipe(), 1)
    assert [split.train.height, split.valid.height, split.test.height] == [700, 150, 150]


def test_a_given_share_is_that_of_the_test_rows_and_the_rest_keeps_its_proportion(recipe, table):
    split = split_table(table(1000), recipe("stratified:0.2"), 1)
    assert split.test.height == 200
    assert split.valid.height == pytest.approx(800 * 15 / 85, abs=1)


@given(rows=st.integers(60, 400), seed=SEEDS)
def test_each_class_has_its_share_within_one_row(recipe, table, rows, seed):
    data = table(rows, seed=seed)
    split = split_table(data, recipe(), seed)
    for (one,), members in data.group_by("y"):
        found = (split.test["y"] == one).sum()
        assert abs(found - 0.15 * members.height) <= 1.5


@given(seed=SEEDS)
def test_every_class_teaches_even_if_it_has_one_row(recipe, table, seed):
    data = table(100).with_columns(y=pl.Series([*range(5), *[9] * 95]))
    split = split_table(data, recipe(), seed)
    assert set(split.train["y"]) == {0, 1, 2, 3, 4, 9}


def test_a_number_is_stratified_by_its_tenths(recipe, table):
    data = table(1000).with_columns(y=pl.col("x") ** 3)
    split = split_table(data, recipe(), 1)
    lowest = data["y"].quantile(0.1)
    assert (split.test["y"] <= lowest).sum() == 15


def test_the_order_of_rows_and_columns_does_not_matter(recipe, table):
    data = table(200)
    turned = data.reverse().select("y", "x", "id")
    assert ids(split_table(data, recipe(), 5)) == ids(split_table(turned, recipe(), 5))


def test_another_seed_is_another_split(recipe, table):
    data = table(200)
    assert ids(split_table(data, recipe(), 1)) != ids(split_table(data, recipe(), 2))


def test_the_split_of_a_seed_stays_what_it_was(recipe):
    """A change here would let test rows of models in use leak into training."""
    data = pl.DataFrame({"id": list(range(20)), "s": ["a"] * 20, "y": [0, 1] * 10})
    split = split_table(data, recipe(), 1)
    assert sorted(split.test["id"]) == FROZEN_TEST
    assert sorted(split.valid["id"]) == FROZEN_VALID


FROZEN_TEST = [2, 9, 12]
FROZEN_VALID = [0, 14, 15]


def test_few_rows_change_their_part_when_others_are_added(recipe, table):
    data = table(1000)
    before = ids(split_table(data, recipe(), 3))
    more = table(50, seed=9).with_columns(id=pl.col("id") + 5000)
    after = ids(split_table(pl.concat([data, more]), recipe(), 3))
    moved = sum(len(old - new) for old, new in zip(before, after, strict=True))
    assert moved < 30


def test_equal_rows_stay_together(recipe, table):
    data = pl.concat([table(50)] * 4)
    for split in [split_table(data, recipe(), 1), *folds(data, recipe("kfold:5"), 1)]:
        train, valid, test = ids(split)
        assert not train & valid | train & test | valid & test


@given(rows=st.integers(10, 200), moments=st.integers(3, 40), seed=SEEDS)
def test_time_is_in_order_and_no_moment_is_cut_in_two(recipe, rows, moments, seed):
    rng = np.random.default_rng(seed)
    when = np.concatenate([[0, 1, 2], rng.integers(0, moments, rows)])
    data = pl.DataFrame({"t": when, "y": rng.integers(0, 2, len(when))})
    split = split_table(data, recipe("time:t"), seed)
    assert split.train["t"].max() < split.valid["t"].min()
    assert split.valid["t"].max() < split.test["t"].min()


def test_time_is_cut_at_the_shares_where_moments_allow(recipe):
    data = pl.DataFrame({"t": np.arange(100)[::-1], "y": [0, 1] * 50})
    split = split_table(data, recipe("time:t:0.2"), 1)
    assert sorted(split.test["t"]) == list(range(80, 100))


def test_times_may_be_iso_texts_with_zones(recipe):
    texts = [f"2026-01-{day:02d}T00:00:00+02:00" for day in range(1, 21)]
    split = split_table(pl.DataFrame({"t": texts, "y": [0, 1] * 10}), recipe("time:t"), 1)
    assert split.train["t"].max() < split.test["t"].min()


def test_a_text_that_is_no_time_is_named(recipe):
    data = pl.DataFrame({"t": ["2026-01-01"] * 9 + ["soon"], "y": [0, 1] * 5})
    with pytest.raises(InputError, match="1 rows have no time in 't', such as 'soon'"):
        split_table(data, recipe("time:t"), 1)


def test_two_moments_cannot_be_divided_in_three(recipe):
    data = pl.DataFrame({"t": [1, 2] * 5, "y": [0, 1] * 5})
    with pytest.raises(InputError, match="2 different times"):
        split_table(data, recipe("time:t"), 1)


@given(sizes=st.lists(st.integers(1, 30), min_size=3, max_size=25), seed=SEEDS)
def test_no_group_is_in_two_parts_and_none_is_empty(recipe, sizes, seed):
    groups = [f"g{k}" for k, size in enumerate(sizes) for _ in range(size)]
    data = pl.DataFrame({"g": groups, "y": [0] * len(groups)})
    split = split_table(data, recipe("group:g"), seed)
    train, valid, test = (set(p["g"]) for p in (split.train, split.valid, split.test))
    assert all([train, valid, test])
    assert not train & valid | train & test | valid & test


@given(sizes=st.lists(st.integers(1, 40), min_size=8, max_size=30), seed=SEEDS)
def test_group_sizes_miss_the_shares_by_less_than_the_largest_group(recipe, sizes, seed):
    groups = [k for k, size in enumerate(sizes) for _ in range(size)]
    data = pl.DataFrame({"g": groups, "y": [0] * len(groups)})
    split = split_table(data, recipe("group:g"), seed)
    for part, share in ((split.train, 0.7), (split.valid, 0.15), (split.test, 0.15)):
        assert abs(part.height - share * len(groups)) <= max(sizes)


def test_two_groups_cannot_be_divided_in_three(recipe):
    with pytest.raises(InputError, match="2 groups cannot be divided"):
        split_table(pl.DataFrame({"g": [1, 2] * 9, "y": [0] * 18}), recipe("group:g"), 1)


@pytest.mark.parametrize(("way", "number"), [("kfold:5", 5), ("kfold:10", 10), ("kfold:5x2", 10)])
def test_every_row_judges_once_a_repetition(recipe, table, way, number):
    data = table(101)
    found = folds(data, recipe(way), 1)
    assert len(found) == number
    judged = pl.concat([split.test for split in found])["id"].value_counts()
    assert set(judged["count"]) == {5 if way == "kfold:5x2" else 1}


def test_the_folds_have_equal_class_shares_and_are_partitions(recipe, table):
    data = table(200, classes=2)
    for split in folds(data, recipe("kfold:5"), 1):
        assert sum(map(len, ids(split))) == 200
        assert abs(split.test["y"].mean() - data["y"].mean()) < 0.03


def test_the_repetitions_of_5x2_differ(recipe, table):
    found = folds(table(100), recipe("kfold:5x2"), 1)
    assert len({frozenset(split.test["id"]) for split in found}) == 10


def test_too_few_rows_for_the_folds_are_told(recipe, table):
    with pytest.raises(InputError, match="too few for 10 folds"):
        folds(table(12), recipe("kfold:10"), 1)


@pytest.fixture
def timed(table):
    days = pl.date_range(pl.date(2026, 1, 1), pl.date(2026, 2, 9), eager=True)
    return table(40).with_columns(t=days)


@pytest.mark.parametrize("way", ["stratified", "stratified:0.2", "kfold:5"])
def test_a_time_series_is_not_shuffled_unasked(recipe, timed, way):
    with pytest.raises(InputError, match="'t' is a time, .* would shuffle it.*time:t"):
        split_table(timed, recipe(way), 1)


def test_a_declared_time_counts_even_if_it_is_a_number(recipe, table):
    with pytest.raises(InputError, match="'x' is a time"):
        split_table(table(40), recipe(prepare={"types": {"x": "time"}}), 1)


def test_who_writes_holdout_shuffles_a_time(recipe, timed):
    assert split_table(timed, recipe("holdout"), 1).test.height == 6


def test_three_rows_are_too_few_and_the_sentence_says_for_what(recipe, table):
    with pytest.raises(InputError, match="3 rows are too few: none would be left to"):
        split_table(table(3, classes=1), recipe(), 1)


def test_a_missing_column_is_named_with_those_there_are(recipe, table):
    with pytest.raises(InputError, match="'nope', which the data lack. Their columns are id, x, y"):
        split_table(table(30), recipe("group:nope"), 1)


def test_lists_and_bytes_may_be_in_the_rows(recipe, table):
    data = table(40).with_columns(
        s=pl.Series([[1.0, float(k)] for k in range(40)]),
        b=pl.Series([bytes([k]) for k in range(40)]),
    )
    assert sum(map(len, ids(split_table(data, recipe(), 1)))) == 40


def test_a_share_without_a_column_is_read_as_the_column():
    assert way_of("time:0.2").column == "0.2"
    assert way_of("group:sat:0.25").test == 0.25


def test_a_share_of_nothing_is_told_even_for_groups(recipe):
    data = pl.DataFrame({"g": [1, 2, 3, 4] * 5, "y": [0] * 20})
    with pytest.raises(InputError, match="none would be left to judge"):
        split_table(data, recipe("group:g:0.0"), 1)

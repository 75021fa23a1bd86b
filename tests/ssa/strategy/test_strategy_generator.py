"""The generator as served, the game of waiting, and the command."""

import json
import math

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from skywright.cli.main import app
from skywright.errors import InputError
from skywright.ssa.strategy.encounters import COLUMNS
from skywright.ssa.strategy.generator import ACTS, FEATURES, Generator, features
from skywright.ssa.strategy.timing import (
    Series,
    TimingPolicy,
    at_cut_off,
    at_first_flag,
    cost,
    fuel,
    searched,
)


def rows(n=5, seed=1):
    random = np.random.default_rng(seed)
    root = random.normal(size=(n, 2, 2))
    covariance = root @ root.transpose(0, 2, 1) + 0.1 * np.eye(2)
    response = random.normal(size=(n, 2, 3)) * 1e3
    return random.normal(size=(n, 2)), covariance, np.full(n, 0.01), response


def series(log_pc, *, above, days=(5.0, 2.0, 1.2, 0.5)):
    return Series("e", "A", np.array(days), np.array(log_pc), above)


def test_the_policy_does_not_depend_on_the_axes_of_the_plane():
    miss, covariance, hbr, response = rows()
    turn = np.array([[math.cos(0.7), -math.sin(0.7)], [math.sin(0.7), math.cos(0.7)]])
    turned = (miss @ turn.T, turn @ covariance @ turn.T, hbr, turn @ response)
    first, second = features(miss, covariance, hbr, response), features(*turned)
    assert first.shape == (5, len(FEATURES))
    np.testing.assert_allclose(first, second, rtol=0, atol=1e-9)


def test_the_shipped_policy_answers_with_acts_and_values():
    generator = Generator()
    logits, value = generator.answers(features(*rows()))
    assert logits.shape == (5, len(ACTS))
    assert np.isfinite(value).all()


def test_fuel_rises_as_warning_shrinks():
    assert np.all(np.diff(fuel(np.linspace(5.0, 0.1, 50))) >= 0.0)


def test_waiting_to_a_bad_end_costs_the_penalty_and_a_burn_its_fuel():
    one = series([-6, -6, -4, -4], above=True)
    assert cost(one, None) == 30.0
    assert cost(one, at_first_flag(one)) == pytest.approx(1.0 / 1.2)


def test_the_cut_off_rule_looks_at_the_last_message_a_day_before():
    assert at_cut_off(series([-4, -4, -8, -4], above=True)) is None
    assert at_cut_off(series([-8, -8, -4, -8], above=False)) == 2


def test_the_search_waits_where_early_flags_vanish():
    vanish = [series([-4.2, -9, -9, -9], above=False)] * 200
    stay = [series([-4.2, -4.2, -4.2, -4.2], above=True)] * 2
    policy = searched([*vanish, *stay])
    assert policy.decide(vanish[0]) is None
    assert policy.decide(stay[0]) is not None


def test_a_probability_that_cannot_be_is_refused():
    with pytest.raises(InputError, match="pc between 0 and 1"):
        TimingPolicy((-5.0, -5.0, -5.0)).act_now(1.0, math.nan)


@pytest.fixture
def file(tmp_path):
    row = dict.fromkeys(COLUMNS, 0.0) | {"id": 7, "hard_body_radius_km": 0.012}
    row |= {"p_j2k_x_km": 7100.0, "p_j2k_vy_km_s": 7.49, "s_j2k_x_km": 7100.05}
    row |= {"s_j2k_vy_km_s": -6.0, "s_j2k_vz_km_s": 4.0}
    for who in "ps":
        row |= {f"{who}_c_rr_km2": 4e-4, f"{who}_c_tt_km2": 0.04, f"{who}_c_nn_km2": 9e-4}
    path = tmp_path / "some.parquet"
    pl.DataFrame([row]).write_parquet(path)
    return path


def test_the_command_prints_one_object_with_a_plan_for_each_reference_lead(file):
    result = CliRunner().invoke(app, ["ssa", "strategy", "--conjunctions", str(file), "--json"])
    [row] = json.loads(result.stdout)["conjunctions"]
    assert row["solved"]
    assert [plan["lead_revolutions"] for plan in row["by_lead"]] == [0.5, 1.5, 2.5]


def test_the_command_refuses_a_blackout_that_is_no_span(file):
    args = ["ssa", "strategy", "--conjunctions", str(file), "--blackout", "soon"]
    result = CliRunner().invoke(app, args)
    assert isinstance(result.exception, InputError)
    assert "FROM:TO in hours" in str(result.exception)

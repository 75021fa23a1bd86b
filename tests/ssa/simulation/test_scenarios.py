"""Scenarios: told by their number alone, causal, and true to their label."""

import numpy as np
import polars as pl
import pytest

from skywright.errors import InputError, NotFoundError
from skywright.ssa.behaviours import Behaviour
from skywright.ssa.element_sets import checked_history
from skywright.ssa.simulation.scenarios import FAMILIES, simulate


def same(one, two):
    return (
        one.scenario_id == two.scenario_id
        and one.policy == two.policy
        and one.asset.equals(two.asset)
        and one.other.equals(two.other)
        and one.burns.equals(two.burns)
    )


@pytest.fixture(scope="module")
def some():
    return simulate(8, seed=5)


def test_the_same_seed_gives_the_same_scenarios(some):
    assert all(map(same, some, simulate(8, seed=5)))


def test_a_scenario_does_not_depend_on_the_others(some):
    assert same(simulate(1, seed=5, first=6)[0], some[6])


def test_another_seed_gives_others(some):
    assert not same(simulate(1, seed=6)[0], some[0])


def test_no_set_is_received_after_the_assessment(some):
    for one in some:
        for history in (one.asset, one.other):
            assert (history["received_utc"] <= one.at_utc).all()
            assert (history["received_utc"] >= history["epoch_utc"]).all()


def test_histories_are_histories(some):
    for one in some:
        assert checked_history(one.other).equals(one.other)
        assert one.other["epoch_utc"].is_sorted()


def test_burns_lie_before_the_assessment(some):
    burns = pl.concat([one.burns.with_columns(at=pl.lit(one.at_utc)) for one in some])
    assert (burns["start_utc"] <= burns["at"]).all()


@pytest.mark.parametrize("behaviour", list(Behaviour))
@pytest.mark.parametrize("regime", ["leo", "geo", "meo"])
def test_every_behaviour_has_families_to_hold_one_out(regime, behaviour):
    from skywright.ssa.simulation.scenarios import CLASS_OF

    own = [name for name in FAMILIES[regime] if CLASS_OF[name] == behaviour]
    assert len(own) >= 2


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"regimes": ["low"]}, "no regime 'low'"),
        ({"policies": ["dance"]}, "no policy 'dance'"),
    ],
)
def test_unknown_names_are_told_with_those_there_are(given, said):
    with pytest.raises(NotFoundError, match=said):
        simulate(1, seed=1, **given)


def test_no_scenarios_is_refused():
    with pytest.raises(InputError, match="at least 1"):
        simulate(0, seed=1)


def test_the_smallest_burn_is_that_of_the_behaviour(some):
    for one in some:
        made = one.burns.filter((pl.col("role") == "other") & ~pl.col("routine"))
        size = made.select(pl.sum_horizontal(pl.col("^dv_.*$") ** 2).sqrt()).to_series()
        assert made.is_empty() == np.isnan(one.smallest_burn_m_s)
        assert made.is_empty() or size.min() == pytest.approx(one.smallest_burn_m_s)

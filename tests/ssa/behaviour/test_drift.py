"""The watch: what did not change is not named, what changed is, and alarms are counted once."""

import json

import numpy as np
import polars as pl
import pytest
from scipy import stats
from typer.testing import CliRunner

from skywright.cli.main import app
from skywright.errors import InputError
from skywright.ssa.behaviour.drift import (
    alarm_rates,
    apart,
    drift_of_residuals,
    drift_of_slots,
    watch,
    without_manoeuvre,
)
from skywright.ssa.behaviour.encoder import encoder_in_use
from skywright.ssa.behaviour.slots import SLOTS
from skywright.ssa.behaviour.windows import (
    Windows,
)
from tests.ssa.detection.test_residuals import satellite

NAMES = [one.name for one in SLOTS]


def windows(slots, names=None, at_d=None):
    count = len(slots)
    return Windows(
        slots,
        np.full(count, "leo"),
        np.array([f"o{k}" for k in range(count)]) if names is None else names,
        np.full(count, "watched"),
        np.zeros(count, dtype=bool),
        np.arange(count, dtype=float) if at_d is None else at_d,
    )


def drawn(count, seed):
    slots = np.random.default_rng(seed).normal(size=(count, len(SLOTS)))
    slots[:, NAMES.index("axis_km")] += 7000.0
    return slots


def test_windows_of_the_same_kind_do_not_drift():
    told = drift_of_slots({"leo": drawn(300, 1)}, windows(drawn(200, 2)))["leo"]
    assert told["drifted"] == []
    assert (told["rows"], told["rows_reference"]) == (200, 300)


def test_a_slot_that_moved_is_named_with_its_figures():
    now = drawn(200, 2)
    now[:, NAMES.index("axis_scatter_m")] += 2.0
    told = drift_of_slots({"leo": drawn(300, 1)}, windows(now))["leo"]
    assert told["drifted"] == ["axis_scatter_m"]
    assert told["columns"]["axis_scatter_m"]["ks"] > 0.5
    assert told["columns"]["axis_scatter_m"]["psi"] > 0.2


def test_too_few_windows_tell_nothing_and_say_so():
    told = drift_of_slots({"leo": drawn(300, 1)}, windows(drawn(7, 2)))["leo"]
    assert told == {
        "note": "7 windows that do not overlap, 300 in the reference: fewer than 20 tell nothing."
    }


def test_a_regime_without_reference_says_so():
    assert "no window of this regime" in drift_of_slots({}, windows(drawn(30, 2)))["leo"]["note"]


def test_windows_that_are_kept_do_not_overlap():
    at = np.concatenate([np.arange(0.0, 100.0, 5.0), np.arange(0.0, 100.0, 40.0)])
    names = np.array(["one"] * 20 + ["two"] * 3)
    kept = apart(windows(np.zeros((23, 128)), names, at))
    assert sorted(kept.at_d[kept.name == "one"]) == [0.0, 30.0, 60.0, 90.0]
    assert sorted(kept.at_d[kept.name == "two"]) == [0.0, 40.0, 80.0]


def test_residuals_that_grow_are_told_with_their_ratio():
    encoder = encoder_in_use()
    known = encoder_reference(encoder)
    now = known[:100].copy()
    now[:, [one.group == "changes" for one in SLOTS]] *= 30.0
    told = drift_of_residuals(encoder, {"leo": known}, windows(now))["leo"]
    assert told["ratio"] > 1.5
    assert told["p"] < 1e-6


def test_the_same_residuals_have_the_ratio_one():
    encoder = encoder_in_use()
    known = encoder_reference(encoder)
    told = drift_of_residuals(encoder, {"leo": known}, windows(known))["leo"]
    assert told["ratio"] == 1.0
    assert told["p"] > 0.99


def encoder_reference(encoder):
    from skywright.ssa.behaviour.drift import reference_of

    return reference_of(encoder)["leo"]


def p_values(rows):
    return pl.DataFrame(rows, schema=["object", "regime", "at_d", "p"], orient="row")


def test_alarms_of_windows_that_overlap_are_one():
    low = {1, 2, 4, 30, 75}
    table = p_values([("a", "leo", float(k), 0.001 if k in low else 0.5) for k in range(100)])
    told = alarm_rates(table)["all"]
    assert told["alarms"] == 2
    assert told["object_years"] == pytest.approx(100.0 / 365.25)


def test_rows_may_come_in_any_order():
    p = [0.5, 0.001, 0.002, 0.5, 0.001, 0.5]
    table = p_values([("a", "leo", float(k), value) for k, value in enumerate(p)])
    assert alarm_rates(table.sample(fraction=1.0, shuffle=True, seed=3)) == alarm_rates(table)


def test_an_outage_is_not_watched_time():
    days = [*range(10), *range(200, 210)]
    table = p_values([("a", "leo", float(day), 0.5) for day in days])
    assert alarm_rates(table)["all"]["object_years"] == pytest.approx(20.0 / 365.25)


# Garwood (1936), table of 95 % limits: none seen 0 to 3.689, ten seen 4.795 to 18.390.
@pytest.mark.parametrize(("seen", "low", "high"), [(0, 0.0, 3.689), (10, 4.795, 18.390)])
def test_the_interval_is_that_of_garwood(seen, low, high):
    rows = [("a", "leo", float(k), 0.001 if k % 36 == 5 and k < 36 * seen else 0.5)
            for k in range(365)]  # fmt: skip
    told = alarm_rates(p_values(rows))["all"]
    years = told["object_years"]
    assert told["alarms"] == seen
    assert [one * years for one in told["interval"]] == pytest.approx([low, high], abs=1e-3)


def test_regimes_are_told_apart_and_add_up():
    rows = [("a", "leo", float(k), 0.001) for k in range(5)]
    rows += [("b", "geo", float(k), 0.5) for k in range(5)]
    told = alarm_rates(p_values(rows))
    assert {name: one["alarms"] for name, one in told["regimes"].items()} == {"leo": 1, "geo": 0}
    assert told["all"]["alarms"] == 1


@pytest.mark.parametrize(
    ("table", "level", "told"),
    [
        (p_values([("a", "leo", 0.0, 0.5)]).drop("p"), 0.01, "no column p"),
        (p_values([("a", "leo", 0.0, 0.5)]), 1.0, "level must be between 0 and 1, got 1.0"),
        (p_values([("a", "leo", 0.0, 0.5)]).clear(), 0.01, "empty"),
    ],
)
def test_what_cannot_be_counted_is_refused(table, level, told):
    with pytest.raises(InputError, match=told):
        alarm_rates(table, level)


def history(count=3, days=75, steps=()):
    return pl.concat(
        satellite(steps, days=days, norad_id=90001 + k, noise_m=0.5, seed=k) for k in range(count)
    )


def test_a_quiet_satellite_is_passive_and_raises_no_alarm_at_a_strict_level():
    told = watch(encoder_in_use(), history(), level=0.0001, every_d=5.0)
    assert told["objects"] == 3
    assert told["passive"] == [90001, 90002, 90003]
    assert told["passive_alarms"]["all"]["alarms"] == 0


def test_a_burn_lowers_p_where_it_lies_in_the_window():
    table = history(1, days=90, steps=((45, 150.0),))
    from skywright.ssa.behaviour.drift import windows_from

    some = windows_from(table, 5.0)
    since = some.at_d - some.at_d[0]
    p = encoder_in_use().score(some.slots)
    holds = (since > 18.0) & (since < 42.0)
    assert np.median(p[holds]) < np.median(p[since < 14.0])
    assert without_manoeuvre(some) == []


def test_a_reference_of_the_same_objects_is_used_when_given():
    told = watch(encoder_in_use(), history(), reference=history(), every_d=30.0)
    assert told["reference"] == "given"
    assert "fewer than 20" in told["drift"]["leo"]["note"]


def test_a_number_that_is_not_there_cannot_be_passive():
    with pytest.raises(InputError, match="no window of object 7"):
        watch(encoder_in_use(), history(1), passive=[7], every_d=10.0)


def test_too_few_sets_are_refused():
    with pytest.raises(InputError, match="eight sets within 30 days"):
        watch(encoder_in_use(), satellite(days=5))


def test_the_command_prints_one_object(tmp_path):
    path = tmp_path / "history.parquet"
    history(1).write_parquet(path)
    given = ["ssa", "watch", "--history", str(path), "--every-d", "15", "--json"]
    told = json.loads(CliRunner().invoke(app, given).stdout)
    assert told["reference"] == "training"
    assert told["model"]["name"] == "ssa-behaviour"
    assert told["alarms"]["regimes"].keys() == {"leo"}
    assert 0.0 < told["least_p"]["leo"] < 0.001


def test_a_level_that_nothing_can_reach_is_said(tmp_path):
    path = tmp_path / "history.parquet"
    history(1, days=40).write_parquet(path)
    given = ["ssa", "watch", "--history", str(path), "--every-d", "5", "--level", "0.0001"]
    assert "there is no alarm at 0.0001" in CliRunner().invoke(app, given).stdout


@pytest.mark.parametrize(
    ("extra", "told"),
    [
        (["--level", "2"], "level must be between 0 and 1"),
        (["--every-d", "0"], "every_d must be 0.1 to 365 days"),
        (["--passive", "7"], "no window of object 7"),
    ],
)
def test_the_command_refuses_with_a_sentence(tmp_path, extra, told):
    path = tmp_path / "history.parquet"
    history(1, days=40).write_parquet(path)
    result = CliRunner().invoke(app, ["ssa", "watch", "--history", str(path), *extra])
    assert result.exit_code != 0
    assert told in str(result.exception)


def test_the_interval_of_no_alarms_is_that_of_chi_square():
    table = p_values([("a", "leo", float(k), 0.5) for k in range(30)])
    one = alarm_rates(table)["all"]
    expected = stats.chi2.ppf(0.975, 2) / 2.0 / one["object_years"]
    assert one["interval"] == [0.0, pytest.approx(expected)]

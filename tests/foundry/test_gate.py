"""The gate: every condition is read, decided, and told; what is not measured does not pass."""

import json
import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skywright.errors import InputError
from skywright.foundry.gate import judge_report, parse_gate
from skywright.foundry.recipe import recipe_of

SURE = {"difference": 0.3, "low": 0.2, "high": 0.4, "p": 0.001}


def recipe(gate="", **more):
    evaluate = {"metrics": ["auc"], "gate": gate, **more.pop("evaluate", {})}
    return recipe_of({"name": "toy", "kind": "toy", "evaluate": evaluate, **more}, "toy")


def report(auc=0.8, comparison=SURE, champion=None, **more):
    told = {
        "task": "binary",
        "metric": "auc",
        "metrics": {"auc": auc, "brier": 0.15, "ece": 0.04},
        "baseline": {"name": "majority", "metrics": {"auc": 0.5, "brier": 0.25}},
        "champion": None,
        "comparisons": {"baseline": {"by_metric": {"auc": comparison}}},
        "worst_slice": {"metrics": {"auc": 0.65}},
    }
    if champion is not None:
        told["champion"] = {"version": "v1", "metrics": {"auc": champion}}
    return told | more


def held(gate, told, **more):
    verdict = judge_report(recipe(gate, **more), told)
    return verdict.passed, verdict.reason


@pytest.mark.parametrize(
    "gate",
    [
        "auc better than majority, p < 0.05",
        "auc better than baseline",
        "auc better than majority by 0.1",
        "AUC > 0.7".lower(),
        "brier < 0.2",
        "brier<=0.15; ece < 0.05",
        "worst_slice auc > 0.6",
        "auc not worse than champion by 0.01",
        "auc better than baseline, p < .05; auc not worse than champion; brier < 2e-1;",
    ],
)
def test_condition_that_holds_passes(gate):
    passed, reason = held(gate, report())
    assert passed, reason


@pytest.mark.parametrize(
    ("gate", "told"),
    [
        ("auc > 0.9", "auc = 0.8 is not > 0.9"),
        ("brier < 0.1", "brier = 0.15 is not < 0.1"),
        ("worst_slice auc >= 0.7", "auc of the worst slice = 0.65 is not >= 0.7"),
        ("auc better than majority by 0.5", "not better by 0.5"),
        ("auc better than majority, p < 0.0001", "not below 0.0001"),
        ("brier better than majority, p < 0.05", "no p was measured"),
        ("f1 > 0.5", "measured no f1; it has auc, brier, ece"),
        ("worst_slice f1 > 0.5", "measured no f1 of the worst slice"),
        (
            "auc better than rival@champion",
            "no opponent 'rival@champion'.*baseline, majority, champion",
        ),
        ("ece better than majority", "majority has no finite ece"),
    ],
)
def test_condition_that_does_not_hold_keeps_the_model_back(gate, told):
    passed, reason = held(gate, report())
    assert not passed
    assert re.search(told, reason), reason


def test_better_by_chance_is_not_surely_better():
    unsure = {"difference": 0.01, "low": -0.02, "high": 0.04, "p": 0.4}
    passed, reason = held("auc better than baseline", report(0.51, unsure))
    assert not passed
    assert "not surely better, 95 % interval of the difference -0.02 to 0.04" in reason


@pytest.mark.parametrize("gate", ["auc better than baseline", "auc better than baseline, p < 0.05"])
def test_better_on_the_holdout_but_surely_worse_over_the_folds_is_not_better(gate):
    folds = {"difference": -0.2, "low": -0.3, "high": -0.1, "p": 0.001}
    passed, reason = held(gate, report(0.8, folds))
    assert not passed
    assert "not over the folds" in reason


def test_less_is_better_for_an_error():
    comparison = {"brier": {"difference": -0.1, "low": -0.2, "high": -0.05, "p": 0.01}}
    told = report(comparisons={"baseline": {"by_metric": comparison}})
    assert held("brier better than baseline", told)[0]
    worse = report(metrics={"brier": 0.3}, comparisons={"baseline": {"by_metric": comparison}})
    assert not held("brier better than baseline", worse)[0]


@pytest.mark.parametrize(("champion", "passed"), [(0.805, True), (0.82, False), (0.7, True)])
def test_champion_may_be_ahead_by_no_more_than_the_condition_says(champion, passed):
    assert held("auc not worse than champion by 0.01", report(champion=champion))[0] is passed


def test_without_a_number_the_tolerance_of_the_recipe_holds():
    told = report(champion=0.82)
    assert not held("auc not worse than champion", told)[0]
    assert held("auc not worse than champion", told, evaluate={"tolerance": 0.05})[0]


def test_candidate_is_compared_with_the_champion_on_the_rows_it_has_not_seen():
    told = report(champion=0.85)
    told["champion"]["candidate_metrics"] = {"auc": 0.9}
    passed, reason = held("auc not worse than champion", told)
    assert passed
    assert "auc = 0.9, champion 0.85" in reason


def test_champion_that_may_have_seen_the_rows_is_said_to():
    told = report(champion=0.85)
    told["champion"]["champion_may_have_seen_rows"] = True
    assert "may have learned from rows" in held("auc not worse than champion", told)[1]


def test_champion_that_could_not_answer_does_not_let_a_candidate_pass():
    told = report() | {"champion": {"version": "v1", "metrics": {}, "note": "It lacks a column."}}
    passed, reason = held("auc not worse than champion", told)
    assert not passed
    assert "It lacks a column." in reason


def test_no_champion_is_no_obstacle():
    passed, reason = held("auc not worse than champion", report())
    assert passed
    assert "there is no champion" in reason


@pytest.mark.parametrize("value", [math.nan, math.inf, None])
def test_metric_that_is_not_finite_never_passes(value):
    passed, reason = held("", report(value))
    assert not passed
    assert "not a finite number" in reason


def test_default_gate_asks_for_the_baseline_and_the_champion():
    verdict = judge_report(recipe(), report(champion=0.8))
    told = [one["condition"] for one in verdict.conditions]
    assert told == ["auc better than baseline", "auc not worse than champion"]
    assert verdict.passed
    assert json.dumps(verdict.conditions)


def test_default_gate_keeps_back_what_a_baseline_reaches():
    assert not held("", report(0.5, {"difference": 0.0, "low": -0.1, "high": 0.1, "p": 1.0}))[0]


def test_reason_of_a_model_kept_back_names_only_what_failed():
    reason = held("auc > 0.7; brier < 0.1", report())[1]
    assert reason == "brier = 0.15 is not < 0.1."


def test_person_must_sign_where_the_recipe_says_so():
    signed = judge_report(recipe("auc > 0.7", deploy={"sign_off": True}), report())
    assert (signed.passed, signed.needs_person) == (True, True)
    assert not judge_report(recipe("auc > 0.7"), report()).needs_person


def own(skill, **more):
    return {"task": "own", "metric": "skill", "metrics": {"skill": skill}, **more}


def test_kind_that_judges_itself_is_compared_by_its_numbers():
    given_ = recipe_of({"name": "toy", "kind": "toy", "metric": "skill", "tolerance": 0.05}, "toy")
    champion = {"version": "v1", "metrics": {"skill": 0.7}}
    assert judge_report(given_, own(0.66, champion=champion, baseline={"skill": 0.1})).passed
    assert not judge_report(given_, own(0.6, champion=champion)).passed
    assert not judge_report(given_, own(0.05, baseline={"skill": 0.1})).passed


def test_own_metric_of_which_less_is_better_is_turned_round():
    given_ = recipe_of(
        {"name": "toy", "kind": "toy", "metric": "skill", "higher_is_better": False}, "toy"
    )
    champion = {"version": "v1", "metrics": {"skill": 0.7}}
    assert judge_report(given_, own(0.6, champion=champion)).passed
    assert not judge_report(given_, own(0.8, champion=champion)).passed


@pytest.mark.parametrize("metrics", [None, {}, {"other": 1.0}])
def test_champion_without_the_own_metric_on_record_is_no_obstacle(metrics):
    given_ = recipe_of({"name": "toy", "kind": "toy", "metric": "skill"}, "toy")
    champion = {"version": "v1", "metrics": metrics}
    assert judge_report(given_, own(0.6, champion=champion)).passed


def test_run_that_measured_nothing_to_judge_by_is_refused():
    given_ = recipe_of({"name": "toy", "kind": "toy", "metric": "skill"}, "toy")
    with pytest.raises(InputError, match="measured no 'skill'"):
        judge_report(given_, {"task": "own", "metrics": {"other": 1.0}})


@pytest.mark.parametrize(
    "gate",
    [
        "auc is good",
        "auc better then majority",
        "auc > high",
        "auc better than",
        "better than majority",
        "auc better than majority p < 0.05",
        "auc == 0.5",
    ],
)
def test_condition_that_cannot_be_read_is_named_with_what_is_allowed(gate):
    with pytest.raises(InputError, match="cannot be read.*A condition is such as") as error:
        parse_gate(f"brier < 0.2; {gate}")
    assert repr(gate) in str(error.value)


def test_p_of_not_worse_is_refused():
    with pytest.raises(InputError, match="only 'better than' can have"):
        parse_gate("auc not worse than champion, p < 0.05")


@given(
    st.sampled_from(["<", "<=", ">", ">="]),
    st.floats(-1e6, 1e6, allow_nan=False),
    st.sampled_from(["auc", "my_metric2"]),
)
def test_limit_is_read_back_as_it_was_written(sign, limit, metric):
    (one,) = parse_gate(f" {metric} {sign} {limit!r} ;")
    assert (one.metric, one.how, one.limit) == (metric, sign, limit)

"""A whole judgement: numbers with intervals beside a baseline and the model in use."""

import json
from dataclasses import replace

import polars as pl
import pytest

from skywright.errors import InputError
from skywright.foundry.data.splits import Split
from skywright.foundry.evaluate import folds as folds_module
from skywright.foundry.evaluate.evaluation import Champion, Context, evaluate
from skywright.foundry.gate import judge_report


@pytest.fixture
def judged(toy, run_of):
    """Return a judge: fits the toy by a recipe and evaluates it."""

    def judge(recipe=None, rows=200, **more):
        run = run_of(recipe, rows)
        kind = toy.Line()
        kind.fit(run)
        report, arrays = evaluate(kind, run, **more)
        return report, arrays, kind

    return judge


def champion(toy, steepness=1.0, **more):
    given = {"name": "toy", "version": "v1", "predict": toy.line(steepness)}
    return Champion(**(given | {"recipe": toy.recipe()} | more))


def test_report_holds_every_metric_with_an_interval_around_it(judged):
    report, arrays, _ = judged()
    json.dumps(report, allow_nan=False)
    assert (report["task"], report["metric"]) == ("binary", "auc")
    assert report["rows"] == {"train": 200, "valid": 50, "test": 200}
    for name, value in report["metrics"].items():
        low, high = report["intervals"][name]
        assert low <= value <= high or name == "ece", name
    assert len(arrays.candidate) == 200


def test_trivial_baseline_stands_beside_it_without_being_asked_for(judged):
    report, _, _ = judged()
    assert report["baseline"]["name"] == "prior"
    assert report["baseline"]["metrics"]["auc"] == 0.5
    found = report["comparisons"]["baseline"]
    assert found["difference"] == pytest.approx(report["metrics"]["auc"] - 0.5)
    assert 0 < found["low"] < found["difference"] < found["high"]
    assert found["rope"]["verdict"] == "better"


def test_error_that_is_smaller_than_the_baselines_has_a_negative_difference(judged):
    report, _, _ = judged()
    brier = report["comparisons"]["baseline"]["by_metric"]["brier"]
    assert brier["low"] < brier["difference"] < brier["high"] < 0
    assert "rope" not in brier


def test_model_that_learned_nothing_is_kept_back_by_the_default_gate(judged, toy):
    recipe = toy.recipe(params={"steepness": 0.0})
    report, _, _ = judged(recipe)
    verdict = judge_report(recipe, report)
    assert not verdict.passed
    assert "not better" in verdict.reason


def test_model_that_learned_passes_the_default_gate(judged, toy):
    report, _, _ = judged()
    assert judge_report(toy.recipe(), report).passed


def test_champion_of_the_same_division_judges_on_all_rows(judged, toy):
    rival = champion(toy, dataset_id="d1", seed=1)
    report, arrays, _ = judged(champion=rival, context=Context("d1"))
    block = report["champion"]
    assert block["champion_may_have_seen_rows"] is False
    assert block["rows"] == 200
    assert set(arrays.others) == {"baseline", "champion"}
    assert report["comparisons"]["champion"]["by_metric"]["auc"]["difference"] == 0


@pytest.mark.parametrize("more", [{"dataset_id": "d2"}, {"dataset_id": "d1", "seed": 9}, {}])
def test_champion_that_may_have_seen_the_rows_is_marked(judged, toy, more):
    report, _, _ = judged(champion=champion(toy, **more), context=Context("d1"))
    assert report["champion"]["champion_may_have_seen_rows"] is True
    assert "may have learned from rows" in " ".join(report["notes"])


def test_champion_is_judged_on_rows_outside_those_that_taught_it(judged, toy):
    taught = toy.table(200, 3).head(120)
    report, _, _ = judged(champion=champion(toy, taught=taught))
    assert report["champion"]["rows"] == 80
    assert report["champion"]["champion_may_have_seen_rows"] is False
    assert report["champion"]["candidate_metrics"]["auc"] != report["metrics"]["auc"]


def test_champion_that_saw_nearly_all_rows_is_marked(judged, toy):
    taught = toy.table(200, 3).head(190)
    report, _, _ = judged(champion=champion(toy, taught=taught))
    assert report["champion"]["champion_may_have_seen_rows"] is True
    assert report["champion"]["rows"] == 200


def test_champion_that_cannot_answer_is_told_with_the_reason(judged, toy):
    def predict(rows):
        return [{"label": row["speed"]} for row in rows]

    report, _, _ = judged(champion=champion(toy, predict=predict))
    assert "cannot answer these rows: KeyError('speed')" in report["champion"]["note"]
    assert not judge_report(toy.recipe(), report).passed


def test_model_named_as_a_baseline_is_compared_with(judged, toy):
    recipe = toy.recipe({"baseline": ["majority", "old@champion", "gone@champion"]})
    context = Context(rivals={"old@champion": champion(toy, steepness=-1.0)})
    report, _, _ = judged(recipe, context=context)
    assert report["baseline"]["name"] == "majority"
    assert report["others"]["old@champion"]["metrics"]["auc"] < 0.5
    assert report["comparisons"]["old@champion"]["difference"] > 0.3
    assert "gone@champion is not in use." in report["notes"]


def test_gate_may_name_a_baseline_and_a_metric_that_nothing_else_names(judged, toy):
    gate = "mcc > 0.1; auc better than majority; auc better than baseline"
    recipe = toy.recipe({"metrics": ["auc"], "gate": gate})
    report, _, _ = judged(recipe)
    assert set(report["metrics"]) == {"auc", "mcc"}
    assert report["baseline"]["name"] == "prior"
    assert judge_report(recipe, report).passed


@pytest.mark.parametrize(
    ("evaluate_", "told"),
    [
        ({"metrics": ["rmse"]}, "no metric 'rmse' for binary"),
        ({"baseline": ["mean"]}, "names 'mean'; for binary there are prior, majority"),
        ({"slices": ["season"]}, "evaluate.slices names 'season'"),
    ],
)
def test_what_does_not_fit_the_task_is_refused(judged, toy, evaluate_, told):
    with pytest.raises(InputError, match=told):
        judged(toy.recipe(evaluate_))


def test_rows_without_a_target_do_not_judge(toy, run_of):
    run = run_of()
    blank = run.split.test.with_columns(
        fault=pl.when(pl.col("day") < 50).then(None).otherwise(pl.col("fault"))
    )
    run = replace(run, split=Split(run.split.train, run.split.valid, blank))
    kind = toy.Line()
    kind.fit(run)
    assert evaluate(kind, run)[0]["rows"]["test"] == 150


def test_no_row_to_judge_by_is_refused(toy, run_of):
    run = run_of()
    run = replace(run, split=Split(run.split.train, run.split.valid, run.split.test.head(0)))
    kind = toy.Line()
    kind.fit(run)
    with pytest.raises(InputError, match="no row with a target"):
        evaluate(kind, run)


def test_model_without_a_signature_is_refused(toy, run_of):
    with pytest.raises(InputError, match=r"wrote no signature\.json"):
        evaluate(toy.Line(), run_of())


def test_test_rows_of_one_class_leave_auc_out_and_keep_the_model_back(toy, run_of):
    run = run_of()
    ones = run.split.test.filter(pl.col("fault") == "yes")
    run = replace(run, split=Split(run.split.train, run.split.valid, ones))
    kind = toy.Line()
    kind.fit(run)
    report, _ = evaluate(kind, run)
    assert report["metrics"]["auc"] is None
    assert any("needs rows of both classes" in note for note in report["notes"])
    assert not judge_report(toy.recipe(), report).passed


@pytest.mark.parametrize(
    ("split", "unit"),
    [
        ("group:craft", "groups of craft"),
        ("time:day:0.2", "stretches of time"),
        ("holdout", "rows"),
    ],
)
def test_rows_are_drawn_again_as_the_split_divides_them(judged, toy, split, unit):
    report, _, _ = judged(toy.recipe({"split": split}))
    assert report["resampling"]["rows_drawn"] == unit


def test_few_groups_are_warned_of(judged, toy):
    report, _, _ = judged(toy.recipe({"split": "group:craft"}))
    assert "Only 4 groups of craft judge: the intervals are too narrow." in report["notes"]


def folds_of(toy, count=5, rows=120):
    return [
        Split(toy.table(4 * rows, k), toy.table(20, 50 + k), toy.table(rows, 90 + k))
        for k in range(count)
    ]


def test_folds_are_fitted_again_from_nothing_and_tested_by_the_corrected_test(judged, toy):
    report, _, kind = judged(folds=folds_of(toy))
    found = report["comparisons"]["baseline"]
    assert found["method"] == "corrected resampled t-test"
    assert found["holdout"]["method"] == "paired bootstrap"
    assert len(report["folds"]["scores"]["candidate"]["auc"]) == 5
    assert all(run.start is None and run.resume() is None for run in kind.fitted[1:])
    assert not any(run.out.exists() for run in kind.fitted[1:])


def test_progress_of_the_folds_is_logged_but_not_their_curves(judged, toy, tmp_path):
    _, arrays, _ = judged(folds=folds_of(toy, 3))
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [line["fold"] for line in lines if "fold" in line] == [1, 2, 3]
    assert list(arrays.curves) == ["loss"]
    assert len(arrays.curves["loss"]) == 1


def test_five_times_two_folds_are_tested_by_the_tests_made_for_them(judged, toy):
    folds = [
        Split(toy.table(100, k), toy.table(1, 50 + k), toy.table(100, 90 + k)) for k in range(10)
    ]
    found = judged(folds=folds)[0]["comparisons"]["baseline"]
    assert found["method"] == "5x2 cv t-test"
    assert 0 < found["f_p"] < 0.05


def test_recipe_of_the_champion_is_fitted_on_the_same_folds(judged, toy, monkeypatch):
    monkeypatch.setattr(folds_module, "kind_named", lambda name: toy.Line())
    rival = champion(toy, recipe=toy.recipe(params={"steepness": -1.0}))
    report, _, _ = judged(champion=rival, folds=folds_of(toy, 3))
    assert max(report["folds"]["scores"]["champion"]["auc"]) < 0.5
    assert report["comparisons"]["champion"]["rope"]["verdict"] == "better"


def test_champion_of_the_same_recipe_is_not_fitted_against_itself(judged, toy):
    report, _, _ = judged(champion=champion(toy), folds=folds_of(toy, 3))
    assert "champion" not in report["folds"]["scores"]
    assert "the same recipe" in " ".join(report["notes"])
    assert report["comparisons"]["champion"]["method"] == "paired bootstrap"


def test_champion_with_another_target_is_not_fitted(judged, toy):
    other = toy.recipe().model_copy(update={"target": "heat"})
    report, _, _ = judged(champion=champion(toy, recipe=other), folds=folds_of(toy, 3))
    assert "it predicts 'heat', the candidate 'fault'" in " ".join(report["notes"])


class Mean:
    """Answers a number with an interval."""

    def load(self, folder):
        return lambda rows: [{"value": one["heat"], "low": -2.0, "high": 2.0} for one in rows]


def test_regression_with_intervals_tells_their_coverage(toy, run_of):
    run = run_of(toy.recipe({"metrics": []}, target="goal"))
    parts = (
        part.with_columns(goal=pl.col("heat") * 0.9)
        for part in (run.split.train, run.split.valid, run.split.test)
    )
    run = replace(run, split=Split(*parts))
    (run.out / "signature.json").write_text(json.dumps({"task": "regression"}))
    report, _ = evaluate(Mean(), run)
    assert report["metrics"]["coverage"] > 0.9
    assert report["baseline"]["name"] == "mean"
    assert report["comparisons"]["baseline"]["difference"] < 0
    assert judge_report(toy.recipe(target="goal"), report).passed

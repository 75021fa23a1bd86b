"""Performance from labels that came later."""

import numpy as np
from numpy.testing import assert_allclose

from skywright.foundry.evaluate.intervals import wilson_interval
from skywright.foundry.watch.delayed import delayed_performance
from skywright.foundry.watch.traffic import Traffic, truth_of

BINARY = {"task": "binary", "classes": ["no", "yes"], "positive": "yes"}
DAY = 86_400.0


def traffic_of(chances, truths, at):
    told = [
        {"label": "yes" if p > 0.5 else "no", "probabilities": {"no": 1 - p, "yes": p}}
        for p in chances
    ]
    return Traffic(tuple(at), tuple({"x": p} for p in chances), tuple(told), tuple(truths))


def test_accuracy_has_the_count_and_the_score_interval():
    traffic = traffic_of([0.9] * 10, ["yes"] * 7 + ["no"] + [None] * 2, range(10))
    told = delayed_performance(traffic, BINARY, "accuracy")
    assert (told["asked"], told["labelled"]) == (10, 8)
    assert told["whole"]["value"] == 7 / 8
    assert (told["whole"]["low"], told["whole"]["high"]) == wilson_interval(7, 8)


def test_days_are_those_of_the_question_in_utc():
    traffic = traffic_of([0.9] * 4, ["yes", "yes", "no", "yes"], [0, DAY - 1, DAY, 2.5 * DAY])
    days = delayed_performance(traffic, BINARY, "accuracy")["days"]
    assert [(d["day"], d["rows"], d["value"]) for d in days] == [
        ("1970-01-01", 2, 1.0),
        ("1970-01-02", 1, 0.0),
        ("1970-01-03", 1, 1.0),
    ]


def test_a_day_of_one_class_has_no_auc_and_says_so():
    rng = np.random.default_rng(1)
    truths = ["yes"] * 5 + list(rng.choice(["yes", "no"], 200))
    at = [0.0] * 5 + [DAY] * 200
    told = delayed_performance(traffic_of(rng.uniform(size=205), truths, at), BINARY, "auc")
    assert told["days"][0]["value"] is None
    assert "both classes" in told["days"][0]["note"]
    assert told["days"][1]["low"] < told["days"][1]["value"] < told["days"][1]["high"]


def test_a_regression_is_measured_by_its_errors():
    rng = np.random.default_rng(2)
    truths = rng.normal(size=400)
    told = tuple({"value": t + e} for t, e in zip(truths, rng.normal(0, 0.5, 400), strict=True))
    traffic = Traffic(tuple(range(400)), ({},) * 400, told, tuple(truths))
    whole = delayed_performance(traffic, {"task": "regression"}, "rmse")["whole"]
    assert_allclose(whole["value"], 0.5, rtol=0, atol=0.06)
    assert whole["low"] < 0.5 < whole["high"]


def test_nothing_labelled_gives_no_number():
    whole = delayed_performance(traffic_of([0.5], [None], [0.0]), BINARY, "accuracy")["whole"]
    assert (whole["rows"], whole["value"]) == (0, None)


def test_a_truth_may_be_plain_or_in_the_form_of_an_answer():
    assert (truth_of("yes"), truth_of({"label": 1}), truth_of({"value": 2.5})) == ("yes", 1, 2.5)

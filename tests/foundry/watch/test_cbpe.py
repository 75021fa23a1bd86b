"""Performance without labels: right under covariate shift, blind to concept drift, and says so."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from skywright.errors import InputError
from skywright.foundry.evaluate.answers import Answers
from skywright.foundry.evaluate.metrics import measure
from skywright.foundry.watch.cbpe import estimate, mended, trust_in

METRICS = ("accuracy", "auc", "f1")


def honest(rng, rows, centre, sharpen=1.0):
    """A model that knows P(y | x) exactly, on inputs around ``centre``."""
    x = rng.normal(centre, 1.0, rows)
    chance = 1 / (1 + np.exp(-2.0 * x))
    truth = (rng.uniform(size=rows) < chance).astype(int)
    told = 1 / (1 + np.exp(-2.0 * sharpen * x))
    return Answers(
        "binary",
        truth,
        ("no", "yes"),
        np.column_stack([1 - told, told]),
        (told > 0.5).astype(np.int64),
    )


@pytest.mark.parametrize("centre", [0.0, 0.8, -1.5])
def test_the_estimate_follows_the_truth_when_the_inputs_move(centre):
    answers = honest(np.random.default_rng(3), 5000, centre)
    found = estimate(answers, METRICS)["metrics"]
    for name in METRICS:
        real = measure(name, answers)
        assert_allclose(found[name]["value"], real, rtol=0, atol=0.03)
        assert found[name]["low"] < found[name]["value"] < found[name]["high"]


def test_the_interval_holds_the_truth_nineteen_times_in_twenty():
    rng = np.random.default_rng(4)
    inside = 0
    for _ in range(60):
        answers = honest(rng, 300, 0.3)
        found = estimate(answers, ("accuracy",))["metrics"]["accuracy"]
        inside += found["low"] <= measure("accuracy", answers) <= found["high"]
    assert inside >= 52  # 60 at 0.95: 51 or fewer have a probability of 0.3 %


def test_the_expected_accuracy_is_the_mean_probability_of_the_answer():
    answers = honest(np.random.default_rng(5), 4000, 0.5)
    expected = answers.chances().max(axis=1).mean()
    found = estimate(answers, ("accuracy",))["metrics"]["accuracy"]
    assert_allclose(found["value"], expected, rtol=0, atol=2e-3)
    p = answers.chances().max(axis=1)
    half = 1.96 * np.sqrt((p * (1 - p)).sum()) / len(p)  # Poisson binomial
    assert_allclose(found["high"] - found["low"], 2 * half, rtol=0.2)


def test_concept_drift_cannot_be_seen():
    # The relation turned round: the truth falls to a quarter, the estimate does not know.
    rng = np.random.default_rng(6)
    before = honest(rng, 3000, 0.0)
    after = Answers("binary", 1 - before.truth, before.classes, before.probabilities, before.labels)
    assert measure("accuracy", after) < 0.3
    assert estimate(after, ("accuracy",)) == estimate(before, ("accuracy",))


def test_the_same_labels_coming_late_do_show_that_the_calibration_is_gone():
    rng = np.random.default_rng(6)
    before = honest(rng, 3000, 0.0)
    after = Answers("binary", 1 - before.truth, before.classes, before.probabilities, before.labels)
    assert trust_in(before).state == "good"
    assert trust_in(after).state == "poor"


def test_overconfident_probabilities_are_called_poor_and_mended_by_known_truths():
    rng = np.random.default_rng(7)
    known, asked = (honest(rng, 4000, c, sharpen=4.0) for c in (0.0, -0.8))
    real = measure("accuracy", asked)
    believed = estimate(asked, ("accuracy",))
    checked = estimate(asked, ("accuracy",), labelled=known)
    assert believed["metrics"]["accuracy"]["value"] > real + 0.05
    assert (believed["trust"]["state"], checked["trust"]["state"]) == ("unknown", "mended")
    assert_allclose(checked["metrics"]["accuracy"]["value"], real, rtol=0, atol=0.03)


def test_few_known_truths_that_are_poor_are_not_used_to_mend():
    rng = np.random.default_rng(8)
    known = honest(rng, 200, 0.0, sharpen=6.0)
    assert estimate(known, ("accuracy",), labelled=known)["trust"]["state"] == "poor"
    assert trust_in(known.take(np.arange(20))).state == "unknown"


def test_an_honest_model_is_seldom_called_poor():
    rng = np.random.default_rng(9)
    poor = sum(trust_in(honest(rng, 150, 0.2)).state == "poor" for _ in range(60))
    assert poor <= 3


def test_mending_keeps_the_order_and_agrees_with_scikit_learn():
    sklearn = pytest.importorskip("sklearn.isotonic")
    known = honest(np.random.default_rng(10), 1000, 0.0, sharpen=3.0)
    ours = mended(known.chances(), known)[:, 1]
    expected = sklearn.IsotonicRegression().fit_transform(known.positive, known.truth)
    assert_allclose(ours, expected, rtol=0, atol=1e-9)


def test_many_classes_are_estimated_too():
    rng = np.random.default_rng(11)
    chances = rng.dirichlet([0.5, 0.5, 0.5], 3000)
    truth = (rng.uniform(size=(3000, 1)) > chances.cumsum(axis=1)[:, :-1]).sum(axis=1)
    answers = Answers("multiclass", truth, ("a", "b", "c"), chances, chances.argmax(axis=1))
    found = estimate(answers, ("accuracy", "macro_f1"), labelled=answers)
    assert found["trust"]["state"] == "good"
    for name in ("accuracy", "macro_f1"):
        assert_allclose(found["metrics"][name]["value"], measure(name, answers), rtol=0, atol=0.025)


def test_answers_without_probabilities_are_refused():
    labels = np.array([0, 1], dtype=np.int64)
    with pytest.raises(InputError, match="needs probabilities"):
        estimate(Answers("binary", np.array([0, 1]), ("a", "b"), None, labels))

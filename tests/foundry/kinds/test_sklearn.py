"""Estimators by name: what they learn, what they export, and what they refuse."""

import builtins

import pytest

from skywright.errors import InputError, MissingExtraError
from skywright.foundry.kinds import sklearn
from skywright.foundry.onnx_model import agreement

CASES = [
    (name, target)
    for name, (_, classifier, regressor) in sklearn.ESTIMATORS.items()
    for target, able in (("fault", classifier), ("grade", classifier), ("score", regressor))
    if able
]
SMALL = {
    "random_forest": {"n_estimators": 5},
    "extra_trees": {"n_estimators": 5},
    "gradient_boosting": {"n_estimators": 10},
    "hist_gradient_boosting": {"max_iter": 10},
    "mlp": {"hidden_layer_sizes": [8], "max_iter": 20},
}


@pytest.mark.parametrize(("name", "target"), CASES)
def test_every_estimator_answers_the_same_from_its_export(run_of, name, target):
    run = run_of("sklearn", target, params={"estimator": name, **SMALL.get(name, {})})
    sklearn.fit(run)
    found = agreement(run.out, sklearn.load(run.out), run.split.test.to_dicts())
    assert found["agrees"]
    assert found["labels_equal"] == 1.0
    assert found["max_abs_error"] < 2e-5


@pytest.mark.parametrize("name", sorted(sklearn._TREES))
def test_values_that_hardly_differ_take_the_same_branches_in_the_export(run_of, fine, name):
    run = run_of("sklearn", frame=fine, params={"estimator": name, **SMALL.get(name, {})})
    sklearn.fit(run)
    found = agreement(run.out, sklearn.load(run.out), fine.to_dicts())
    assert found["max_abs_error"] < 2e-6


@pytest.mark.parametrize("name", ["logistic_regression", "random_forest", "svm"])
def test_a_classifier_beats_the_commonest_class(run_of, accuracy, name):
    run = run_of("sklearn", params={"estimator": name})
    sklearn.fit(run)
    commonest = run.split.test["fault"].value_counts()["count"].max() / len(run.split.test)
    assert accuracy(sklearn.load(run.out), run) > commonest + 0.2


def test_histogram_trees_keep_missing_values_as_they_are(run_of):
    given = {"estimator": "hist_gradient_boosting"}
    run = run_of("sklearn", params=given, prepare={"missing": "keep", "encode": "ordinal"})
    sklearn.fit(run)
    rows = [row | {"noise": None} for row in run.split.test.to_dicts()]
    assert agreement(run.out, sklearn.load(run.out), rows)["max_abs_error"] < 1e-6


def test_columns_may_have_the_names_that_graphs_use_themselves(run_of, table):
    names = {"speed": "value", "noise": "prepare_fill", "body": "features", "sunlit": ""}
    frame = table.rename(names)
    run = run_of("sklearn", "score", frame=frame, params={"estimator": "ridge"})
    sklearn.fit(run)
    assert agreement(run.out, sklearn.load(run.out), run.split.test.to_dicts())["agrees"]


def test_class_weights_go_by_the_names_of_the_classes(run_of):
    shares = []
    for name, weight in (("light", 0.1), ("heavy", 10.0)):
        given = {"estimator": "logistic_regression", "class_weight": {"yes": weight, "no": 1.0}}
        run = run_of("sklearn", name=name, params=given)
        sklearn.fit(run)
        answers = sklearn.load(run.out)(run.split.test.to_dicts())
        shares.append([answer["label"] for answer in answers].count("yes"))
    assert shares[1] > shares[0] + 10


def test_the_weight_of_a_class_that_is_not_there_is_refused(run_of):
    given = {"estimator": "logistic_regression", "class_weight": {"maybe": 2.0}}
    with pytest.raises(InputError, match="class_weight names 'maybe'.*no, yes"):
        sklearn.fit(run_of("sklearn", params=given))


def test_the_same_seed_gives_the_same_export(run_of):
    runs = [
        run_of("sklearn", name=name, params={"estimator": "extra_trees", "n_estimators": 3})
        for name in ("one", "two")
    ]
    for run in runs:
        sklearn.fit(run)
    assert len({(run.out / "model.onnx").read_bytes() for run in runs}) == 1


def test_what_an_estimator_complains_about_is_in_the_log(run_of):
    run = run_of("sklearn", params={"estimator": "mlp", "max_iter": 1})
    sklearn.fit(run)
    assert "Maximum iterations" in run.log_path.read_text()


def test_an_unknown_estimator_is_refused_with_the_nearest(run_of):
    with pytest.raises(InputError, match="Did you mean random_forest"):
        sklearn.fit(run_of("sklearn", params={"estimator": "random_forrest"}))


def test_an_unknown_parameter_is_refused_with_those_there_are(run_of):
    with pytest.raises(InputError, match="no parameter trees.*n_estimators"):
        sklearn.fit(run_of("sklearn", params={"estimator": "random_forest", "trees": 5}))


def test_an_estimator_of_numbers_does_not_predict_classes(run_of):
    with pytest.raises(InputError, match="ridge cannot predict classes.*logistic_regression"):
        sklearn.fit(run_of("sklearn", params={"estimator": "ridge"}))


def test_a_value_that_the_estimator_refuses_is_told_in_its_words(run_of):
    with pytest.raises(InputError, match="cannot be trained on these rows.*'C'"):
        sklearn.fit(run_of("sklearn", params={"estimator": "logistic_regression", "C": -1.0}))


def test_keeping_missing_values_is_refused_where_it_cannot_be(run_of):
    given = {"estimator": "logistic_regression"}
    with pytest.raises(InputError, match="hist_gradient_boosting"):
        sklearn.fit(run_of("sklearn", params=given, prepare={"missing": "keep"}))


def test_without_scikit_learn_the_export_answers_and_training_is_refused(run_of, monkeypatch):
    run = run_of("sklearn", params={"estimator": "logistic_regression"})
    sklearn.fit(run)
    rows = run.split.test.to_dicts()
    before = sklearn.load(run.out)(rows)
    _hide(monkeypatch, "joblib")
    assert sklearn.load(run.out)(rows)[3]["label"] == before[3]["label"]
    monkeypatch.setattr(sklearn, "import_module", _absent)
    with pytest.raises(MissingExtraError, match=r"pip install 'skywright\[train\]'"):
        sklearn.fit(run)


def _absent(name):
    raise ImportError(name)


def _hide(monkeypatch, name):
    real = builtins.__import__

    def importing(module, *rest, **more):
        if module == name:
            raise ImportError(name)
        return real(module, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", importing)


@pytest.mark.parametrize(
    ("params", "name"),
    [
        ({}, "hist_gradient_boosting"),
        ({"estimator": "RandomForestClassifier"}, "random_forest"),
        ({"estimator": "sklearn.linear_model.Ridge"}, "ridge"),
    ],
)
def test_an_estimator_has_a_default_and_is_known_by_its_class(run_of, params, name):
    assert sklearn.estimator_name(run_of("sklearn", params=params).recipe) == name

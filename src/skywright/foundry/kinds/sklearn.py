"""The kind ``sklearn``: estimators of scikit-learn by name, exported whole.

``params.estimator`` names one of a list; every other key of ``params`` goes to it as it is.
"""

from __future__ import annotations

import difflib
import inspect
import warnings
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from skywright.errors import InputError, MissingExtraError
from skywright.foundry.kind import Predict, Rows
from skywright.foundry.kinds.preparation import Preparation
from skywright.foundry.kinds.preparation_graph import (
    FEATURES,
    ML_OPSET,
    OPSET,
    renamed,
    with_preparation,
)
from skywright.foundry.kinds.tabular import Table, table_of
from skywright.foundry.kinds.tree_graph import boosted_graph
from skywright.foundry.onnx_model import MODEL, load_onnx
from skywright.foundry.recipe import Recipe
from skywright.foundry.recipe_sections import Prepare
from skywright.foundry.run import Run
from skywright.foundry.signature import Signature

ORIGINAL = "model.joblib"
"""The fitted estimator; a pickle, so only the registry's signed folders may be opened."""

ESTIMATORS: Mapping[str, tuple[str, str, str]] = {
    "logistic_regression": ("linear_model", "LogisticRegression", ""),
    "linear_regression": ("linear_model", "", "LinearRegression"),
    "ridge": ("linear_model", "", "Ridge"),
    "lasso": ("linear_model", "", "Lasso"),
    "elastic_net": ("linear_model", "", "ElasticNet"),
    "gaussian_nb": ("naive_bayes", "GaussianNB", ""),
    "decision_tree": ("tree", "DecisionTreeClassifier", "DecisionTreeRegressor"),
    "random_forest": ("ensemble", "RandomForestClassifier", "RandomForestRegressor"),
    "extra_trees": ("ensemble", "ExtraTreesClassifier", "ExtraTreesRegressor"),
    "gradient_boosting": ("ensemble", "GradientBoostingClassifier", "GradientBoostingRegressor"),
    "hist_gradient_boosting": (
        "ensemble",
        "HistGradientBoostingClassifier",
        "HistGradientBoostingRegressor",
    ),
    "svm": ("svm", "SVC", "SVR"),
    "knn": ("neighbors", "KNeighborsClassifier", "KNeighborsRegressor"),
    "mlp": ("neural_network", "MLPClassifier", "MLPRegressor"),
}
"""Name of an estimator to its module and its classes for classes and for numbers."""

DEFAULT = "hist_gradient_boosting"
"""What is trained if a recipe names no estimator: it needs no tuning and predicts both."""

_TREES = {
    "decision_tree",
    "random_forest",
    "extra_trees",
    "gradient_boosting",
    "hist_gradient_boosting",
}
_OURS = {"estimator", "task"}
_SEED, _WEIGHTS = "random_state", "class_weight"
_CODED_ALREADY = {"categorical_features"}


def fit(run: Run) -> None:
    """Train the estimator of a recipe, export it, and write both.

    Raises
    ------
    InputError
        If the estimator or one of its parameters is unknown, or the data do not fit it.
    MissingExtraError
        If scikit-learn is not installed.
    """
    refuse_missing_parts()
    name = estimator_name(run.recipe)
    table = table_of(run, prepare_for(name, run.recipe.prepare))
    estimator = untrained(run, name, table.signature.classes)
    _taught(run, estimator, table)
    if len(table.y_valid):
        run.log(step=1, valid_score=float(estimator.score(table.x_valid, table.y_valid)))
    _write(run.out, estimator, table)


def load(folder: Path) -> Predict:
    """Return the predictor of the estimator itself, or of its export without scikit-learn."""
    try:
        import joblib
        import sklearn  # noqa: F401
    except ImportError:
        return load_onnx(folder)
    # The registry compares every file of a folder with its signed manifest before it is opened.
    estimator = joblib.load(folder / ORIGINAL)
    signature, preparation = Signature.of(folder), Preparation.of(folder)
    ask = estimator.predict_proba if signature.classes else estimator.predict

    def predict(rows: Rows) -> list[dict[str, Any]]:
        if not len(rows):
            return []
        return signature.answers(ask(preparation.matrix(signature.feeds(rows))))

    return predict


def refuse_missing_parts() -> None:
    """Raise MissingExtraError unless scikit-learn and its ONNX converter are installed."""
    for part in ("sklearn", "skl2onnx", "onnx"):
        try:
            import_module(part)
        except ImportError as error:
            what = "Training with scikit-learn"
            raise MissingExtraError(what, "train") from error


def estimator_name(recipe: Recipe) -> str:
    """Return the name of the estimator, also by its class; raises InputError for an unknown one."""
    name = str(recipe.params.get("estimator", DEFAULT))
    plain = name.rpartition(".")[2]
    name = next((key for key, value in ESTIMATORS.items() if plain in value[1:]), name)
    if name not in ESTIMATORS:
        near = difflib.get_close_matches(name, ESTIMATORS, n=1)
        hint = f"Did you mean {near[0]}? " if near else ""
        message = f"params.estimator names {name!r}, which is not one that can be trained."
        raise InputError(message, hint=f"{hint}Estimators are {', '.join(ESTIMATORS)}.")
    return name


def prepare_for(name: str, prepare: Prepare) -> Prepare:
    """Return the preparation of an estimator: trees split by order, which scaling never changes.

    Raises
    ------
    InputError
        If missing values are to be kept and the estimator cannot.
    """
    keeps = prepare.missing == "keep" or "keep" in prepare.columns.values()
    if keeps and name != "hist_gradient_boosting":
        message = f"The estimator {name} cannot learn from missing values, and missing is keep."
        hint = "Set missing = 'median', or estimator = 'hist_gradient_boosting'."
        raise InputError(message, hint=hint)
    return prepare.model_copy(update={"scale": "none"}) if name in _TREES else prepare


def untrained(run: Run, name: str, classes: tuple[str, ...]) -> Any:
    """Return the estimator of a recipe, seeded, not yet fitted; no classes mean numbers."""
    regression = not classes
    module, classifier, regressor = ESTIMATORS[name]
    chosen = regressor if regression else classifier
    if not chosen:
        task = "numbers" if regression else "classes"
        able = [key for key, value in ESTIMATORS.items() if value[2 if regression else 1]]
        message = (
            f"The estimator {name} cannot predict {task}, which is what {run.recipe.target} is."
        )
        raise InputError(message, hint=f"Those that can are {', '.join(able)}.")
    maker = getattr(import_module(f"sklearn.{module}"), chosen)
    given = {key: _plain(value) for key, value in run.recipe.params.items() if key not in _OURS}
    known = set(inspect.signature(maker).parameters) - _CODED_ALREADY
    if unknown := sorted(set(given) - known):
        message = f"The estimator {name} has no parameter {', '.join(unknown)}."
        raise InputError(message, hint=f"It has {', '.join(sorted(known))}.")
    if isinstance(given.get(_WEIGHTS), dict):
        given[_WEIGHTS] = _coded_weights(given[_WEIGHTS], classes)
    if _SEED in known:
        given.setdefault(_SEED, run.seed)
    if name == "svm" and not regression:
        return _with_probabilities(maker(**given), run.seed)
    return maker(**given)


def _with_probabilities(machine: Any, seed: int) -> Any:
    """Calibrate a support vector machine, which by itself knows distances only."""
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.model_selection import StratifiedKFold

    folds = StratifiedKFold(5, shuffle=True, random_state=seed)
    return CalibratedClassifierCV(machine, method="sigmoid", cv=folds, ensemble=False)


def _coded_weights(weights: Mapping[str, Any], classes: tuple[str, ...]) -> dict[int, Any]:
    """Return the weights of classes by their codes, which is all that estimators see of them."""
    for name in weights:
        if name not in classes:
            message = f"params.class_weight names {name!r}, which is no class of the target."
            raise InputError(message, hint=f"Classes are {', '.join(classes)}.")
    return {code: weights.get(name, 1.0) for code, name in enumerate(classes)}


def _plain(value: Any) -> Any:
    """Return a parameter as estimators take it: lists of TOML are tuples there."""
    return tuple(value) if isinstance(value, list) else value


def _taught(run: Run, estimator: Any, table: Table) -> None:
    """Fit an estimator; what it complains about goes to the log of the run."""
    run.log(rows=len(table.y), features=table.preparation.width)
    with warnings.catch_warnings(record=True) as complaints:
        warnings.simplefilter("always")
        try:
            estimator.fit(table.x, table.y)
        except ValueError as error:
            message = f"{type(estimator).__name__} cannot be trained on these rows: {error}"
            raise InputError(message) from error
    for complaint in complaints:
        run.log(warning=str(complaint.message))


def _write(out: Path, estimator: Any, table: Table) -> None:
    import joblib

    table.signature.write(out)
    table.preparation.write(out)
    joblib.dump(estimator, out / ORIGINAL)
    graph = with_preparation(exported(estimator, table), table.preparation, output_of(table))
    (out / MODEL).write_bytes(graph.SerializeToString(deterministic=True))


def output_of(table: Table) -> str:
    """Return the name of the output of a model's graph."""
    return "probabilities" if table.signature.classes else "value"


def exported(estimator: Any, table: Table) -> Any:
    """Return the graph of an estimator, from ``features`` to ``probabilities`` or ``value``."""
    from skl2onnx import convert_sklearn
    from skl2onnx.common.data_types import FloatTensorType

    width = table.preparation.width
    if type(estimator).__name__.startswith("HistGradientBoosting"):
        return boosted_graph(estimator, width, table.n_classes)
    with warnings.catch_warnings():
        # The converter reads attributes of support vector machines that scikit-learn will drop.
        warnings.simplefilter("ignore", FutureWarning)
        model = convert_sklearn(
            estimator,
            initial_types=[(FEATURES, FloatTensorType([None, width]))],
            target_opset={"": OPSET, "ai.onnx.ml": ML_OPSET},
            options={"zipmap": False} if table.n_classes else None,
        )
    return renamed(model, model.graph.output[-1].name, output_of(table))

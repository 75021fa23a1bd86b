"""The kind ``lightgbm``: boosted trees with early stopping, exported exactly.

The model is written as LightGBM's own text with its thresholds rounded down to float32. Inputs are
float32, so no row takes another branch, and the export has nothing left to round.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from skywright.errors import InputError, MissingExtraError
from skywright.foundry.kind import Predict, Rows
from skywright.foundry.kinds.preparation import Preparation
from skywright.foundry.kinds.preparation_graph import FEATURES, renamed, with_preparation
from skywright.foundry.kinds.tabular import Table, table_of
from skywright.foundry.kinds.tree_graph import floor32
from skywright.foundry.onnx_model import MODEL, load_onnx
from skywright.foundry.run import Run
from skywright.foundry.signature import Signature

ORIGINAL = "model.txt"
"""The booster, in the text of LightGBM."""

_ROUNDS, _PATIENCE, _EVERY = 500, 30, 10
_LEAST_TO_STOP_BY = 20  # fewer rows than this tell more about luck than about the model
_ROUNDS_BY = ("rounds", "n_estimators", "num_iterations", "num_boost_round")
_OURS = {"task", *_ROUNDS_BY, "early_stopping", "calibrate", "class_weights"}
_NOT_OURS = {"self", "kwargs", "importance_type", "n_jobs", "objective", "random_state"}
_NATIVE = {
    "bagging_fraction", "bagging_freq", "cat_smooth", "extra_trees", "feature_fraction",
    "feature_fraction_bynode", "is_unbalance", "lambda_l1", "lambda_l2", "max_bin",
    "min_data_in_bin", "min_data_in_leaf", "min_gain_to_split", "monotone_constraints",
    "path_smooth", "scale_pos_weight",
}  # fmt: skip
_REGRESSIONS = ("regression", "regression_l1", "huber", "fair", "quantile", "mape")


def fit(run: Run) -> None:
    """Boost trees on the rows that teach until those that choose no longer gain.

    ``params.rounds`` (500) trees at most, ``params.early_stopping`` (30; 0 never stops) rounds
    without gain, ``params.calibrate`` fits the log-odds of two classes to the rows that choose,
    ``params.class_weights`` lets rare classes weigh as much as frequent ones; everything else goes
    to LightGBM.

    Raises
    ------
    InputError
        If a parameter is unknown, or the data cannot be learned from.
    MissingExtraError
        If LightGBM is not installed.
    """
    _refuse_missing_parts()
    # Trees split by order, which scaling never changes.
    table = table_of(run, run.recipe.prepare.model_copy(update={"scale": "none"}))
    booster = _boosted(run, table)
    text = booster.model_to_string()
    if run.recipe.params.get("calibrate"):
        slope, intercept = _calibration(run, booster, table)
        run.log(calibration_slope=slope, calibration_intercept=intercept)
        text = rescaled(text, slope, intercept)
    _write(run.out, exactly_float32(text), table)


def load(folder: Path) -> Predict:
    """Return the predictor of the booster itself, or of its export without LightGBM."""
    try:
        import lightgbm
    except ImportError:
        return load_onnx(folder)
    booster: Any = lightgbm.Booster(model_file=folder / ORIGINAL)
    signature, preparation = Signature.of(folder), Preparation.of(folder)

    def predict(rows: Rows) -> list[dict[str, Any]]:
        if not len(rows):
            return []
        raw = booster.predict(preparation.matrix(signature.feeds(rows)), num_threads=1)
        return signature.answers(_chances(raw) if signature.task == "binary" else raw)

    return predict


def exactly_float32(text: str) -> str:
    """Round the thresholds of a booster's text down to float32."""
    return _with_lines(text, "threshold", floor32)


def rescaled(text: str, slope: float, intercept: float) -> str:
    """Return the text of a booster whose sum s over all trees has become slope s + intercept."""
    first = True

    def leaf(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        nonlocal first
        added, first = (intercept if first else 0.0), False
        return slope * values + added

    return _with_lines(text, "leaf_value", leaf)


def _with_lines(text: str, key: str, change: Any) -> str:
    """Change the numbers of each ``key=...`` line; the sizes told in the header no longer hold."""
    lines = []
    for line in text.splitlines():
        name, _, values = line.partition("=")
        if name == key and values:
            changed = change(np.array(values.split(), np.float64)).astype(np.float64)
            line = f"{key}={' '.join(repr(float(value)) for value in changed)}"
        if name != "tree_sizes":
            lines.append(line)
    return "\n".join(lines) + "\n"


def _refuse_missing_parts() -> None:
    for part in ("lightgbm", "onnxmltools", "onnx"):
        try:
            import_module(part)
        except ImportError as error:
            what = "Training with LightGBM"
            raise MissingExtraError(what, "train") from error


def _boosted(run: Run, table: Table) -> Any:
    import lightgbm

    params = run.recipe.params
    patience = int(params.get("early_stopping", _PATIENCE))
    teach = lightgbm.Dataset(
        table.x, table.y, weight=_row_weights(run, table), params={"verbose": -1}
    )
    watched, names = [teach], ["train"]
    callbacks = [_curve(run)]
    if len(table.y_valid) >= _LEAST_TO_STOP_BY and patience:
        watched.append(teach.create_valid(table.x_valid, table.y_valid))
        names.append("valid")
        # It looks away from the rows that teach, whose loss never stops falling.
        callbacks.append(lightgbm.early_stopping(patience, verbose=False))
    run.log(rows=len(table.y), features=table.preparation.width)
    try:
        return lightgbm.train(
            _params(run, table),
            teach,
            num_boost_round=_rounds(params),
            valid_sets=watched,
            valid_names=names,
            callbacks=callbacks,
        )
    except lightgbm.basic.LightGBMError as error:
        message = f"LightGBM cannot be trained on these rows: {error}"
        raise InputError(message) from error


def _rounds(params: Mapping[str, Any]) -> int:
    """Return the most trees, under any of the names that LightGBM's users know."""
    return int(next((params[name] for name in _ROUNDS_BY if name in params), _ROUNDS))


def _row_weights(run: Run, table: Table) -> npt.NDArray[np.float64] | None:
    if not (run.recipe.params.get("class_weights") and table.n_classes):
        return None
    counts = np.bincount(table.y, minlength=table.n_classes)
    weights: npt.NDArray[np.float64] = (len(table.y) / (table.n_classes * counts))[table.y]
    return weights


def _params(run: Run, table: Table) -> dict[str, Any]:
    """Return the parameters of LightGBM; raises InputError for an unknown one."""
    import lightgbm

    given = {key: value for key, value in run.recipe.params.items() if key not in _OURS}
    known = set(inspect.signature(lightgbm.LGBMModel.__init__).parameters) - _NOT_OURS | _NATIVE
    known -= {"class_weight", "n_estimators", "subsample_for_bin"}
    if not table.n_classes:
        known.add("objective")
    if unknown := sorted(set(given) - known):
        message = f"LightGBM has no parameter {', '.join(unknown)} for this task."
        raise InputError(message, hint=f"There are {', '.join(sorted(known | _OURS))}.")
    objective = given.pop("objective", "regression")
    if objective not in _REGRESSIONS:
        message = f"params.objective is one of {', '.join(_REGRESSIONS)}, not {objective!r}."
        raise InputError(message)
    task: dict[str, Any] = {"objective": objective}
    if table.n_classes == 2:
        task = {"objective": "binary"}
    elif table.n_classes > 2:
        task = {"objective": "multiclass", "num_class": table.n_classes}
    fixed = {"seed": run.seed, "deterministic": True, "force_row_wise": True, "verbosity": -1}
    return task | fixed | {"num_threads": max(1, int(run.recipe.run.cpus))} | given


def _curve(run: Run) -> Any:
    """Return a callback that writes the loss of every tenth round to the log."""

    def call(env: Any) -> None:
        step = env.iteration + 1
        if step % _EVERY == 0 or step in {1, env.end_iteration}:
            losses = {
                ("train_loss" if name == "train" else "loss"): value
                for name, _, value, _ in (one[:4] for one in env.evaluation_result_list)
            }
            run.log(step=step, **losses)

    call.order = 20  # type: ignore[attr-defined]
    return call


def _calibration(run: Run, booster: Any, table: Table) -> tuple[float, float]:
    """Return slope and intercept of the log-odds that make the probabilities of two classes honest.

    References
    ----------
    .. [1] Platt (1999), Advances in Large Margin Classifiers, 61; with the targets of its
       section 2.2, which keep a small or separable sample from certainty.
    """
    from scipy.optimize import minimize

    if table.n_classes != 2 or len(np.unique(table.y_valid)) < 2:
        message = "params.calibrate needs two classes, and rows of both among those that choose."
        raise InputError(message, hint="Leave it out, or give more rows.")
    margin = booster.predict(table.x_valid, raw_score=True)
    yes = table.y_valid == 1
    soft = np.where(yes, (yes.sum() + 1) / (yes.sum() + 2), 1 / ((~yes).sum() + 2))

    def loss(p: npt.NDArray[np.float64]) -> float:
        z = p[0] * margin + p[1]
        return float(np.mean(np.logaddexp(0, z) - soft * z))

    found = minimize(loss, np.array([1.0, 0.0]), method="BFGS")
    return float(found.x[0]), float(found.x[1])


def _chances(raw: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.stack([1.0 - raw, raw], axis=1)


def _write(out: Path, text: str, table: Table) -> None:
    table.signature.write(out)
    table.preparation.write(out)
    (out / ORIGINAL).write_text(text, encoding="utf-8")
    output = "probabilities" if table.n_classes else "value"
    net = _exported(out / ORIGINAL, table, output)
    graph = with_preparation(net, table.preparation, output)
    (out / MODEL).write_bytes(graph.SerializeToString(deterministic=True))


def _exported(path: Path, table: Table, output: str) -> Any:
    import lightgbm
    from onnxmltools import convert_lightgbm
    from onnxmltools.convert.common.data_types import FloatTensorType

    model = convert_lightgbm(
        lightgbm.Booster(model_file=path),
        initial_types=[(FEATURES, FloatTensorType([None, table.preparation.width]))],
        target_opset=15,  # the newest it writes; with_preparation lifts it
        zipmap=False,
    )
    return renamed(model, model.graph.output[-1].name, output)

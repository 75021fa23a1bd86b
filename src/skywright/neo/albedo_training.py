"""Training the albedo intervals: quantile boosting, made honest by conformal prediction.

Read top to bottom. The limits are learned at 16 and 84 %, then widened (or narrowed) by the amount
that makes 68 % of unseen albedos lie inside. Coverage is measured on folds whose amount was fixed
on the other folds.

References
----------
.. [1] Romano, Patterson & Candes (2019), Conformalized quantile regression, NeurIPS 32.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from skywright.errors import MissingExtraError
from skywright.foundry.kind import Predict, Rows
from skywright.foundry.run import Run
from skywright.neo.albedo import FEATURES, albedo_interval, features, raw_limits
from skywright.neo.rows import ELEMENTS, table_of, write_signature

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]

CATALOGUE = "catalogue/neo_catalogue_202410.parquet"
"""File under the data folder that the model is learned from."""

_LEVELS = (0.16, 0.84)
_INSIDE = 0.68
_FOLDS = 10


def fit(run: Run) -> dict[str, Any]:
    """Measure coverage and width beside the constant interval, then train on all and export."""
    table = measured(run.data / CATALOGUE)
    x, y = features(table), np.log10(table["albedo"].to_numpy())
    fold = np.random.default_rng(run.seed).permutation(len(y)) % _FOLDS
    low, high = out_of_fold(x, y, fold, run)
    constant = np.array([np.quantile(y[fold != k], _LEVELS) for k in range(_FOLDS)])[fold]
    metrics = {
        "rows": len(y),
        "sd_dex": float(y.std()),
        **{f"boosting_{k}": v for k, v in honest(low, high, y, fold).items()},
        **{f"constant_{k}": v for k, v in honest(constant[:, 0], constant[:, 1], y, fold).items()},
    }
    metrics["interval_score"] = metrics["boosting_interval_score"]
    models = {
        name: boosted(level, run).fit(x, y) for name, level in zip(_NAMES, _LEVELS, strict=True)
    }
    metrics["onnx_agreement"] = export(models, x, run.out)
    write_card(run, metrics, widening(low, high, y))
    write_signature(run.out, "interval_regression", INPUTS, target="albedo")
    constant_score = metrics["constant_interval_score"]
    return metrics | {"baseline": {"name": "constant", "interval_score": constant_score}}


def load(folder: Path) -> Predict:
    """Return the predictor: orbits to both limits of the albedo [-]."""

    def predict(rows: Rows) -> list[dict[str, Any]]:
        low, high = albedo_interval(table_of(rows), folder)
        return [{"low": float(a), "high": float(b)} for a, b in zip(low, high, strict=True)]

    return predict


INPUTS = ELEMENTS
"""What the model takes over the foundry's endpoint."""

_NAMES = ("low", "high")


def measured(path: Path) -> pl.DataFrame:
    """Return the objects whose albedo and H are known."""
    known = pl.col("albedo").is_not_null() & pl.col("h_mag").is_not_null() & (pl.col("albedo") > 0)
    return pl.read_parquet(path).filter(known, pl.col("e") < 1)


def boosted(level: float, run: Run) -> Any:
    """Return an untrained model of one quantile.

    Raises
    ------
    MissingExtraError
        If LightGBM is not installed.
    """
    try:
        import lightgbm
    except ImportError as error:
        message = "Training the albedo intervals"
        raise MissingExtraError(message, "train") from error
    return lightgbm.LGBMRegressor(
        objective="quantile",
        alpha=level,
        n_estimators=int(run.recipe.params.get("trees", 120)),
        learning_rate=run.recipe.params.get("learning_rate", 0.03),
        num_leaves=int(run.recipe.params.get("leaves", 6)),
        min_child_samples=30,
        random_state=run.seed,
        deterministic=True,
        force_row_wise=True,
        num_threads=1,
        verbose=-1,
    )


def out_of_fold(x: F32, y: F64, fold: npt.NDArray[np.int64], run: Run) -> tuple[F64, F64]:
    """Return both limits of every row, from models that have not seen it."""
    found = np.zeros((2, len(y)))
    for k in range(_FOLDS):
        held = fold == k
        for row, level in enumerate(_LEVELS):
            model = boosted(level, run).fit(x[~held], y[~held])
            found[row, held] = model.predict(x[held])
    return found.min(axis=0), found.max(axis=0)


def widening(low: F64, high: F64, y: F64) -> float:
    """Return by how much the limits must move apart so that 68 % lie inside [dex], after [1]."""
    outside = np.maximum(low - y, y - high)
    level = min(1.0, _INSIDE * (1 + 1 / len(y)))
    return float(np.quantile(outside, level, method="higher"))


def honest(low: F64, high: F64, y: F64, fold: npt.NDArray[np.int64]) -> dict[str, float]:
    """Return coverage, width and interval score, each fold widened by what the others ask for.

    The interval score (Gneiting & Raftery 2007, eq. 43) is the width plus penalties for misses;
    smaller is better.
    """
    wide = np.zeros(len(y))
    for k in range(_FOLDS):
        wide[fold == k] = widening(low[fold != k], high[fold != k], y[fold != k])
    lo, hi = low - wide, high + wide
    inside = (y >= lo) & (y <= hi)
    per_fold = [float(inside[fold == k].mean()) for k in range(_FOLDS)]
    miss = np.clip(lo - y, 0, None) + np.clip(y - hi, 0, None)
    return {
        "coverage": float(inside.mean()),
        "coverage_lowest_fold": min(per_fold),
        "coverage_highest_fold": max(per_fold),
        "width_dex": float(np.mean(hi - lo)),
        "interval_score": float(np.mean(hi - lo + 2 / (1 - _INSIDE) * miss)),
    }


def export(models: dict[str, Any], x: F32, folder: Path) -> float:
    """Write both quantiles as ONNX; returns the largest difference from the originals [dex]."""
    from onnxmltools import convert_lightgbm
    from onnxmltools.convert.common.data_types import FloatTensorType

    kind = [("features", FloatTensorType([None, x.shape[1]]))]
    for name, model in models.items():
        graph = convert_lightgbm(model, initial_types=kind, target_opset=15)
        (folder / f"{name}.onnx").write_bytes(graph.SerializeToString())
    original = np.sort([model.predict(x) for model in models.values()], axis=0)
    return float(np.abs(np.array(raw_limits(folder, x)) - original).max())


def write_card(run: Run, metrics: dict[str, Any], widen_dex: float) -> None:
    """Write the facts of the model as JSON."""
    card = {
        "name": run.recipe.name,
        "title": run.recipe.title,
        "metrics": metrics,
        "baselines": {
            "constant": {
                key: metrics[f"constant_{key}"]
                for key in ("coverage", "width_dex", "interval_score")
            }
        },
        "calibration": {"widen_dex": widen_dex, "inside": _INSIDE},
        "features": list(FEATURES),
        "data": "JPL Small-Body Database, near-Earth objects of 2024-10 with a measured albedo",
        "licence": "Apache-2.0",
        "command": f"skywright train {run.recipe.name} --data FOLDER",
    }
    (run.out / "card.json").write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")

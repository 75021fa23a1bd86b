"""Training the Sentry triage: orbits of 2019, the list of December 2022, five folds.

Read top to bottom. The features know nothing after 2019; the label is what became of the object.
All rows are scored by a model that has not seen them; the calibration of each fold is fitted on
the other folds.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from skywright.errors import MissingExtraError
from skywright.foundry.kind import Predict, Rows
from skywright.foundry.run import Run
from skywright.neo.moid import add_moid
from skywright.neo.rows import ELEMENTS, table_of, write_signature
from skywright.neo.triage import (
    ORBIT_FEATURES,
    QUALITY_FEATURES,
    calibrate,
    orbit_features,
    quality_features,
    raw_probability,
    triage_probability,
)
from skywright.sources.files import read_objects

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]

ORBITS = "catalogue/mpc_nea_2019.parquet"
"""Orbits of July 2019 (Minor Planet Center)."""

LIST = "risk/cneos_sentry.parquet"
"""Snapshots of the Sentry list (JPL CNEOS)."""

NAMES = "catalogue/neo_catalogue_202410.parquet"
"""Numbers and principal designations (JPL)."""

LABELS = ("not_listed", "listed")
"""What may become of an object."""

INPUTS = ("epoch_jd_tdb", *ELEMENTS, "condition_code", "arc_d", "n_obs", "n_opp", "rms_arcsec")
"""What the model takes over the foundry's endpoint."""

_SNAPSHOT = "2022"
_FOLDS = 5
_MASKED = 0.33


def fit(run: Run) -> dict[str, Any]:
    """Evaluate on five folds beside trivial baselines, train on all rows, export, write a card."""
    table, on_list = labelled(run.data)
    moids = add_moid(table)
    orbit, quality = orbit_features(table, moids), quality_features(table)
    full = np.concatenate([orbit, quality], axis=1)
    gaps = np.concatenate([orbit, masked(quality, run.seed + 50)], axis=1)
    metrics: dict[str, Any] = {"rows": len(on_list), "base_rate": float(on_list.mean())}
    calibration = {}
    for prefix, x, shown in (("", full, (full, gaps)), ("bare_", orbit, (orbit,))):
        raw = out_of_fold(x, on_list, run, shown)
        honest = cross_calibrated(raw[0], on_list, run.seed)
        told = scores(honest, on_list)
        metrics |= {prefix + name: value for name, value in told.items()}
        if not prefix:
            metrics |= gaps_and_interval(raw[1], honest, on_list)
        part = prefix.rstrip("_") or "full"
        slope, intercept = platt(raw[0], on_list)
        calibration[part] = {"slope": slope, "intercept": intercept}
        model = taught(x, on_list, run, run.seed)
        metrics[prefix + "onnx_agreement"] = export(model, x, run.out / f"{part}.onnx")
        run.log(part=part, **told)
    metrics |= baselines(full, moids["moid_au"].to_numpy(), on_list, run.seed)
    write_card(run, metrics, calibration)
    write_signature(run.out, "binary", INPUTS, target="listed", classes=LABELS)
    best = "moid_alone_average_precision"
    return metrics | {"baseline": {"name": "MOID alone", "average_precision": metrics[best]}}


def load(folder: Path) -> Predict:
    """Return the predictor: orbits, with the quality of their observations as far as it is known.

    An answer holds the calibrated probability to be listed some years later; null without H.
    """

    def predict(rows: Rows) -> list[dict[str, Any]]:
        table = table_of(rows)
        listed = triage_probability(table, add_moid(table), folder)
        return [_answer(float(p)) for p in listed]

    return predict


def _answer(p: float) -> dict[str, Any]:
    if not np.isfinite(p):
        return {"label": None, "probabilities": None}
    return {
        "label": LABELS[int(p >= 0.5)],
        "probabilities": dict(zip(LABELS, (1 - p, p), strict=True)),
    }


def labelled(data: Path) -> tuple[pl.DataFrame, npt.NDArray[np.int64]]:
    """Return the orbits and whether each is on the list of the snapshot."""
    table = read_objects(data / ORBITS).unique("designation", maintain_order=True)
    listed = pl.read_parquet(data / LIST).filter(pl.col("snapshot").str.starts_with(_SNAPSHOT))
    on_list = _principal(table["designation"], data).is_in(listed["designation"].implode())
    return table, on_list.to_numpy().astype(np.int64)


def _principal(designation: pl.Series, data: Path) -> pl.Series:
    """Replace numbers by principal designations, which the Sentry list goes by."""
    names = pl.read_parquet(data / NAMES).filter(pl.col("number").is_not_null())
    known = dict(zip(names["number"].cast(pl.String), names["designation"], strict=True))
    return designation.replace(known)


def masked(quality: F32, seed: int) -> F32:
    """Return a copy in which a third of what is known of the observations is blanked at random."""
    blank = np.random.default_rng(seed).random(quality.shape) < _MASKED
    return np.where(blank, np.float32(np.nan), quality)


def boosted(params: dict[str, Any], seed: int) -> Any:
    """Return an untrained gradient-boosted classifier.

    Raises
    ------
    MissingExtraError
        If LightGBM is not installed.
    """
    try:
        import lightgbm
    except ImportError as error:
        message = "Training the Sentry triage"
        raise MissingExtraError(message, "train") from error
    return lightgbm.LGBMClassifier(
        objective="binary",
        n_estimators=int(params.get("trees", 300)),
        learning_rate=params.get("learning_rate", 0.04),
        num_leaves=int(params.get("leaves", 15)),
        min_child_samples=30,
        subsample=0.8,
        subsample_freq=1,
        colsample_bytree=0.6,
        reg_lambda=5.0,
        random_state=seed,
        deterministic=True,
        force_row_wise=True,
        num_threads=1,  # threads that wait for a busy core cost more than they bring
        verbose=-1,
    )


def taught(x: F32, y: npt.NDArray[np.int64], run: Run, seed: int) -> Any:
    """Train on the rows and on a copy with gaps, so that a partly known orbit is understood."""
    n_orbit = len(ORBIT_FEATURES)
    if x.shape[1] == n_orbit:
        return boosted(run.recipe.params, seed).fit(x, y)
    gaps = np.concatenate([x[:, :n_orbit], masked(x[:, n_orbit:], seed)], axis=1)
    weight = np.repeat([1.0, 0.5], len(y))
    return boosted(run.recipe.params, seed).fit(
        np.concatenate([x, gaps]), np.concatenate([y, y]), sample_weight=weight
    )


def out_of_fold(x: F32, y: npt.NDArray[np.int64], run: Run, shown: Sequence[F32]) -> list[F64]:
    """Return raw probabilities, each from a model that has not seen the row.

    Parameters
    ----------
    x, y : ndarrays of shape (n, k) and (n,)
        What the models learn from.
    run : Run
        Its seed divides the rows.
    shown : sequence of ndarrays of shape (n, k)
        The rows as the models are asked about them, such as with gaps.

    Returns
    -------
    list of ndarrays of shape (n,)
        One for each of ``shown``, by the same models.
    """
    raw = [np.zeros(len(y)) for _ in shown]
    for k, held in enumerate(_folds(y, run.seed)):
        model = taught(x[~held], y[~held], run, run.seed + k)
        for answers, rows in zip(raw, shown, strict=True):
            answers[held] = model.predict_proba(rows[held])[:, 1]
    return raw


def gaps_and_interval(raw_gaps: F64, honest: F64, y: npt.NDArray[np.int64]) -> dict[str, float]:
    """Return the average precision on rows with gaps, and the interval of that on whole rows."""
    from sklearn.metrics import average_precision_score

    low, high = bootstrap(honest, y)
    return {
        "gaps_average_precision": float(average_precision_score(y, raw_gaps)),
        "average_precision_low": low,
        "average_precision_high": high,
    }


def cross_calibrated(raw: F64, y: npt.NDArray[np.int64], seed: int) -> F64:
    """Return calibrated probabilities, the calibration of each fold fitted on the other folds."""
    answer = np.zeros(len(y))
    for held in _folds(y, seed + 100):
        answer[held] = calibrate(raw[held], *platt(raw[~held], y[~held]))
    return answer


def platt(raw: F64, y: npt.NDArray[np.int64]) -> tuple[float, float]:
    """Return slope and intercept of the log-odds that make raw probabilities honest."""
    from scipy.optimize import minimize

    safe = np.clip(raw, 1e-7, 1 - 1e-7)
    logit = np.log(safe / (1 - safe))

    def loss(p: F64) -> float:
        z = p[0] * logit + p[1]
        return float(np.mean(np.logaddexp(0, z) - y * z))

    found = minimize(loss, np.array([1.0, 0.0]), method="BFGS")
    return float(found.x[0]), float(found.x[1])


def scores(p: F64, y: npt.NDArray[np.int64]) -> dict[str, float]:
    """Return AUC, average precision, Brier score and calibration slope and intercept."""
    from sklearn.metrics import average_precision_score, roc_auc_score

    slope, intercept = platt(p, y)
    return {
        "auc": float(roc_auc_score(y, p)),
        "average_precision": float(average_precision_score(y, p)),
        "brier": float(np.mean((p - y) ** 2)),
        "calibration_slope": slope,
        "calibration_intercept": intercept,
    }


def baselines(x: F32, moid_au: F64, y: npt.NDArray[np.int64], seed: int) -> dict[str, float]:
    """Return what the MOID alone and a logistic regression on all features reach."""
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    logistic = np.zeros(len(y))
    for held in _folds(y, seed):
        steps = (
            SimpleImputer(strategy="median"),
            StandardScaler(),
            LogisticRegression(max_iter=2000),
        )
        model = make_pipeline(*steps).fit(x[~held], y[~held])
        logistic[held] = model.predict_proba(x[held])[:, 1]
    alone = cross_calibrated(1 / (1 + np.clip(moid_au, 1e-6, None) * 1e3), y, seed)
    return {
        **{f"logistic_{name}": value for name, value in scores(logistic, y).items()},
        **{f"moid_alone_{name}": value for name, value in scores(alone, y).items()},
        "constant_brier": float(y.mean() * (1 - y.mean())),
    }


def bootstrap(p: F64, y: npt.NDArray[np.int64], draws: int = 500) -> tuple[float, float]:
    """Return the 95 % interval of the average precision over resampled objects."""
    from sklearn.metrics import average_precision_score

    rng = np.random.default_rng(0)
    rows = (rng.integers(0, len(y), len(y)) for _ in range(draws))
    found = [average_precision_score(y[row], p[row]) for row in rows]
    low, high = np.quantile(found, [0.025, 0.975])
    return float(low), float(high)


def export(model: Any, x: F32, path: Path) -> float:
    """Write a trained model as ONNX; returns the largest difference from the original."""
    from onnxmltools import convert_lightgbm
    from onnxmltools.convert.common.data_types import FloatTensorType

    graph = convert_lightgbm(
        model,
        initial_types=[("features", FloatTensorType([None, x.shape[1]]))],
        target_opset=15,
        zipmap=False,
    )
    path.write_bytes(graph.SerializeToString())
    return float(np.abs(raw_probability(path, x) - model.predict_proba(x)[:, 1]).max())


def write_card(run: Run, metrics: dict[str, Any], calibration: dict[str, Any]) -> None:
    """Write the facts of the model as JSON."""
    card = {
        "name": run.recipe.name,
        "title": run.recipe.title,
        "answers": "probability to be on the Sentry list some 3.5 years after the orbit's epoch",
        "metrics": metrics,
        "baselines": {
            name: {key: metrics[f"{name}_{key}"] for key in ("auc", "average_precision", "brier")}
            for name in ("moid_alone", "logistic")
        },
        "calibration": calibration,
        "features": {"bare": ORBIT_FEATURES, "full": ORBIT_FEATURES + QUALITY_FEATURES},
        "data": "Minor Planet Center NEA list, July 2019; JPL CNEOS Sentry, December 2022",
        "licence": "Apache-2.0; the data under the terms of MPC and NASA/JPL, with credit",
        "command": f"skywright train {run.recipe.name} --data FOLDER",
    }
    (run.out / "card.json").write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")


def _folds(y: npt.NDArray[np.int64], seed: int) -> list[npt.NDArray[np.bool_]]:
    """Return masks of the held-out rows, each fold with its share of the rare label."""
    rng, fold = np.random.default_rng(seed), np.zeros(len(y), np.int64)
    for label in (0, 1):
        rows = rng.permutation(np.flatnonzero(y == label))
        fold[rows] = np.arange(len(rows)) % _FOLDS
    return [fold == k for k in range(_FOLDS)]

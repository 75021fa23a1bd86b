"""Training the taxonomy likelihood: a Gaussian in log albedo per group; what an orbit adds."""

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
from skywright.neo.albedo import features
from skywright.neo.rows import write_signature
from skywright.neo.taxonomy import GROUPS, group_probabilities, probabilities

F64 = npt.NDArray[np.float64]

CATALOGUE = "catalogue/neo_catalogue_202410.parquet"
"""Albedos and orbits (JPL)."""

TAXONOMY = "physical/taxonomy_mahlke2022.parquet"
"""Classes (Mahlke et al. 2022)."""

_FOLDS = 10


def fit(run: Run) -> dict[str, Any]:
    """Measure on ten folds, beside boosting on the orbit alone, and write the Gaussians."""
    table = labelled(run.data)
    y = np.array([list(GROUPS).index(name) for name in table["group"].to_list()])
    x = np.log10(table["albedo"].to_numpy())
    fold = np.random.default_rng(run.seed).permutation(len(y)) % _FOLDS
    found = np.zeros((len(y), len(GROUPS)))
    for k in range(_FOLDS):
        found[fold == k] = probabilities(x[fold == k], gaussians(x[fold != k], y[fold != k]))
    metrics = {
        "rows": len(y),
        "auc": _auc(found, y),
        "accuracy": float(np.mean(found.argmax(axis=1) == y)),
        "majority_accuracy": float(np.bincount(y).max() / len(y)),
        "log_loss": float(-np.mean(np.log(found[np.arange(len(y)), y]))),
        "orbit_only_auc": orbit_only(run),
    }
    write_card(run, metrics, gaussians(x, y))
    write_signature(run.out, "multiclass", ("albedo",), target="group", classes=tuple(GROUPS))
    orbit = {"name": "boosting on the orbit alone", "auc": metrics["orbit_only_auc"]}
    return metrics | {"baseline": orbit}


def load(folder: Path) -> Predict:
    """Return the predictor: measured albedos to the probability of each group."""

    def predict(rows: Rows) -> list[dict[str, Any]]:
        found = group_probabilities([row["albedo"] for row in rows], folder)
        return [_answer(p) for p in found.tolist()]

    return predict


def _answer(p: list[float]) -> dict[str, Any]:
    names = list(GROUPS)
    return {"label": names[int(np.argmax(p))], "probabilities": dict(zip(names, p, strict=True))}


def grouped(data: Path) -> pl.DataFrame:
    """Return near-Earth objects with a class, as the group that its probabilities favour."""
    table = pl.read_parquet(data / TAXONOMY).filter("is_neo")
    shares = [
        pl.sum_horizontal(f"class_{letter}" for letter in letters).alias(name)
        for name, letters in GROUPS.items()
    ]
    names = list(GROUPS)
    best = pl.concat_list(names).list.arg_max()
    group = best.replace_strict(dict(enumerate(names)), return_dtype=pl.String).alias("group")
    return table.with_columns(shares).with_columns(group).select("designation", "group")


def labelled(data: Path) -> pl.DataFrame:
    """Return the objects with a class and a measured albedo."""
    known = pl.read_parquet(data / CATALOGUE).filter(pl.col("albedo") > 0)
    return known.join(grouped(data), on="designation")


def gaussians(x: F64, y: npt.NDArray[np.int64]) -> dict[str, dict[str, float]]:
    """Return share, mean and standard deviation of log10 albedo of each group."""
    return {
        name: {
            "share": float(np.mean(y == k)),
            "mean_dex": float(x[y == k].mean()),
            "sd_dex": float(x[y == k].std(ddof=1)),
        }
        for k, name in enumerate(GROUPS)
    }


def orbit_only(run: Run) -> float:
    """Return the AUC of silicate against carbonaceous from orbit and H alone: no skill.

    Raises
    ------
    MissingExtraError
        If scikit-learn is not installed.
    """
    try:
        from sklearn.ensemble import HistGradientBoostingClassifier
        from sklearn.model_selection import cross_val_predict
    except ImportError as error:
        message = "Training the taxonomy likelihood"
        raise MissingExtraError(message, "train") from error
    table = pl.read_parquet(run.data / CATALOGUE).filter(pl.col("h_mag").is_not_null())
    table = table.join(grouped(run.data), on="designation").filter(pl.col("group") != "other")
    y = (table["group"] == "carbonaceous").to_numpy().astype(np.int64)
    model = HistGradientBoostingClassifier(max_iter=80, learning_rate=0.05, random_state=run.seed)
    p = cross_val_predict(model, features(table), y, cv=_FOLDS, method="predict_proba")
    return _rank_auc(p[:, 1], y)


def write_card(run: Run, metrics: dict[str, Any], groups: dict[str, dict[str, float]]) -> None:
    """Write the model, which is six numbers and three shares, as its own card."""
    card = {
        "name": run.recipe.name,
        "title": run.recipe.title,
        "metrics": metrics,
        "baselines": {
            "majority": {"accuracy": metrics["majority_accuracy"]},
            "boosting on the orbit alone, not shipped": {"auc": metrics["orbit_only_auc"]},
        },
        "groups": groups,
        "data": "Mahlke, Carry & Mattei (2022), A&A 665, A26; albedos of JPL SBDB 2024-10",
        "licence": "Apache-2.0",
        "command": f"skywright train {run.recipe.name} --data FOLDER",
    }
    (run.out / "card.json").write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")


def _auc(found: F64, y: npt.NDArray[np.int64]) -> float:
    """AUC of carbonaceous against silicate."""
    rows = y < 2
    return _rank_auc(found[rows, 1] / found[rows, :2].sum(axis=1), y[rows])


def _rank_auc(score: F64, y: npt.NDArray[np.int64]) -> float:
    from scipy.stats import rankdata

    rank, positive = rankdata(score), y == 1
    n = int(positive.sum())
    return float((rank[positive].sum() - n * (n + 1) / 2) / (n * (len(y) - n)))

"""Learn what ordinary near-Earth objects look like: mixtures, tails and neighbours.

Read top to bottom: features of a catalogue, one Gaussian mixture per view (scikit-learn), the tail
of each view's surprise, the co-orbital states of the objects near 1 au, the tail of both together.
Nothing here uses a label; designated comets and lists of unusual objects serve to evaluate only.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from skywright.errors import InputError
from skywright.foundry.kind import Predict, Rows
from skywright.foundry.run import Run
from skywright.neo.coorbital import Coorbital, coorbital_states
from skywright.neo.novelty import (
    CORE_VIEWS,
    FILE,
    OPTIONAL_VIEWS,
    Mixture,
    NoveltyModel,
    Tail,
    combined,
    load_model,
)
from skywright.neo.novelty_features import (
    FEATURES,
    Population,
    physical_features,
    population_of,
    scaled_matrix,
)
from skywright.neo.oddities import RULES, coorbital_rarity, rarity
from skywright.neo.rows import ELEMENTS, table_of, write_signature
from skywright.orbits.elements import Elements, state_from_elements, tp_from_mean_anomaly

F64 = npt.NDArray[np.float64]

CATALOGUE = "catalogue/neo_catalogue_202410.parquet"
"""File under the data folder that a model is learned from."""

PHYSICAL = "catalogue/sbdb_neo_full_2020.parquet"
"""File with rotation and A2, for the optional views; may be absent."""

_MIN_ROWS = 60  # a view of two features needs at least this many objects
_REGULARISATION = 1e-3  # of the variance: no component narrower than 3 % of a feature's spread


HELD_OUT = 0.15
"""Share of the catalogue that the metric is measured on."""


_ANSWERS = ("novelty_percentile", "flagged", "explanation", "oddities", "neighbours")


def fit(run: Run) -> dict[str, Any]:
    """Train the kind ``neo-novelty``: write the model and return what was measured.

    The metric is the mean log density of held-out objects in the view of orbit and size, beside
    that of one Gaussian; comets against all others stand beside the rule "low Tisserand parameter".
    The model itself is then fitted to everything.
    """
    components = int(run.recipe.params.get("components", 16))
    metrics = _held_out_density(run.data / CATALOGUE, components, run.seed)
    run.log(**metrics)
    model = fit_novelty(run.data, components=components, seed=run.seed)
    model.save(run.out / FILE)
    metrics |= _comets(run.data / CATALOGUE, model)
    run.log(**metrics)
    write_signature(run.out, "anomaly", ELEMENTS, target="novelty_percentile")
    one = {"name": "one Gaussian", "held_out_log_density": metrics["one_gaussian_log_density"]}
    return metrics | {"baseline": one}


def load(folder: Path) -> Predict:
    """Return the predictor: orbits to how unusual they are, and why."""
    from skywright.neo.anomalies import add_anomalies

    model = load_model(folder)

    def predict(rows: Rows) -> list[dict[str, Any]]:
        scored = add_anomalies(table_of(rows), model=model)
        return scored.select(_ANSWERS).to_dicts()

    return predict


def _held_out_density(path: Path, components: int, seed: int) -> dict[str, Any]:
    table = pl.read_parquet(path)
    x = _scaled(table)[:, [FEATURES.index(f) for f in CORE_VIEWS["orbit and size"]]]
    kept_back = np.random.default_rng(seed).random(len(x)) < HELD_OUT
    values = {}
    for name, k in (("held_out_log_density", components), ("one_gaussian_log_density", 1)):
        density = _mixture(x[~kept_back], k, seed).log_density(x[kept_back])
        values[name] = float(density[np.isfinite(x[kept_back]).all(axis=1)].mean())
    return values


def _comets(path: Path, model: NoveltyModel) -> dict[str, Any]:
    """Rank designated comets by novelty and by the rule; empty if the catalogue marks none."""
    from scipy.stats import mannwhitneyu

    from skywright.neo.anomalies import add_anomalies

    table = pl.read_parquet(path)
    if "is_comet" not in table.columns or not table["is_comet"].any():
        return {}
    comet = table["is_comet"].to_numpy()
    rule = -_scaled(table)[:, FEATURES.index("tisserand_jupiter")]
    scores = {
        "comet_auc": add_anomalies(table, model=model)["novelty_percentile"].to_numpy(),
        "comet_auc_tisserand_rule": rule,
    }
    pairs = comet.sum() * (~comet).sum()
    return {
        name: float(mannwhitneyu(score[comet], score[~comet]).statistic / pairs)
        for name, score in scores.items()
    }


def _scaled(table: pl.DataFrame) -> F64:
    objects = population_of(table, table["epoch_jd_tdb"].cast(pl.Float64).to_numpy())
    return scaled_matrix(physical_features(objects))


def fit_novelty(
    folder: Path, *, components: int = 16, seed: int = 1, threads: int = 0, label: str = ""
) -> NoveltyModel:
    """Learn a model from a folder of collected data.

    Parameters
    ----------
    folder : Path
        Holds :data:`CATALOGUE` and, if available, :data:`PHYSICAL`.
    components : int
        Gaussians per view.
    seed : int
        Seed of the mixtures' starting points.
    threads : int
        Threads for MOIDs and co-orbital integrations; 0 for all cores.
    label : str
        What to call the training set; by default the file's name and size.

    Raises
    ------
    InputError
        If the catalogue is not there.
    """
    path = folder / CATALOGUE
    if not path.exists():
        message = f"The catalogue {path} does not exist; collect it or name another --data folder."
        raise InputError(message)
    table = pl.read_parquet(path)
    model = fit_table(table, components=components, seed=seed, threads=threads, label=label)
    if (folder / PHYSICAL).exists():
        model = add_physical_views(model, physical_table(folder / PHYSICAL), seed=seed)
    return model


def fit_table(
    table: pl.DataFrame,
    *,
    components: int = 16,
    seed: int = 1,
    threads: int = 0,
    label: str = "",
    coorbitals: bool = True,
) -> NoveltyModel:
    """Learn a model from a table of elements; ``coorbitals=False`` skips the integrations."""
    objects = population_of(table, table["epoch_jd_tdb"].cast(pl.Float64).to_numpy())
    features = physical_features(objects, threads=threads)
    x = scaled_matrix(features)
    views = {
        name: _mixture(x[:, [FEATURES.index(f) for f in own]], components, seed)
        for name, own in CORE_VIEWS.items()
    }
    if np.isfinite(objects.physical["albedo"]).sum() >= _MIN_ROWS:
        views["albedo"] = _optional_mixture(x, "albedo", seed)
    model = NoveltyModel(
        views=views,
        view_tails={name: _view_tails(views[name], name, x) for name in views},
        core_tails=(_UNSET, _UNSET),
        combined_tail=_UNSET,
        oddity_tails=_oddity_tails(features),
        oddity_counts={},
        size=len(objects),
        neighbours=x[:, [FEATURES.index(f) for f in CORE_VIEWS["orbit and size"]]],
        names=table["designation"].to_list(),
        label=label or f"{table.height} near-Earth objects",
    )
    model = _with_core_tails(model, x)
    states: list[Coorbital | None] = [None] * len(objects)
    if coorbitals:
        states = _states(table, objects, threads)
    kinds = Counter(state.kind for state in states if state is not None and state.kind)
    model = replace(model, oddity_counts=dict(kinds))
    odd = np.maximum(rarity(model, features, objects), coorbital_rarity(model, states))
    return replace(model, combined_tail=Tail.of(combined(model.density_surprise(x), odd)))


_UNSET = Tail(np.array([0.0, 1.0]), np.array([0.0, 1.0]))


def add_physical_views(model: NoveltyModel, table: pl.DataFrame, *, seed: int = 1) -> NoveltyModel:
    """Add the views of rotation and A2 from a table that knows them."""
    objects = population_of(table, table["epoch_jd_tdb"].cast(pl.Float64).to_numpy())
    x = scaled_matrix(physical_features(objects))
    views, tails = dict(model.views), dict(model.view_tails)
    for name, (_, own) in OPTIONAL_VIEWS.items():
        if name not in views and np.isfinite(x[:, FEATURES.index(own)]).sum() >= _MIN_ROWS:
            views[name] = _optional_mixture(x, name, seed)
            tails[name] = _view_tails(views[name], name, x)
    return replace(model, views=views, view_tails=tails)


def physical_table(path: Path) -> pl.DataFrame:
    """Read JPL's columns under this package's names."""
    names = {
        "epoch": "epoch_jd_tdb", "q": "q_au", "i": "i_deg", "om": "node_deg", "w": "peri_deg",
        "H": "h_mag", "diameter": "diameter_km", "rot_per": "rot_per_h", "A2": "a2_au_d2",
    }  # fmt: skip
    return pl.read_parquet(path).rename(names).drop("a")


def _mixture(x: F64, components: int, seed: int) -> Mixture:
    """Fit one mixture to the complete rows, with every feature scaled to unit variance."""
    from sklearn.mixture import GaussianMixture

    complete = x[np.isfinite(x).all(axis=1)]
    centre, spread = complete.mean(axis=0), complete.std(axis=0)
    fitted = GaussianMixture(
        components, reg_covar=_REGULARISATION, random_state=seed, max_iter=300, tol=1e-3
    ).fit((complete - centre) / spread)
    return Mixture(
        weights=fitted.weights_,
        means=fitted.means_ * spread + centre,
        covariances=fitted.covariances_ * np.outer(spread, spread),
    )


def _optional_mixture(x: F64, name: str, seed: int) -> Mixture:
    """Fit few components: these views have hundreds of objects, not thousands."""
    columns = [FEATURES.index(f) for f in OPTIONAL_VIEWS[name]]
    rows = np.isfinite(x[:, columns]).all(axis=1)
    return _mixture(x[rows][:, columns], 1 if rows.sum() < 200 else 3, seed)


def _view_tails(view: Mixture, name: str, x: F64) -> tuple[Tail, Tail]:
    own = (CORE_VIEWS | OPTIONAL_VIEWS)[name]
    part = x[:, [FEATURES.index(f) for f in own]]
    part = part[np.isfinite(part).all(axis=1)]
    with_h = Tail.of(-view.log_density(part))
    if "h_mag" not in own or name not in CORE_VIEWS:
        return with_h, with_h
    without = part.copy()
    without[:, own.index("h_mag")] = np.nan
    return with_h, Tail.of(-view.log_density(without))


def _with_core_tails(model: NoveltyModel, x: F64) -> NoveltyModel:
    """Rank the mean over the core views: once as catalogued, once with every H hidden."""
    tails = []
    for hide in (False, True):
        shown = x.copy()
        shown[:, FEATURES.index("albedo") :] = np.nan
        if hide:
            shown[:, FEATURES.index("h_mag")] = np.nan
        else:
            shown = shown[np.isfinite(shown[:, FEATURES.index("h_mag")])]
        tails.append(Tail.of(model.core_surprise(shown)))
    return replace(model, core_tails=(tails[0], tails[1]))


def _oddity_tails(features: dict[str, F64]) -> dict[str, Tail]:
    tails = {}
    for rule in RULES:
        value = features[rule.feature]
        tails[rule.name] = Tail.of(rule.oriented(value[np.isfinite(value)]))
    return tails


def _states(table: pl.DataFrame, objects: Population, threads: int) -> list[Coorbital | None]:
    a, i = objects.a_au, np.radians(objects.i_deg)
    M = np.radians(table["mean_anomaly_deg"].cast(pl.Float64).to_numpy())
    tp = tp_from_mean_anomaly(a, objects.e, M, objects.epoch_jd_tdb)
    node, peri = np.radians(objects.node_deg), np.radians(objects.peri_deg)
    elements = Elements(objects.q_au, objects.e, i, node, peri, tp)
    states = state_from_elements(elements, objects.epoch_jd_tdb)
    return coorbital_states(states, objects.epoch_jd_tdb, a, objects.e, i, threads=threads)

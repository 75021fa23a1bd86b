"""How well are unusual objects found? ``python bench/neo_anomalies.py --data DIR``.

DIR holds ``catalogue/`` and ``anomalies/`` of the data folder. Prints, beside one another: this
package, an isolation forest, a small autoencoder, the distance to the 20th neighbour, and the rule
"low Tisserand parameter". Needs the ``train`` extra. No label is used for fitting.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
from scipy.stats import rankdata

from skywright.neo.anomalies import add_anomalies
from skywright.neo.novelty import combined, load_model
from skywright.neo.novelty_features import (
    FEATURES,
    physical_features,
    population_of,
    scaled_matrix,
)
from skywright.neo.novelty_training import fit_table
from skywright.neo.oddities import rarity

_PLAIN = [FEATURES.index(n) for n in (
    "a_au", "e", "i_deg", "q_au", "aphelion_au", "h_mag", "tisserand_jupiter", "tisserand_earth"
)]  # fmt: skip
_TJ = FEATURES.index("tisserand_jupiter")
_SEED = 1


def main() -> None:
    """Print every table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with catalogue/")
    folder = parser.parse_args().data
    catalogue = pl.read_parquet(folder / "catalogue" / "neo_catalogue_202410.parquet")
    started = time.perf_counter()
    scored = add_anomalies(catalogue)
    print(
        f"{catalogue.height} objects scored and explained in {time.perf_counter() - started:.1f} s"
    )
    x = scaled_matrix(physical_features(_population(catalogue)))
    detectors = _detectors(x)
    _unusual(scored, folder, detectors, x)
    _comets(scored, catalogue["is_comet"].to_numpy(), detectors, x)
    _injected(catalogue, detectors)
    _attribution(catalogue)
    _held_out(catalogue, folder)


def _population(table):
    return population_of(table, table["epoch_jd_tdb"].cast(pl.Float64).to_numpy())


def _plain(x):
    """Return the eight features that the other detectors take, H by its median where unknown."""
    part = x[:, _PLAIN].copy()
    k = _PLAIN.index(FEATURES.index("h_mag"))
    part[np.isnan(part[:, k]), k] = 22.0
    return part


def _detectors(x):
    from sklearn.ensemble import IsolationForest
    from sklearn.neighbors import NearestNeighbors
    from sklearn.preprocessing import StandardScaler

    scale = StandardScaler().fit(_plain(x))
    train = scale.transform(_plain(x))
    forest = IsolationForest(n_estimators=400, random_state=_SEED).fit(train)
    tree = NearestNeighbors(n_neighbors=20).fit(train)
    rebuild = _autoencoder(train)

    def ready(rows):
        return scale.transform(_plain(rows))

    return {
        "isolation forest": lambda rows: -forest.score_samples(ready(rows)),
        "autoencoder": lambda rows: ((rebuild(ready(rows)) - ready(rows)) ** 2).mean(axis=1),
        "20th neighbour": lambda rows: tree.kneighbors(ready(rows))[0][:, -1],
        "low Tisserand rule": lambda rows: -rows[:, _TJ],
    }


def _autoencoder(train):
    """Fit 8-16-4-16-8 with Adam for 40 epochs; return a function that rebuilds rows."""
    import torch
    from torch import nn

    torch.manual_seed(_SEED)
    net = nn.Sequential(
        nn.Linear(8, 16), nn.Tanh(), nn.Linear(16, 4), nn.Tanh(), nn.Linear(4, 16), nn.Tanh(),
        nn.Linear(16, 8),
    )  # fmt: skip
    data = torch.tensor(train, dtype=torch.float32)
    optimiser = torch.optim.Adam(net.parameters(), lr=3e-3)
    for _ in range(40):
        for rows in torch.randperm(len(data)).split(512):
            optimiser.zero_grad()
            nn.functional.mse_loss(net(data[rows]), data[rows]).backward()
            optimiser.step()

    def rebuild(rows):
        with torch.no_grad():
            return net(torch.tensor(rows, dtype=torch.float32)).numpy()

    return rebuild


def _auc(score, label):
    ranks = rankdata(score)
    positive = label.sum()
    return (ranks[label].sum() - positive * (positive + 1) / 2) / positive / (~label).sum()


def _average_precision(score, label):
    hits = label[np.argsort(-score, kind="stable")]
    return float((np.cumsum(hits) / np.arange(1, hits.size + 1))[hits].mean())


def _top(score):
    return score >= np.sort(score)[::-1][max(len(score) // 100 - 1, 0)]


def _columns(scored, detectors, x):
    own = {
        "novelty": scored["novelty_percentile"].to_numpy(),
        "density alone": scored["density_percentile"].to_numpy(),
    }
    return own | {name: detect(x) for name, detect in detectors.items()}


def _unusual(scored, folder, detectors, x):
    unusual = pl.read_parquet(folder / "anomalies" / "unusual_objects.parquet")
    place = {name: k for k, name in enumerate(scored["designation"])}
    tops = {name: _top(score) for name, score in _columns(scored, detectors, x).items()}
    print("\nRecall of unusual objects in the top 1 % (curated and rule-based categories)")
    print(f"{'category':30s} n  " + "  ".join(f"{name:>18s}" for name in tops))
    groups = [("all", unusual), *((g[0], t) for g, t in unusual.group_by("category"))]
    for category, members in sorted(groups, key=lambda g: g[0]):
        rows = [place[name] for name in members["designation"] if name in place]
        line = "  ".join(f"{top[rows].mean():18.2f}" for top in tops.values())
        print(f"{category:30s} {len(rows):<3d}{line}")
    missed = [n for n in unusual["designation"] if n in place and not tops["novelty"][place[n]]]
    print(f"missed: {', '.join(missed)}")


def _comets(scored, comets, detectors, x):
    print(f"\nDesignated comets ({comets.sum()} of {comets.size}) against all others")
    for name, score in _columns(scored, detectors, x).items():
        print(
            f"{name:20s} AUC {_auc(score, comets):.3f}  AP {_average_precision(score, comets):.3f}"
        )


def _injected(catalogue, detectors):
    """Anomalies in the manner of Rogers et al. (2024, AJ 167, 118), and a joint shuffle."""
    rng = np.random.default_rng(_SEED)
    real = catalogue.filter(pl.col("h_mag").is_not_null() & ~pl.col("is_comet"))
    ordinary = real.sample(3000, seed=_SEED)
    print("\nInjected anomalies, 500 of each kind among 3,000 ordinary objects: AUC")
    names = ["density alone", "novelty", *(n for n in detectors)]
    print(f"{'kind':16s}" + "".join(f"{n:>20s}" for n in names))
    for kind, make in _KINDS.items():
        table = pl.concat([ordinary.select(_ORBIT), make(real, rng).select(_ORBIT)])
        label = np.arange(table.height) >= 3000
        objects = _population(table)
        features = physical_features(objects)
        x = scaled_matrix(features)
        model = load_model()
        density = model.density_surprise(x)
        both = combined(density, rarity(model, features, objects))
        scores = [density, both, *(detect(x) for detect in detectors.values())]
        print(f"{kind:16s}" + "".join(f"{_auc(score, label):20.3f}" for score in scores))


_ORBIT = ["epoch_jd_tdb", "a_au", "e", "i_deg", "node_deg", "peri_deg", "h_mag"]


def _with_elements(real, rng, scaled):
    """Give 500 objects new log a, e, sqrt i and H, orientations kept."""
    rows = real.sample(len(scaled), seed=int(rng.integers(1 << 30)))
    log_a, e, root_i, h = scaled.T
    return rows.with_columns(
        a_au=pl.Series(10.0**log_a),
        e=pl.Series(np.clip(e, 0.0, 0.99)),
        i_deg=pl.Series(np.minimum(root_i**2, 180.0)),
        h_mag=pl.Series(h),
    )


def _four(real):
    columns = [real[n].to_numpy() for n in ("a_au", "e", "i_deg", "h_mag")]
    return np.column_stack([np.log10(columns[0]), columns[1], np.sqrt(columns[2]), columns[3]])


def _global(real, rng):
    """Uniform over the range of each feature."""
    four = _four(real)
    return _with_elements(real, rng, rng.uniform(four.min(axis=0), four.max(axis=0), (500, 4)))


def _local(real, rng):
    """Drawn from a mixture of the data whose covariances are five times too wide."""
    return _with_elements(real, rng, _from_mixture(real, rng, stretch=5.0, shift=0.0))


def _cluster(real, rng):
    """One tight group away from the data: the mean plus two to three spreads."""
    four = _four(real)
    centre = four.mean(axis=0) + np.array([0.0, -1.5, 2.5, -2.0]) * four.std(axis=0)
    return _with_elements(real, rng, centre + 0.1 * four.std(axis=0) * rng.normal(size=(500, 4)))


def _shuffled(real, rng):
    """Every feature from another object: margins are right, relations are gone."""
    four = _four(real)
    return _with_elements(
        real, rng, np.column_stack([rng.choice(four[:, j], 500) for j in range(4)])
    )


def _from_mixture(real, rng, *, stretch, shift):
    from sklearn.mixture import GaussianMixture

    fitted = GaussianMixture(5, random_state=_SEED).fit(_four(real))
    which = rng.choice(5, size=500, p=fitted.weights_)
    roots = np.linalg.cholesky(fitted.covariances_ * stretch)
    return (
        fitted.means_[which]
        + shift
        + np.einsum("nij,nj->ni", roots[which], rng.normal(size=(500, 4)))
    )


_KINDS = {"global": _global, "local": _local, "cluster": _cluster, "joint shuffle": _shuffled}


def _attribution(catalogue):
    """Move one element of ordinary objects far out; is it the first reason?"""
    rng = np.random.default_rng(_SEED)
    ordinary = catalogue.filter(
        pl.col("h_mag").is_between(17, 26) & pl.col("a_au").is_between(1.2, 2.8)
        & pl.col("i_deg").is_between(2, 25) & pl.col("e").is_between(0.25, 0.65)
    ).sample(200, seed=_SEED)  # fmt: skip
    far = {"i_deg": (80, 170), "e": (0.9, 0.98), "a_au": (8, 40), "h_mag": (9.5, 13)}
    some = {"i_deg": (45, 80), "e": (0.8, 0.9), "a_au": (3.5, 8), "h_mag": (13, 15)}
    for how, ranges in (("far out", far), ("somewhat", some)):
        print(
            f"\nAttribution: one element moved {how}, 200 objects each; ranked first, in first two"
        )
        for name, (low, high) in ranges.items():
            values = pl.Series(name, rng.uniform(low, high, 200))
            tops = add_anomalies(ordinary.with_columns(values).drop("q_au"))["top_features"]
            first = np.mean([top[0] == name for top in tops.to_list()])
            second = np.mean([name in top[:2] for top in tops.to_list()])
            print(f"{name:8s} {first:.2f}  {second:.2f}")


def _held_out(catalogue, folder):
    """Fit on half of the objects, score the other half: false alarms and recall unseen."""
    unusual = pl.read_parquet(folder / "anomalies" / "unusual_objects.parquet")
    half = np.random.default_rng(_SEED).random(catalogue.height) < 0.5
    above, recall, members, ordinary_above = [], 0, 0, []
    for train in (half, ~half):
        model = fit_table(catalogue.filter(train), coorbitals=False)
        model = replace(model, oddity_counts={})
        test = catalogue.filter(~train)
        objects = _population(test)
        features = physical_features(objects)
        x = scaled_matrix(features)
        density = model.density_surprise(x)
        odd = rarity(model, features, objects)
        score = model.combined_tail.surprise(combined(density, odd))
        above.append(np.mean(score >= 2))
        plain = (odd == 0) & ~test["is_comet"].to_numpy()
        ordinary_above.append(np.mean(score[plain] >= 2))
        wanted = test["designation"].is_in(unusual["designation"].to_list()).to_numpy()
        recall, members = recall + _top(score)[wanted].sum(), members + wanted.sum()
    print("\nFitted on half of the objects, scored on the other half (no co-orbital test here)")
    print(f"above the 99th percentile: {100 * np.mean(above):.2f} % of all (should be 1 %)")
    print(f"false alarms: {100 * np.mean(ordinary_above):.2f} % of objects with no named oddity")
    print(f"unusual objects in the top 1 %: {recall} of {members}")


if __name__ == "__main__":
    main()

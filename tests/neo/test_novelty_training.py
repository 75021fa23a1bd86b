"""A model is learned from a table, by the recipe that ships, and says what is missing."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from skywright.errors import InputError
from skywright.foundry.recipe import load_recipe
from skywright.foundry.run import Run
from skywright.neo.anomalies import add_anomalies
from skywright.neo.novelty_training import CATALOGUE, fit, fit_novelty, fit_table, load


def _invented(n=400):
    rng = np.random.default_rng(1)
    q, e = rng.uniform(0.5, 1.3, n), rng.beta(3, 3, n)
    angles = {name: rng.uniform(0, 360, n) for name in ("node_deg", "peri_deg", "mean_anomaly_deg")}
    return pl.DataFrame(
        {
            "designation": [f"invented {k}" for k in range(n)],
            "epoch_jd_tdb": np.full(n, 2460600.5),
            "a_au": q / (1 - e),
            "e": e,
            "i_deg": rng.rayleigh(10, n),
            "h_mag": rng.normal(21, 2.5, n),
            **angles,
        }
    )


def test_a_small_table_gives_a_model_that_ranks_its_own_rows_evenly():
    table = _invented()
    model = fit_table(table, components=2, coorbitals=False)
    percentile = add_anomalies(table, model=model)["density_percentile"].to_numpy()
    assert np.mean(percentile > 90) == pytest.approx(0.1, abs=0.03)


def test_the_same_seed_gives_the_same_model():
    table = _invented()
    first, second = (fit_table(table, components=3, seed=5, coorbitals=False) for _ in range(2))
    np.testing.assert_array_equal(first.views["orbit"].means, second.views["orbit"].means)


def test_a_missing_catalogue_is_named():
    with pytest.raises(InputError, match="neo_catalogue_202410"):
        fit_novelty(Path("nowhere"))


def test_the_kind_writes_a_model_that_loads(tmp_path):
    data, out = tmp_path / "data", tmp_path / "out"
    (data / CATALOGUE).parent.mkdir(parents=True)
    out.mkdir()
    _invented().write_parquet(data / CATALOGUE)
    recipe = load_recipe("neo-novelty")
    few = recipe.model_copy(update={"params": {"components": 2}})
    metrics = fit(Run(recipe=few, data=data, out=out, seed=1, log_path=tmp_path / "log.jsonl"))
    assert np.isfinite(metrics[recipe.metric])
    answers = load(out)(_invented(5).to_dicts())
    assert all(0 <= answer["novelty_percentile"] <= 100 for answer in answers)

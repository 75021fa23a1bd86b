"""Albedo: intervals that keep their promise, an export that agrees."""

import json

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skywright.errors import InputError
from skywright.foundry.recipe import load_recipe
from skywright.foundry.registry import packaged
from skywright.foundry.run import Run
from skywright.neo.albedo import albedo_interval
from skywright.neo.albedo_training import fit, honest, widening
from skywright.neo.notable import notable_objects


def test_limits_are_in_order_and_physical():
    table = notable_objects().filter(pl.col("e") < 1, pl.col("h_mag").is_not_null())
    low, high = albedo_interval(table)
    assert (low < high).all()
    assert (low > 0.005).all()
    assert (high < 1.0).all()


def test_missing_magnitude_is_a_sentence():
    with pytest.raises(InputError, match="needs the columns h_mag"):
        albedo_interval(notable_objects().drop("h_mag"))


@given(seed=st.integers(0, 50), shift=st.floats(-1, 1), scale=st.floats(0.2, 3))
def test_widening_makes_the_promised_share_lie_inside(seed, shift, scale):
    y = np.random.default_rng(seed).normal(0, 1, 400)
    low, high = np.full(400, shift - scale), np.full(400, shift + scale)
    wide = widening(low, high, y)
    inside = np.mean((y >= low - wide) & (y <= high + wide))
    assert 0.68 <= inside <= 0.69


def test_coverage_holds_on_rows_that_did_not_fix_the_widening():
    rng = np.random.default_rng(2)
    y = rng.normal(0, 1, 5000)
    found = honest(np.full(5000, -0.1), np.full(5000, 0.1), y, rng.integers(0, 10, 5000))
    assert found["coverage"] == pytest.approx(0.68, abs=0.02)


def test_card_prints_the_constant_beside_the_model():
    card = json.loads((packaged("neo-albedo") / "card.json").read_text())
    assert (
        card["metrics"]["boosting_interval_score"] < card["baselines"]["constant"]["interval_score"]
    )
    assert 0.62 < card["metrics"]["boosting_coverage"] < 0.74
    assert card["metrics"]["onnx_agreement"] < 1e-5


@pytest.mark.slow
def test_training_beats_the_constant_interval(reference_data, tmp_path):
    recipe = load_recipe("neo-albedo")
    (tmp_path / "model").mkdir()
    metrics = fit(Run(recipe, reference_data, tmp_path / "model", 1, tmp_path / "log"))
    assert metrics["interval_score"] < metrics["constant_interval_score"]
    assert 0.62 < metrics["boosting_coverage"] < 0.74

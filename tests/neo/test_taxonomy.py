"""Taxonomy: dark is carbonaceous, bright is silicate, and the orbit does not tell."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skywright.errors import InputError
from skywright.foundry.recipe import load_recipe
from skywright.foundry.run import Run
from skywright.neo.taxonomy import GROUPS, group_probabilities
from skywright.neo.taxonomy_training import fit


# Bennu is a B type with albedo 0.044 (Lauretta et al. 2019), Eros an S type with 0.25 (JPL SBDB).
def test_dark_bennu_and_bright_eros():
    bennu, eros = group_probabilities([0.044, 0.25])
    assert list(GROUPS)[bennu.argmax()] == "carbonaceous"
    assert list(GROUPS)[eros.argmax()] == "silicate"


@given(albedo=st.floats(0.005, 1.2))
def test_probabilities_add_up(albedo):
    p = group_probabilities(albedo)
    assert (p >= 0).all()
    assert p.sum() == pytest.approx(1.0)


@pytest.mark.parametrize("albedo", [0.0, -0.1, 1.5, float("nan")])
def test_impossible_albedo_is_a_sentence(albedo):
    with pytest.raises(InputError, match="must be a measured geometric albedo"):
        group_probabilities(albedo)


@pytest.mark.slow
def test_albedo_tells_and_the_orbit_does_not(reference_data, tmp_path):
    recipe = load_recipe("neo-taxonomy")
    (tmp_path / "model").mkdir()
    metrics = fit(Run(recipe, reference_data, tmp_path / "model", 1, tmp_path / "log"))
    assert metrics["auc"] > 0.92
    assert metrics["orbit_only_auc"] < 0.65
    assert np.isfinite(metrics["log_loss"])

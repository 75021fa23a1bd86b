"""The removal test finds what was spoilt, and neighbours are near."""

import numpy as np
import pytest

from skywright.neo.explanation import REASONS, find_reasons, nearest, top_features
from skywright.neo.novelty import load_model
from skywright.neo.novelty_features import (
    FEATURES,
    Population,
    from_scale,
    physical_features,
    scaled_matrix,
    to_scale,
)

OPTIONAL = ("albedo", "rot_per_h", "a2_au_d2", "a1_au_d2", "a3_au_d2", "diameter_km")


def _objects(a, e, i, h):
    a, e, i, h = (np.atleast_1d(np.asarray(x, float)) for x in (a, e, i, h))
    n = a.size
    fill = [np.full(n, x) for x in (80.0, 200.0, 2460600.5)]
    unknown = {name: np.full(n, np.nan) for name in OPTIONAL}
    return Population(a * (1 - e), e, i, fill[0], fill[1], fill[2], h, unknown)


def _reasons(objects):
    features = physical_features(objects)
    x = scaled_matrix(features)
    return find_reasons(load_model(), objects, features, x, np.zeros(len(objects)))


@pytest.mark.parametrize(
    ("spoilt", "changes"),
    [("e", {"e": 0.95}), ("i_deg", {"i": 150}), ("h_mag", {"h": 10}), ("a_au", {"a": 25})],
)
def test_repairing_the_spoilt_feature_helps_most(spoilt, changes):
    reasons = _reasons(_objects(**({"a": 1.9, "e": 0.45, "i": 12, "h": 19} | changes)))
    assert top_features(reasons)[0][0] == spoilt


def test_a_repair_to_the_median_of_a_typical_object_changes_little():
    reasons = _reasons(_objects(2.0, 0.5, 8.0, 20.0))
    assert np.max(np.abs(reasons.drops)) < 0.5


def test_a_large_inclination_has_a_large_conditional_percentile():
    reasons = _reasons(_objects([1.9, 1.9], [0.45, 0.45], [3.0, 65.0], [19.0, 19.0]))
    low, high = reasons.percentiles[:, REASONS.index("i_deg")]
    assert low < 50 < 95 < high


def test_unknown_features_give_no_reason():
    reasons = _reasons(_objects(1.9, 0.45, 12.0, np.nan))
    unknown = [REASONS.index(name) for name in ("h_mag", "albedo", "rot_per_h", "a2_au_d2")]
    assert np.isnan(reasons.percentiles[0, unknown]).all()
    assert (reasons.drops[0, unknown] == 0).all()


def test_every_object_has_at_least_one_reason():
    rng = np.random.default_rng(1)
    objects = _objects(rng.uniform(0.8, 3, 50), rng.uniform(0.1, 0.6, 50), rng.uniform(1, 30, 50),
                       rng.uniform(16, 28, 50))  # fmt: skip
    tops = top_features(_reasons(objects))
    assert all(1 <= len(top) <= 4 for top in tops)


def test_an_object_is_not_its_own_neighbour():
    # (433) Eros, JPL SBDB October 2024.
    x = scaled_matrix(physical_features(_objects(1.458, 0.2227, 10.83, 10.41)))
    names = nearest(load_model(), x, ["A898 PA"])[0]
    assert len(names) == 5
    assert "A898 PA" not in names
    assert "A898 PA" in nearest(load_model(), x, ["mine"])[0]


@pytest.mark.parametrize("name", FEATURES)
def test_scales_go_back_and_forth(name):
    value = np.array([0.05, 0.5, 1.3])
    assert from_scale(name, to_scale(name, value)) == pytest.approx(value, rel=1e-12)

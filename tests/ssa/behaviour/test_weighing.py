"""Weights of distances: the group that tells manoeuvres gets them, and none speaks for quiet."""

import numpy as np
import pytest

from skywright.ssa.behaviour.weighing import balanced, learned_weights


def drawn(count=400):
    random = np.random.default_rng(5)
    moved = random.random(count) < 0.4
    logs = random.normal(size=(count, 3))
    logs[:, 1] += 2.0 * moved
    logs[:, 2] -= 2.0 * moved
    names = np.array([f"o{k % 4}" for k in range(count)])
    return logs, moved, names


def test_what_tells_manoeuvres_gets_the_weight():
    weights = learned_weights(*drawn())
    assert weights.argmax() == 1
    assert weights.sum() == pytest.approx(1.0)


def test_no_distance_speaks_for_quiet():
    weights = learned_weights(*drawn())
    assert weights[2] == 0.0
    assert (weights >= 0.0).all()


def test_the_weights_undo_another_scale_of_a_distance():
    logs, moved, names = drawn()
    stretched = logs * [1.0, 4.0, 1.0]
    before, after = (learned_weights(one, moved, names) for one in (logs, stretched))
    np.testing.assert_allclose(
        (logs @ before) / (logs @ before).std(),
        (stretched @ after) / (stretched @ after).std(),
        atol=1e-3,
    )


@pytest.mark.parametrize("kind", [True, False])
def test_without_windows_of_both_kinds_all_weigh_alike(kind):
    logs, moved, names = drawn()
    np.testing.assert_allclose(learned_weights(logs, np.full_like(moved, kind), names), 1.0 / 3.0)


def test_satellites_and_kinds_of_windows_count_alike():
    moved = np.array([True] * 9 + [False] + [True, False] + [True])
    names = np.array(["a"] * 10 + ["b"] * 2 + ["c"])
    share = balanced(moved, names)
    assert share[:9].sum() == pytest.approx(0.25)
    assert share[9:12].tolist() == pytest.approx([0.25, 0.25, 0.25])
    assert share[12] == 0.0

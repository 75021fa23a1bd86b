"""What is gathered from episodes: rewards belong to decisions, and no luck is left in the gain."""

import numpy as np
import pytest

from skywright.ssa.coorbit.worlds import Setting

torch = pytest.importorskip("torch")


def _gathered(sample, *, moved=False, case="reacting"):
    from skywright.ssa.coorbit.experience import gathered

    return gathered(Setting(case), 24, 90, sample, moved=moved)


def _idle(seen):
    count = len(seen)
    return torch.zeros(count, dtype=torch.int64), torch.zeros(count, 6), torch.zeros(count, 3)


def test_a_policy_that_never_burns_earns_less_than_the_optimiser():
    some = _gathered(_idle)
    assert some.last.sum() <= 24
    assert some.better[some.last].mean() < -1.0
    assert len(some.x) == len(some.act) == len(some.reward)


def test_a_policy_that_is_asked_only_where_a_neighbour_burns_is_asked_less():
    assert len(_gathered(_idle, moved=True).x) < len(_gathered(_idle).x)
    assert len(_gathered(_idle, moved=True, case="passive").x) < 0.3 * len(
        _gathered(_idle, case="passive").x
    )


def test_rewards_between_decisions_count_for_the_last_one_before():
    from skywright.ssa.coorbit.experience import _until_next

    rewards = np.array([[1.0], [2.0], [4.0], [8.0]], np.float32)
    chose = np.array([[True], [False], [True], [False]])
    np.testing.assert_array_equal(_until_next(rewards, chose)[[0, 2], 0], [3.0, 12.0])

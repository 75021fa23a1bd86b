"""Steps: found where they are, of the size they have, and not where none is."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skywright.ssa.detection.series import rolling_noise
from skywright.ssa.detection.steps import Window, steps_at

TIMES = np.arange(40.0)


def noisy(seed, step=0.0, at=20.0, smear=0.0):
    random = np.random.default_rng(seed)
    ramp = np.clip((TIMES - at) / smear, 0, 1) if smear else (at < TIMES) * 1.0
    return 0.05 * TIMES + step * ramp + random.normal(0.0, 1.0, len(TIMES))


@given(seed=st.integers(0, 999), size=st.floats(15.0, 500.0), sign=st.sampled_from([-1, 1]))
def test_a_large_step_is_found_with_its_size(seed, size, sign):
    at = TIMES[:-1] + 0.5
    found = steps_at(at, TIMES, noisy(seed, sign * size, 20.5), np.ones(40), Window(7, 7))
    best = int(np.abs(found.statistic).argmax())
    assert at[best] == 20.5
    assert found.size[best] == pytest.approx(sign * size, abs=5.0)


@given(shift=st.floats(-1e7, 1e7), scale=st.floats(0.1, 100.0))
def test_neither_level_nor_unit_matters(shift, scale):
    values, at = noisy(1, 8.0), np.array([15.5, 20.5])
    one = steps_at(at, TIMES, values, np.ones(40), Window(7, 7))
    two = steps_at(at, TIMES, values * scale + shift, np.full(40, scale), Window(7, 7))
    assert two.statistic == pytest.approx(one.statistic, rel=1e-3, abs=1e-3)


def test_a_creeping_step_is_told_by_its_ramp():
    values = noisy(2, 40.0, 15.0, smear=4.0)
    found = steps_at(np.array([15.5]), TIMES, values, np.ones(40), Window(7, 7, (0.0, 4.0)))
    assert found.smear_d[0] == 4.0


def test_one_bad_set_is_no_step():
    values = noisy(3)
    values[20] += 80.0
    found = steps_at(TIMES[8:32] + 0.5, TIMES, values, np.ones(40), Window(7, 7))
    assert np.abs(found.statistic).max() < 6.0


def test_the_ends_tell_nothing():
    found = steps_at(np.array([0.5, 38.5]), TIMES, noisy(4, 99.0, 0.5), np.ones(40), Window(7, 7))
    assert (found.statistic == 0.0).all()


def test_noise_is_robust_against_steps():
    values = noisy(5, 300.0)
    assert rolling_noise(values, 0.1) == pytest.approx(np.ones(40), abs=0.6)
    assert (rolling_noise(np.zeros(40), 0.1) == 0.1).all()

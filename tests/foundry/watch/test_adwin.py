"""Changes in streams: found soon, seldom found where there are none."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from skywright.errors import InputError
from skywright.foundry.watch.adwin import Adwin, Bucket, PageHinkley, cut_bound, joined


def alarms(detector, stream):
    return [k for k, value in enumerate(stream) if detector.add(value)]


def published_stream():
    rng = np.random.RandomState(0)
    stream = rng.randint(2, size=2000)
    for k in range(999, 2000):
        stream[k] = rng.randint(4, high=8)
    return stream


def slow_adwin(stream, delta, every, least):
    """Theorem 3.1 with every cut of a plain list."""
    window, found = [], []
    for k, value in enumerate(stream):
        window.append(value)
        if (k + 1) % every:
            continue
        cut = True
        while cut:
            n, cut = len(window), False
            log = math.log(2 * math.log(n) / delta)
            variance = np.var(window)
            for n0 in range(least, n - least + 1):
                m = 1 / (1 / n0 + 1 / (n - n0))
                bound = math.sqrt(2 / m * variance * log) + 2 / 3 / m * log
                if abs(np.mean(window[:n0]) - np.mean(window[n0:])) > bound:
                    cut = True
            if cut:
                found.append(k)
                window.pop(0)
    return sorted(set(found)), len(window)


def test_adwin_gives_the_alarms_of_the_moa_example():
    # CapyMOA, documentation of capymoa.drift.detectors.ADWIN: changes at 1023 and 1055.
    assert alarms(Adwin(delta=0.001), published_stream())[:2] == [1023, 1055]


def test_page_hinkley_is_the_rise_of_the_sum_above_its_lowest_value():
    # Hinkley (1971): U_t - min U_s > threshold, U the sum of x - running mean - slack.
    stream = np.random.default_rng(3).normal(size=400) + np.linspace(0, 3, 400)
    means = np.cumsum(stream) / np.arange(1, 401)
    u = np.concatenate([[0.0], np.cumsum(stream - means - 0.1)])
    first = next(t for t in range(30, 401) if u[t] - u[: t + 1].min() > 20) - 1
    detector = PageHinkley(slack=0.1, threshold=20, forgetting=1.0)
    assert alarms(detector, stream)[0] == first


def test_adwin_with_buckets_of_one_value_is_the_plain_algorithm():
    rng = np.random.default_rng(4)
    stream = np.concatenate([rng.binomial(1, 0.2, 150), rng.binomial(1, 0.8, 90)]).astype(float)
    adwin = Adwin(delta=0.01, every=16, most_buckets=1000)
    found = alarms(adwin, stream)
    slow, length = slow_adwin(stream, 0.01, 16, 5)
    assert found == slow
    assert adwin.length == length
    assert found


def test_buckets_keep_count_mean_and_variance_of_the_window():
    values = np.random.default_rng(1).uniform(size=3000)
    adwin = Adwin(delta=1e-9)
    assert alarms(adwin, values) == []
    whole = Bucket(0, 0.0, 0.0)
    for bucket in adwin._oldest_first():
        whole = joined(whole, bucket)
    assert (adwin.length, whole.rows) == (3000, 3000)
    assert_allclose(adwin.mean, values.mean(), rtol=0, atol=1e-12)
    assert_allclose(whole.scatter / whole.rows, values.var(), rtol=0, atol=1e-12)


def test_memory_grows_with_the_logarithm_of_the_window():
    adwin = Adwin(every=10**9)
    for _ in range(100_000):
        adwin.add(0.5)
    assert sum(1 for _ in adwin._oldest_first()) <= 5 * (math.log2(100_000 / 5) + 2)


def test_false_alarms_of_adwin_stay_below_delta_a_look():
    # Theorem 3.1: at each look the window is cut with probability delta at most.
    rng = np.random.default_rng(10)
    looks = cuts = 0
    for _ in range(40):
        found = alarms(Adwin(delta=0.05), rng.binomial(1, 0.3, 2000).astype(float))
        looks, cuts = looks + 2000 // 32, cuts + len(found)
    assert cuts / looks < 0.05


def test_adwin_finds_a_step_within_the_delay_of_its_bound():
    # A step of size g among n old values is found once the bound for that cut is below g; twice
    # as many values leave room for chance.
    rng = np.random.default_rng(11)
    bound = next(
        n
        for n in range(10, 2000)
        if cut_bound(Bucket(1000 + n, 0, 0.2 * (1000 + n)), 1000, 0.002) < 0.4
    )
    delays = []
    for _ in range(20):
        stream = np.concatenate([rng.binomial(1, 0.2, 1000), rng.binomial(1, 0.6, 1000)])
        delays.append(next(k for k in alarms(Adwin(), stream) if k >= 1000) - 1000)
    assert max(delays) < 2 * bound + 32
    assert np.median(delays) < bound + 32


def test_after_a_step_the_window_holds_the_new_values_only():
    rng = np.random.default_rng(12)
    adwin = Adwin()
    alarms(adwin, np.concatenate([rng.uniform(0, 0.2, 3000), rng.uniform(0.8, 1, 3000)]))
    assert_allclose(adwin.mean, 0.9, rtol=0, atol=0.02)
    assert 2900 < adwin.length < 3100


def test_page_hinkley_is_silent_without_a_rise_and_begins_anew_after_one():
    rng = np.random.default_rng(13)
    flat = rng.normal(0, 0.1, 3000)
    assert alarms(PageHinkley(threshold=5), flat) == []
    assert alarms(PageHinkley(threshold=5), flat - np.linspace(0, 3, 3000)) == []
    risen = np.concatenate([flat, 1 + flat])
    found = alarms(PageHinkley(threshold=5), risen)
    assert len(found) == 1
    assert 3000 < found[0] < 3020


def test_a_delta_that_is_no_probability_is_refused():
    with pytest.raises(InputError, match=r"not 1\.5"):
        Adwin(delta=1.5)

"""The token bucket: a burst, a steady rate, and no memory without end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skywright.security import limits
from skywright.security.limits import RateLimit, RateLimitError


class _Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def test_a_burst_then_a_wait_of_the_told_length():
    clock = _Clock()
    limit = RateLimit(60, clock)
    for _ in range(60):
        limit.take("a")
    with pytest.raises(RateLimitError, match="More than 60 requests") as caught:
        limit.take("a")
    clock.now += caught.value.retry_after_s
    limit.take("a")


def test_callers_do_not_share_a_bucket():
    limit = RateLimit(1, _Clock())
    limit.take("a")
    limit.take("b")


@given(waits=st.lists(st.floats(0, 5), max_size=200))
def test_no_more_than_a_burst_and_the_rate_get_through(waits):
    clock = _Clock()
    limit = RateLimit(30, clock)
    through = 0
    for wait in waits:
        clock.now += wait
        try:
            limit.take("a")
        except RateLimitError:
            continue
        through += 1
    assert through <= 30 + clock.now * 0.5 + 1e-6


def test_many_callers_do_not_fill_the_memory(monkeypatch):
    monkeypatch.setattr(limits, "_MOST_CALLERS", 100)
    limit = RateLimit(5, _Clock())
    for k in range(1000):
        limit.take(str(k))
    assert len(limit._buckets) <= 101


def test_forgetting_spares_the_empty_buckets(monkeypatch):
    monkeypatch.setattr(limits, "_MOST_CALLERS", 10)
    limit = RateLimit(3, _Clock())
    for _ in range(3):
        limit.take("greedy")
    for k in range(30):
        limit.take(str(k))
    with pytest.raises(RateLimitError, match="More than 3"):
        limit.take("greedy")

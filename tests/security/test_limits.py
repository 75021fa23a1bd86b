"""The sliding minute: a limit by caller, a wait that is long enough, shared over Redis."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skywright.errors import InputError
from skywright.security.limits import RateLimitError, RateLimits, network_of, wait_s

_START = 1_800_000_000.0  # the first second of a minute


class _Clock:
    def __init__(self):
        self.now = _START

    def __call__(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = _Clock()
    monkeypatch.setattr("time.time", clock)
    return clock


def _through(limits, per_minute, times, caller="a"):
    through = 0
    for _ in range(times):
        try:
            limits.take(per_minute, "key", caller)
        except RateLimitError:
            continue
        through += 1
    return through


def test_no_more_than_the_limit_get_through(clock):
    limits = RateLimits()
    assert _through(limits, 60, 100) == 60
    with pytest.raises(RateLimitError, match="More than 60 requests in a minute"):
        limits.take(60, "key", "a")


@pytest.mark.parametrize("into_s", [0.0, 17.0, 59.5])
def test_who_waits_as_told_is_let_in(clock, into_s):
    limits = RateLimits()
    clock.now += into_s
    _through(limits, 5, 5)
    with pytest.raises(RateLimitError, match="More than 5") as caught:
        limits.take(5, "key", "a")
    clock.now += caught.value.retry_after_s
    limits.take(5, "key", "a")


def test_the_minute_before_counts_for_the_share_that_is_still_in_the_window(clock):
    limits = RateLimits()
    _through(limits, 60, 60)
    clock.now += 60 + 30  # half of the 60 are older than a minute
    assert _through(limits, 60, 100) == 30


def test_callers_do_not_share_a_count():
    limits = RateLimits("memory://")
    limits.take(1, "key", "a")
    limits.take(1, "key", "b")
    limits.take(1, "address", "a")


@given(
    amount=st.integers(1, 1000),
    share=st.floats(0, 1),
    now=st.integers(0, 1000),
    left_s=st.floats(0.001, 60),
)
def test_after_the_wait_the_weighted_count_is_below_the_limit(amount, share, now, left_s):
    now = min(now, amount)
    before = int(amount * share)
    wait = wait_s(amount, before, now, left_s)
    if wait < left_s:
        weighted = before * (left_s - wait) / 60 + now
    else:
        weighted = now * (60 - (wait - left_s)) / 60
    assert wait > 0
    assert weighted < amount


@pytest.mark.parametrize(
    ("peer", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8::1", "2001:db8::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("testclient", "testclient"),
    ],
)
def test_an_address_is_counted_by_its_household(peer, network):
    assert network_of(peer) == network


def test_another_kind_of_store_is_refused_by_name():
    with pytest.raises(InputError, match="SKYWRIGHT_LIMITS_URL names 'mysql'; allowed are memory"):
        RateLimits("mysql://host/db")


def test_without_redis_each_process_counts_by_itself():
    limits = RateLimits("redis://127.0.0.1:1/0")  # nothing listens there
    assert limits.remote
    assert _through(limits, 3, 5) == 3

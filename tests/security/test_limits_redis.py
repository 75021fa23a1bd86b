"""Limits in a real Redis: two processes, one count."""

import shutil
import socket
import subprocess
import time
from contextlib import contextmanager

import pytest

from skywright.security.limits import RateLimitError, RateLimits

pytestmark = pytest.mark.service


@contextmanager
def _running(folder):
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("redis-server is not installed on this machine")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        _wait_for(port)
        yield port, server
    finally:
        server.terminate()
        server.wait(10)


@pytest.fixture(scope="module")
def redis_port(tmp_path_factory):
    with _running(tmp_path_factory.mktemp("redis")) as (port, _):
        yield port


def _wait_for(port):
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    pytest.fail("redis-server did not start")


def _through(limits, times, caller):
    through = 0
    for _ in range(times):
        try:
            limits.take(20, "key", caller)
        except RateLimitError:
            continue
        through += 1
    return through


def test_two_servers_share_one_count(redis_port):
    url = f"redis://127.0.0.1:{redis_port}/0"
    one, other = RateLimits(url), RateLimits(url)
    assert _through(one, 12, "shared") + _through(other, 12, "shared") == 20


def test_keys_are_counted_apart(redis_port):
    limits = RateLimits(f"redis://127.0.0.1:{redis_port}/0")
    assert _through(limits, 25, "a") == 20
    assert _through(limits, 1, "b") == 1


def test_the_wait_is_told_by_redis_too(redis_port):
    limits = RateLimits(f"redis://127.0.0.1:{redis_port}/0")
    _through(limits, 20, "c")
    with pytest.raises(RateLimitError, match="More than 20") as caught:
        limits.take(20, "key", "c")
    assert 0 < caught.value.retry_after_s <= 120


def test_when_redis_leaves_each_server_goes_on_by_itself(tmp_path):
    with _running(tmp_path) as (port, server):
        limits = RateLimits(f"redis://127.0.0.1:{port}/0")
        assert _through(limits, 5, "a") == 5
        server.terminate()
        server.wait(10)
        assert _through(limits, 25, "a") == 20

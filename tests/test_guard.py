"""The guard itself: what it refuses, and how the refused test is named."""

import asyncio
import socket
import threading

import pytest

from tests.guard import GUARD, OutsideError

AWAY = ("192.0.2.1", 9)  # TEST-NET-1 of RFC 5737: nobody lives there


def _refused():
    """Return what was refused so far, which is then forgotten."""
    asked = list(GUARD.asked)
    GUARD.asked.clear()
    return asked


def test_a_connection_to_the_outside_is_refused():
    with socket.socket() as sock, pytest.raises(OutsideError, match=r"192\.0\.2\.1"):
        sock.connect(AWAY)
    assert _refused() == ["192.0.2.1 (connect)"]


def test_connect_ex_is_refused():
    with socket.socket() as sock, pytest.raises(OutsideError):
        sock.connect_ex(AWAY)
    assert _refused()


def test_a_datagram_to_the_outside_is_refused():
    with socket.socket(type=socket.SOCK_DGRAM) as sock, pytest.raises(OutsideError):
        sock.sendto(b"x", AWAY)
    assert _refused()


def test_a_name_of_the_outside_is_not_looked_up():
    with pytest.raises(OutsideError, match="example"):
        socket.getaddrinfo("example.org", 80)
    assert _refused() == ["example.org (getaddrinfo)"]


def test_a_thread_is_seen():
    def speak():
        with socket.socket() as sock, pytest.raises(OutsideError):
            sock.connect(AWAY)

    thread = threading.Thread(target=speak)
    thread.start()
    thread.join()
    assert _refused()


@pytest.mark.parametrize("kind", ["asyncio", "uvloop"])
def test_an_event_loop_is_seen(kind):
    loop = pytest.importorskip(kind).new_event_loop()
    try:
        with pytest.raises(OutsideError):
            loop.run_until_complete(loop.create_connection(asyncio.Protocol, *AWAY))
    finally:
        loop.close()
    assert _refused()


def test_the_loopback_device_is_open():
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname()).close()


def test_the_sentence_names_the_test_and_the_address():
    with socket.socket() as sock, pytest.raises(OutsideError):
        sock.connect(AWAY)
    (told,) = GUARD.report()
    assert "test_the_sentence_names" in told
    assert "192.0.2.1" in told

"""What counts as this machine, and when listening to the world is refused."""

import pytest

from skywright.errors import InputError
from skywright.security.perimeter import is_loopback, refuse_open_binding, refuse_strangers


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "127.1.2.3", "::1", "[::1]", "localhost", "LOCALHOST.", "a.localhost"],
)
def test_names_of_this_machine(host):
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host",
    ["0.0.0.0", "::", "", "127.0.0.1.nip.io", "localhost.evil.example", "10.0.0.1", "0x7f000001"],
)
def test_names_of_anything_else(host):
    assert not is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.0.2", "sky.example"])
def test_listening_to_the_world_needs_a_key(host):
    with pytest.raises(InputError, match=f"Listening on {host} would let everyone in"):
        refuse_open_binding(host, keys_on_record=False)


def test_with_a_key_it_may_listen_anywhere():
    refuse_open_binding("0.0.0.0", keys_on_record=True)


def test_a_unix_socket_is_not_taken_for_a_call_inside_the_process():
    with pytest.raises(Exception, match="Host header"):
        refuse_strangers("peer", "/run/sky.sock", {"host": "anything"})


def test_a_peer_without_a_name_is_refused():
    with pytest.raises(Exception, match="an unnamed peer"):
        refuse_strangers(None, "127.0.0.1", {"host": "127.0.0.1"})

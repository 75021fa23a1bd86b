"""Without a key on record only this machine is served, and this is how that is told.

Four things are looked at, because each alone can be fooled: the peer of the socket (a header can
claim any address), the Host header (a page in a browser can point a name of its own at 127.0.0.1),
the Origin header (a page can post to 127.0.0.1 without reading the answer), and the traces a proxy
leaves (behind one, every caller in the world has a loopback socket).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit

from skywright.errors import AccessError, InputError

_LOCAL_NAMES = frozenset({"localhost", "localhost.localdomain", "ip6-localhost"})
_PROXY_HEADERS = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip")
_HINT = "Make a key with: skywright keys create NAME --role analyst"


def is_loopback(host: str) -> bool:
    """Tell whether an address or host name means this machine and nothing else."""
    name = host.strip().rstrip(".").lower().strip("[]")
    if name in _LOCAL_NAMES or name.endswith(".localhost"):
        return True
    address = _address(name)
    if address is None:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback)


def refuse_open_binding(host: str, *, keys_on_record: bool) -> None:
    """Refuse to listen to the world before there is a key.

    Raises
    ------
    InputError
        If ``host`` is not loopback and there is no key.
    """
    if keys_on_record or is_loopback(host):
        return
    message = (
        f"Listening on {host} would let everyone in: there is no API key on record. "
        "Without a key only loopback (127.0.0.1) is served."
    )
    raise InputError(message, hint=_HINT)


def refuse_strangers(peer: str | None, server: str | None, headers: Mapping[str, str]) -> None:
    """Refuse a request that may come from beyond this machine, when there is no key.

    Parameters
    ----------
    peer : str or None
        Address at the other end of the socket; a name that is no address is a call inside this
        process.
    server : str or None
        Address this server's socket is bound to.
    headers : mapping
        Header values by lower-case name.

    Raises
    ------
    AccessError
        Says which of the four checks failed.
    """
    if not peer or not (is_loopback(peer) or _address(peer) is None):
        _refuse(f"Requests from {peer or 'an unnamed peer'} need an API key, and there is none.")
    for name in _PROXY_HEADERS:
        if name in headers:
            _refuse(f"The header {name} tells of a proxy; behind one an API key is needed.")
    host = _host_name(headers.get("host", ""))
    if not (is_loopback(host) or _is_in_process(server)):
        _refuse(f"Without an API key the Host header must name this machine, not {host!r}.")
    refuse_foreign_origin(headers)


def refuse_foreign_origin(headers: Mapping[str, str]) -> None:
    """Refuse a request that a page of another site made a browser send.

    Raises
    ------
    AccessError
        If there is an Origin header that is not this server's own.
    """
    origin = headers.get("origin")
    if origin is None:
        return
    if urlsplit(origin).netloc.lower() != headers.get("host", "").lower():
        _refuse(f"Without an API key, pages of {origin} may not call this server.")


def _is_in_process(server: str | None) -> bool:
    """Tell whether no socket is involved: a server on one is known by its address or its path."""
    return bool(server) and "/" not in str(server) and _address(str(server)) is None


def _host_name(host: str) -> str:
    """Return the name of a Host header without its port; brackets are of IPv6."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.rpartition(":")[0] if host.count(":") == 1 else host


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None


def _refuse(message: str) -> None:
    raise AccessError(message, hint=_HINT)

"""No test speaks with the outside world: every attempt is refused, and fails the test.

What Python's own sockets do is seen by an audit hook, in every thread and event loop; uvloop has
sockets of its own, so its ways out are looked at too. A process that a test starts is not seen.
"""

import functools
import ipaddress
import socket
import sys
from contextlib import suppress

LOCAL_NAMES = {"", "localhost", "localhost.localdomain", "ip6-localhost", "0.0.0.0", "::"}
_ADDRESSED = {"socket.connect", "socket.sendto", "socket.sendmsg"}
_RESOLVED = {"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"}
_UVLOOP = ("create_connection", "getaddrinfo")


class OutsideError(ConnectionRefusedError):
    """What code under test gets instead of a connection."""


class Guard:
    """Refuses and remembers who was asked from which test."""

    def __init__(self):
        self.test = ""
        self.asked: list[str] = []
        self._own = LOCAL_NAMES | {socket.gethostname()}

    def install(self):
        sys.addaudithook(self._hook)
        with suppress(ImportError):  # not on Windows
            import uvloop

            for name in _UVLOOP:
                setattr(uvloop.Loop, name, self._watched(getattr(uvloop.Loop, name)))

    def report(self):
        """Return a sentence on each attempt since the last report."""
        asked, self.asked = self.asked, []
        return [
            f"The test {self.test} spoke with {address}; tests stay offline." for address in asked
        ]

    def is_local(self, host):
        if host is None:
            return True
        name = host.decode() if isinstance(host, bytes) else str(host)
        with suppress(ValueError):
            return ipaddress.ip_address(name.partition("%")[0]).is_loopback or name in self._own
        return name in self._own

    def _hook(self, event, arguments):
        if not self.test or (event not in _ADDRESSED and event not in _RESOLVED):
            return
        if event in _RESOLVED:
            host = arguments[0]
            with suppress(ValueError):  # an address is not looked up anywhere
                ipaddress.ip_address(host)
                return
        else:
            sock, address = arguments[0], arguments[-1]
            if sock.family not in {socket.AF_INET, socket.AF_INET6} or address is None:
                return
            host = address[0]
        self._look(host, event)

    def _look(self, host, event):
        if not self.is_local(host):
            self.asked.append(f"{host} ({event.removeprefix('socket.')})")
            message = f"{self.test} may not speak with {host}: tests stay offline"
            raise OutsideError(message)

    def _watched(self, method):
        @functools.wraps(method)
        def watched(loop, *arguments, **named):
            host = next((one for one in arguments if isinstance(one, str | bytes)), None)
            if self.test:
                self._look(named.get("host", host), f"uvloop {method.__name__}")
            return method(loop, *arguments, **named)

        return watched


GUARD = Guard()
"""The one of this process."""

"""Faults on demand, by service: what real services do on bad days.

They can be switched while the sandbox runs, at ``/_faults``.
"""

from __future__ import annotations

import asyncio
import email.utils
import json
import logging
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from skywright.errors import InputError

KINDS: dict[str, str] = {
    "429": "asks to wait: status 429 with Retry-After",
    "quota": "429 with Retry-After from the sixteenth request on",
    "500": "an error of the server",
    "502": "a gateway without a server",
    "503": "down for maintenance: status 503",
    "slow": "answers after five seconds",
    "cut": "ends in the middle of the answer",
    "html": "a web page with status 200 instead of the answer",
    "empty": "status 200 with no bytes",
    "empty-table": "the answer without its rows: nothing was found",
    "overflow": "a VOTable that says it was cut",
    "wrong-type": "another Content-Type than that of the answer",
    "clock-skew": "a Date two days off, and a Retry-After in the past",
    "expired-token": "status 401, the token is not accepted any more",
}
"""Name to what happens."""

SLOW_S = 5.0
QUOTA = 15
"""Requests that are answered before ``quota`` sets in; Launch Library 2 allows so many an hour."""

_SKEW_S = 2 * 86_400.0
_PAGE = b"<!DOCTYPE html><html><body><h1>Down for maintenance</h1></body></html>"
_ROWS = re.compile(
    rb"(?<=<TABLEDATA>).*(?=</TABLEDATA>)|<entry>.*</entry>|(?<=\$\$SOE\n).*(?=\$\$EOE)", re.DOTALL
)
"""Of a VOTable, a feed, an ephemeris of Horizons."""
_COUNTS = {"numFound", "count", "element_count"}
_TOTAL = re.compile(rb"\d+(?=</opensearch:totalResults>)")
_OVERFLOW = b'<INFO name="QUERY_STATUS" value="OVERFLOW"/>'


class CutOnDemandError(ConnectionAbortedError):
    """Makes the server hang up in the middle of an answer."""


def is_no_cut(record: logging.LogRecord) -> bool:
    """Tell whether the server has something to log, beside connections cut on demand."""
    return record.exc_info is None or not isinstance(record.exc_info[1], CutOnDemandError)


@dataclass(frozen=True, slots=True)
class _Canned:
    status: int
    body: bytes
    media_type: str
    headers: Mapping[str, str]


_CANNED: dict[str, _Canned] = {
    "429": _Canned(
        429, b'{"error": "Too many requests"}', "application/json", {"Retry-After": "1"}
    ),
    "throttled": _Canned(
        429,
        b'{"detail": "Request was throttled. Expected available in 60 seconds."}',
        "application/json",
        {"Retry-After": "60"},
    ),
    "500": _Canned(500, b"Internal Server Error", "text/plain", {}),
    "502": _Canned(502, _PAGE, "text/html", {}),
    "503": _Canned(503, b"Service Unavailable", "text/plain", {"Retry-After": "1"}),
    "html": _Canned(200, _PAGE, "text/html", {}),
    "empty": _Canned(200, b"", "application/octet-stream", {}),
    "expired-token": _Canned(401, b'{"error": "Unauthorized"}', "application/json", {}),
}


class Faults:
    """Which service has which fault; none at first."""

    def __init__(self, services: tuple[str, ...], faults: Mapping[str, str] | None = None) -> None:
        self.services = services
        self._faults: dict[str, str] = {}
        self._answered: dict[str, int] = {}
        for service, kind in (faults or {}).items():
            self.set(service, kind)

    def set(self, service: str, kind: str) -> None:
        """Give a service a fault, until another is set or it is cleared.

        Raises
        ------
        InputError
            If there is no such service or fault.
        """
        if service not in self.services:
            message = f"There is no service {service!r}; choose from {', '.join(self.services)}."
            raise InputError(message)
        if kind not in KINDS:
            message = f"There is no fault {kind!r}; choose from {', '.join(KINDS)}."
            raise InputError(message)
        self._faults[service] = kind
        self._answered[service] = 0

    def clear(self, service: str = "") -> None:
        """Heal a service, or all."""
        if service:
            self._faults.pop(service, None)
        else:
            self._faults.clear()

    def of(self, service: str) -> str:
        """Return the fault of a service; empty where it is well."""
        return self._faults.get(service, "")

    def is_over_quota(self, service: str) -> bool:
        """Count a request of a service whose quota is small, and tell whether it is too many."""
        self._answered[service] = self._answered.get(service, 0) + 1
        return self._answered[service] > QUOTA

    def told(self) -> dict[str, str]:
        """Return all that are set."""
        return dict(self._faults)


def parse_fault(text: str) -> tuple[str, str]:
    """Read ``gaia:429``.

    Raises
    ------
    InputError
        If there is no colon.
    """
    service, colon, kind = text.partition(":")
    if not colon:
        message = f"--fault {text!r} has no colon; write SERVICE:KIND, such as gaia:429."
        raise InputError(message, hint=f"Kinds are {', '.join(KINDS)}.")
    return service, kind


async def faults_page(request: Request) -> JSONResponse:
    """Tell the faults; PUT or POST ``{"gaia": "429"}`` sets, null heals, DELETE heals all."""
    faults: Faults = request.app.state.faults
    if request.method == "DELETE":
        faults.clear()
    elif request.method in {"PUT", "POST"}:
        try:
            wanted = json.loads(await request.body())
            for service, kind in dict(wanted).items():
                if kind:
                    faults.set(service, str(kind))
                else:
                    faults.clear(service)
        except (ValueError, TypeError) as error:
            return JSONResponse({"error": {"code": "invalid_input", "message": str(error)}}, 422)
    return JSONResponse({"faults": faults.told(), "kinds": KINDS})


class FaultyMiddleware:
    """Put the fault of a service between its answer and who asked."""

    def __init__(self, app: ASGIApp, faults: Faults, service_of: Mapping[str, str]) -> None:
        self._app = app
        self._faults = faults
        self._prefixes = sorted(service_of.items(), key=lambda item: -len(item[0]))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        send = _dated(send)
        service = self._service(scope["path"]) if scope["type"] == "http" else ""
        kind = self._faults.of(service)
        if kind == "quota":
            kind = "throttled" if self._faults.is_over_quota(service) else ""
        if kind in _CANNED:
            await _say(send, _CANNED[kind])
        elif kind == "slow":
            await asyncio.sleep(SLOW_S)
            await self._app(scope, receive, send)
        elif kind:
            await self._app(scope, receive, _Changed(send, kind))
        else:
            await self._app(scope, receive, send)

    def _service(self, path: str) -> str:
        for prefix, service in self._prefixes:
            if path == prefix or path.startswith(prefix + "/"):
                return service
        return ""


def _dated(send: Send) -> Send:
    """Return a way to send that adds the time, unless there is one already."""

    async def dated(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = list(message["headers"])
            if all(name != b"date" for name, _ in headers):
                headers.append((b"date", email.utils.formatdate(usegmt=True).encode()))
            message = {**message, "headers": headers}
        await send(message)

    return dated


async def _say(send: Send, canned: _Canned) -> None:
    headers = {"content-type": canned.media_type, "content-length": f"{len(canned.body)}"}
    headers |= canned.headers
    await send({"type": "http.response.start", "status": canned.status, "headers": _raw(headers)})
    await send({"type": "http.response.body", "body": canned.body})


def _raw(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode(), value.encode()) for name, value in headers.items()]


class _Changed:
    """A way to send that spoils the answer once it is whole."""

    def __init__(self, send: Send, kind: str) -> None:
        self._send = send
        self._kind = kind
        self._start: Message = {}
        self._body = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
            return
        self._body += message.get("body", b"")
        if message.get("more_body"):
            return
        headers = {name.decode().lower(): value.decode() for name, value in self._start["headers"]}
        body = self._spoil(headers, self._body)
        await self._send({**self._start, "headers": _raw(headers)})
        if self._kind == "cut":  # shorter than its Content-Length says: the server hangs up
            await self._send({"type": "http.response.body", "body": body, "more_body": True})
            raise CutOnDemandError
        await self._send({"type": "http.response.body", "body": body})

    def _spoil(self, headers: dict[str, str], body: bytes) -> bytes:
        whole = len(body)
        if self._kind == "cut":
            body = body[: len(body) // 2]
        elif self._kind == "wrong-type":
            headers["content-type"] = "image/png"
        elif self._kind == "clock-skew":
            past = email.utils.formatdate(time.time() - _SKEW_S, usegmt=True)
            headers |= {"date": past, "retry-after": past}
        elif self._kind == "empty-table":
            body = _without_records(body)
        elif self._kind == "overflow" and _OVERFLOW not in body:
            body = body.replace(b"</TABLE>", b"</TABLE>" + _OVERFLOW)
        headers["content-length"] = f"{whole if self._kind == 'cut' else len(body)}"
        return body


def _without_records(body: bytes) -> bytes:
    """Return the answer as it is where nothing was found: the same, without its rows."""
    if _ROWS.search(body):
        return _TOTAL.sub(b"0", _ROWS.sub(b"", body))
    try:
        return json.dumps(_emptied(json.loads(body))).encode()
    except ValueError:
        return b"".join(body.partition(b"\n")[:2])  # the heading of a text


def _emptied(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: 0 if key in _COUNTS else _emptied(inside) for key, inside in value.items()}
    if isinstance(value, list):
        is_named = bool(value) and isinstance(value[0], dict) and "TableName" in value[0]
        return [_emptied(one) for one in value] if is_named else []  # SkyServer's tables
    return value

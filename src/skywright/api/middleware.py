"""What surrounds every request: an id, a size limit, figures, and a net for our own faults.

Plain ASGI, because a request here takes less time than a framework's wrapper would.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Mapping

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from skywright.api.answers import error_answer, fault_answer
from skywright.api.doorkeeper import Doorkeeper
from skywright.api.metrics import Metrics
from skywright.errors import LimitError, SkywrightError
from skywright.logs import get_logger, request_id

MAX_BODY_BYTES = 16 * 1024 * 1024
"""Largest request body: 10,000 objects with covariance fit, to be refused by their number."""

_GIVEN_ID = re.compile(rb"[A-Za-z0-9._-]{8,64}")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_log = get_logger("skywright.api")


class TooLargeError(LimitError):
    """The body of a request is too large."""

    http_status = 413
    code = "too_large"


class Surround:
    """The outermost layer of the application."""

    def __init__(
        self,
        app: ASGIApp,
        doorkeeper: Doorkeeper,
        metrics: Metrics,
        limits: Mapping[str, int] | None = None,
    ) -> None:
        self._app = app
        self._doorkeeper = doorkeeper
        self._metrics = metrics
        self._limits = limits or {}  # by path, in bytes, where it is not MAX_BODY_BYTES

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, whatever happens inside."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        headers = dict(scope["headers"])
        identity = _identity(headers)
        token = request_id.set(identity)
        watch = _Watch(send, identity)
        try:
            await self._answer(scope, headers, receive, watch)
        finally:
            request_id.reset(token)
            self._observe(scope, watch.status, time.perf_counter() - started)

    async def _answer(
        self, scope: Scope, headers: dict[bytes, bytes], receive: Receive, watch: _Watch
    ) -> None:
        try:
            await self._doorkeeper.admit(scope, headers)
            limit = self._limits.get(scope["path"], MAX_BODY_BYTES)
            await self._app(scope, _limited(headers, receive, limit), watch)
        except SkywrightError as error:
            await self._refuse(error_answer(error), scope, receive, watch)
        except Exception as error:  # the net: a fault is logged whole and told in a sentence
            _log.exception("request failed", path=scope["path"], error=type(error).__name__)
            await self._refuse(fault_answer(), scope, receive, watch)

    async def _refuse(
        self, response: Response, scope: Scope, receive: Receive, watch: _Watch
    ) -> None:
        if not watch.status:  # otherwise the answer is under way, and the server cuts it short
            await response(scope, receive, watch)

    def _observe(self, scope: Scope, status: int, seconds: float) -> None:
        route = scope.get("route")
        path = getattr(route, "path", "unmatched")
        method = scope["method"] if scope["method"] in _METHODS else "other"
        self._metrics.observe(path, method, status, seconds)
        _log.debug("request", path=scope["path"], status=status, ms=round(seconds * 1e3, 2))


class _Watch:
    """Send messages on, noting the status and adding the request's id."""

    def __init__(self, send: Send, identity: str) -> None:
        self._send = send
        self._identity = identity.encode()
        self.status = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = [*message["headers"], (b"x-request-id", self._identity)]
            headers.append((b"x-content-type-options", b"nosniff"))
            message = {**message, "headers": headers}
        await self._send(message)


def _limited(headers: dict[bytes, bytes], receive: Receive, limit: int) -> Receive:
    """Refuse a body that is announced, or turns out, to be too large, before it is parsed."""
    announced = headers.get(b"content-length", b"0")
    if announced.isdigit() and int(announced) > limit:
        raise _too_large(limit)
    seen = 0

    async def counted() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > limit:
            raise _too_large(limit)
        return message

    return counted


def _too_large(limit: int) -> TooLargeError:
    message = f"The body is larger than {limit // 2**20} MiB."
    return TooLargeError(message, hint="Send less in a request.")


def _identity(headers: dict[bytes, bytes]) -> str:
    given = headers.get(b"x-request-id", b"")
    return given.decode() if _GIVEN_ID.fullmatch(given) else secrets.token_hex(8)

"""``Idempotency-Key``: a POST that is sent again gets the answer of the first time.

Plain ASGI, inside the doorkeeper's layer, so that the caller is known. A body is hashed as it comes
in and kept in a temporary file once it is large; a request without the header passes untouched.
"""

from __future__ import annotations

import hashlib
import re
import tempfile
import time
from typing import IO

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from skywright.api.answers import error_answer
from skywright.errors import ConflictError, InputError, SkywrightError
from skywright.store.database import Database
from skywright.store.idempotency import (
    Claim,
    Earlier,
    claim_key,
    forget_old_keys,
    release_key,
    settle_key,
)

HEADER = b"idempotency-key"
REPLAYED = b"idempotent-replay"
PREFIXES = ("/api/training", "/api/models", "/api/inference")
"""Paths whose POSTs take a key."""

_KEY = re.compile(rb"[\x21-\x7e]{1,200}")
_IN_MEMORY = 1024 * 1024
_CHUNK = 256 * 1024
_TIDY_EVERY_S = 600.0
_DEPENDS_ON_THE_MOMENT = frozenset({401, 403, 404, 408, 409, 425, 429})
"""Refusals that another state of things lifts; the others a request gets whenever it comes."""


class Idempotency:
    """A layer of the application.

    Parameters
    ----------
    app : ASGI application
        What it surrounds.
    database : Database
        Where answers are kept, for 24 hours.
    """

    def __init__(self, app: ASGIApp, database: Database) -> None:
        self._app = app
        self._database = database
        self._tidied = 0.0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer from the record, or do the request and put its answer there."""
        key = _key_of(scope)
        if key is None:
            await self._app(scope, receive, send)
            return
        if not _KEY.fullmatch(key):
            message = "The header Idempotency-Key must hold 1 to 200 visible ASCII characters."
            await error_answer(InputError(message))(scope, receive, send)
            return
        with tempfile.SpooledTemporaryFile(_IN_MEMORY) as body:
            digest = await _spool(receive, body)
            caller = scope["state"]["caller"].name
            route = f"{scope['method']} {scope['path']}"
            if query := scope.get("query_string", b""):
                digest = hashlib.sha256(digest.encode() + query).hexdigest()
            claim = Claim(caller, key.decode(), route[:200], digest)
            await run_in_threadpool(self._tidy)
            earlier = await run_in_threadpool(claim_key, self._database, claim)
            if earlier is not None:
                await _repeated(claim, earlier)(scope, receive, send)
                return
            await self._first(claim, scope, _Replay(body, receive), send)

    async def _first(self, claim: Claim, scope: Scope, receive: Receive, send: Send) -> None:
        heard = _Heard(send)
        try:
            await self._app(scope, receive, heard)
        except SkywrightError as error:
            if not heard.status:
                await error_answer(error)(scope, receive, heard)
        except BaseException:
            await run_in_threadpool(release_key, self._database, claim)
            raise
        if heard.final:
            await run_in_threadpool(
                settle_key, self._database, claim, heard.status, bytes(heard.body)
            )
        else:
            await run_in_threadpool(release_key, self._database, claim)

    def _tidy(self) -> None:
        now = time.monotonic()
        if now - self._tidied > _TIDY_EVERY_S:
            self._tidied = now
            forget_old_keys(self._database)


class _Replay:
    """Hands a body that was read once to the application, in pieces."""

    def __init__(self, body: IO[bytes], receive: Receive) -> None:
        self._body = body
        self._receive = receive
        self._over = False

    async def __call__(self) -> Message:
        if self._over:
            return await self._receive()
        piece = self._body.read(_CHUNK)
        self._over = len(piece) < _CHUNK
        return {"type": "http.request", "body": piece, "more_body": not self._over}


class _Heard:
    """Sends messages on, and keeps status and body."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status = 0
        self.body = bytearray()
        self._json = False

    @property
    def final(self) -> bool:
        """Whether the request is done, or would be refused whenever it came."""
        return self._json and 200 <= self.status < 500 and self.status not in _DEPENDS_ON_THE_MOMENT

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            kind = dict(message["headers"]).get(b"content-type", b"")
            self._json = kind.startswith(b"application/json")
        elif message["type"] == "http.response.body" and self._json:
            self.body += message.get("body", b"")
        await self._send(message)


def _key_of(scope: Scope) -> bytes | None:
    if scope["type"] != "http" or scope["method"] != "POST":
        return None
    if not scope["path"].startswith(PREFIXES):
        return None
    found: bytes | None = dict(scope["headers"]).get(HEADER)
    return found


async def _spool(receive: Receive, body: IO[bytes]) -> str:
    """Read a whole body and return its SHA-256; the file is left at its beginning."""
    digest, more = hashlib.sha256(), True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            break
        piece = message.get("body", b"")
        digest.update(piece)
        body.write(piece)
        more = message.get("more_body", False)
    body.seek(0)
    return digest.hexdigest()


def _repeated(claim: Claim, earlier: Earlier) -> Response:
    """Return the answer of the first time, or say why there is none."""
    if earlier.route != claim.route or earlier.body_sha256 != claim.body_sha256:
        message = f"The Idempotency-Key {claim.key!r} was used for another request."
        return error_answer(InputError(message, hint="Take a new key for a new request."))
    if earlier.status is None:
        message = f"The request with the Idempotency-Key {claim.key!r} is still under way."
        return error_answer(ConflictError(message, hint="Send it again in a moment."))
    headers = {REPLAYED.decode(): "true"}
    return Response(earlier.answer, earlier.status, headers, media_type="application/json")

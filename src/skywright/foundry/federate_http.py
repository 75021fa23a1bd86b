"""A federation over HTTP: two routes, and a client that keeps what it could not send.

``POST /offers`` with a signed request gives the common model; ``POST /updates`` takes a change.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from skywright.errors import LimitError, SkywrightError, SourceError
from skywright.foundry.federate_message import MOST_BYTES
from skywright.foundry.federate_rounds import Coordinator, asking

_BYTES = "application/octet-stream"
_TIMEOUT_S = 60.0


def application(coordinator: Coordinator, most_bytes: int = MOST_BYTES) -> Starlette:
    """Return the ASGI application of a coordinator; run one process of it, behind TLS."""

    async def offers(request: Request) -> Response:
        asked = await _body(request, most_bytes)
        content = await run_in_threadpool(coordinator.answer, asked)
        return Response(content, media_type=_BYTES)

    async def updates(request: Request) -> Response:
        content = await _body(request, most_bytes)
        header = await run_in_threadpool(coordinator.receive, content)
        return JSONResponse({"client": header.client, "round": header.round}, status_code=202)

    return Starlette(
        routes=[
            Route("/offers", offers, methods=["POST"]),
            Route("/updates", updates, methods=["POST"]),
        ],
        exception_handlers={SkywrightError: _refused},
    )


@dataclass(frozen=True, slots=True)
class Post:
    """The way to a coordinator, and the updates that still have to go there."""

    url: str
    """Address of the application."""
    client: str
    """Name of this client."""
    key: bytes
    """Its shared key."""
    outbox: Path
    """Folder of updates that were not sent yet."""
    http: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=_TIMEOUT_S))
    """Connection."""

    def fetch(self) -> bytes:
        """Return an offer; raises SourceError if the coordinator cannot be reached or refuses."""
        asked = asking("", self.client, self.key)
        try:
            answer = self.http.post(f"{self.url}/offers", content=asked)
        except httpx.TransportError as error:
            message = f"The coordinator at {self.url} cannot be reached: {error}."
            raise SourceError(message) from error
        if answer.status_code != 200:
            message = (
                f"The coordinator refused an offer ({answer.status_code}): {answer.text[:300]}"
            )
            raise SourceError(message)
        return answer.content

    def keep(self, update: bytes) -> Path:
        """Keep an update until it can be sent."""
        self.outbox.mkdir(parents=True, exist_ok=True)
        place = self.outbox / f"{secrets.token_hex(8)}.update"
        partial = place.with_suffix(".partial")
        partial.write_bytes(update)
        partial.replace(place)
        return place

    def send(self) -> dict[str, list[str]]:
        """Send what is kept.

        Returns
        -------
        dict
            Names of files that were ``sent``, that were ``refused`` for good (stale, a repetition,
            wrong; moved to ``refused/``), and that stay ``kept`` as nobody answered.
        """
        told: dict[str, list[str]] = {"sent": [], "refused": [], "kept": []}
        for path in sorted(self.outbox.glob("*.update"), key=lambda one: one.stat().st_mtime_ns):
            told[self._sent(path)].append(path.name)
        return told

    def _sent(self, path: Path) -> str:
        try:
            answer = self.http.post(f"{self.url}/updates", content=path.read_bytes())
        except httpx.TransportError:
            return "kept"
        if answer.status_code >= 500 or answer.status_code == 429:
            return "kept"
        if answer.is_success:
            path.unlink()
            return "sent"
        refused = self.outbox / "refused"
        refused.mkdir(exist_ok=True)
        (refused / f"{path.name}.txt").write_text(answer.text, encoding="utf-8")
        path.replace(refused / path.name)
        return "refused"


async def _body(request: Request, most_bytes: int) -> bytes:
    pieces, size = [], 0
    async for piece in request.stream():
        size += len(piece)
        if size > most_bytes:
            message = f"A message of this federation has {most_bytes} bytes at most."
            raise LimitError(message)
        pieces.append(piece)
    return b"".join(pieces)


async def _refused(_: Request, error: Exception) -> Response:
    status = getattr(error, "http_status", 500)
    told = {"code": getattr(error, "code", "error"), "message": str(error), "hint": ""}
    return JSONResponse({"error": told}, status_code=status)

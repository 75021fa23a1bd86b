"""Language models that speak OpenAI's chat completions, asked over HTTP and with nothing else.

It is the other client of the port beside `skywright.assistant.engine.providers`: it needs no
further package, and it keeps the port honest, since both have to give the same pieces.
"""

from __future__ import annotations

import asyncio
import json
import re
import secrets
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from skywright import __version__
from skywright.assistant.engine.event_streams import values_of
from skywright.assistant.engine.model import Asked, ModelError, Piece, Turn
from skywright.assistant.engine.openai_dialect import Response, messages_of, tools_of
from skywright.assistant.engine.requesting import HandOver, pieces_of
from skywright.assistant.engine.service import (
    Service,
    asked_too_often,
    failed,
    key_refused,
    says_too_long,
    too_long,
    unreachable,
)
from skywright.assistant.engine.wording import instructions
from skywright.assistant.tools.running import ToolSpec
from skywright.sources.http import retry_after_s

_BUSY = frozenset({408, 409, 429, 500, 502, 503, 504})
_ATTEMPTS = 3
_FIRST_WAIT_S = 0.5
_LONGEST_WAIT_S = 60.0  # a service that wants more is said to be busy instead
_LONGEST_TO_CONNECT_S = 10.0
_MOST_BYTES = 16 * 1024 * 1024  # of one response; the longest answers of today have 1 MiB
_LONGEST_REFUSAL = 8 * 1024
_ABOUT_STREAMS = re.compile(r"stream", re.IGNORECASE)


class OpenAIHttpModel:
    """A language model as the loop asks it; see `skywright.assistant.engine.model.Model`.

    Parameters
    ----------
    service : Service
        Which, and where.
    facts : sequence of str
        What the user wants to be remembered.
    stop : threading.Event, optional
        Ends a request at work when it is set.
    """

    def __init__(
        self, service: Service, facts: Sequence[str] = (), stop: threading.Event | None = None
    ) -> None:
        self.service = service
        self.facts = tuple(facts)
        self.stop = stop or threading.Event()
        self.name = service.name

    def respond(self, history: Sequence[Turn], tools: Sequence[ToolSpec]) -> Iterator[Piece]:
        """Give the next step."""
        offered = tuple(tools)
        nonce = secrets.token_hex(4)
        asked = next((one for one in reversed(history) if isinstance(one, Asked)), Asked(""))
        told = instructions(nonce, asked, self.facts)
        body: dict[str, Any] = {
            "model": self.service.model,
            "messages": messages_of(history, told, nonce),
        }
        if offered:
            body["tools"] = tools_of(offered)
        names = tuple(one.name for one in offered)
        try:
            yield from pieces_of(
                lambda hand_over: _Request(self.service, body, names, hand_over).answer(),
                self.stop,
            )
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            told = str(error) or type(error).__name__
            raise unreachable(self.name, told.rstrip(".")) from error


class _NotStreamedError(Exception):
    """The service answers only whole."""


@dataclass(slots=True)
class _Request:
    """One request, and who takes what comes of it."""

    service: Service
    body: dict[str, Any]
    names: tuple[str, ...]
    hand_over: HandOver

    async def answer(self) -> None:
        """Ask for a stream, and for a whole answer where a stream is refused."""
        key = {"Authorization": f"Bearer {self.service.key}"} if self.service.key else {}
        limits = httpx.Timeout(
            self.service.timeout_s, connect=min(self.service.timeout_s, _LONGEST_TO_CONNECT_S)
        )
        headers = {"User-Agent": f"skywright/{__version__}", **key}
        async with httpx.AsyncClient(timeout=limits, headers=headers) as client:
            streamed = {"stream": True, "stream_options": {"include_usage": True}}
            try:
                await self._ask(client, self.body | streamed)
            except _NotStreamedError:
                await self._ask(client, self.body)

    async def _ask(self, client: httpx.AsyncClient, body: dict[str, Any]) -> None:
        reply = await self._opened(client, body)
        try:
            if reply.is_success:
                await self._read(reply)
                return
            text = await _beginning(reply)
        finally:
            await reply.aclose()
        is_refused = reply.status_code in {400, 422, 501}
        if "stream" in body and is_refused and _ABOUT_STREAMS.search(text):
            raise _NotStreamedError
        raise self._refusal(text, reply.status_code)

    async def _opened(self, client: httpx.AsyncClient, body: dict[str, Any]) -> httpx.Response:
        """Send a request until it is answered by something else than "later"."""
        url = f"{self.service.openai_url.rstrip('/')}/chat/completions"
        for number in range(_ATTEMPTS):
            is_last = number == _ATTEMPTS - 1
            wait_s = _FIRST_WAIT_S * 2**number
            try:
                reply = await client.send(client.build_request("POST", url, json=body), stream=True)
            except (httpx.ConnectError, httpx.RemoteProtocolError):
                if is_last:
                    raise
            else:
                wait_s = _wait_s(reply.headers, wait_s)
                if reply.status_code not in _BUSY or is_last or wait_s > _LONGEST_WAIT_S:
                    return reply
                await reply.aclose()
            await asyncio.sleep(wait_s)
        raise AssertionError  # the last attempt returns or raises

    async def _read(self, reply: httpx.Response) -> None:
        response, size = Response(self.names), 0
        async for told in values_of(reply):
            size += len(told)
            if size > _MOST_BYTES:
                message = f"its answer is larger than {_MOST_BYTES // 1024**2} MiB"
                raise failed(self.service.name, message)
            if told.strip() == b"[DONE]":
                break
            self._take(response.take(self._value(told)))
        else:
            if not response.is_ended:
                raise unreachable(self.service.name, "it ended without a last word")
        self._take(response.finish())

    def _take(self, pieces: Iterable[Piece]) -> None:
        for piece in pieces:
            self.hand_over(piece)

    def _value(self, told: bytes) -> Mapping[str, Any]:
        """Return a chunk; raises ModelError if it is an error, or nothing that is known."""
        try:
            value = json.loads(told)
        except ValueError:
            value = None
        if not isinstance(value, dict):
            start = told[:80].decode(errors="replace")
            raise failed(self.service.name, f"it answered with what is no completion: {start!r}")
        if value.get("error"):
            raise self._refusal(told.decode(errors="replace"), 0)
        return value

    def _refusal(self, text: str, status: int) -> ModelError:
        name = self.service.name
        if says_too_long(text):
            return too_long(name)
        if status in {401, 403}:
            return key_refused(name)
        if status == 429:
            return asked_too_often(name)
        told = " ".join(_sentence(text).split()).rstrip(".")
        return failed(name, f"{told} (status {status})" if status else told)


async def _beginning(reply: httpx.Response) -> str:
    """Return the first part of a refusal, which is all that is read of it."""
    told = b""
    async for part in reply.aiter_bytes():
        told += part
        if len(told) > _LONGEST_REFUSAL:
            break
    return told[:_LONGEST_REFUSAL].decode(errors="replace")


def _wait_s(headers: httpx.Headers, otherwise_s: float) -> float:
    """Return how long a busy service wants to be left alone [s]."""
    try:
        asked_s = float(headers["retry-after-ms"]) / 1000.0
    except (KeyError, ValueError):
        given_s = retry_after_s(headers)
        return otherwise_s if given_s is None else given_s
    return asked_s if asked_s >= 0 else otherwise_s


def _sentence(text: str) -> str:
    """Return what a refusal says, out of the shapes that servers give it."""
    try:
        told = json.loads(text)
    except ValueError:
        return "it answered with a web page" if text.lstrip()[:1] == "<" else text
    for name in ("error", "message", "detail"):
        if isinstance(told, dict) and told.get(name):
            told = told[name]
    return told if isinstance(told, str) else json.dumps(told, ensure_ascii=False)

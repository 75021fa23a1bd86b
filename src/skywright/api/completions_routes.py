"""``/v1``: the dialect of OpenAI's chat completions, for front ends that speak it.

``skywright`` answers with our tools and citations. Language models that were taught here answer
as they are, and are told the tools that the client offers.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any, Literal

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from skywright.api.answers import answer, error_body, json_bytes
from skywright.api.bodies import check, read_json
from skywright.api.chat_events import Say, told, watch
from skywright.api.chat_routes import session_of
from skywright.api.completions_adapters import adapter_names, adapter_says
from skywright.api.documented import answers, body
from skywright.api.services import caller_of, services_of
from skywright.errors import InputError
from skywright.security.permissions import Permission

ENGINE = "skywright"
"""Name of our own engine among the models."""

router = APIRouter(tags=["chat"])
_HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no"}


class CompletionMessage(BaseModel):
    """One message of a conversation."""

    model_config = ConfigDict(extra="allow")

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | list[dict[str, Any]] | None = None
    tool_calls: list[dict[str, Any]] | None = None
    tool_call_id: str | None = None

    @property
    def text(self) -> str:
        """The words of the message; parts that are no text are not read."""
        if isinstance(self.content, list):
            return "\n".join(str(one.get("text", "")) for one in self.content)
        return self.content or ""


class CompletionRequest(BaseModel):
    """A conversation to go on with; fields that are not listed are ignored."""

    model_config = ConfigDict(extra="allow")

    model: str = Field(max_length=200, examples=[ENGINE])
    messages: list[CompletionMessage] = Field(min_length=1, max_length=1000)
    stream: bool = False
    stream_options: dict[str, Any] | None = None
    temperature: float | None = Field(default=None, ge=0, le=5)
    max_tokens: int | None = Field(default=None, ge=1)
    max_completion_tokens: int | None = Field(default=None, ge=1)
    seed: int | None = Field(default=None, ge=0)
    tools: list[dict[str, Any]] | None = Field(default=None, max_length=128)


class CompletionAnswer(BaseModel):
    """A whole completion."""

    id: str = Field(examples=["chatcmpl-9f86d081884c7d65"])
    object: str = Field(examples=["chat.completion"])
    created: int = Field(description="Unix time [s].")
    model: str = Field(examples=[ENGINE])
    choices: list[dict[str, Any]]
    usage: dict[str, int]


class CompletionModelsAnswer(BaseModel):
    """Models that complete conversations."""

    object: str = Field(examples=["list"])
    data: list[dict[str, Any]]


_REQUEST = TypeAdapter(CompletionRequest)
REQUESTS: list[type[BaseModel]] = [CompletionRequest]
"""Bodies for the OpenAPI document."""


@router.get(
    "/v1/models",
    operation_id="listCompletionModels",
    summary="List what completes conversations",
    responses=answers(CompletionModelsAnswer),
)
async def list_completion_models(request: Request) -> Response:
    """Name our own engine, and language models that were taught here and are in use."""
    caller_of(request, Permission.READ)
    services = services_of(request)
    names = [ENGINE, *await services.work.call(adapter_names, services)]
    data = [{"id": name, "object": "model", "created": 0, "owned_by": ENGINE} for name in names]
    return answer({"object": "list", "data": data})


@router.post(
    "/v1/chat/completions",
    operation_id="completeChat",
    summary="Go on with a conversation",
    responses=answers(CompletionAnswer, 404),
    openapi_extra=body(
        CompletionRequest,
        example={"model": ENGINE, "messages": [{"role": "user", "content": "Where is M31?"}]},
    ),
)
async def complete_chat(request: Request) -> Response:
    """Answer the last message; with ``stream`` as server-sent events that end in ``[DONE]``."""
    caller, services = caller_of(request, Permission.PREDICT), services_of(request)
    asked = check(_REQUEST, await read_json(request))
    if asked.model == ENGINE:
        said = await _engine_says(request, asked)
    else:
        given = asked.model_dump(exclude_none=True)
        given["messages"] = [
            one.model_dump(exclude_none=True) | {"content": one.text} for one in asked.messages
        ]
        said = _known(await adapter_says(services, caller.name, asked.model, given))
    head = {
        "id": f"chatcmpl-{secrets.token_hex(8)}",
        "created": int(time.time()),
        "model": asked.model,
    }
    if not asked.stream:
        return await _whole(head, said)
    with_usage = bool((asked.stream_options or {}).get("include_usage"))
    return StreamingResponse(
        _chunks(head, said, with_usage=with_usage), media_type="text/event-stream", headers=_HEADERS
    )


async def _engine_says(request: Request, asked: CompletionRequest) -> AsyncIterator[Say]:
    """Return the words of our engine, with its sources at their end."""
    from skywright.assistant.engine.model import Asked, Replied, Turn
    from skywright.assistant.messages import Answer

    if asked.tools:
        message = f"tools are not offered to {ENGINE}, which runs its own."
        raise InputError(message, hint="GET /api/chat/tools lists them; leave tools out.")
    *before, last = asked.messages
    if last.role != "user" or not last.text.strip():
        message = "messages must end with a question of the role user."
        raise InputError(message)
    turns: list[Turn] = []
    for one in before:
        if one.role == "user":
            turns.append(Asked(one.text))
        elif one.role == "assistant" and one.text:
            turns.append(Replied(Answer(text=one.text)))
    services = services_of(request)
    caller = caller_of(request, Permission.PREDICT)
    session = await services.work.call_long(session_of, services, caller)
    asking = session.aside(last.text, turns)

    def make() -> Iterator[Say]:
        for event in asking.events:
            yield event.kind, event.model_dump(mode="json", exclude={"kind"})

    events = told(make, asking.stop.set)

    async def guarded() -> AsyncIterator[Say]:
        gone = None if asked.stream else asyncio.ensure_future(watch(request, asking.stop.set))
        try:
            async for say in events:
                yield say
        finally:
            if gone:
                gone.cancel()

    return _in_words(guarded())


async def _in_words(events: AsyncIterator[Say]) -> AsyncIterator[Say]:
    """Reduce events to text, usage, and an error; sources are numbered at the end."""
    async for kind, data in events:
        if kind == "token":
            yield "text", data["text"]
        elif kind in {"usage", "error"}:
            yield kind, data
        elif kind == "done" and data["answer"]["citations"]:
            yield "text", "\n\nSources:\n" + "\n".join(_sources(data["answer"]["citations"]))


def _sources(citations: list[dict[str, Any]]) -> Iterator[str]:
    for number, one in enumerate(citations, start=1):
        quote = " ".join(one["quote"].split())
        yield f'[{number}] {one["title"]}: "{quote[:300]}"'


async def _known(outcome: dict[str, Any]) -> AsyncIterator[Say]:
    if outcome["text"]:
        yield "text", outcome["text"]
    if outcome["calls"]:
        yield "calls", outcome["calls"]
    yield "usage", {"input_tokens": 0, "output_tokens": outcome["tokens"]}


async def _whole(head: dict[str, Any], said: AsyncIterator[Say]) -> Response:
    text, calls, usage = "", [], [0, 0]
    async for kind, data in said:
        if kind == "text":
            text += data
        elif kind == "calls":
            calls = data
        elif kind == "usage":
            usage = [usage[0] + data["input_tokens"], usage[1] + data["output_tokens"]]
        elif kind == "error":
            status = 422 if data["code"] == "invalid_input" else 502
            return answer(error_body(data["code"], data["message"], data["hint"]), status)
    message: dict[str, Any] = {"role": "assistant", "content": text or None}
    if calls:
        message["tool_calls"] = calls
    choice = {"index": 0, "message": message, "finish_reason": "tool_calls" if calls else "stop"}
    whole = {"object": "chat.completion", **head, "choices": [choice], "usage": _usage(usage)}
    return answer(whole)


async def _chunks(
    head: dict[str, Any], said: AsyncIterator[Say], *, with_usage: bool
) -> AsyncIterator[bytes]:
    usage, reason = [0, 0], "stop"
    yield _chunk(head, {"role": "assistant", "content": ""})
    async for kind, data in said:
        if kind == "text":
            yield _chunk(head, {"content": data})
        elif kind == "calls":
            reason = "tool_calls"
            numbered = [{"index": k, **one} for k, one in enumerate(data)]
            yield _chunk(head, {"tool_calls": numbered})
        elif kind == "usage":
            usage = [usage[0] + data["input_tokens"], usage[1] + data["output_tokens"]]
        elif kind == "error":
            yield b"data: " + json_bytes(error_body(**data)) + b"\n\n"
            return
    yield _chunk(head, {}, reason)
    if with_usage:
        last = {"object": "chat.completion.chunk", **head, "choices": [], "usage": _usage(usage)}
        yield b"data: " + json_bytes(last) + b"\n\n"
    yield b"data: [DONE]\n\n"


def _chunk(head: dict[str, Any], delta: dict[str, Any], reason: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": reason}
    value = {"object": "chat.completion.chunk", **head, "choices": [choice]}
    return b"data: " + json.dumps(value, ensure_ascii=False).encode() + b"\n\n"


def _usage(counted: list[int]) -> dict[str, int]:
    put_in, put_out = counted
    return {
        "prompt_tokens": put_in,
        "completion_tokens": put_out,
        "total_tokens": put_in + put_out,
    }

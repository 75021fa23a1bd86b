"""``/v1``: the dialect of OpenAI's chat completions, for front ends that speak it.

``skywright`` answers with our tools and citations. Language models that were taught here answer
as they are, and are told the tools that the client offers.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import AsyncGenerator
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, TypeAdapter

from skywright.api.answers import answer
from skywright.api.bodies import check, read_json
from skywright.api.chat_events import Say
from skywright.api.completions_adapters import adapter_names, adapter_says
from skywright.api.completions_ending import Ending, ended_early
from skywright.api.completions_engine import engine_says
from skywright.api.completions_forms import chunks, whole
from skywright.api.completions_schemas import (
    ENGINE,
    CompletionAnswer,
    CompletionModelAnswer,
    CompletionModelsAnswer,
    CompletionRequest,
    check_options,
)
from skywright.api.documented import answers, body
from skywright.api.services import caller_of, services_of
from skywright.errors import NotFoundError
from skywright.security.permissions import Permission

router = APIRouter(tags=["chat"])
_HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no"}
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
    return answer({"object": "list", "data": [_model(name) for name in names]})


@router.get(
    "/v1/models/{model}",
    operation_id="getCompletionModel",
    summary="Tell of one that completes conversations",
    responses=answers(CompletionModelAnswer, 404),
)
async def get_completion_model(request: Request, model: str) -> Response:
    """Tell whether a name is one of those that complete conversations."""
    caller_of(request, Permission.READ)
    services = services_of(request)
    if model not in {ENGINE, *await services.work.call(adapter_names, services)}:
        message = f"model = {model[:80]!r} completes no conversations."
        raise NotFoundError(message, hint="GET /v1/models lists those that do.")
    return answer(_model(model))


def _model(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": 0, "owned_by": ENGINE}


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
    caller_of(request, Permission.PREDICT)
    asked = check(_REQUEST, await read_json(request))
    check_options(asked)
    if asked.model == ENGINE:
        said = await engine_says(request, asked)
        ending = Ending(asked.stops, asked.most_tokens)
    else:
        said = await _adapter_says(request, asked)
        ending = Ending(asked.stops)  # it counts its own tokens
    head = {
        "id": f"chatcmpl-{secrets.token_hex(8)}",
        "created": int(time.time()),
        "model": asked.model,
    }
    said = ended_early(said, ending)
    if not asked.stream:
        return await whole(head, said)
    with_usage = bool((asked.stream_options or {}).get("include_usage"))
    return StreamingResponse(
        chunks(head, said, with_usage=with_usage), media_type="text/event-stream", headers=_HEADERS
    )


async def _adapter_says(request: Request, asked: CompletionRequest) -> AsyncGenerator[Say, None]:
    caller, services = caller_of(request, Permission.PREDICT), services_of(request)
    given = asked.model_dump(exclude_none=True)
    given["messages"] = [
        one.model_dump(exclude_none=True) | {"content": one.text} for one in asked.messages
    ]
    given["tools"] = asked.functions
    return _known(await adapter_says(services, caller.name, asked.model, given), asked)


async def _known(outcome: dict[str, Any], asked: CompletionRequest) -> AsyncGenerator[Say, None]:
    if outcome["text"]:
        yield "text", outcome["text"]
    if outcome["calls"]:
        yield "calls", outcome["calls"]
    elif asked.most_tokens and outcome["tokens"] >= asked.most_tokens:
        yield "ended", "length"
    yield "usage", {"input_tokens": 0, "output_tokens": outcome["tokens"]}

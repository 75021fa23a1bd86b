"""``/api/chat``: questions, answers as they come, and the conversations they make."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import TypeAdapter

from skywright.api.answers import answer
from skywright.api.bodies import check, read_json
from skywright.api.chat_events import Say, sse, told, watch
from skywright.api.chat_schemas import ChatAnswer, ChatRequest, StoppedAnswer, ToolsAnswer
from skywright.api.documented import answers, body
from skywright.api.services import Services, caller_of, services_of
from skywright.security.callers import LOCAL, Caller
from skywright.security.permissions import Permission

if TYPE_CHECKING:
    from skywright.assistant.session import Session

router = APIRouter(tags=["chat"])
_CHAT = TypeAdapter(ChatRequest)
_HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no"}


@router.post(
    "/api/chat",
    operation_id="chat",
    summary="Ask a question",
    responses={
        **answers(ChatAnswer, 404, 409),
        200: {
            "content": {
                "text/event-stream": {
                    "example": 'event: token\ndata: {"text":"RA=10.68"}\n\n'
                },
                "application/json": {"schema": {"$ref": "#/components/schemas/ChatAnswer"}},
            },
            "description": "Events: conversation, then status, token, tool_call, tool_result, "
            "citation, artifact, usage as they come, then one of done or error; comments in "
            "between keep the connection. With stream = false one JSON object.",
        },
    },
    openapi_extra=body(ChatRequest, example={"question": "What are the coordinates of M31?"}),
)  # fmt: skip
async def chat(request: Request) -> Response:
    """Answer with tools and documents, cited; closing the connection stops the tool at work."""
    caller, services = caller_of(request, Permission.PREDICT), services_of(request)
    asked = check(_CHAT, await read_json(request))
    engine = "rules" if asked.engine == "rules" else ""
    session = await services.work.call_long(session_of, services, caller, engine)
    id_ = await services.work.call(_conversation, session, asked.question, asked.conversation_id)

    stop = threading.Event()  # of this answer: a second question is refused and stops nothing

    def make() -> Iterator[Say]:
        return _said(session, asked.question, id_, stop)

    if asked.stream:
        return StreamingResponse(
            _events(make, stop.set), media_type="text/event-stream", headers=_HEADERS
        )
    return await _whole(request, make, stop.set)


@router.post(
    "/api/chat/{conversation_id}/stop",
    operation_id="stopChat",
    summary="Stop the answer that is being given",
    responses=answers(StoppedAnswer, 404),
)
async def stop_chat(request: Request, conversation_id: str) -> Response:
    """End the answer and the tool at work; what was said is kept."""
    caller, services = caller_of(request, Permission.PREDICT), services_of(request)
    session = await services.work.call_long(session_of, services, caller)
    stopped = await services.work.call(session.stop, conversation_id)
    return answer({"is_stopped": stopped})


@router.get(
    "/api/chat/tools",
    operation_id="listTools",
    summary="List the tools that answers may use",
    responses=answers(ToolsAnswer),
)
async def list_tools(request: Request) -> Response:
    """All installed tools, which only read, and those of added servers that are allowed."""
    caller, services = caller_of(request, Permission.READ), services_of(request)

    def tools() -> list[dict[str, Any]]:
        return [asdict(one) for one in session_of(services, caller, "rules").tools().specs()]

    return answer({"tools": await services.work.call_long(tools)})


def session_of(services: Services, caller: Caller, engine: str = "") -> Session:
    """Return the session of a caller; without keys it is that of the command line."""
    from skywright.assistant.session import Session

    return Session(services.settings, owner=owner_of(caller), model=engine)


def owner_of(caller: Caller) -> str:
    """Return whose conversations a caller has."""
    return "" if caller.name == LOCAL else caller.name


def public(value: Any, conversation_id: str) -> Any:
    """Return what was answered with addresses of files in place of where they lie here."""
    if isinstance(value, list | tuple):
        return [public(one, conversation_id) for one in value]
    if not isinstance(value, dict):
        return value
    shown = {key: public(one, conversation_id) for key, one in value.items()}
    if {"id", "media_type", "path"} <= shown.keys():
        del shown["path"]
        shown["url"] = f"/api/chat/conversations/{conversation_id}/artifacts/{shown['id']}"
    return shown


def _conversation(session: Session, question: str, id_: str | None) -> str:
    return session.memory.get(id_).id if id_ else session.begin(question).id


def _said(session: Session, question: str, id_: str, stop: threading.Event) -> Iterator[Say]:
    yield "conversation", {"conversation_id": id_}
    for event in session.stream(question, conversation=id_, stop=stop):
        data = public(event.model_dump(mode="json", exclude={"kind"}), id_)
        if event.kind == "done":
            last = session.memory.last_message(id_)
            data = {"conversation_id": id_, "message_id": last, **data}
        yield event.kind, data


async def _events(
    make: Callable[[], Iterator[Say]], stop: Callable[[], None]
) -> AsyncIterator[bytes]:
    async for say in told(make, stop):
        yield sse(say)


async def _whole(
    request: Request, make: Callable[[], Iterator[Say]], stop: Callable[[], None]
) -> Response:
    gone = asyncio.ensure_future(watch(request, stop))
    last: Say = ("", None)
    try:
        async for say in told(make, stop):
            last = say if say[0] else last
    finally:
        gone.cancel()
    kind, data = last
    if kind == "error":
        return answer({"error": data}, _STATUS.get(data["code"], 422))
    return answer(data)


_STATUS = {"model": 502, "context": 422, "internal": 500, "conflict": 409, "not_found": 404}

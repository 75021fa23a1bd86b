"""``/api/chat/conversations``: what was asked and answered, and files that were made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import FileResponse
from pydantic import TypeAdapter

from skywright.api.answers import answer
from skywright.api.bodies import check, read_json
from skywright.api.chat_routes import owner_of, public
from skywright.api.chat_schemas import (
    AnswerFeedbackRequest,
    BranchRequest,
    ConversationAnswer,
    ConversationsAnswer,
    FactRequest,
    FactsAnswer,
    FoundMessagesAnswer,
    RenameRequest,
    WholeConversationAnswer,
)
from skywright.api.documented import answers, body
from skywright.api.services import caller_of, services_of
from skywright.errors import InputError, NotFoundError
from skywright.security.permissions import Permission

if TYPE_CHECKING:
    from skywright.assistant.memory.memory import Memory
    from skywright.assistant.memory.records import Message

router = APIRouter(tags=["chat"])
_T = TypeVar("_T")
_RENAME = TypeAdapter(RenameRequest)
_BRANCH = TypeAdapter(BranchRequest)
_FEEDBACK = TypeAdapter(AnswerFeedbackRequest)
_FACT = TypeAdapter(FactRequest)
_NDJSON = "application/x-ndjson"
_Limit = Annotated[int, Query(ge=1, le=100)]


@router.get(
    "/api/chat/conversations",
    operation_id="listConversations",
    summary="List one's conversations",
    responses=answers(ConversationsAnswer),
)
async def list_conversations(request: Request, limit: _Limit = 50, before: str = "") -> Response:
    """Last changed first; ``before`` is a time of change, for the next page."""
    rows = await _with_memory(request, lambda m: m.recent(limit=limit, before_utc=before))
    return answer({"conversations": [asdict(one) for one in rows]})


@router.get(
    "/api/chat/conversations/{conversation_id}",
    operation_id="getConversation",
    summary="Show a conversation with its messages",
    responses=answers(WholeConversationAnswer, 404),
)
async def get_conversation(request: Request, conversation_id: str) -> Response:
    """Questions, and answers with their citations, tool runs and files."""

    def read(memory: Memory) -> dict[str, Any]:
        known = asdict(memory.get(conversation_id))
        turns = [_shown(one, conversation_id) for one in memory.messages(conversation_id)]
        return {**known, "turns": turns}

    return answer(await _with_memory(request, read))


@router.patch(
    "/api/chat/conversations/{conversation_id}",
    operation_id="renameConversation",
    summary="Give a conversation another title",
    responses=answers(ConversationAnswer, 404),
    openapi_extra=body(RenameRequest, example={"title": "Globular clusters"}),
)
async def rename_conversation(request: Request, conversation_id: str) -> Response:
    """Replace the title, which is the first question until then."""
    asked = check(_RENAME, await read_json(request))
    renamed = await _with_memory(request, lambda m: m.rename(conversation_id, asked.title))
    return answer(asdict(renamed))


@router.delete(
    "/api/chat/conversations/{conversation_id}",
    operation_id="deleteConversation",
    summary="Erase a conversation with its tables and files",
    status_code=204,
    responses=answers(None, 404, status=204, text="It is gone."),
)
async def delete_conversation(request: Request, conversation_id: str) -> Response:
    """Nothing of it is kept; branches of it stay."""
    await _with_memory(request, lambda m: m.remove(conversation_id))
    return Response(status_code=204)


@router.post(
    "/api/chat/conversations/{conversation_id}/branch",
    operation_id="branchConversation",
    summary="Begin another way from a message on",
    status_code=201,
    responses=answers(ConversationAnswer, 404, status=201, text="The new conversation."),
    openapi_extra=body(BranchRequest, example={"message_id": 12, "before": True}),
)
async def branch_conversation(request: Request, conversation_id: str) -> Response:
    """Copy what was said up to a message; the conversation itself stays as it is."""
    asked = check(_BRANCH, await read_json(request))

    def make(memory: Memory) -> dict[str, Any]:
        from skywright.assistant.memory.branching import branch

        return asdict(branch(memory, conversation_id, asked.message_id, before=asked.before))

    return answer(await _with_memory(request, make), 201)


@router.get(
    "/api/chat/conversations/{conversation_id}/export",
    operation_id="exportConversation",
    summary="Take a conversation out as lines of JSON",
    responses={
        **answers(None, 404),
        200: {"content": {_NDJSON: {}}, "description": "A line for each message and file."},
    },
)
async def export_conversation(
    request: Request, conversation_id: str, *, files: bool = True
) -> Response:
    """Write what it is, its messages with all that belongs to them, its files in base64."""

    def write(memory: Memory) -> bytes:
        from skywright.assistant.memory.exchange import export_lines

        lines = export_lines(memory, conversation_id, files=files)
        return "".join(f"{line}\n" for line in lines).encode()

    name = f'attachment; filename="conversation-{conversation_id[:16]}.jsonl"'
    content = await _with_memory(request, write)
    return Response(content, media_type=_NDJSON, headers={"content-disposition": name})


@router.post(
    "/api/chat/conversations/import",
    operation_id="importConversation",
    summary="Take in what the export wrote",
    status_code=201,
    responses=answers(ConversationAnswer, 413, status=201, text="The new conversation."),
    openapi_extra={
        "requestBody": {"required": True, "content": {_NDJSON: {"schema": {"type": "string"}}}}
    },
)
async def import_conversation(request: Request) -> Response:
    """Make a new conversation of it; a line that cannot be read is named and nothing is kept."""
    caller_of(request, Permission.PREDICT)
    content = await request.body()
    try:
        lines = content.decode("utf-8").split("\n")
    except UnicodeDecodeError as error:
        message = f"The body is not UTF-8: {error.reason} at byte {error.start}."
        raise InputError(message) from error

    def read(memory: Memory) -> dict[str, Any]:
        from skywright.assistant.memory.exchange import import_lines

        return asdict(import_lines(memory, lines))

    return answer(await _with_memory(request, read), 201)


@router.post(
    "/api/chat/conversations/{conversation_id}/feedback",
    operation_id="rateAnswer",
    summary="Say what an answer was worth",
    status_code=204,
    responses=answers(None, 404, status=204, text="It is noted."),
    openapi_extra=body(AnswerFeedbackRequest, example={"message_id": 13, "rating": 1}),
)
async def rate_answer(request: Request, conversation_id: str) -> Response:
    """Note what an answer was worth; the last word on it counts."""
    asked = check(_FEEDBACK, await read_json(request))
    await _with_memory(
        request, lambda m: m.rate(conversation_id, asked.message_id, asked.rating, asked.comment)
    )
    return Response(status_code=204)


@router.get(
    "/api/chat/conversations/{conversation_id}/artifacts/{name}",
    operation_id="getArtifact",
    summary="Fetch a file that a tool made",
    response_class=FileResponse,
    responses={
        **answers(None, 404),
        200: {"content": {"image/png": {}, "text/csv": {}}, "description": "The file."},
    },
)
async def get_artifact(request: Request, conversation_id: str, name: str) -> Response:
    """Send a plot or a table of a conversation."""

    def find(memory: Memory) -> tuple[str, str]:
        for message in memory.messages(conversation_id):
            for one in message.answer.artifacts if message.answer else ():
                path = memory.files(conversation_id) / one.id
                if one.id == name and not name.startswith(".") and path.is_file():
                    return str(path), one.media_type
        message_ = f"The conversation {conversation_id} has no file {name[:80]!r}."
        raise NotFoundError(message_)

    path, media_type = await _with_memory(request, find)
    return FileResponse(
        path, media_type=media_type, filename=name, headers={"content-security-policy": "sandbox"}
    )


@router.get(
    "/api/chat/search",
    operation_id="searchConversations",
    summary="Search in one's own conversations",
    responses=answers(FoundMessagesAnswer),
)
async def search_conversations(request: Request, words: str, limit: _Limit = 20) -> Response:
    """Questions and answers that hold any of the words, best first."""

    def find(memory: Memory) -> list[dict[str, Any]]:
        from skywright.assistant.memory.finding import find_messages

        return [asdict(one) for one in find_messages(memory, words, limit=limit)]

    return answer({"found": await _with_memory(request, find)})


@router.get(
    "/api/chat/facts",
    operation_id="listFacts",
    summary="Show what is remembered of the caller",
    responses=answers(FactsAnswer),
)
async def list_facts(request: Request) -> Response:
    """All of it; a language model is told these, the rules need none."""

    def read(memory: Memory) -> list[dict[str, Any]]:
        from skywright.assistant.memory.facts import facts

        return [asdict(one) for one in facts(memory)]

    return answer({"facts": await _with_memory(request, read)})


@router.put(
    "/api/chat/facts",
    operation_id="putFact",
    summary="Have something remembered",
    status_code=204,
    responses=answers(None, status=204, text="It is remembered."),
    openapi_extra=body(FactRequest, example={"name": "units", "value": "degrees"}),
)
async def put_fact(request: Request) -> Response:
    """Keep a fact; one of the same name is replaced."""
    asked = check(_FACT, await read_json(request))

    def keep(memory: Memory) -> None:
        from skywright.assistant.memory.facts import remember

        remember(memory, asked.name, asked.value)

    await _with_memory(request, keep)
    return Response(status_code=204)


@router.delete(
    "/api/chat/facts/{name:path}",
    operation_id="deleteFact",
    summary="Have something forgotten",
    status_code=204,
    responses=answers(None, 404, status=204, text="It is forgotten."),
)
async def delete_fact(request: Request, name: str) -> Response:
    """Nothing of it is kept."""

    def drop(memory: Memory) -> None:
        from skywright.assistant.memory.facts import forget

        forget(memory, name)

    await _with_memory(request, drop)
    return Response(status_code=204)


async def _with_memory(request: Request, read: Callable[[Memory], _T]) -> _T:
    """Run a function with the memory of the caller, off the event loop."""
    caller, services = caller_of(request, Permission.PREDICT), services_of(request)

    def run() -> _T:
        from skywright.assistant.memory.memory import Memory

        return read(Memory.of(services.settings, owner_of(caller)))

    return await services.work.call(run)


def _shown(message: Message, conversation_id: str) -> dict[str, Any]:
    told = message.answer.model_dump(mode="json") if message.answer else None
    return {
        "id": message.id,
        "kind": message.kind,
        "text": message.text,
        "answer": public(told, conversation_id),
        "rating": message.rating,
        "comment": message.comment,
        "created_at_utc": message.created_at_utc,
    }

"""``/api/knowledge``: collections, documents, search."""

from __future__ import annotations

import tempfile
import threading
from contextlib import ExitStack
from dataclasses import asdict, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi import Path as InPath
from pydantic import TypeAdapter
from starlette.concurrency import run_in_threadpool

from skywright.api.answers import answer
from skywright.api.bodies import check, read_json
from skywright.api.chat_schemas import (
    AddedDocumentsAnswer,
    CollectionsAnswer,
    DocumentsAnswer,
    KnowledgeAnswer,
    TextRequest,
)
from skywright.api.documented import answers, body_or_form
from skywright.api.multipart import checked_fields, is_form, read_form
from skywright.api.services import Services, caller_of, services_of
from skywright.errors import InputError
from skywright.security.callers import Caller
from skywright.security.permissions import Permission
from skywright.store.audit import add_audit_row

if TYPE_CHECKING:
    from skywright.assistant.knowledge.store import Document, KnowledgeStore

DOCUMENTS_PATH = "/api/knowledge/documents"
"""Its bodies may be as large as an upload."""

router = APIRouter(tags=["knowledge"])
_LONGEST = {"collection": 200, "licence": 200, "title": 200}
_LONGEST_NAME = 200  # bytes; file systems take 255
_PAGE = 100
_TEXT = TypeAdapter(TextRequest)


@router.get(
    "/api/knowledge/collections",
    operation_id="listCollections",
    summary="List the collections of documents",
    responses=answers(CollectionsAnswer),
)
async def list_collections(request: Request) -> Response:
    """Each with how many documents and chunks it has."""
    caller_of(request, Permission.READ)
    services = services_of(request)
    told = await services.work.call(lambda: _store(services).stats()["collections"])
    return answer({"collections": told})


@router.get(
    DOCUMENTS_PATH,
    operation_id="listDocuments",
    summary="List documents, page by page",
    responses=answers(DocumentsAnswer),
)
async def list_documents(
    request: Request,
    collection: str | None = None,
    after: int = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = _PAGE,
) -> Response:
    """Oldest first, without their text; ``after`` is the last number of the page before."""
    caller_of(request, Permission.READ)
    services = services_of(request)
    rows = await services.work.call(lambda: _store(services).documents(collection=collection))
    later = [one for one in rows if one["id"] > after]
    page = later[:limit]
    more = page[-1]["id"] if len(later) > limit else None
    return answer({"documents": page, "next": more})


@router.post(
    DOCUMENTS_PATH,
    operation_id="addDocuments",
    summary="Add a file or a text to the knowledge base",
    status_code=201,
    responses=answers(AddedDocumentsAnswer, 413, status=201, text="What became of it."),
    openapi_extra=body_or_form(
        TextRequest, _LONGEST, {"text": "# Cones\n\nAt most 3 arcmin.", "title": "SDSS"}
    ),
)
async def add_documents(request: Request) -> Response:
    """Found by words at once, and by meaning when its vectors are made; a bad one adds nothing."""
    caller, services = caller_of(request, Permission.UPLOAD), services_of(request)
    if is_form(request.headers.get("content-type", "")):
        told = await _file(request, services, caller)
    else:
        asked = check(_TEXT, await read_json(request))
        told = await services.work.call_long(_text, services, caller, asked)
    return answer({**told, "vectors_job_id": await _vectors(services, caller)}, 201)


@router.delete(
    DOCUMENTS_PATH + "/{document_id}",
    operation_id="deleteDocument",
    summary="Erase a document with its chunks and vectors",
    status_code=204,
    responses=answers(None, 404, status=204, text="It is gone."),
)
async def delete_document(
    request: Request, document_id: Annotated[int, InPath(ge=1, lt=1 << 63)]
) -> Response:
    """Answers that quoted it keep their quotes."""
    caller, services = caller_of(request, Permission.UPLOAD), services_of(request)

    def remove() -> None:
        _store(services).remove(document_id)
        _note(services, caller, "document.erase", str(document_id))

    await services.work.call(remove)
    return Response(status_code=204)


@router.get(
    "/api/knowledge/search",
    operation_id="searchKnowledge",
    summary="Find what fits a question",
    responses=answers(KnowledgeAnswer),
)
async def search_knowledge(
    request: Request,
    question: str,
    collection: str | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 10,
) -> Response:
    """Verbatim text, its document, and where it stands there."""
    caller_of(request, Permission.READ)
    services = services_of(request)

    def search() -> dict[str, Any]:
        from skywright.assistant.knowledge.opened import searcher_of

        found = searcher_of(services.settings).search(question, limit=limit, collection=collection)
        return {"hits": [asdict(one) for one in found.hits], "legs": list(found.legs)}

    return answer(await services.work.call_long(search))


async def _file(request: Request, services: Services, caller: Caller) -> dict[str, Any]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        file = stack.enter_context(await run_in_threadpool(_opened, folder))

        def take(piece: bytes) -> None:
            file.write(piece)

        form = await read_form(request, take)
        file.close()
        fields, path = checked_fields(form, _LONGEST), _named(folder, form.file_name)
        return await services.work.call_long(_loaded, services, caller, path, fields)


def _opened(folder: Path) -> IO[bytes]:
    return (folder / "upload").open("wb")


def _named(folder: Path, given: str) -> Path:
    """Give the file the name that it came with, as its ending tells what it is."""
    name = Path(given.replace("\\", "/").replace("\0", "")).name.lstrip(".")
    name = name.encode()[-_LONGEST_NAME:].decode(errors="ignore")
    if not name:
        message = "The file has no name; its ending tells what it is."
        raise InputError(message, hint="Send it with a filename such as notes.md.")
    return (folder / "upload").rename(folder / name)


def _text(services: Services, caller: Caller, asked: TextRequest) -> dict[str, Any]:
    from skywright.assistant.knowledge.store import Document

    document = Document(
        text=asked.text,
        title=asked.title,
        source=asked.source or asked.title,
        form=asked.format,
        licence=asked.licence,
    )
    return _added(services, caller, [document], asked.collection)


def _loaded(
    services: Services, caller: Caller, path: Path, fields: dict[str, str]
) -> dict[str, Any]:
    from skywright.assistant.knowledge.loading import load
    from skywright.assistant.knowledge.store import COLLECTION

    documents = [
        replace(
            one,
            source=path.name if one.source == str(path) else one.source,
            title=fields.get("title") or one.title,
            licence=fields.get("licence") or one.licence,
        )
        for one in load(path)
    ]
    return _added(services, caller, documents, fields.get("collection") or COLLECTION)


def _added(
    services: Services, caller: Caller, documents: list[Document], collection: str
) -> dict[str, Any]:
    added = _store(services).add_all(documents, collection=collection)
    new = [one for one in added if one.is_new]
    named = documents[0].source or documents[0].title if documents else ""
    _note(services, caller, "document.add", named[:200], f"{len(new)} new in {collection}")
    return {
        "collection": collection,
        "document_ids": [one.document_id for one in added],
        "added": len(new),
        "chunks": sum(one.chunks for one in new),
    }


async def _vectors(services: Services, caller: Caller) -> str | None:
    """Start the job that makes what vectors are missing, where there is an embedder."""
    from skywright.assistant.knowledge.embedding import embed_waiting
    from skywright.assistant.knowledge.minilm import MiniLM

    embedder = await services.work.call_long(MiniLM.if_installed)
    if embedder is None:
        return None

    def task(progress: Any, cancelled: Any) -> dict[str, int]:
        def on_progress(done: int) -> None:
            progress("vectors", done, 0)

        return {"embedded": embed_waiting(_store(services), embedder, on_progress=on_progress)}

    job = await services.jobs.start("knowledge-vectors", caller.name, {}, task, threading.Event())
    return job.id


def _note(services: Services, caller: Caller, action: str, target: str, detail: str = "") -> None:
    with services.database.write() as connection:
        add_audit_row(connection, caller.name, action, target, detail)


def _store(services: Services) -> KnowledgeStore:
    from skywright.assistant.knowledge.store import KnowledgeStore

    return KnowledgeStore.of(services.settings)

"""Search the knowledge base, and quote what answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from skywright.assistant.knowledge.evidence import find_evidence
from skywright.assistant.knowledge.opened import searcher_of
from skywright.assistant.knowledge.searching import Found
from skywright.assistant.messages import Citation, Origin, ToolResult
from skywright.assistant.tools.desk import Desk
from skywright.assistant.tools.shelf import now_utc

_SHOWN_CHARACTERS = 1_500


def search_knowledge(
    desk: Desk,
    question: Annotated[str, Field(min_length=1, max_length=1_000)],
    collection: Annotated[str, Field(max_length=100)] = "",
    limit: Annotated[int, Field(ge=1, le=20)] = 5,
) -> ToolResult:
    """Search the documents of the knowledge base and quote, word for word, what answers.

    Parameters
    ----------
    question : str
        A question, or words.
    collection : str
        Search in this collection only.
    limit : int
        Most chunks returned.
    """
    searcher = searcher_of(desk.settings)
    found = searcher.search(question, limit=limit, collection=collection or None)
    desk.check_stop()
    evidence = find_evidence(searcher, question, collection=collection or None)
    return ToolResult(
        text=_told(evidence.citations, found, is_answer=evidence.is_answerable),
        data={
            "is_answered": evidence.is_answerable,
            "confidence": round(evidence.confidence, 3),
            "quotes": [one.model_dump(mode="json") for one in evidence.citations],
            "chunks": [_chunk(found, k) for k in range(len(found.hits))],
            "legs": list(found.legs),
        },
        origins=(_origin(found),),
    )


def _told(citations: Sequence[Citation], found: Found, *, is_answer: bool) -> str:
    quotes = [f"{one.title}: “{one.quote}”" for one in citations]
    if is_answer:
        return "The documents say. " + " ".join(quotes)
    titles = ", ".join(dict.fromkeys(hit.title for hit in found.hits))
    nearest = f" The nearest are {titles}." if titles else ""
    return f"No document answers this among {found.chunks:,} chunks.{nearest}"


def _chunk(found: Found, k: int) -> dict[str, object]:
    hit = found.hits[k]
    return {
        "chunk": hit.chunk_id,
        "title": hit.title,
        "heading": hit.heading,
        "source": hit.source,
        "licence": hit.licence,
        "start": hit.start,
        "stop": hit.stop,
        "text": hit.text[:_SHOWN_CHARACTERS],
    }


def _origin(found: Found) -> Origin:
    return Origin(
        service="knowledge",
        title="Knowledge base of this installation",
        retrieved_utc=now_utc(),
        rows=len(found.hits),
        state=f"{found.chunks} chunks searched",
    )

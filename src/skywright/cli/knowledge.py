"""``skywright knowledge``: documents that questions are answered from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from skywright.cli.output import AsJson, emit_json

if TYPE_CHECKING:
    from skywright.assistant.knowledge.searching import Hit
    from skywright.assistant.knowledge.store import KnowledgeStore

app = typer.Typer(help="Knowledge base: add, search, count, remove.", no_args_is_help=True)

_SHOWN_CHARACTERS = 400
_TRANSACTION = 200  # documents of a large file, so that a writer beside us waits a second at most

Collection = Annotated[str, typer.Option(help="Collection of documents.")]
Within = Annotated[str | None, typer.Option("--collection", help="Search in this one only.")]


@app.command()
def add(
    paths: Annotated[
        list[Path],
        typer.Argument(help="MD, RST, HTML, TXT, PDF, DOCX, CSV, JSON, JSONL, .gz; or folders."),
    ],
    collection: Collection = "default",
    as_json: AsJson = False,
) -> None:
    """Add documents, ready to be searched at once; the same content is kept once."""
    from skywright.assistant.knowledge.loading import load

    store = _store()
    documents = [one for path in paths for one in load(path)]
    added = [
        one
        for k in range(0, len(documents), _TRANSACTION)
        for one in store.add_all(documents[k : k + _TRANSACTION], collection=collection)
    ]
    new = [one for one in added if one.is_new]
    told = {
        "collection": collection,
        "documents": len(new),
        "chunks": sum(one.chunks for one in new),
        "known_before": len(added) - len(new),
        "document_ids": [one.document_id for one in added],
    }
    if as_json:
        emit_json(told)
        return
    before = f", {told['known_before']} were there before" if told["known_before"] else ""
    typer.echo(f"{told['documents']} documents, {told['chunks']} chunks added{before}")


@app.command()
def search(
    question: Annotated[str, typer.Argument(help="Words, or a question.")],
    limit: Annotated[int, typer.Option(help="Most hits, 1 to 100.")] = 5,
    collection: Within = None,
    as_json: AsJson = False,
) -> None:
    """Find what fits a question: verbatim text, its document and where it stands there."""
    import dataclasses

    from skywright.assistant.knowledge.searching import Searcher

    found = Searcher(_store()).search(question, limit=limit, collection=collection)
    if as_json:
        hits = [dataclasses.asdict(hit) for hit in found.hits]
        emit_json({"question": question, "legs": found.legs, "hits": hits})
        return
    for rank, hit in enumerate(found.hits, start=1):
        typer.echo(_told(rank, hit))
    told = " and ".join(found.legs)
    typer.echo(f"{len(found.hits)} hits, searched by {told}", err=True)


@app.command()
def stats(
    documents: Annotated[bool, typer.Option("--documents", help="List every document.")] = False,
    as_json: AsJson = False,
) -> None:
    """Count collections, documents, chunks and vectors."""
    store = _store()
    told: dict[str, Any] = store.stats()
    if documents:
        told["listed"] = store.documents()
    if as_json:
        emit_json(told)
        return
    typer.echo(f"{told['path']} ({told['size_bytes'] / 1e6:.1f} MB)")
    for one in told["collections"]:
        counts = f"{one['documents']:>7d} documents {one['chunks']:>8d} chunks"
        typer.echo(f"{one['name']:24s} {counts}  meaning weighs {one['dense_weight']:g}")
    for embedder, count in told["vectors"].items():
        typer.echo(f"{embedder:24s} {count:>8d} vectors")
    for one in told.get("listed", []):
        typer.echo(f"{one['id']:>6d} {one['chunks']:>5d} chunks  {one['title']}  {one['source']}")


@app.command("rm")
def remove(
    ids: Annotated[list[int], typer.Argument(help="Documents; stats --documents lists them.")],
    as_json: AsJson = False,
) -> None:
    """Erase documents with their chunks, words and vectors."""
    store = _store()
    for id_ in ids:
        store.remove(id_)
    if as_json:
        emit_json({"removed": ids})


def _store() -> KnowledgeStore:
    from skywright.assistant.knowledge.store import KnowledgeStore

    return KnowledgeStore.of()


def _told(rank: int, hit: Hit) -> str:
    where = f"{hit.source}, characters {hit.start} to {hit.stop}"
    cut = " ..." if len(hit.text) > _SHOWN_CHARACTERS else ""
    return f"{rank}. {hit.heading}\n   {where}\n\n{hit.text[:_SHOWN_CHARACTERS]}{cut}\n"

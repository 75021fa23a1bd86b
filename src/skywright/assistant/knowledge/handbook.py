"""The handbook that comes with skywright: its pages are documents like any others.

Their vectors come with it too, so that the first question is already answered by meaning; the file
names the embedder, and holds each vector under the hash of what it was made of. A page that was
changed since waits for its vectors like any other document.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from importlib.resources import files

import numpy as np

from skywright.assistant.knowledge.chunking import chunks_of
from skywright.assistant.knowledge.embedding import Embedder, Vector
from skywright.assistant.knowledge.store import Document, KnowledgeStore

COLLECTION = "handbook"
VECTORS = "vectors.npz"
"""Beside the pages; made by ``bench/assistant_handbook.py``."""

_LICENCE = "Apache-2.0"
_MOST_CHUNKS = 10_000


def pages() -> Iterator[tuple[str, str]]:
    """Yield the name and the text of every page, by name."""
    folder = files("skywright.assistant") / "handbook"
    for page in sorted(folder.iterdir(), key=lambda one: one.name):
        if page.name.endswith(".md"):
            yield page.name, page.read_text(encoding="utf-8")


def ensure_handbook(store: KnowledgeStore, embedder: Embedder | None = None) -> bool:
    """Put this version's pages into the knowledge base, in place of those of another version.

    When they are there already, the pages are read and compared, and nothing is written.

    Parameters
    ----------
    store : KnowledgeStore
        Where they are wanted, in the collection ``handbook``.
    embedder : Embedder, optional
        Whose vectors are wanted. None is computed: those that come with the pages are kept, the
        others are left to ``skywright knowledge embed``.

    Returns
    -------
    bool
        Whether anything was written.
    """
    documents = list(_documents())
    wanted = {one.sha256 for one in documents}
    is_new = store.hashes(COLLECTION) != wanted
    if is_new:
        store.replace_all(documents, collection=COLLECTION)
    return (_keep_vectors(store, embedder) if embedder else False) or is_new


def shipped_vectors(embedder_id: str) -> dict[str, Vector]:
    """Return the vectors that come with the pages, by the hash of heading and text of a chunk.

    Empty where there are none of this embedder.
    """
    file = files("skywright.assistant") / "handbook" / VECTORS
    if not file.is_file():
        return {}
    with np.load(io.BytesIO(file.read_bytes()), allow_pickle=False) as kept:
        if str(kept["embedder_id"]) != embedder_id:
            return {}
        vectors = kept["vectors"].astype(np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return dict(zip(map(str, kept["hashes"]), vectors, strict=True))


def to_bytes(embedder: Embedder) -> bytes:
    """Return the vectors of all pages, computed now, as the file that comes with them."""
    texts = [
        chunk.in_context
        for one in _documents()
        for chunk in chunks_of(one.text, one.form, title=one.title)
    ]
    out = io.BytesIO()
    np.savez_compressed(
        out,
        embedder_id=np.array(embedder.id),
        hashes=np.array([_hash(text) for text in texts]),
        vectors=embedder.embed_passages(texts).astype(np.float16),
    )
    return out.getvalue()


def _keep_vectors(store: KnowledgeStore, embedder: Embedder) -> bool:
    waiting = store.without_vector(embedder.id, _MOST_CHUNKS, collection=COLLECTION)
    shipped = shipped_vectors(embedder.id) if waiting else {}
    known = [(id_, shipped[_hash(text)]) for id_, text in waiting if _hash(text) in shipped]
    if known:
        ids, vectors = zip(*known, strict=True)
        store.add_vectors(embedder.id, ids, np.array(vectors))
    return bool(known)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _documents() -> Iterator[Document]:
    for name, text in pages():
        title = text.split("\n", 1)[0].lstrip("# ")
        version = hashlib.sha256(text.encode()).hexdigest()[:12]
        yield Document(text, title, f"handbook/{name}", "md", version, _LICENCE)

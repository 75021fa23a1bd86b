"""The handbook that comes with skywright: its pages are documents like any others."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from importlib.resources import files

from skywright.assistant.knowledge.embedding import Embedder, embed_waiting
from skywright.assistant.knowledge.store import Document, KnowledgeStore

COLLECTION = "handbook"
_LICENCE = "Apache-2.0"


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
        Makes the vectors that the pages still miss; other documents are left to
        ``skywright knowledge embed``.

    Returns
    -------
    bool
        Whether anything was written.
    """
    documents = [_document(name, text) for name, text in pages()]
    wanted = {one.sha256 for one in documents}
    is_new = store.hashes(COLLECTION) != wanted
    if is_new:
        store.replace_all(documents, collection=COLLECTION)
    made = embed_waiting(store, embedder, collection=COLLECTION) if embedder else 0
    return is_new or made > 0


def _document(name: str, text: str) -> Document:
    title = text.split("\n", 1)[0].lstrip("# ")
    version = hashlib.sha256(text.encode()).hexdigest()[:12]
    return Document(text, title, f"handbook/{name}", "md", version, _LICENCE)

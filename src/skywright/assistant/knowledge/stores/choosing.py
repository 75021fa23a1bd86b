"""Which store of vectors is used: ``vectors_url`` names it."""

from __future__ import annotations

import hashlib
from urllib.parse import urlsplit

from skywright.assistant.knowledge.embedding import Embedder
from skywright.assistant.knowledge.store import KnowledgeStore
from skywright.assistant.knowledge.stores.mirror import Mirror
from skywright.assistant.knowledge.stores.port import VectorStore
from skywright.assistant.knowledge.stores.sqlite import SqliteVectors
from skywright.errors import InputError
from skywright.settings import Settings, get_settings

_KNOWN = (
    "qdrant://, qdrant+https://, qdrant+edge:///, qdrant+local:///, postgresql://, chroma://,"
    " chroma+https://, pinecone://"
)


def chosen_vectors(
    store: KnowledgeStore, embedder: Embedder, settings: Settings | None = None
) -> VectorStore:
    """Open the store of vectors that the settings name; empty is the knowledge base itself.

    Parameters
    ----------
    store : KnowledgeStore
        Whose vectors; it stays the truth, and a service is brought to its state.
    embedder : Embedder
        Vectors of another one are kept apart.
    settings : Settings, optional
        Those of the process if left out.

    Raises
    ------
    InputError
        If the address is of no known kind, or nothing answers there.
    MissingExtraError
        If the client of the service is not installed.
    """
    settings = settings or get_settings()
    url = settings.vectors_url
    if not url:
        return SqliteVectors(store, embedder)
    return Mirror(
        _service(url, _name(store, embedder), embedder.dimension, settings), store, embedder
    )


def _service(url: str, name: str, dimension: int, settings: Settings) -> VectorStore:
    parts = urlsplit(url)
    kind, _, how = parts.scheme.partition("+")
    if kind == "qdrant" and how == "edge":
        from skywright.assistant.knowledge.stores.qdrant_edge import QdrantEdgeVectors

        return QdrantEdgeVectors(parts.path, name, dimension)
    if kind == "qdrant":
        from skywright.assistant.knowledge.stores.qdrant import QdrantVectors

        if how == "local":
            return QdrantVectors.in_folder(parts.path, name, dimension)
        key = settings.qdrant_api_key.get_secret_value()
        at = f"{how or 'http'}://{parts.netloc}{parts.path}"
        return QdrantVectors.at(at, name, dimension, api_key=key)
    if kind in {"postgresql", "postgres"}:
        from skywright.assistant.knowledge.stores.pgvector import PgVectors

        return PgVectors(f"postgresql:{url.partition(':')[2]}", name, dimension)
    if kind == "chroma" and parts.hostname:
        from skywright.assistant.knowledge.stores.chroma import ChromaVectors

        token = settings.chroma_token.get_secret_value()
        port = parts.port or (443 if how == "https" else 8000)
        return ChromaVectors(parts.hostname, port, name, tls=how == "https", token=token)
    if kind == "pinecone":
        from skywright.assistant.knowledge.stores.pinecone import PineconeVectors

        key = settings.pinecone_api_key.get_secret_value()
        return PineconeVectors(f"{how or 'https'}://{parts.netloc}", name, api_key=key)
    message = f"vectors_url {parts.scheme}://... is of no known kind."
    raise InputError(message, hint=f"Known are {_KNOWN}; empty compares in the knowledge base.")


def _name(store: KnowledgeStore, embedder: Embedder) -> str:
    """Name the vectors by knowledge base and embedder: two of them may share a service."""
    seed = f"{store.path.absolute()}\0{embedder.id}\0{embedder.dimension}"
    return f"skywright_{hashlib.sha256(seed.encode()).hexdigest()[:16]}"

"""Vectors in a Chroma server."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from skywright.assistant.knowledge.stores.port import VectorRows, Vectors
from skywright.errors import InputError, MissingExtraError

_AT_ONCE = 1_000
_LOOKED_AT = 400
"""Neighbours that a search of the graph keeps in view; twice what is ever asked for."""


class ChromaVectors:
    """One collection of a Chroma server; its local mode is not safe for two processes."""

    def __init__(
        self, host: str, port: int, name: str, *, tls: bool = False, token: str = ""
    ) -> None:
        chromadb = _imported()
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        settings = chromadb.Settings(anonymized_telemetry=False)
        try:
            self._client: Any = chromadb.HttpClient(
                host, port, ssl=tls, headers=headers, settings=settings
            )
            self._name = name
            self._open()
        except ValueError as error:
            message = f"The Chroma server {host}:{port} does not answer: {error}."
            raise InputError(message, hint="Start it with: chroma run --path FOLDER") from error

    def _open(self) -> None:
        self._collection: Any = self._client.get_or_create_collection(
            self._name,
            configuration={"hnsw": {"space": "cosine", "ef_search": _LOOKED_AT}},
            embedding_function=None,
        )

    def add(self, rows: VectorRows) -> None:
        """Keep vectors."""
        self._collection.upsert(
            ids=[str(id_) for id_ in rows.ids],
            embeddings=np.asarray(rows.vectors, np.float32),
            metadatas=[{"collection": one} for one in rows.collections],
        )

    def remove(self, ids: Sequence[int]) -> None:
        """Forget vectors."""
        for start in range(0, len(ids), _AT_ONCE):
            self._collection.delete(ids=[str(id_) for id_ in ids[start : start + _AT_ONCE]])

    def clear(self) -> None:
        """Forget all vectors; ids that are only removed and added again may not be found."""
        self._client.delete_collection(self._name)
        self._open()

    def search(self, question: Vectors, limit: int, collection: str | None) -> dict[int, float]:
        """Return the cosines of the nearest chunks."""
        there = self.count(collection)
        if not there:
            return {}
        found = self._collection.query(
            query_embeddings=np.asarray(question, np.float32)[None, :],
            n_results=min(limit, there),
            where=_filter(collection),
            include=["distances"],
        )
        pairs = zip(found["ids"][0], found["distances"][0], strict=True)
        return {int(id_): 1 - float(distance) for id_, distance in pairs}

    def count(self, collection: str | None = None) -> int:
        """Return how many vectors there are."""
        if collection is None:
            return int(self._collection.count())
        return sum(1 for _ in self._listed(collection))

    def ids(self) -> set[int]:
        """Return the chunks that have a vector here."""
        return {int(id_) for id_ in self._listed(None)}

    def close(self) -> None:
        """Let go of the connections."""
        session = getattr(getattr(self._client, "_server", None), "_session", None)
        self._client.close()
        if session is not None:  # which the client itself leaves open
            session.close()

    def _listed(self, collection: str | None) -> Iterable[str]:
        offset = 0
        while True:
            page = self._collection.get(
                where=_filter(collection), limit=_AT_ONCE, offset=offset, include=[]
            )["ids"]
            yield from page
            offset += len(page)
            if len(page) < _AT_ONCE:
                return


def _filter(collection: str | None) -> dict[str, str] | None:
    return None if collection is None else {"collection": collection}


def _imported() -> Any:
    try:
        import chromadb
    except ModuleNotFoundError as error:
        what = "Search by vectors in Chroma"
        raise MissingExtraError(what, "chroma") from error
    return chromadb

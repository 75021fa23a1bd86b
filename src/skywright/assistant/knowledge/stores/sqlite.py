"""Vectors in the knowledge base itself: compared one by one, in a matrix held in memory."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from skywright.assistant.knowledge.embedding import Embedder
from skywright.assistant.knowledge.store import KnowledgeStore
from skywright.assistant.knowledge.stores.port import VectorRows, Vectors
from skywright.assistant.knowledge.vectors import Matrix, drop_files, read_matrix, stamp_of


class SqliteVectors:
    """Exact; what other processes add is seen by the next search."""

    def __init__(self, store: KnowledgeStore, embedder: Embedder) -> None:
        self._store = store
        self._embedder_id, self._dimension = embedder.id, embedder.dimension
        self._held: Matrix | None = None

    def add(self, rows: VectorRows) -> None:
        """Keep vectors of chunks that the knowledge base has."""
        self._store.add_vectors(self._embedder_id, rows.ids, rows.vectors)

    def remove(self, ids: Sequence[int]) -> None:
        """Forget vectors; ``embed_waiting`` makes them again."""
        self.forget(self._store, self._embedder_id, ids)

    def clear(self) -> None:
        """Forget all vectors of the embedder."""
        self.remove(sorted(self.ids()))

    @staticmethod
    def forget(store: KnowledgeStore, embedder_id: str, ids: Sequence[int]) -> None:
        """Erase vectors of an embedder from the knowledge base."""
        with store.write() as connection:
            connection.executemany(
                "DELETE FROM vector WHERE chunk_id = ? AND embedder_id = ?",
                [(id_, embedder_id) for id_ in ids],
            )
        drop_files(store.path)

    def search(self, question: Vectors, limit: int, collection: str | None) -> dict[int, float]:
        """Return the cosines of the nearest chunks."""
        return self._matrix().best(np.asarray(question, np.float32), collection, limit)

    def count(self, collection: str | None = None) -> int:
        """Return how many vectors there are."""
        return self._matrix().count(collection)

    def ids(self) -> set[int]:
        """Return the chunks that have their vector."""
        return set(self._matrix().ids.tolist())

    def close(self) -> None:
        """Let go of the matrix."""
        self._held = None

    def _matrix(self) -> Matrix:
        with self._store.read() as connection:
            if self._held is None or self._held.stamp != stamp_of(connection):
                self._held = read_matrix(
                    connection, self._embedder_id, self._dimension, self._store.path
                )
        return self._held

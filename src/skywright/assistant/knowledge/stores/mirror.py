"""A service of vectors kept like the knowledge base: what is missing is added, the rest removed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from itertools import islice

import numpy as np

from skywright.assistant.knowledge.embedding import Embedder
from skywright.assistant.knowledge.store import KnowledgeStore
from skywright.assistant.knowledge.stores.port import VectorRows, Vectors, VectorStore
from skywright.assistant.knowledge.stores.sqlite import SqliteVectors
from skywright.assistant.knowledge.vectors import stamp_of

_AT_ONCE = 500


class Mirror:
    """A store in a service, brought to the state of the knowledge base before it is searched.

    It is compared chunk by chunk when the knowledge base has changed since it was last compared by
    this process: nothing that a crash or another process left is taken on trust.
    """

    def __init__(self, service: VectorStore, store: KnowledgeStore, embedder: Embedder) -> None:
        self._service = service
        self._store = store
        self._embedder_id = embedder.id
        self._stamp = ""

    def add(self, rows: VectorRows) -> None:
        """Keep vectors: in the knowledge base first, then in the service."""
        self._store.add_vectors(self._embedder_id, rows.ids, rows.vectors)
        self.bring_up_to_date()

    def remove(self, ids: Sequence[int]) -> None:
        """Forget vectors, in both."""
        SqliteVectors.forget(self._store, self._embedder_id, ids)
        self._service.remove(ids)

    def clear(self) -> None:
        """Forget all vectors of the embedder, in both."""
        self.remove(sorted(self.ids()))

    def search(self, question: Vectors, limit: int, collection: str | None) -> dict[int, float]:
        """Return the cosines of the nearest chunks."""
        self.bring_up_to_date()
        return self._service.search(question, limit, collection)

    def count(self, collection: str | None = None) -> int:
        """Return how many vectors there are."""
        self.bring_up_to_date()
        return self._service.count(collection)

    def ids(self) -> set[int]:
        """Return the chunks that have a vector in the service."""
        self.bring_up_to_date()
        return self._service.ids()

    def close(self) -> None:
        """Let go of the service."""
        self._service.close()

    def rebuild(self) -> int:
        """Make the service anew from the knowledge base, and return how many vectors it has."""
        self._service.clear()
        self._stamp = ""
        self.bring_up_to_date()
        return self._service.count()

    def bring_up_to_date(self) -> None:
        """Add what the knowledge base has and the service has not, and remove the rest."""
        with self._store.read() as connection:
            stamp = stamp_of(connection)
            if stamp == self._stamp:
                return
            rows = connection.execute(
                "SELECT chunk_id, collection FROM vector JOIN chunk ON chunk.id = chunk_id"
                " JOIN document ON document.id = document_id WHERE embedder_id = ?",
                (self._embedder_id,),
            )
            wanted = dict(map(tuple, rows))
            there = self._service.ids()
            self._service.remove(_gone(connection, there))
            missing = iter(sorted(wanted.keys() - there))
            for ids in _parts(missing):
                blobs = [
                    connection.execute(
                        "SELECT vector FROM vector WHERE chunk_id = ? AND embedder_id = ?",
                        (id_, self._embedder_id),
                    ).fetchone()[0]
                    for id_ in ids
                ]
                vectors = np.frombuffer(b"".join(blobs), "<f4").reshape(len(ids), -1)
                self._service.add(VectorRows(ids, [wanted[id_] for id_ in ids], vectors))
        self._stamp = stamp


def _gone(connection: sqlite3.Connection, there: set[int]) -> list[int]:
    """Return the ids of chunks that were removed; ids are never given twice.

    Those beyond the last one given are of another process, whose state is newer than ours.
    """
    row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'chunk'").fetchone()
    last = row[0] if row else 0
    known = {row[0] for row in connection.execute("SELECT id FROM chunk")}
    return sorted(id_ for id_ in there - known if id_ <= last)


def _parts(ids: Iterator[int]) -> Iterator[list[int]]:
    while part := list(islice(ids, _AT_ONCE)):
        yield part

"""All vectors of a knowledge base in one matrix: exact search, read again when it changed."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Matrix:
    """Unit vectors of chunks, in the order of their ids."""

    generation: int
    ids: npt.NDArray[np.int64]
    collections: npt.NDArray[np.str_]
    vectors: npt.NDArray[np.float32]

    def best(
        self, question: npt.NDArray[np.float32], collection: str | None, limit: int
    ) -> dict[int, float]:
        """Return the cosines of the nearest chunks; with a filter, of the nearest that pass it.

        Parameters
        ----------
        question : ndarray, shape (dimension,)
            Unit vector.
        collection : str, optional
            The only one that passes.
        limit : int
            Most chunks.
        """
        cosines = self.vectors @ question
        rows = np.arange(len(self.ids))
        if collection is not None:
            rows = rows[self.collections == collection]
        if len(rows) > limit:
            rows = rows[np.argpartition(-cosines[rows], limit - 1)[:limit]]
        return {int(self.ids[row]): float(cosines[row]) for row in rows}

    def count(self, collection: str | None) -> int:
        """Return how many vectors there are, of a collection or of all."""
        return (
            int(np.count_nonzero(self.collections == collection)) if collection else len(self.ids)
        )

    def of(self, ids: list[int], question: npt.NDArray[np.float32]) -> dict[int, float]:
        """Return the cosines of some chunks; those that wait for their vector are left out."""
        wanted = np.array(sorted(ids), np.int64)
        rows = np.flatnonzero(np.isin(self.ids, wanted, assume_unique=True))
        cosines = self.vectors[rows] @ question
        return dict(zip(self.ids[rows].tolist(), cosines.tolist(), strict=True))


def generation(connection: sqlite3.Connection) -> int:
    """Return the number of transactions so far."""
    return int(connection.execute("SELECT generation FROM state").fetchone()[0])


def read_matrix(connection: sqlite3.Connection, embedder_id: str, dimension: int) -> Matrix:
    """Read all vectors of an embedder."""
    rows = connection.execute(
        "SELECT chunk_id, collection, vector FROM vector JOIN chunk ON chunk.id = chunk_id"
        " JOIN document ON document.id = document_id WHERE embedder_id = ? ORDER BY chunk_id",
        (embedder_id,),
    ).fetchall()
    vectors = np.frombuffer(b"".join(row["vector"] for row in rows), "<f4")
    return Matrix(
        generation(connection),
        np.array([row["chunk_id"] for row in rows], np.int64),
        np.array([row["collection"] for row in rows], np.str_),
        vectors.reshape(len(rows), dimension),
    )

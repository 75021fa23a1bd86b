"""Vectors in Qdrant's own engine, run inside this process on a folder."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from skywright.assistant.knowledge.stores.port import VectorRows, Vectors
from skywright.errors import ConflictError, InputError, MissingExtraError

_AT_ONCE = 1_000


class QdrantEdgeVectors:
    """One shard in a folder; the distance is the cosine, computed exactly.

    Raises
    ------
    ConflictError
        If another process has the folder open.
    InputError
        If the folder cannot be used.
    """

    def __init__(self, folder: str | Path, name: str, dimension: int) -> None:
        self._edge = _imported()
        self._folder = Path(folder) / name
        self._shape = self._edge.EdgeConfig(
            vectors=self._edge.EdgeVectorParams(size=dimension, distance=self._edge.Distance.Cosine)
        )
        self._shard: Any = self._opened()

    def add(self, rows: VectorRows) -> None:
        """Keep vectors."""
        points = [
            self._edge.Point(id_, vector, {"collection": collection})
            for id_, vector, collection in zip(
                rows.ids,
                np.asarray(rows.vectors, float).tolist(),
                rows.collections,
                strict=True,
            )
        ]
        self._shard.update(self._edge.UpdateOperation.upsert_points(points))
        self._shard.flush()

    def remove(self, ids: Sequence[int]) -> None:
        """Forget vectors."""
        if ids:
            self._shard.update(self._edge.UpdateOperation.delete_points(list(ids)))
            self._shard.flush()

    def clear(self) -> None:
        """Forget all vectors."""
        self._shard.close()
        shutil.rmtree(self._folder)
        self._shard = self._opened()

    def search(self, question: Vectors, limit: int, collection: str | None) -> dict[int, float]:
        """Return the cosines of the nearest chunks."""
        found = self._shard.query(
            self._edge.QueryRequest(
                limit=limit,
                query=self._edge.Query.Nearest(np.asarray(question, float).tolist()),
                filter=self._filter(collection),
                params=self._edge.SearchParams(exact=True),
            )
        )
        return {int(point.id): float(point.score) for point in found}

    def count(self, collection: str | None = None) -> int:
        """Return how many vectors there are."""
        return int(self._shard.count(self._edge.CountRequest(filter=self._filter(collection))))

    def ids(self) -> set[int]:
        """Return the chunks that have a vector here."""
        found: set[int] = set()
        offset = None
        while True:
            request = self._edge.ScrollRequest(
                offset=offset, limit=_AT_ONCE, with_payload=False, with_vector=False
            )
            points, offset = self._shard.scroll(request)
            found.update(int(point.id) for point in points)
            if offset is None:
                return found

    def close(self) -> None:
        """Let go of the folder."""
        self._shard.close()

    def _opened(self) -> Any:
        """Open what is there, or begin; the engine tells every fault by the same plain class."""
        begin = self._edge.EdgeShard.create
        if (self._folder / "segments").is_dir():
            begin = self._edge.EdgeShard.load
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            return begin(str(self._folder), self._shape)
        except Exception as error:
            if "WouldBlock" in str(error):
                message = f"The vectors in {self._folder} are open in another process."
                hint = "Qdrant's engine in a folder takes one process at a time; run its server."
                raise ConflictError(message, hint=hint) from error
            message = f"The vectors in {self._folder} cannot be opened: {error}."
            hint = "Delete the folder; the next search makes it anew."
            raise InputError(message, hint=hint) from error

    def _filter(self, collection: str | None) -> Any:
        if collection is None:
            return None
        match = self._edge.MatchValue(value=collection)
        return self._edge.Filter(must=[self._edge.FieldCondition(key="collection", match=match)])


def _imported() -> Any:
    try:
        import qdrant_edge
    except ModuleNotFoundError as error:
        what = "Search by vectors in Qdrant's engine"
        raise MissingExtraError(what, "qdrant") from error
    return qdrant_edge

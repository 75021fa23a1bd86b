"""Vectors in Qdrant: a server, or its local mode in a folder for one process."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from skywright.assistant.knowledge.stores.port import VectorRows, Vectors
from skywright.errors import ConflictError, MissingExtraError

_AT_ONCE = 1_000
_TIMEOUT_S = 60


class QdrantVectors:
    """One collection of Qdrant; the distance is the cosine, computed exactly."""

    def __init__(self, client: Any, name: str, dimension: int, *, is_local: bool) -> None:
        from qdrant_client import models

        self._client, self._name, self._models = client, name, models
        # The graph of a server may miss neighbours; the local mode always compares all.
        self._how = None if is_local else models.SearchParams(exact=True)
        self._shape = models.VectorParams(size=dimension, distance=models.Distance.COSINE)
        if not client.collection_exists(name):
            client.create_collection(name, self._shape)

    @classmethod
    def at(cls, url: str, name: str, dimension: int, *, api_key: str = "") -> QdrantVectors:
        """Connect to a server."""
        qdrant_client = _imported()
        client = qdrant_client.QdrantClient(
            url=url, api_key=api_key or None, timeout=_TIMEOUT_S, check_compatibility=False
        )
        return cls(client, name, dimension, is_local=False)

    @classmethod
    def in_folder(cls, folder: str, name: str, dimension: int) -> QdrantVectors:
        """Open the local mode.

        Raises
        ------
        ConflictError
            If another process has the folder open.
        """
        qdrant_client = _imported()
        try:
            client = qdrant_client.QdrantClient(path=folder)
        except RuntimeError as error:
            message = f"The vectors in {folder} are open in another process."
            hint = "Qdrant's local mode takes one process at a time; run its server for more."
            raise ConflictError(message, hint=hint) from error
        return cls(client, name, dimension, is_local=True)

    def add(self, rows: VectorRows) -> None:
        """Keep vectors."""
        points = self._models.Batch(
            ids=list(rows.ids),
            vectors=np.asarray(rows.vectors, float).tolist(),
            payloads=[{"collection": one} for one in rows.collections],
        )
        self._client.upsert(self._name, points, wait=True)

    def remove(self, ids: Sequence[int]) -> None:
        """Forget vectors."""
        if ids:
            chosen = self._models.PointIdsList(points=list(ids))
            self._client.delete(self._name, chosen, wait=True)

    def clear(self) -> None:
        """Forget all vectors."""
        self._client.delete_collection(self._name)
        self._client.create_collection(self._name, self._shape)

    def search(self, question: Vectors, limit: int, collection: str | None) -> dict[int, float]:
        """Return the cosines of the nearest chunks."""
        found = self._client.query_points(
            self._name,
            query=np.asarray(question, float).tolist(),
            query_filter=self._filter(collection),
            limit=limit,
            search_params=self._how,
        )
        return {int(point.id): float(point.score) for point in found.points}

    def count(self, collection: str | None = None) -> int:
        """Return how many vectors there are."""
        told = self._client.count(self._name, count_filter=self._filter(collection), exact=True)
        return int(told.count)

    def ids(self) -> set[int]:
        """Return the chunks that have a vector here."""
        found: set[int] = set()
        offset = None
        while True:
            points, offset = self._client.scroll(
                self._name, limit=_AT_ONCE, offset=offset, with_payload=False, with_vectors=False
            )
            found.update(int(point.id) for point in points)
            if offset is None:
                return found

    def close(self) -> None:
        """Let go of the connection, or of the folder."""
        self._client.close()

    def _filter(self, collection: str | None) -> Any:
        if collection is None:
            return None
        match = self._models.MatchValue(value=collection)
        return self._models.Filter(
            must=[self._models.FieldCondition(key="collection", match=match)]
        )


def _imported() -> Any:
    try:
        import qdrant_client
    except ModuleNotFoundError as error:
        what = "Search by vectors in Qdrant"
        raise MissingExtraError(what, "qdrant") from error
    return qdrant_client

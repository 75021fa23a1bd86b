"""Vectors in an index of Pinecone, by its REST interface (API version 2025-04)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import httpx
import numpy as np

from skywright.assistant.knowledge.stores.port import VectorRows, Vectors
from skywright.errors import SourceError

_VERSION = "2025-04"
_AT_ONCE = 100
_MOST_REMOVED = 1_000  # ids of one request, by the interface
_TIMEOUT_S = 30.0
_TRIES = 4


class PineconeVectors:
    """One namespace of an index, which must have the dimension of the embedder and cosine."""

    def __init__(self, url: str, namespace: str, *, api_key: str) -> None:
        self._namespace = namespace
        headers = {"Api-Key": api_key, "X-Pinecone-Api-Version": _VERSION}
        transport = httpx.HTTPTransport(retries=_TRIES)
        self._client = httpx.Client(
            base_url=url, headers=headers, timeout=_TIMEOUT_S, transport=transport
        )

    def add(self, rows: VectorRows) -> None:
        """Keep vectors."""
        told = [
            {"id": str(id_), "values": vector, "metadata": {"collection": collection}}
            for id_, collection, vector in zip(
                rows.ids, rows.collections, np.asarray(rows.vectors, float).tolist(), strict=True
            )
        ]
        for start in range(0, len(told), _AT_ONCE):
            self._post("/vectors/upsert", {"vectors": told[start : start + _AT_ONCE]})

    def remove(self, ids: Sequence[int]) -> None:
        """Forget vectors."""
        for start in range(0, len(ids), _MOST_REMOVED):
            chosen = [str(id_) for id_ in ids[start : start + _MOST_REMOVED]]
            self._post("/vectors/delete", {"ids": chosen})

    def clear(self) -> None:
        """Forget all vectors of the namespace."""
        self._post("/vectors/delete", {"deleteAll": True})

    def search(self, question: Vectors, limit: int, collection: str | None) -> dict[int, float]:
        """Return the cosines of the nearest chunks."""
        wanted: dict[str, Any] = {
            "vector": np.asarray(question, float).tolist(), "topK": limit,
            "includeValues": False, "includeMetadata": False,
        }  # fmt: skip
        if collection is not None:
            wanted["filter"] = {"collection": {"$eq": collection}}
        found = self._post("/query", wanted)
        return {int(one["id"]): float(one["score"]) for one in found.get("matches", [])}

    def count(self, collection: str | None = None) -> int:
        """Return how many vectors there are.

        The interface counts a whole namespace only, so those of a collection are listed.
        """
        if collection is None:
            return len(self.ids())
        ids = sorted(self.ids())
        told = 0
        for start in range(0, len(ids), _AT_ONCE):
            chosen = [("ids", str(id_)) for id_ in ids[start : start + _AT_ONCE]]
            page = self._get("/vectors/fetch", chosen)["vectors"]
            told += sum(one["metadata"]["collection"] == collection for one in page.values())
        return told

    def ids(self) -> set[int]:
        """Return the chunks that have a vector here."""
        found: set[int] = set()
        token = ""
        while True:
            page = self._get(
                "/vectors/list",
                [("limit", "100"), *([("paginationToken", token)] if token else [])],
            )
            found.update(int(one["id"]) for one in page.get("vectors", []))
            token = (page.get("pagination") or {}).get("next", "")
            if not token:
                return found

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        return self._answer("POST", path, json=body | {"namespace": self._namespace})

    def _get(self, path: str, params: list[tuple[str, str]]) -> dict[str, Any]:
        return self._answer("GET", path, params=[*params, ("namespace", self._namespace)])

    def _answer(self, method: str, path: str, **asked: Any) -> dict[str, Any]:
        try:
            reply = self._client.request(method, path, **asked)
            reply.raise_for_status()
            told: dict[str, Any] = reply.json()
        except httpx.HTTPStatusError as error:
            text = error.response.text[:200]
            message = f"Pinecone answers {error.response.status_code} to {path}: {text}"
            raise SourceError(message, hint="Check vectors_url and pinecone_api_key.") from error
        except (httpx.HTTPError, ValueError) as error:
            message = f"Pinecone does not answer {path}: {error}"
            raise SourceError(message) from error
        return told

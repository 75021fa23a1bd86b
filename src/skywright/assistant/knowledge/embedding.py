"""Texts as unit vectors: the port, and what a background step asks of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from skywright.assistant.knowledge.store import KnowledgeStore

Vector = npt.NDArray[np.float32]
"""Shape (dimension,), or (n, dimension) for several; of unit length."""

_CHUNKS_AT_ONCE = 64  # a few seconds on one core: that much is lost when it is stopped


class Embedder(Protocol):
    """What turns texts into vectors whose inner product is their likeness."""

    @property
    def id(self) -> str:
        """Name and content of the model: vectors of different ids are never compared."""

    @property
    def dimension(self) -> int:
        """Length of a vector."""

    def embed_passages(self, texts: Sequence[str]) -> Vector:
        """Return unit vectors, shape (n, dimension), of texts that may be found."""

    def embed_queries(self, texts: Sequence[str]) -> Vector:
        """Return unit vectors, shape (n, dimension), of questions."""


def embed_waiting(
    store: KnowledgeStore,
    embedder: Embedder,
    *,
    collection: str | None = None,
    on_progress: Callable[[int], None] = lambda _done: None,
) -> int:
    """Make the vectors that are missing; stopped at any time, the next call goes on from there.

    Parameters
    ----------
    store : KnowledgeStore
        Whose chunks.
    embedder : Embedder
        Whose vectors; those of another one stay.
    collection : str, optional
        Of this one only.
    on_progress : callable
        Told how many chunks were done since the call.

    Returns
    -------
    int
        Chunks that got their vector.
    """
    done = 0
    while waiting := store.without_vector(embedder.id, _CHUNKS_AT_ONCE, collection=collection):
        ids, texts = zip(*waiting, strict=True)
        store.add_vectors(embedder.id, ids, embedder.embed_passages(texts))
        done += len(ids)
        on_progress(done)
    return done

"""An embedder that remembers questions: one answer asks for the same vector several times."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence

import numpy as np

from skywright.assistant.knowledge.embedding import Embedder, Vector

_MOST_KEPT = 256


class Remembering:
    """Another embedder, whose vectors of the latest questions are kept.

    Rules, search and evidence each look at a question; on one core a vector takes 20 ms.
    """

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._kept: OrderedDict[str, Vector] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def id(self) -> str:
        """Name and content of the model."""
        return self._embedder.id

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        return self._embedder.dimension

    def embed_passages(self, texts: Sequence[str]) -> Vector:
        """Return unit vectors of texts that may be found."""
        return self._embedder.embed_passages(texts)

    def embed_queries(self, texts: Sequence[str]) -> Vector:
        """Return unit vectors of questions; a single one is remembered."""
        if len(texts) != 1:
            return self._embedder.embed_queries(texts)
        with self._lock:
            known = self._kept.get(texts[0])
            if known is not None:
                self._kept.move_to_end(texts[0])
                return known.copy()
        vector = self._embedder.embed_queries(texts)
        with self._lock:
            self._kept[texts[0]] = np.array(vector)
            while len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)
        return vector

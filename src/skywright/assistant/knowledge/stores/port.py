"""What a store of vectors can do; SQLite stays the truth, every other one can be made anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class VectorRows:
    """Vectors of chunks with what they are filtered by."""

    ids: Sequence[int]
    collections: Sequence[str]
    vectors: Vectors
    """Shape (n, dimension), of unit length."""


class VectorStore(Protocol):
    """The vectors of one embedder for one knowledge base."""

    def add(self, rows: VectorRows) -> None:
        """Keep vectors; an id that is there already is written over."""

    def remove(self, ids: Sequence[int]) -> None:
        """Forget vectors; ids that are not there are passed over."""

    def clear(self) -> None:
        """Forget all vectors."""

    def search(self, question: Vectors, limit: int, collection: str | None) -> dict[int, float]:
        """Return the cosines of the nearest chunks, of one collection or of all.

        With a filter as many come back as without one, where so many pass.
        """

    def count(self, collection: str | None = None) -> int:
        """Return how many vectors there are."""

    def ids(self) -> set[int]:
        """Return the chunks that have a vector here."""

    def close(self) -> None:
        """Let go of connections and locks."""

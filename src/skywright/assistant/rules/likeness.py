"""Likeness of a question to the example questions of each intent."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from importlib.resources import files

import numpy as np
import numpy.typing as npt

from skywright.assistant.knowledge.embedding import Embedder

FILE = "examples.npz"
"""Vectors of the examples that come with us, made by ``bench/assistant_examples.py``."""

_Vectors = npt.NDArray[np.float32]


class Examples:
    """Example questions with their vectors; those that come with us need not be computed.

    Parameters
    ----------
    rows : sequence of (str, str)
        Intent and question.
    embedder : Embedder
        Makes vectors of questions.
    """

    def __init__(self, rows: Sequence[tuple[str, str]], embedder: Embedder) -> None:
        self._rows = rows
        self._embedder = embedder
        self._vectors: _Vectors | None = None

    def likeness(self, question: str) -> dict[str, float]:
        """Return the cosine to the nearest example of each intent."""
        if self._vectors is None:
            self._vectors = self._kept()
            if self._vectors is None:
                self._vectors = self.embedded()
        cosines = self._vectors @ self._embedder.embed_queries([question])[0]
        best: dict[str, float] = {}
        for (intent, _), cosine in zip(self._rows, cosines, strict=True):
            best[intent] = max(best.get(intent, 0.0), float(cosine))
        return best

    def embedded(self) -> _Vectors:
        """Return the vectors, shape (n, dimension), computed now."""
        return self._embedder.embed_queries([text for _, text in self._rows])

    def stamp(self) -> str:
        """Return what the vectors were made of: embedder and questions."""
        text = "\n".join([self._embedder.id, *(text for _, text in self._rows)])
        return hashlib.sha256(text.encode()).hexdigest()

    def to_bytes(self) -> bytes:
        """Return the vectors, computed now, with their stamp, as a file."""
        out = io.BytesIO()
        vectors = self.embedded().astype(np.float16)
        np.savez_compressed(out, stamp=np.array(self.stamp()), vectors=vectors)
        return out.getvalue()

    def _kept(self) -> _Vectors | None:
        """Return the vectors that come with us, None if they are of other questions."""
        kept = files("skywright.assistant.rules").joinpath(FILE)
        if not kept.is_file():
            return None
        with np.load(io.BytesIO(kept.read_bytes()), allow_pickle=False) as file:
            if str(file["stamp"]) != self.stamp():
                return None
            vectors: _Vectors = file["vectors"].astype(np.float32)
        return vectors

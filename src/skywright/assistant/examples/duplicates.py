"""Examples that say what another says: word for word, nearly, or one sentence too often."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from skywright.assistant.examples.example import Example, RefusedError, plain

MOST_COSINE = 0.95
"""From this cosine of MiniLM on, two examples are nearly the same."""
MOST_SHINGLES = 0.90
"""From this share of common shingles on (Jaccard), where no embedder is installed."""
MOST_SENTENCES = 25
"""Times that one sentence may be said in a whole file."""

_SHINGLE = 5
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z])|\n+")
_LEAST_WORDS = 4
F32 = npt.NDArray[np.float32]


class Embedder(Protocol):
    """Turns texts into unit vectors; `skywright.assistant.knowledge.minilm.MiniLM` does."""

    def embed_passages(self, texts: Sequence[str]) -> F32:
        """Return an array of shape (n, dimension)."""


class Seen:
    """What was accepted so far.

    Parameters
    ----------
    embedder : Embedder, optional
        For near-duplicates; shingles of words where None.
    most_sentences : int
        Times that one sentence may be said.
    """

    def __init__(
        self, embedder: Embedder | None = None, most_sentences: int = MOST_SENTENCES
    ) -> None:
        self._embedder = embedder
        self._most_sentences = most_sentences
        self._texts: set[str] = set()
        self._vectors: list[F32] = []
        self._shingles: list[set[str]] = []
        self._sentences: Counter[str] = Counter()

    @property
    def method(self) -> str:
        """How near-duplicates are told."""
        if self._embedder is None:
            return f"shingles of {_SHINGLE} words, Jaccard {MOST_SHINGLES:g}"
        return f"MiniLM cosine {MOST_COSINE:g}"

    def vector_of(self, example: Example) -> F32 | None:
        """Return what its meaning is compared by; None without an embedder."""
        if self._embedder is None:
            return None
        vector: F32 = self._embedder.embed_passages([normalised(example.prose())])[0]
        return vector

    def sift(
        self, examples: Sequence[Example], vectors: Sequence[F32 | None] | None = None
    ) -> tuple[list[Example], list[tuple[Example, RefusedError]]]:
        """Return the examples that are new, and the others with why; remembers the new ones.

        Parameters
        ----------
        examples : sequence of Example, length n
            In the order in which they were made.
        vectors : sequence, length n, optional
            What `vector_of` gives of them, where it was worked out before.
        """
        kept: list[Example] = []
        refused: list[tuple[Example, RefusedError]] = []
        known = vectors if vectors is not None else [self.vector_of(one) for one in examples]
        for one, vector in zip(examples, known, strict=True):
            text = normalised(one.prose())
            error = self._fault(one, text, vector)
            if error is None:
                self._remember(one, text, vector)
                kept.append(one)
            else:
                refused.append((one, error))
        return kept, refused

    def _fault(self, one: Example, text: str, vector: F32 | None) -> RefusedError | None:
        if text in self._texts:
            told = "another says the same, word for word"
            return RefusedError(told, gate="duplicate")
        if self._is_near(text, vector):
            told = f"another says nearly the same ({self.method})"
            return RefusedError(told, gate="near-duplicate")
        for sentence in sentences_of(one):
            if self._sentences[sentence] >= self._most_sentences:
                told = f"{sentence[:60]!r} was said {self._most_sentences} times"
                return RefusedError(told, gate="repetition")
        return None

    def _is_near(self, text: str, vector: F32 | None) -> bool:
        if vector is not None:
            return bool(self._vectors) and bool(
                np.max(np.stack(self._vectors) @ vector) >= MOST_COSINE
            )
        mine = _shingles(text)
        return any(
            len(mine & other) >= MOST_SHINGLES * len(mine | other) for other in self._shingles
        )

    def _remember(self, one: Example, text: str, vector: F32 | None) -> None:
        self._texts.add(text)
        self._sentences.update(set(sentences_of(one)))
        if vector is None:
            self._shingles.append(_shingles(text))
        else:
            self._vectors.append(vector)


def normalised(text: str) -> str:
    """Return a text in small letters, with single blanks and plain signs."""
    return " ".join(unicodedata.normalize("NFKC", text).lower().split())


def sentences_of(example: Example) -> list[str]:
    """Return the sentences of the answers, in small letters; short ones are left out."""
    said: Iterable[str] = (plain(one) for one in example.said())
    split = (normalised(one) for text in said for one in _SENTENCE.split(text))
    return [one for one in split if len(one.split()) >= _LEAST_WORDS]


def _shingles(text: str) -> set[str]:
    words = re.findall(r"\w+", text)
    return {" ".join(words[k : k + _SHINGLE]) for k in range(max(1, len(words) - _SHINGLE + 1))}

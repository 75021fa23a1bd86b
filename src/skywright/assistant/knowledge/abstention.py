"""Whether the knowledge base answers a question at all: signs of it, weighed into a probability."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from skywright.assistant.knowledge.searching import Found
from skywright.assistant.knowledge.stems import Asked

_BM25_OF_A_WORD = 1.5
"""What one word of rarity 1 gives where it stands about twice in a chunk of mean length."""


@dataclass(frozen=True, slots=True)
class Signs:
    """What speaks for an answer in the texts found; every one is about 0 to 1."""

    cover_quote: float
    """Share of the question's words, by rarity, in the best quote."""
    cover_chunk: float
    """The same in the best of the first three chunks with its headings."""
    unknown: float
    """Share of the question's words, by rarity, that no document holds."""
    lexical: float
    """BM25 of the best chunk, over what a chunk with every word about twice would have."""
    lexical_margin: float
    """By how much of it the best chunk leads the mean of the further ones."""
    cosine: float
    """Likeness of the nearest chunk in meaning; 0 without vectors."""
    cosine_margin: float
    """By how much it leads the mean of the further ones."""
    agreement: float
    """1 where words and meaning find the same chunk first, 1/2 the same document."""

    @classmethod
    def of(cls, found: Found, asked: Asked, *, cover_quote: float, cover_chunk: float) -> Signs:
        """Read the signs off a search of up to 10 hits.

        Parameters
        ----------
        found : Found
            What the search gave.
        asked : Asked
            The question's words.
        cover_quote, cover_chunk : float
            Shares as above.
        """
        lexical = sorted((hit.lexical for hit in found.hits if hit.lexical), reverse=True)
        cosines = sorted((hit.cosine for hit in found.hits if hit.cosine is not None), reverse=True)
        return cls(
            cover_quote=cover_quote,
            cover_chunk=cover_chunk,
            unknown=asked.cover(asked.unknown),
            lexical=lexical[0] / (_BM25_OF_A_WORD * asked.whole) if lexical else 0.0,
            lexical_margin=_lead(lexical) / asked.whole,
            cosine=cosines[0] if cosines else 0.0,
            cosine_margin=_lead(cosines),
            agreement=_agreement(found),
        )


def probability(signs: Signs, legs: Sequence[str]) -> float:
    """Return the probability that the texts found answer the question [0 to 1].

    A logistic regression; its weights lie beside this file with how they were fitted, one set
    for searches by words and meaning, one for those by words only.
    """
    weights = weights_of("dense" if "dense" in legs else "lexical")
    total = weights["intercept"] + sum(
        weights.get(name, 0.0) * value for name, value in dataclasses.asdict(signs).items()
    )
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, total))))


@cache
def weights_of(leg: str) -> dict[str, float]:
    """Return the weights by the name of their sign, and the intercept."""
    text = (files(__package__) / "abstention.json").read_text(encoding="utf-8")
    told: dict[str, float] = json.loads(text)[leg]
    return told


def _lead(scores: Sequence[float]) -> float:
    """Return by how much the first leads the mean of the others."""
    return scores[0] - sum(scores[1:]) / (len(scores) - 1) if len(scores) > 1 else 0.0


def _agreement(found: Found) -> float:
    if "dense" not in found.legs or not found.hits:
        return 0.0
    by_words = max(found.hits, key=lambda hit: hit.lexical or 0.0)
    by_meaning = max(found.hits, key=lambda hit: hit.cosine or 0.0)
    if by_words.chunk_id == by_meaning.chunk_id:
        return 1.0
    return 0.5 * (by_words.document_id == by_meaning.document_id)

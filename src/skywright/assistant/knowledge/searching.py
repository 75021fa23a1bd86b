"""Search by words and by meaning, in one ranking, with the text that was found."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from skywright.assistant.knowledge.lexical import (
    best_by_words,
    holds,
    identifiers_in,
    lexical_query,
)
from skywright.assistant.knowledge.store import KnowledgeStore
from skywright.errors import InputError

_CANDIDATES = 200
_NAME_BOOST = 0.2
"""For a chunk that holds every exact name of the question; a share of it for a share of them."""

MOST_HITS = 100


@dataclass(frozen=True, slots=True)
class Hit:
    """A chunk with where it stands: ``text`` is the characters start to stop of the document."""

    chunk_id: int
    document_id: int
    collection: str
    title: str
    source: str
    version: str
    licence: str
    heading: str
    start: int
    stop: int
    text: str
    score: float
    """The fused score, which ranks; comparable within one answer only."""
    lexical: float | None
    """BM25, where a word of the question was found."""


@dataclass(frozen=True, slots=True)
class Found:
    """An answer of the search, and what took part in it."""

    hits: tuple[Hit, ...]
    legs: tuple[str, ...]


class Searcher:
    """Search in one knowledge base."""

    def __init__(self, store: KnowledgeStore) -> None:
        self.store = store

    def search(self, question: str, *, limit: int = 10, collection: str | None = None) -> Found:
        """Find the chunks that fit a question best.

        Parameters
        ----------
        question : str
            Words in any order, or a sentence.
        limit : int
            Most hits, 1 to 100.
        collection : str, optional
            Search in this one only.

        Raises
        ------
        InputError
            If the question is blank or the limit is out of range.
        """
        if not question.strip():
            message = "The question is blank; ask something."
            raise InputError(message)
        if not 1 <= limit <= MOST_HITS:
            message = f"limit must be 1 to {MOST_HITS}, got {limit}."
            raise InputError(message)
        names = identifiers_in(question)
        with self.store.read() as connection:
            query = lexical_query(question, names)
            lexical = best_by_words(connection, query, collection, _CANDIDATES)
            scores = spread(lexical)
            texts = _texts(connection, list(scores)) if names else {}
            for id_, text in texts.items():
                scores[id_] += _NAME_BOOST * sum(holds(one, text) for one in names) / len(names)
            best = sorted(scores, key=lambda id_: (-scores[id_], id_))[:limit]
            rows = _rows(connection, best)
        hits = tuple(Hit(**rows[id_], score=scores[id_], lexical=lexical.get(id_)) for id_ in best)
        return Found(hits, ("lexical",))


def spread(scores: Mapping[int, float]) -> dict[int, float]:
    """Carry scores to [0, 1]: the least becomes 0, the largest 1."""
    if not scores:
        return {}
    low, high = min(scores.values()), max(scores.values())
    width = high - low
    return {id_: (score - low) / width if width else 1.0 for id_, score in scores.items()}


def _texts(connection: sqlite3.Connection, ids: list[int]) -> dict[int, str]:
    rows = connection.execute(
        "SELECT id, heading || ' ' || text FROM chunk WHERE id IN (SELECT value FROM json_each(?))",
        (json.dumps(ids),),
    )
    return {row[0]: row[1] for row in rows}


def _rows(connection: sqlite3.Connection, ids: list[int]) -> dict[int, dict[str, Any]]:
    rows = connection.execute(
        "SELECT chunk.id AS chunk_id, document_id, collection, title, source, version, licence,"
        " heading, start, stop, text FROM chunk JOIN document ON document.id = document_id"
        " WHERE chunk.id IN (SELECT value FROM json_each(?))",
        (json.dumps(ids),),
    )
    return {row["chunk_id"]: dict(row) for row in rows}

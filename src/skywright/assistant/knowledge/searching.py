"""Search by words and by meaning, in one ranking, with the text that was found."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from skywright.assistant.knowledge.embedding import Embedder, Vector
from skywright.assistant.knowledge.lexical import (
    best_by_words,
    holds,
    identifiers_in,
    lexical_query,
)
from skywright.assistant.knowledge.store import DENSE_WEIGHT, KnowledgeStore
from skywright.assistant.knowledge.stores.port import VectorStore
from skywright.assistant.knowledge.stores.sqlite import SqliteVectors
from skywright.errors import InputError, NotFoundError

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
    cosine: float | None
    """Likeness in meaning, where the chunk has its vector."""


@dataclass(frozen=True, slots=True)
class Found:
    """An answer of the search, and what took part in it."""

    hits: tuple[Hit, ...]
    legs: tuple[str, ...]
    """``lexical``, and ``dense`` where vectors were compared."""
    chunks: int
    """Chunks that could be found."""
    with_vector: int
    """Of them, those that could be found by meaning."""


@dataclass(frozen=True, slots=True)
class Scores:
    """What each leg says of the candidates."""

    lexical: Mapping[int, float]
    dense: Mapping[int, float] = field(default_factory=dict)
    named: Mapping[int, float] = field(default_factory=dict)
    """Share of the exact names that a chunk holds."""

    def fused(self, dense_weight: float) -> dict[int, float]:
        """Return one score for each candidate.

        Each leg is spread over [0, 1] and they are added by weight (Fox & Shaw 1994, TREC-2,
        CombSUM, with weights). Reciprocal ranks, which need none, scored below meaning alone. A
        chunk that waits for its vector is judged by its words alone.
        """
        weight = dense_weight if self.dense else 0.0
        lexical, dense = spread(self.lexical), spread(self.dense)
        return {
            id_: weight * dense.get(id_, lexical.get(id_, 0.0))
            + (1 - weight) * lexical.get(id_, 0.0)
            + _NAME_BOOST * self.named.get(id_, 0.0)
            for id_ in lexical.keys() | dense.keys()
        }


class Searcher:
    """Search in one knowledge base, by meaning too where an embedder is given.

    It may be kept: what other processes add is seen by the next search. Vectors are compared in
    the knowledge base itself, unless another store of them is given.
    """

    def __init__(
        self,
        store: KnowledgeStore,
        embedder: Embedder | None = None,
        vectors: VectorStore | None = None,
    ) -> None:
        self.store = store
        self.embedder = embedder
        self.vectors = vectors
        if vectors is None and embedder is not None:
            self.vectors = SqliteVectors(store, embedder)

    def search(
        self,
        question: str,
        *,
        limit: int = 10,
        collection: str | None = None,
        vector: Vector | None = None,
    ) -> Found:
        """Find the chunks that fit a question best.

        Parameters
        ----------
        question : str
            Words in any order, or a sentence.
        limit : int
            Most hits, 1 to 100.
        collection : str, optional
            Search in this one only, with the weight it was tuned to.
        vector : ndarray, shape (dimension,), optional
            The question as a unit vector, where it is known already.

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
        if vector is None and self.embedder:
            vector = self.embedder.embed_queries([question])[0]
        weight = self.store.dense_weight(collection) if collection else DENSE_WEIGHT
        with self.store.read() as connection:
            scores = self.scores(connection, question, vector, collection)
            fused = scores.fused(weight)
            best = sorted(fused, key=lambda id_: (-fused[id_], id_))[:limit]
            rows = _rows(connection, best)
            chunks = _count(connection, collection)
            with_vector = self.vectors.count(collection) if scores.dense and self.vectors else 0
        hits = tuple(
            Hit(
                **rows[id_],
                score=fused[id_],
                lexical=scores.lexical.get(id_),
                cosine=scores.dense.get(id_),
            )
            for id_ in best
        )
        return Found(hits, ("lexical", "dense")[: 1 + bool(scores.dense)], chunks, with_vector)

    def scores(
        self,
        connection: sqlite3.Connection,
        question: str,
        vector: Vector | None,
        collection: str | None = None,
    ) -> Scores:
        """Return what each leg says, for the best of each leg.

        Parameters
        ----------
        connection : sqlite3.Connection
            From ``store.read()``: all of an answer is of one state.
        question : str
            As asked.
        vector : ndarray, shape (dimension,), optional
            The question as a unit vector; None searches by words only.
        collection : str, optional
            Search in this one only.
        """
        names = identifiers_in(question)
        query = lexical_query(question, names)
        lexical = best_by_words(connection, query, collection, _CANDIDATES)
        dense: dict[int, float] = {}
        if vector is not None and self.vectors and self.embedder:
            nearest = self.vectors.search(vector, _CANDIDATES, collection)
            dense = _still_there(connection, nearest)
            others = [id_ for id_ in lexical if id_ not in dense]
            dense |= _cosines(connection, self.embedder.id, others, vector)
        candidates = list(lexical.keys() | dense.keys())
        texts = _texts(connection, candidates) if names else {}
        named = {
            id_: sum(holds(name, text) for name in names) / len(names)
            for id_, text in texts.items()
        }
        return Scores(lexical, dense, named)


def stored_chunk(store: KnowledgeStore, chunk_id: int) -> Hit:
    """Return a chunk with where it stands.

    Raises
    ------
    NotFoundError
        If there is none, or no longer.
    """
    with store.read() as connection:
        rows = _rows(connection, [chunk_id])
    if not rows:
        message = f"There is no chunk {chunk_id} in the knowledge base."
        raise NotFoundError(message, hint="Its document may have been removed; search again.")
    return Hit(**rows[chunk_id], score=0.0, lexical=None, cosine=None)


def spread(scores: Mapping[int, float]) -> dict[int, float]:
    """Carry scores to [0, 1]: the least becomes 0, the largest 1."""
    if not scores:
        return {}
    low, high = min(scores.values()), max(scores.values())
    width = high - low
    return {id_: (score - low) / width if width else 1.0 for id_, score in scores.items()}


def _still_there(connection: sqlite3.Connection, scores: dict[int, float]) -> dict[int, float]:
    """Leave out chunks that were removed since, or that a service of vectors still holds."""
    rows = connection.execute(
        "SELECT id FROM chunk WHERE id IN (SELECT value FROM json_each(?))",
        (json.dumps(list(scores)),),
    )
    return {row[0]: scores[row[0]] for row in rows}


def _cosines(
    connection: sqlite3.Connection, embedder_id: str, ids: list[int], question: Vector
) -> dict[int, float]:
    """Return the cosines of some chunks; those that wait for their vector are left out."""
    rows = connection.execute(
        "SELECT chunk_id, vector FROM vector WHERE embedder_id = ?"
        " AND chunk_id IN (SELECT value FROM json_each(?))",
        (embedder_id, json.dumps(ids)),
    ).fetchall()
    if not rows:
        return {}
    vectors = np.frombuffer(b"".join(row[1] for row in rows), "<f4").reshape(len(rows), -1)
    cosines = (vectors @ question).tolist()
    return dict(zip((row[0] for row in rows), cosines, strict=True))


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


def _count(connection: sqlite3.Connection, collection: str | None) -> int:
    if collection is None:
        return int(connection.execute("SELECT count(*) FROM chunk").fetchone()[0])
    row = connection.execute(
        "SELECT count(*) FROM chunk JOIN document ON document.id = document_id"
        " WHERE collection = ?",
        (collection,),
    ).fetchone()
    return int(row[0])

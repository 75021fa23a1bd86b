"""Judge the search on questions whose answers are known."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from skywright.assistant.benchmark_files import read_corpus, read_qrels, read_queries
from skywright.assistant.knowledge.embedding import Embedder, embed_waiting
from skywright.assistant.knowledge.measures import Measured, mean_and_error, measure
from skywright.assistant.knowledge.searching import Scores, Searcher
from skywright.assistant.knowledge.store import COLLECTION, DENSE_WEIGHT, KnowledgeStore
from skywright.errors import InputError
from skywright.settings import get_settings


@dataclass(frozen=True, slots=True)
class Judged:
    """One question with what was found for it."""

    question_id: str
    found: tuple[str, ...]
    """Passages, best first."""
    measured: Measured

    def to_dict(self) -> dict[str, Any]:
        """Return the question as a line of JSON."""
        measures = dataclasses.asdict(self.measured)
        return {"question_id": self.question_id, "found": list(self.found), **measures}


@dataclass(frozen=True, slots=True)
class Report:
    """All questions, and how long it took."""

    judged: tuple[Judged, ...]
    legs: tuple[str, ...]
    dense_weight: float
    passages: int
    embedded: int
    embedding_s: float
    search_ms: float
    """Mean time of one search, without that of the question's vector [ms]."""

    def to_dict(self) -> dict[str, Any]:
        """Return the means with their standard errors, and what they were measured on."""
        told: dict[str, Any] = {}
        for one in dataclasses.fields(Measured):
            values = [getattr(judged.measured, one.name) for judged in self.judged]
            mean, error = mean_and_error(values)
            told[one.name] = {"mean": round(mean, 4), "standard_error": round(error, 4)}
        return told | {
            "questions": len(self.judged),
            "passages": self.passages,
            "legs": list(self.legs),
            "dense_weight": self.dense_weight if "dense" in self.legs else None,
            "passages_embedded_now": self.embedded,
            "embedding_s": round(self.embedding_s, 1),
            "search_ms": round(self.search_ms, 2),
        }


@dataclass(frozen=True, slots=True)
class Task:
    """Files of a retrieval benchmark."""

    corpus: Path
    """Lines of JSON with ``id`` and ``text``."""
    queries: Path
    """Lines of JSON with ``id`` and ``text``."""
    qrels: Path
    """Tab-separated: query, passage, gain; with or without a header."""


def evaluate_retrieval(
    task: Task,
    embedder: Embedder | None,
    *,
    dense_weight: float = DENSE_WEIGHT,
    on_progress: Callable[[int], None] = lambda _done: None,
) -> Report:
    """Rank the passages for every question that has a relevant one.

    The passages and their vectors are kept in the data folder, so that the next call on the same
    corpus embeds the questions only.

    Raises
    ------
    InputError
        If the files do not fit each other.
    """
    store = store_of(task.corpus)
    ids = read_corpus(task.corpus).add_to(store)
    begun = time.perf_counter()
    embedded = embed_waiting(store, embedder, on_progress=on_progress) if embedder else 0
    embedding_s = time.perf_counter() - begun
    texts = read_queries(task.queries)
    relevant = read_qrels(task.qrels, texts, ids)
    questions = {one: texts[one] for one in relevant}
    vectors = embedder.embed_queries(list(questions.values())) if embedder else None
    searcher = Searcher(store, embedder)
    begun = time.perf_counter()
    judged: list[Judged] = []
    legs: tuple[str, ...] = ("lexical",)
    with store.read() as connection:
        documents_of = dict(connection.execute("SELECT id, document_id FROM chunk").fetchall())
        named = {document_id: source for source, document_id in ids.items()}
        for k, (question_id, text) in enumerate(questions.items()):
            vector = None if vectors is None else vectors[k]
            scores = searcher.scores(connection, text, vector, COLLECTION)
            legs = ("lexical", "dense") if scores.dense else legs
            ranking = ranked_documents(scores, dense_weight, documents_of)
            found = tuple(named.get(one, str(one)) for one in ranking[:10])
            judged.append(Judged(question_id, found, measure(ranking, relevant[question_id])))
    search_ms = 1000 * (time.perf_counter() - begun) / len(questions)
    return Report(
        tuple(judged), legs, dense_weight, len(set(ids.values())), embedded, embedding_s, search_ms
    )


def ranked_documents(
    scores: Scores, dense_weight: float, documents_of: Mapping[int, int]
) -> list[int]:
    """Return the documents by their best chunk."""
    fused = scores.fused(dense_weight)
    best = sorted(fused, key=lambda id_: (-fused[id_], id_))
    return list(dict.fromkeys(documents_of[id_] for id_ in best))


def store_of(corpus: Path) -> KnowledgeStore:
    """Return the knowledge base of a corpus, kept in the data folder by its content.

    Raises
    ------
    InputError
        If there is no such file.
    """
    if not corpus.is_file():
        message = f"There is no file {corpus} for --corpus."
        raise InputError(message)
    sha256 = hashlib.sha256(corpus.read_bytes()).hexdigest()
    folder = get_settings().data_dir.expanduser().absolute() / "evaluations"
    return KnowledgeStore(folder / f"{sha256[:16]}.db")


def write_lines(rows: Iterable[Mapping[str, Any]], out: Path) -> None:
    """Write a line of JSON for each question, so that two runs can be compared."""
    lines = [json.dumps(one, ensure_ascii=False) for one in rows]
    out.write_text("\n".join(lines) + "\n", encoding="utf-8")

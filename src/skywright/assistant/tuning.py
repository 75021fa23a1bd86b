"""How much meaning should weigh against words in a collection, from its owner's own questions."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from skywright.assistant.evaluation import ranked_documents
from skywright.assistant.knowledge.embedding import Embedder
from skywright.assistant.knowledge.measures import mean_and_error, measure
from skywright.assistant.knowledge.searching import Scores, Searcher
from skywright.assistant.knowledge.store import KnowledgeStore
from skywright.errors import InputError, NotFoundError

_WEIGHTS = tuple(k / 20 for k in range(21))
_FEWEST_QUESTIONS = 10


@dataclass(frozen=True, slots=True)
class Tuned:
    """The weight that was, the one that is, and what speaks for it."""

    collection: str
    questions: int
    weight_before: float
    weight: float
    ndcg_at_10: dict[str, float]
    """By weight."""
    gain: float
    """Mean gain in nDCG@10 of the best weight over the one that was."""
    gain_error: float
    """Its standard error, question by question."""

    @property
    def is_changed(self) -> bool:
        """Whether the best weight was taken."""
        return self.weight != self.weight_before


def tune(store: KnowledgeStore, embedder: Embedder, questions: Path, collection: str) -> Tuned:
    """Try all weights on questions; the best is kept if its gain is beyond its standard error.

    Parameters
    ----------
    store : KnowledgeStore
        Whose collection is tuned; its chunks need their vectors.
    embedder : Embedder
        The one that searches use.
    questions : Path
        Lines of JSON with ``question`` and ``document``: source or title of the one that answers.
    collection : str
        Its name.

    Raises
    ------
    InputError
        If there are fewer than 10 questions, or a line is not as told.
    NotFoundError
        If a document is not in the collection.
    """
    wanted = _wanted(store, questions, collection)
    before = store.dense_weight(collection)
    vectors = embedder.embed_queries([text for text, _ in wanted])
    searcher = Searcher(store, embedder)
    values: dict[float, list[float]] = {weight: [] for weight in sorted({*_WEIGHTS, before})}
    with store.read() as connection:
        owners = dict(connection.execute("SELECT id, document_id FROM chunk").fetchall())
        for (text, document_id), vector in zip(wanted, vectors, strict=True):
            scores = searcher.scores(connection, text, vector, collection)
            for weight, told in values.items():
                told.append(_ndcg(scores, weight, owners, document_id))
    means = {weight: mean_and_error(told)[0] for weight, told in values.items()}
    best = max(means, key=lambda weight: (means[weight], -abs(weight - before)))
    pairs = zip(values[best], values[before], strict=True)
    gain, error = mean_and_error([one - other for one, other in pairs])
    chosen = best if gain > error else before
    if chosen != before:
        store.set_dense_weight(collection, chosen)
    told_means = {f"{weight:g}": round(mean, 4) for weight, mean in means.items()}
    return Tuned(collection, len(wanted), before, chosen, told_means, gain, error)


def _ndcg(scores: Scores, weight: float, owners: dict[int, int], document_id: int) -> float:
    ranking = ranked_documents(scores, weight, owners)
    return measure(ranking, {document_id: 1.0}).ndcg_at_10


def _wanted(store: KnowledgeStore, path: Path, collection: str) -> list[tuple[str, int]]:
    documents = store.documents(collection=collection)
    ids = {one["title"]: one["id"] for one in documents}
    ids |= {one["source"]: one["id"] for one in documents}
    wanted = []
    for number, line in enumerate(_text(path).splitlines(), start=1):
        if line.strip():
            question, document = _fields(line, f"Line {number} of {path.name}")
            if document not in ids:
                message = f"Line {number} of {path.name}: {document!r} is not in {collection!r}."
                raise NotFoundError(
                    message, hint="skywright knowledge stats --documents lists them."
                )
            wanted.append((question, ids[document]))
    if len(wanted) < _FEWEST_QUESTIONS:
        message = f"{path.name} has {len(wanted)} questions; at least {_FEWEST_QUESTIONS} tell."
        raise InputError(message)
    return wanted


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        message = f"The questions {path} cannot be read: {error}."
        raise InputError(message, hint="They are lines of JSON.") from error


def _fields(line: str, where: str) -> tuple[str, str]:
    try:
        row: Any = json.loads(line)
        return str(row["question"]), str(row["document"])
    except (ValueError, KeyError, TypeError) as error:
        message = f"{where} is no JSON object with question and document."
        raise InputError(message) from error

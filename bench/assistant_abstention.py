"""Fit the weights that tell whether a knowledge base answers a question, and judge them.

    python bench/assistant_abstention.py --astro-qa DIR --docs CORPUS --work DIR [--lexical-only]

Every question is asked twice: with its document among the others, and with a tenth of the
documents removed, its own among them. Those of Astro-QA are its own; to the documentation they
are made of headings, and of sentences from which words are dropped. Half of the questions (by
hash) fit the weights, the other half judges them, beside every sign alone.
"""

from __future__ import annotations

import argparse
import csv
import dataclasses
import hashlib
import json
import random
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from skywright.assistant.knowledge.abstention import Signs
from skywright.assistant.knowledge.embedding import embed_waiting
from skywright.assistant.knowledge.evidence import evidence_in
from skywright.assistant.knowledge.lexical import words_that_matter
from skywright.assistant.knowledge.loading import load
from skywright.assistant.knowledge.measures import auroc, auroc_interval
from skywright.assistant.knowledge.minilm import MiniLM
from skywright.assistant.knowledge.passages import passages_of
from skywright.assistant.knowledge.searching import Searcher
from skywright.assistant.knowledge.store import KnowledgeStore

_PENALTY = 1.0  # of squared weights, on signs of unit variance
_DOC_QUESTIONS = 1_200
_PARTS = 10
_ANSWERABLE = 2 / 3  # of a user's questions, assumed: half would keep silent too often
_OF_MADE = 1 / 3  # weight of a made question: words without a sentence say less of meaning
_NAMES = tuple(one.name for one in dataclasses.fields(Signs))


@dataclass(frozen=True, slots=True)
class Question:
    """A question and the document that answers it."""

    text: str
    source: str

    @property
    def fits(self) -> bool:
        """Whether it is of the half that fits the weights."""
        return _part(self.text, 2) == 0


@dataclass(frozen=True, slots=True)
class Asked:
    """What was seen of a question, with or without its document."""

    question: Question
    signs: Signs
    is_answerable: bool


def _part(text: str, parts: int) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4]) % parts


def astro_questions(folder: Path) -> list[Question]:
    texts = {one.source: one.text for one in load(folder / "retrieval_queries.dev.jsonl")}
    with (folder / "retrieval_qrels.dev.tsv").open(newline="") as file:
        rows = list(csv.reader(file, delimiter="\t"))[1:]
    return [Question(texts[row[0]], row[1]) for row in rows]


def doc_questions(store: KnowledgeStore) -> list[Question]:
    """Make questions of headings and of sentences, as many of each."""
    drawn = random.Random(5)
    with store.read() as connection:
        chunks = connection.execute(
            "SELECT source, heading, text FROM chunk JOIN document ON document.id = document_id"
        ).fetchall()
    made: dict[str, Question] = {}
    for row in drawn.sample(chunks, min(len(chunks), _DOC_QUESTIONS)):
        for text in (_of_heading(row["heading"]), _of_sentence(row["text"], drawn)):
            if text:
                made.setdefault(text, Question(text, row["source"]))
    return drawn.sample(list(made.values()), min(len(made), _DOC_QUESTIONS))


def _of_heading(heading: str) -> str:
    parts = heading.split(" > ")
    words = words_that_matter(" ".join((parts[0], *parts[-1:])))
    return " ".join(words) if 3 <= len(words) <= 12 else ""


def _of_sentence(text: str, drawn: random.Random) -> str:
    sentences = [text[one.start : one.stop] for one in passages_of(text) if one.kind == "sentence"]
    words = [words_that_matter(one) for one in sentences]
    long_enough = [one for one in words if 8 <= len(one) <= 24]
    if not long_enough:
        return ""
    chosen = drawn.choice(long_enough)
    kept = sorted(drawn.sample(range(len(chosen)), min(8, 2 * len(chosen) // 3)))
    return " ".join(chosen[k] for k in kept)


def asked_of(
    corpus: KnowledgeStore, questions: Sequence[Question], embedder: MiniLM | None
) -> Iterator[Asked]:
    """Ask every question with a tenth of the documents removed: its own, and another."""
    vectors = embedder.embed_queries([one.text for one in questions]) if embedder else None
    for removed in range(_PARTS):
        with TemporaryDirectory() as folder:
            store = _without(corpus, Path(folder) / "rest.db", removed)
            searcher = Searcher(store, embedder)
            for k, question in enumerate(questions):
                part = _part(question.source, _PARTS)
                if removed in {part, (part + 1) % _PARTS}:
                    vector = None if vectors is None else vectors[k]
                    found = searcher.search(question.text, limit=10, vector=vector)
                    signs = evidence_in(store, question.text, found).signs
                    yield Asked(question, signs, part != removed)


def _without(corpus: KnowledgeStore, path: Path, removed: int) -> KnowledgeStore:
    target = sqlite3.connect(path)
    with corpus.read() as source:
        source.backup(target)
    target.close()
    store = KnowledgeStore(path)
    gone = [(one["id"],) for one in store.documents() if _part(one["source"], _PARTS) == removed]
    with store.write() as connection:
        connection.executemany("DELETE FROM chunk WHERE document_id = ?", gone)
        connection.executemany("DELETE FROM document WHERE id = ?", gone)
    return store


def fitted(asked: Sequence[Asked], of_each: npt.NDArray[np.float64]) -> dict[str, float]:
    """Fit a logistic regression with a penalty of squares.

    No sign may count against its sense (bounds on the weights), lest two that go together turn
    against each other on other documents; signs without spread get no weight.
    """
    x, y = _arrays(asked)
    spread = x.std(axis=0)
    used = spread > 1e-6
    z = (x[:, used] - x[:, used].mean(axis=0)) / spread[used]

    def loss(w: npt.NDArray[np.float64]) -> float:
        total = z @ w[1:] + w[0]
        losses = np.logaddexp(0, np.where(y, -total, total))
        return float(weight @ losses + _PENALTY * w[1:] @ w[1:])

    weight = of_each * np.where(y, 2 * _ANSWERABLE, 2 - 2 * _ANSWERABLE)
    names = [one for one, is_used in zip(_NAMES, used, strict=True) if is_used]
    bounds = [(None, None), *((None, 0) if one == "unknown" else (0, None) for one in names)]
    w = minimize(loss, np.zeros(len(bounds)), method="L-BFGS-B", bounds=bounds).x
    weights = w[1:] / spread[used]
    intercept = w[0] - weights @ x[:, used].mean(axis=0)
    told = zip(names, weights, strict=True)
    return {"intercept": round(float(intercept), 4)} | {n: round(float(v), 4) for n, v in told}


def judged(asked: Sequence[Asked], weights: dict[str, float]) -> dict[str, Any]:
    """Return the areas under the curve: all signs together, and the cosine alone."""
    x, y = _arrays(asked)
    total = x @ np.array([weights.get(name, 0.0) for name in _NAMES]) + weights["intercept"]
    right = (total > 0) == y
    return {
        "asked": len(y),
        "auroc": round(auroc(total, y), 4),
        "interval_95": [round(bound, 4) for bound in auroc_interval(total, y, draws=500)],
        "auroc_by_sign": {name: round(auroc(x[:, k], y), 3) for k, name in enumerate(_NAMES)},
        "answerable_answered": round(float(right[y].mean()), 3),
        "not_answerable_silent": round(float(right[~y].mean()), 3),
    }


def _arrays(asked: Sequence[Asked]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    x = np.array([dataclasses.astuple(one.signs) for one in asked], np.float64)
    return x, np.array([one.is_answerable for one in asked])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--astro-qa", type=Path, required=True)
    parser.add_argument("--docs", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True, help="Folder that keeps the vectors.")
    parser.add_argument("--lexical-only", action="store_true")
    args = parser.parse_args()
    embedder = None if args.lexical_only else MiniLM()
    seen: dict[str, list[Asked]] = {}
    for name, corpus in (
        ("astro", args.astro_qa / "retrieval_corpus.dev.jsonl.gz"),
        ("docs", args.docs),
    ):
        store = KnowledgeStore(args.work / f"{name}.db")
        store.add_all(load(corpus))
        if embedder:
            embed_waiting(store, embedder)
        questions = astro_questions(args.astro_qa) if name == "astro" else doc_questions(store)
        seen[name] = list(asked_of(store, questions, embedder))
    fitting = {name: [one for one in asked if one.question.fits] for name, asked in seen.items()}
    of_each = [
        _OF_MADE if name == "docs" else 1.0 for name, asked in fitting.items() for _ in asked
    ]
    weights = fitted([one for asked in fitting.values() for one in asked], np.array(of_each))
    judges = {name: [one for one in asked if not one.question.fits] for name, asked in seen.items()}
    told = {name: judged(asked, weights) for name, asked in judges.items()}
    print(json.dumps({"weights": weights, "fitted_on": len(of_each), "held_back": told}))


if __name__ == "__main__":
    main()

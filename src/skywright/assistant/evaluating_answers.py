"""Judge the quotes on questions whose answers are known, and on some that have none."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from skywright.assistant.benchmark_files import id_of, read_corpus
from skywright.assistant.evaluation import store_of
from skywright.assistant.knowledge.embedding import Embedder, embed_waiting
from skywright.assistant.knowledge.evidence import Evidence, find_evidence, is_verbatim
from skywright.assistant.knowledge.loading import rows_of
from skywright.assistant.knowledge.measures import auroc, auroc_interval, mean_and_error
from skywright.assistant.knowledge.searching import Searcher
from skywright.assistant.knowledge.store import KnowledgeStore
from skywright.errors import InputError

_TOP = 5
_SHARES = ("answer_in_quotes", "answer_in_top_5", "document_in_top_5")


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with what is known of its answer."""

    question_id: str
    text: str
    is_answerable: bool
    document: str
    """Its source in the corpus."""
    answer: str
    """Verbatim words of the document; blanks and line ends count alike."""


@dataclass(frozen=True, slots=True)
class JudgedAnswer:
    """One question with what was quoted for it."""

    question_id: str
    is_answerable: bool
    confidence: float
    """Probability that there is an answer, as the assistant sees it."""
    is_answered: bool
    quotes: tuple[str, ...]
    verbatim: int
    """Quotes that stand where they say."""
    answer_in_quotes: bool
    answer_in_top_5: bool
    document_in_top_5: bool
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        """Return the question as a line of JSON."""
        return {
            "question_id": self.question_id,
            "is_answerable": self.is_answerable,
            "confidence": round(self.confidence, 4),
            "is_answered": self.is_answered,
            "answer_in_quotes": self.answer_in_quotes,
            "answer_in_top_5": self.answer_in_top_5,
            "document_in_top_5": self.document_in_top_5,
            "quotes": list(self.quotes),
            "verbatim": self.verbatim,
        }


@dataclass(frozen=True, slots=True)
class AnswersReport:
    """All questions."""

    judged: tuple[JudgedAnswer, ...]
    legs: tuple[str, ...]
    chunks: int

    def to_dict(self) -> dict[str, Any]:
        """Return shares with their counts, and how well silence is told from an answer."""
        answerable = [one for one in self.judged if one.is_answerable]
        quotes = sum(len(one.quotes) for one in self.judged)
        verbatim = sum(one.verbatim for one in self.judged)
        told: dict[str, Any] = {
            "questions": len(self.judged),
            "answerable": len(answerable),
            "chunks": self.chunks,
            "legs": list(self.legs),
            "verbatim_quotes": {"share": verbatim / quotes if quotes else 1.0, "of": quotes},
        }
        for name in _SHARES:
            mean, error = mean_and_error([float(getattr(one, name)) for one in answerable])
            told[name] = {
                "share": round(mean, 4), "standard_error": round(error, 4), "of": len(answerable)
            }  # fmt: skip
        times = sorted(one.seconds for one in self.judged)
        told["quote_ms"] = {
            "p50": round(1000 * times[len(times) // 2], 1),
            "p95": round(1000 * times[min(len(times) - 1, int(0.95 * len(times)))], 1),
        }
        return told | {"abstention": self._abstention()}

    def _abstention(self) -> dict[str, Any]:
        confidences = [one.confidence for one in self.judged]
        kinds = [one.is_answerable for one in self.judged]
        silent = [one for one in self.judged if not one.is_answered]
        return {
            "auroc": round(auroc(confidences, kinds), 4),
            "interval_95": [round(bound, 4) for bound in auroc_interval(confidences, kinds)],
            "not_answerable": kinds.count(False),
            "silent": len(silent),
            "silent_though_answerable": sum(one.is_answerable for one in silent),
            "answered_though_not_answerable": sum(
                one.is_answered and not one.is_answerable for one in self.judged
            ),
            "false_answers": _false_answers(self.judged),
            "risk_coverage": _risk_coverage(self.judged),
        }


def evaluate_answers(
    corpus: Path,
    questions: Path,
    embedder: Embedder | None,
    *,
    on_progress: Callable[[int], None] = lambda _done: None,
) -> AnswersReport:
    """Quote an answer to every question from the corpus, and judge it.

    Parameters
    ----------
    corpus : Path
        Lines of JSON: ``doc_id``, ``text`` and, where known, ``format`` and ``title``. It is kept
        with its vectors in the data folder, so that the next call is quick.
    questions : Path
        Lines of JSON: ``id``, ``question``, ``answerable`` and, where it is, ``doc_id`` and
        ``answer``.
    embedder : Embedder, optional
        None searches by words only.
    on_progress : callable
        Told how many vectors were made.

    Raises
    ------
    InputError
        If the files do not fit each other.
    """
    store = store_of(corpus)
    ids = read_corpus(corpus).add_to(store)
    asked = _read(questions, ids.keys())
    if embedder:
        embed_waiting(store, embedder, on_progress=on_progress)
    searcher = Searcher(store, embedder)
    judged: list[JudgedAnswer] = []
    found = None
    for one in asked:
        begun = time.perf_counter()
        evidence = find_evidence(searcher, one.text)
        judged.append(_judged(store, one, evidence, time.perf_counter() - begun))
        found = evidence.found
    return AnswersReport(tuple(judged), found.legs if found else (), found.chunks if found else 0)


def compare_answers(earlier: Path, report: AnswersReport) -> dict[str, Any]:
    """Compare with the lines of an earlier run, question by question.

    Returns
    -------
    dict
        Mean difference of each measure (this run less the earlier one) with the standard error of
        the paired differences, and the questions that were gained or lost.

    Raises
    ------
    InputError
        If the earlier run asked other questions.
    """
    before = {id_of(row): row for row in rows_of(earlier)}
    now = [one for one in report.judged if one.question_id in before]
    if not now:
        message = f"{earlier.name} and this run share no question."
        raise InputError(message, hint="Give a file that --per-question wrote.")
    told: dict[str, Any] = {"questions": len(now), "differences": {}}
    for name in _SHARES:
        pairs = [
            (one.question_id, float(getattr(one, name)) - float(before[one.question_id][name]))
            for one in now
            if one.is_answerable
        ]
        mean, error = mean_and_error([value for _, value in pairs])
        told["differences"][name] = {
            "mean": round(mean, 4),
            "standard_error": round(error, 4),
            "gained": [id_ for id_, value in pairs if value > 0],
            "lost": [id_ for id_, value in pairs if value < 0],
        }
    return told


def _judged(store: KnowledgeStore, one: Asked, evidence: Evidence, seconds: float) -> JudgedAnswer:
    hits = evidence.found.hits[:_TOP]
    quotes = tuple(citation.quote for citation in evidence.citations)
    return JudgedAnswer(
        one.question_id,
        one.is_answerable,
        evidence.confidence,
        evidence.is_answerable,
        quotes,
        verbatim=sum(is_verbatim(store, citation) for citation in evidence.citations),
        answer_in_quotes=_holds(quotes, one.answer),
        answer_in_top_5=_holds([hit.text for hit in hits], one.answer),
        document_in_top_5=any(hit.source == one.document for hit in hits),
        seconds=seconds,
    )


def _holds(texts: Iterable[str], answer: str) -> bool:
    wanted = _plain(answer)
    return bool(wanted) and any(wanted in _plain(text) for text in texts)


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()


def _false_answers(judged: Sequence[JudgedAnswer]) -> list[dict[str, float | None]]:
    """Return which shares would be answered if another confidence were asked for.

    Of the questions that have an answer, and of those that have none: those are false answers.
    """
    kinds = [[one for one in judged if one.is_answerable is kind] for kind in (True, False)]
    curve = []
    for tenth in range(10):
        least = tenth / 10
        answered = [
            round(sum(one.confidence >= least and bool(one.quotes) for one in kind) / len(kind), 3)
            if kind
            else None
            for kind in kinds
        ]
        curve.append(
            {"least_confidence": least, "answered": answered[0], "false_answers": answered[1]}
        )
    return curve


def _risk_coverage(judged: Sequence[JudgedAnswer]) -> list[dict[str, float]]:
    """Return how often the answers are wrong when only the surest ones are given.

    Wrong is an answer to a question that has none, or one whose quotes miss the answer
    (El-Yaniv & Wiener 2010, Journal of Machine Learning Research 11, 1605).
    """
    ranked = sorted(judged, key=lambda one: -one.confidence)
    curve = []
    for tenth in range(1, 11):
        given = ranked[: max(1, round(len(ranked) * tenth / 10))]
        wrong = sum(not one.answer_in_quotes for one in given)
        curve.append(
            {
                "coverage": round(len(given) / len(ranked), 3),
                "risk": round(wrong / len(given), 3),
                "least_confidence": round(given[-1].confidence, 3),
            }
        )
    return curve


def _read(path: Path, sources: Collection[str]) -> list[Asked]:
    asked = [
        _asked(row, f"Line {number} of {path.name}", sources)
        for number, row in enumerate(rows_of(path), start=1)
    ]
    if not asked:
        message = f"{path.name} holds no questions."
        raise InputError(message)
    return asked


def _asked(row: Mapping[str, Any], where: str, sources: Collection[str]) -> Asked:
    """Check one line; ``answerable`` may be left out where ``doc_id`` tells it."""
    text = str(row.get("question") or "").strip()
    document = "" if row.get("doc_id") is None else str(row["doc_id"])
    is_answerable = row.get("answerable", bool(document))
    if not id_of(row) or not text or is_answerable not in (True, False):
        message = f"{where} needs id, question and answerable (true or false)."
        raise InputError(message)
    if is_answerable and document not in sources:
        message = f"{where}: {document!r} is not in the corpus."
        raise InputError(message)
    return Asked(id_of(row), text, bool(is_answerable), document, str(row.get("answer") or ""))

"""Files of a benchmark: passages, questions, and which passage answers which question."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from skywright.assistant.knowledge.loading import document_of, rows_of
from skywright.assistant.knowledge.store import COLLECTION, Document, KnowledgeStore
from skywright.errors import InputError

_TEXT_KEYS = ("text", "question", "query")


@dataclass(frozen=True, slots=True)
class Corpus:
    """Passages with a text; of those without one there is nothing to be found."""

    documents: tuple[Document, ...]
    blank: tuple[str, ...]
    """Their ids."""

    def add_to(self, store: KnowledgeStore) -> dict[str, int]:
        """Make the passages all that is kept; return the document of each id, of blank ones < 0."""
        if store.hashes(COLLECTION) - {one.sha256 for one in self.documents}:
            store.replace_all(self.documents, collection=COLLECTION)
        added = store.add_all(self.documents)
        ids = {
            one.source: kept.document_id for one, kept in zip(self.documents, added, strict=True)
        }
        return ids | {one: -number for number, one in enumerate(self.blank, start=1)}


def read_corpus(path: Path) -> Corpus:
    """Read lines of JSON with an id and a text each; ``format`` and ``title`` where known.

    Raises
    ------
    InputError
        If a line has no id, an id comes twice, or no line has a text.
    """
    documents, blank = [], []
    seen: set[str] = set()
    for number, row in enumerate(rows_of(path), start=1):
        one = document_of(row, path)
        if not one.source or one.source in seen:
            what = "has no id" if not one.source else f"has the id {one.source!r} again"
            message = f"Line {number} of {path.name} {what}."
            raise InputError(message, hint="Every passage needs an id (or doc_id) of its own.")
        seen.add(one.source)
        if one.text.strip():
            documents.append(one)
        else:
            blank.append(one.source)
    if not documents:
        message = f"{path.name} holds no passage with a text."
        raise InputError(message)
    return Corpus(tuple(documents), tuple(blank))


def read_queries(path: Path) -> dict[str, str]:
    """Read lines of JSON with an id and a text each.

    Raises
    ------
    InputError
        If a line has no id.
    """
    texts: dict[str, str] = {}
    for number, row in enumerate(rows_of(path), start=1):
        id_ = id_of(row)
        if not id_:
            message = f"Line {number} of {path.name} has no id."
            raise InputError(message)
        texts[id_] = next((row[key] for key in _TEXT_KEYS if isinstance(row.get(key), str)), "")
    return texts


def read_qrels(
    path: Path, queries: Mapping[str, str], ids: Mapping[str, int]
) -> dict[str, dict[int, float]]:
    """Read tab-separated lines: query, passage, gain; or with TREC's column between the first two.

    Returns
    -------
    dict
        For each question that has one, the documents with a gain above 0.

    Raises
    ------
    InputError
        If a line names no query and passage of the files, or there is no relevant passage.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = [row for row in csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE) if row]
    relevant: dict[str, dict[int, float]] = {}
    for number, row in enumerate(rows, start=1):
        judged = _judged(row)
        if number == 1 and (judged is None or judged[0] not in queries):
            continue  # the header
        if judged is None or judged[0] not in queries or judged[1] not in ids:
            message = (
                f"Line {number} of {path.name} names no query and passage of the files: {row}."
            )
            raise InputError(message, hint="Its columns are query, passage, gain.")
        query, passage, gain = judged
        if gain > 0:
            known = relevant.setdefault(query, {})
            known[ids[passage]] = max(gain, known.get(ids[passage], 0.0))
    if not relevant:
        message = f"{path.name} names no relevant passage."
        raise InputError(message)
    return relevant


def id_of(row: Mapping[str, Any]) -> str:
    """Return the id of a line as text, empty where there is none; 7 and "7" are the same."""
    keys = ("id", "_id", "doc_id", "query_id", "question_id")
    return next((str(row[key]) for key in keys if row.get(key) not in (None, "")), "")


def _judged(row: Sequence[str]) -> tuple[str, str, float] | None:
    query, *rest = [one.strip() for one in row]
    if len(rest) == 3:
        rest = rest[1:]
    if not rest:
        return None
    try:
        return query, rest[0], float(rest[1]) if rest[1:] else 1.0
    except ValueError:
        return None

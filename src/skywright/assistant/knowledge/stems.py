"""Words as the search sees them: the stems of SQLite's tokenizer, and how rare each is."""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from skywright.assistant.knowledge.lexical import words_that_matter

_TABLES = """
CREATE VIRTUAL TABLE probe USING fts5 (text, content = '', tokenize = 'porter unicode61');
CREATE VIRTUAL TABLE probe_places USING fts5vocab (probe, 'instance');
"""


def stems_of(texts: Sequence[str]) -> list[list[str]]:
    """Return the stems of each text in its order, cut by the very tokenizer of the index."""
    connection = sqlite3.connect(":memory:")
    try:
        connection.executescript(_TABLES)
        connection.executemany("INSERT INTO probe (rowid, text) VALUES (?, ?)", enumerate(texts))
        found: list[list[tuple[int, str]]] = [[] for _ in texts]
        for row, term, place in connection.execute("SELECT doc, term, offset FROM probe_places"):
            found[row].append((place, term))
    finally:
        connection.close()
    return [[term for _, term in sorted(places)] for places in found]


@dataclass(frozen=True, slots=True)
class Asked:
    """The words of a question that carry its content, and how rare each is."""

    rarity: Mapping[str, float]
    """Inverse document frequency by stem."""
    unknown: frozenset[str]
    """Stems that no document holds."""

    @property
    def whole(self) -> float:
        """Sum of the rarities; never 0."""
        return sum(self.rarity.values()) or 1.0

    def cover(self, stems: Iterable[str]) -> float:
        """Return the share of the question, by rarity, that stems cover [0 to 1]."""
        held = set(stems)
        return sum(value for stem, value in self.rarity.items() if stem in held) / self.whole


def asked_in(connection: sqlite3.Connection, question: str) -> Asked:
    """Weigh the words of a question by the documents of a knowledge base.

    The rarity is ln(1 + (N - n + 1/2) / (n + 1/2)), as in BM25 (Robertson & Zaragoza 2009, equation
    3.3, made positive); a stem that occurs nowhere has the largest.
    """
    stems = stems_of([" ".join(words_that_matter(question))])[0]
    connection.execute(
        "CREATE VIRTUAL TABLE IF NOT EXISTS temp.chunk_terms"
        " USING fts5vocab (main, chunk_words, 'row')"
    )
    chunks = int(connection.execute("SELECT count(*) FROM chunk").fetchone()[0])
    rows = connection.execute(
        "SELECT value, coalesce((SELECT doc FROM temp.chunk_terms WHERE term = value), 0)"
        " FROM json_each(?)",
        (json.dumps(list(dict.fromkeys(stems))),),
    ).fetchall()
    idf = {stem: math.log(1 + (chunks - n + 0.5) / (n + 0.5)) for stem, n in rows}
    return Asked(idf, frozenset(stem for stem, n in rows if not n))

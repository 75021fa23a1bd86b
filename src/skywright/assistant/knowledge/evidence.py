"""What of the texts found answers a question: verbatim quotes, and how far they can be trusted."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from skywright.assistant.knowledge.abstention import Signs, probability
from skywright.assistant.knowledge.chunking import JOINT
from skywright.assistant.knowledge.lexical import asks_only_amounts, term_asked_for
from skywright.assistant.knowledge.passages import Passage, passages_of
from skywright.assistant.knowledge.searching import Found, Hit, Searcher, stored_chunk
from skywright.assistant.knowledge.stems import Asked, asked_in, stems_of
from skywright.assistant.knowledge.store import KnowledgeStore
from skywright.assistant.messages import Citation
from skywright.errors import NotFoundError

HITS = 10
"""Chunks that are looked at for the signs."""
_HITS_QUOTED = 5
MOST_QUOTES = 3
_ENOUGH = 0.5
_CLOSE = 0.75
"""A further quote has at least this share of the best one's score."""
_SHORT, _LONGEST = 40, 600  # characters of a quote: below, its neighbour goes with it

_OF_QUOTE, _OF_CONTEXT, _OF_CHUNK, _OF_NUMBER, _OF_CODE = 1.0, 0.4, 0.4, 0.15, -0.5
"""Weights: question covered by the quote, by what stands around it, rank of the chunk, a number
where one is asked for, and code, which shows rather than says."""
_OF_TERM, _EXPLAINED = 0.4, 0.6
"""For a quote that explains the very term that is asked for; and the least confidence in it, as
such a question is too short for the other signs."""
_SAYS_WHAT = r"(?:is|are|was|were|has|have|means?|stands?|denotes?|describes?|refers?)\b"
_ASKS_NUMBER = re.compile(
    r"\b(how (many|much|long|often|far|fast|large|big|old|hot|heavy|high|deep|bright)|when|"
    r"what (year|date|time|limit|value|radius|size|number|rate|distance|mass|temperature)|"
    r"which (year|date|value|version|release)|maximum|minimum|largest|smallest|limit|default)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Evidence:
    """Quotes for an answer, best first, and the search they come from."""

    citations: tuple[Citation, ...]
    confidence: float
    """Probability that the knowledge base answers the question [0 to 1]."""
    signs: Signs
    found: Found

    @property
    def is_answerable(self) -> bool:
        """Whether the quotes should be shown as an answer; else only as the nearest texts."""
        return bool(self.citations) and self.confidence >= _ENOUGH


@dataclass(frozen=True, slots=True)
class _Candidate:
    hit: Hit
    passages: Sequence[Passage]
    place: int
    score: float
    cover: float
    is_explained: bool
    """Whether it explains the term that is asked for."""

    @property
    def passage(self) -> Passage:
        return self.passages[self.place]


def find_evidence(
    searcher: Searcher,
    question: str,
    *,
    collection: str | None = None,
    most_quotes: int = MOST_QUOTES,
) -> Evidence:
    """Search, and choose what answers the question in the words of the documents.

    Parameters
    ----------
    searcher : Searcher
        By words, or by meaning too.
    question : str
        One question.
    collection : str, optional
        Look in this one only.
    most_quotes : int
        Most quotes, 1 or more.

    Returns
    -------
    Evidence
        Without quotes where nothing was found.

    Raises
    ------
    InputError
        If the question is blank.
    """
    found = searcher.search(question, limit=HITS, collection=collection)
    return evidence_in(searcher.store, question, found, most_quotes=most_quotes)


def evidence_in(
    store: KnowledgeStore, question: str, found: Found, *, most_quotes: int = MOST_QUOTES
) -> Evidence:
    """Choose quotes from what a search of up to 10 hits has found."""
    with store.read() as connection:
        asked = asked_in(connection, question)
    ranked = _ranked(question, asked, found.hits[:_HITS_QUOTED])
    chunks = stems_of([f"{hit.heading}\n{hit.text}" for hit in found.hits[:_HITS_QUOTED]])
    signs = Signs.of(
        found,
        asked,
        cover_quote=ranked[0].cover if ranked else 0.0,
        cover_chunk=max(map(asked.cover, chunks), default=0.0),
    )
    citations = tuple(_citation(one) for one in _chosen(ranked, most_quotes))
    confidence = probability(signs, _legs_of(ranked)) if citations else 0.0
    if ranked and ranked[0].is_explained:
        confidence = max(confidence, _EXPLAINED)
    if asks_only_amounts(question):
        confidence = 0.0
    return Evidence(citations, confidence, signs, found)


def is_verbatim(store: KnowledgeStore, citation: Citation) -> bool:
    """Tell whether a quote stands in the knowledge base exactly where its citation says."""
    if citation.kind != "chunk" or not citation.id.isdecimal() or not citation.quote:
        return False
    try:
        chunk = stored_chunk(store, int(citation.id))
    except NotFoundError:
        return False
    text = chunk.text[max(0, citation.start - chunk.start) : citation.stop - chunk.start]
    return chunk.start <= citation.start and text == citation.quote


def locate(store: KnowledgeStore, chunk_id: int, quote: str) -> Citation | None:
    """Find words that are said to stand in a chunk; blanks and line ends count alike.

    Returns
    -------
    Citation or None
        With the characters as they are stored; None where the words do not stand there.

    Raises
    ------
    NotFoundError
        If there is no such chunk.
    """
    hit = stored_chunk(store, chunk_id)
    words = quote.split()
    found = re.search(r"\s+".join(map(re.escape, words)), hit.text) if words else None
    return _cited(hit, *found.span()) if found else None


def _ranked(question: str, asked: Asked, hits: Sequence[Hit]) -> list[_Candidate]:
    """Rank all passages of the hits: by the words of the question in and around each."""
    cut = [(hit, passages_of(hit.text)) for hit in hits]
    texts = [hit.text[one.start : one.stop] for hit, passages in cut for one in passages]
    stems = iter(stems_of(texts))
    titles = iter(stems_of([f"{hit.heading} {one.title}" for hit, parts in cut for one in parts]))
    best_score = max((hit.score for hit in hits), default=1.0) or 1.0
    asks_number = bool(_ASKS_NUMBER.search(question))
    explains = _explaining(question)
    ranked = []
    for hit, passages in cut:
        held = [next(stems) for _ in passages]
        for place, own in enumerate(held):
            around = {stem for near in held[max(0, place - 1) : place + 2] for stem in near}
            of_quote = asked.cover(own)
            is_explained = explains(hit, passages[place])
            score = (
                _OF_QUOTE * of_quote
                + _OF_CONTEXT * asked.cover(around.union(next(titles)))
                + _OF_CHUNK * hit.score / best_score
                + _OF_NUMBER * (asks_number and any(map(str.isdigit, "".join(own))))
                + _OF_CODE * (passages[place].kind == "code")
                + _OF_TERM * is_explained
            )
            ranked.append(_Candidate(hit, passages, place, score, of_quote, is_explained))
    return sorted(ranked, key=lambda one: -one.score)


def _explaining(question: str) -> Callable[[Hit, Passage], bool]:
    """Return what tells whether a passage explains the term that a question asks for.

    It begins by saying what it is, has it in brackets behind the full name, or stands under it as
    its heading.
    """
    words = re.findall(r"\w+", term_asked_for(question))
    term = r"[\s-]*".join(map(re.escape, words))
    begins = re.compile(
        rf"\W*(?:(?:an?|the)\s+)?{term}`?\s*(?:\([^)]*\)\s*|\w\s+)?(?:[,:|=]|{_SAYS_WHAT})"
        rf"|[^.]*\(`?{term}`?\)",
        re.IGNORECASE,
    )
    heads = re.compile(rf"\W*(?:the\s+)?{term}\W*", re.IGNORECASE)

    def explains(hit: Hit, passage: Passage) -> bool:
        if not words or passage.kind == "code":
            return False
        title = passage.title or hit.heading.rpartition(JOINT)[2]
        text = hit.text[passage.start : passage.stop]
        return bool(begins.match(text) or heads.fullmatch(title))

    return explains


def _legs_of(ranked: Sequence[_Candidate]) -> tuple[str, ...]:
    """Return what found the best quote: by words alone where its chunk waits for its vector."""
    is_compared = bool(ranked) and ranked[0].hit.cosine is not None
    return ("lexical", "dense")[: 1 + is_compared]


def _chosen(ranked: Sequence[_Candidate], most: int) -> list[_Candidate]:
    """Take the best, and others that come close and say something else."""
    chosen: list[_Candidate] = []
    for one in ranked:
        if len(chosen) == most or (chosen and one.score < _CLOSE * chosen[0].score):
            break
        if not any(_overlap(one, other) for other in chosen):
            chosen.append(one)
    return chosen


def _overlap(one: _Candidate, other: _Candidate) -> bool:
    if one.hit.chunk_id != other.hit.chunk_id:
        return _span_text(one) == _span_text(other)
    (a, b), (c, d) = _span(one), _span(other)
    return a < d and c < b


def _span_text(one: _Candidate) -> str:
    return one.hit.text[slice(*_span(one))]


def _span(one: _Candidate) -> tuple[int, int]:
    """Return the range to quote: a short sentence goes with the one after it."""
    start, stop = one.passage.start, one.passage.stop
    if one.passage.kind == "sentence" and stop - start < _SHORT and len(one.passages) > 1:
        after = one.passages[min(one.place + 1, len(one.passages) - 1)]
        stop = after.stop if after.stop - start <= _LONGEST else stop
    if stop - start > _LONGEST:
        stop = start + len(one.hit.text[start : start + _LONGEST].rsplit(None, 1)[0])
    return start, stop


def _citation(one: _Candidate) -> Citation:
    return _cited(one.hit, *_span(one))


def _cited(hit: Hit, start: int, stop: int) -> Citation:
    return Citation(
        quote=hit.text[start:stop],
        kind="chunk",
        id=str(hit.chunk_id),
        title=hit.heading or hit.title,
        source=hit.source,
        start=hit.start + start,
        stop=hit.start + stop,
    )

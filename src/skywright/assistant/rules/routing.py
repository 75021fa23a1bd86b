"""What a question wants: patterns, words that were learned, likeness to example questions."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

from skywright.assistant.knowledge.embedding import Embedder
from skywright.assistant.rules.entities import Entities, entities_in
from skywright.assistant.rules.likeness import Examples
from skywright.assistant.rules.reading import plain
from skywright.assistant.rules.word_evidence import WordEvidence
from skywright.assistant.rules.wording import mended

UNCLEAR = "unclear"
KNOWLEDGE = "knowledge"

_ENOUGH = 2.5
"""Score from which patterns and words are trusted by themselves."""
_NAMED = 4.0
"""Score of a pattern that names what is wanted, such as papers."""
_LEAD = 1.0
"""Lead over the second from which likeness is not asked."""
_LEAD_OF_KNOWLEDGE = 0.25
"""The same where an explanation is wanted: its words are those of the examples of tools."""
_OF_WORDS, _OF_LIKENESS = 2.0, 2.0
_LIKE = 0.45
"""Cosine to an example from which it counts alone."""
_SOME, _LIKELY = 1.0, 0.85
"""Score by patterns, and probability by words, below which an intent needs likeness."""
_NUMBER_ONLY = re.compile(r"(?:(?:what.?s|what is|who is|find|show|object) )?#?\d{3,9}\W*")
"""A number by itself can be that of a satellite or of an asteroid."""
_NOT_WANTED = re.compile(
    r",? ?(?:\bplease )?\b(?:do not|don't|no need to|need not|without|no|not) (?:a |an |any |the )?"
    r"(?:plot\w*|draw\w*|maps?|charts?|diagrams?|cmds?|seds?|light ?curves?|simulat\w*|pictures?)\b"
    r"(?: (?:it|them|this|that|please|needed|anything))*"
)
"""What is said not to be wanted does not speak for its tool."""
_CERTAIN, _VERY_LIKE = 0.95, 0.6
"""Probability by words, and cosine, from which they lead to a tool that needs nothing given."""
_FEWEST_WORDS = 3
_DOUBT = 0.1
"""Lead below which it is asked which of two is wanted: more would ask where it is plain."""
_HARMLESS = frozenset([KNOWLEDGE, UNCLEAR, "greeting"])
"""Intents that no tool follows, or a search that cites what it found."""
_RUN_ON_NOTHING = frozenset(
    ["picture-of-the-day", "sources", "launches", "neo-anomalies", "exoplanets", "greeting"]
)
"""Intents that name nothing that must be given: words alone do not lead to them."""
_ANY_DAY = date(2026, 1, 1)
"""Learning needs to know that a day is named, not which."""

_ANY = r"(?:OBJECT|EXOPLANET|ASTEROID|COMET|PLANET|SATELLITE)"
_STANDS_FOR = {
    "{papers}": r"papers?|articles?|literature|publications?|preprints?|studies|published"
    r"|(?:in|on|from|via|search|ask|query) (?:the )?(?:nasa )?(?:ads|arxiv)",
    "{it}": _ANY, "{host}": r"(?:OBJECT|EXOPLANET)",
    "{neo}": r"(?:ASTEROID|COMET)", "{sat}": r"SATELLITE",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Intent:
    """Something that can be wanted."""

    name: str
    title: str
    patterns: tuple[tuple[float, re.Pattern[str]], ...]
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Routed:
    """What a question wants, and how clear that was."""

    intent: str
    score: float
    scores: Mapping[str, float]
    """Of all intents, by patterns."""
    rival: str = ""
    """Another intent that is about as likely; empty where there is none."""


@cache
def intents() -> dict[str, Intent]:
    """Return the intents by name, as the data file has them."""
    return {one["name"]: _intent(one) for one in _data()["intent"]}


@cache
def _data() -> dict[str, Any]:
    text = files("skywright.assistant.rules").joinpath("intents.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


@cache
def _out_of_scope() -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(one) for one in _data()["out_of_scope"])


def _intent(row: Mapping[str, Any]) -> Intent:
    patterns = []
    for weight, pattern in row["patterns"]:
        for name, kinds in _STANDS_FOR.items():
            pattern = pattern.replace(name, kinds)
        patterns.append((float(weight), re.compile(pattern)))
    return Intent(str(row["name"]), str(row["title"]), tuple(patterns), tuple(row["examples"]))


class Router:
    """Finds the intent of questions, by patterns and words and, where in doubt, by likeness.

    Parameters
    ----------
    embedder : Embedder, optional
        Compares with the examples; without one patterns and words decide alone.
    """

    def __init__(self, embedder: Embedder | None = None) -> None:
        self._examples = examples_of(embedder) if embedder else None

    def route(self, entities: Entities) -> Routed:
        """Return what a question wants."""
        text = words_of(entities)
        scores = {name: _score(one, text) for name, one in intents().items()}
        is_ours = scores[KNOWLEDGE] >= _ENOUGH or scores["papers"] >= _NAMED
        if not is_ours and any(one.search(text) for one in _out_of_scope()):
            return Routed(UNCLEAR, 0.0, scores)
        if _NUMBER_ONLY.fullmatch(text):
            return Routed(UNCLEAR, 0.0, scores)
        likely = _word_evidence().probabilities(text)
        fused = {name: scores[name] + _OF_WORDS * likely.get(name, 0.0) for name in scores}
        first, second = sorted(fused.values(), reverse=True)[:2]
        alike: dict[str, float] = {}
        is_explained = scores[KNOWLEDGE] >= _ENOUGH and fused[KNOWLEDGE] == first
        lead = _LEAD_OF_KNOWLEDGE if is_explained else _LEAD
        if self._examples and (first < _ENOUGH or first - second < lead):
            alike = self._examples.likeness(plain(entities.text))
            fused = {name: fused[name] + _OF_LIKENESS * alike.get(name, 0.0) for name in fused}
        best, other = sorted(fused, key=lambda name: -fused[name])[:2]
        is_close = fused[best] - fused[other] < _DOUBT
        is_weak = scores[best] < _SOME and likely[best] < _LIKELY
        is_sure = likely[best] >= _CERTAIN or alike.get(best, 0.0) >= _VERY_LIKE
        is_bare = best in _RUN_ON_NOTHING and scores[best] < _SOME and not is_sure
        if is_bare or (is_weak and alike.get(best, 0.0) < _LIKE):
            best = KNOWLEDGE if len(text.split()) >= _FEWEST_WORDS else UNCLEAR
        if not is_close or {best, other} & _HARMLESS:
            return Routed(best, scores.get(best, 0.0), scores)
        settled = _settled({best, other}, text)
        return Routed(settled or best, scores[settled or best], scores, "" if settled else other)


def _settled(two: set[str], text: str) -> str:
    """Return which of two wishes a named thing speaks for, or the one that only looks up."""
    if "SATELLITE" in text and two == {"satellites", "launches"}:
        return "satellites"
    return "coordinates" if "coordinates" in two and "OBJECT" in text else ""


WORDS = "words.tsv"
"""Words of the labelled questions as they are left when names are read, made by
``bench/assistant_examples.py``: reading them takes a second, which no start has to spare."""


@cache
def _word_evidence() -> WordEvidence:
    text = files("skywright.assistant.rules").joinpath(WORDS).read_text(encoding="utf-8")
    lines = [line.partition("\t") for line in text.splitlines()]
    return WordEvidence((intent, words) for intent, _, words in lines)


def labelled_words() -> str:
    """Return what words are learned from: the examples, and the questions of the set ``dev``."""
    text = files("skywright.assistant.rules").joinpath("questions/dev.jsonl").read_text("utf-8")
    rows = [json.loads(line) for line in text.splitlines()]
    labelled = [(row["intent"], row["question"]) for row in rows]
    labelled += [(one.name, text) for one in intents().values() for text in one.examples]
    read = [(name, words_of(entities_in(text, _ANY_DAY))) for name, text in labelled]
    return "".join(f"{name}\t{words}\n" for name, words in read)


def examples_of(embedder: Embedder) -> Examples:
    """Return the example questions of all intents."""
    rows = [(one.name, text) for one in intents().values() for text in one.examples]
    return Examples(rows, embedder)


def words_of(entities: Entities) -> str:
    """Return a question in small letters, spelling mended, kinds of what it names in capitals."""
    masked = entities.masked
    for name, word in ((entities.provider, "PROVIDER"), (entities.rocket, "ROCKET")):
        if name:
            masked = f"{masked} {word}"
    return _NOT_WANTED.sub(" ", mended(masked))


def _score(intent: Intent, text: str) -> float:
    return sum(weight for weight, pattern in intent.patterns if pattern.search(text))

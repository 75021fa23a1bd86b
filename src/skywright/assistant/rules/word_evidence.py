"""How well the words of a question fit each intent, learned from labelled questions."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable

_TOKEN = re.compile(r"[A-Z]{3,}|[a-z][a-z'-]*|\?")
_SMOOTHING = 0.1
_TRUST = 0.5
"""Share of the evidence that counts: neighbouring words say nearly the same, so all is too much."""


class WordEvidence:
    """Naive Bayes over words and pairs of neighbours, present or not; every intent equally likely.

    Manning, Raghavan & Schuetze (2008), Introduction to Information Retrieval, section 13.3.

    Parameters
    ----------
    rows : iterable of (str, str)
        Intent, and the words of a question that wants it.
    """

    def __init__(self, rows: Iterable[tuple[str, str]]) -> None:
        self._with: dict[str, Counter[str]] = {}
        self._questions: Counter[str] = Counter()
        for intent, words in rows:
            self._with.setdefault(intent, Counter()).update(_features(words))
            self._questions[intent] += 1
        self._known = frozenset(one for counts in self._with.values() for one in counts)

    def probabilities(self, words: str) -> dict[str, float]:
        """Return how probable each intent is; they add up to 1."""
        features = _features(words) & self._known
        logs = {
            intent: _TRUST
            * sum(
                math.log((counts[one] + _SMOOTHING) / (self._questions[intent] + 2 * _SMOOTHING))
                for one in features
            )
            for intent, counts in self._with.items()
        }
        most = max(logs.values(), default=0.0)
        weights = {intent: math.exp(log - most) for intent, log in logs.items()}
        total = sum(weights.values())
        return {intent: weight / total for intent, weight in weights.items()}


def _features(words: str) -> set[str]:
    tokens = _TOKEN.findall(words)
    pairs = zip(["^", *tokens], [*tokens, "$"], strict=True)
    return {*tokens, *(f"{one} {two}" for one, two in pairs)}

"""How good a taught language model is, beside its untaught base and the commonest completion."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from skywright.foundry.evaluate.texts import same_text, token_overlap
from skywright.foundry.kinds.llm_data import Example
from skywright.foundry.kinds.llm_load import Speaker

_DRAWS = 1000
_LARGEST_LOSS = 50.0  # exp of more is told as that of this, so that it stays a number

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Result:
    """What one speaker reached on each row."""

    name: str
    """Who."""
    nats: Numbers | None
    """Loss summed over the tokens of a row [nat], shape (rows,); None for who has none."""
    tokens: Numbers
    """Tokens of a row, shape (rows,)."""
    exact: Numbers
    """1 where the answer is the right one, shape (answers,); empty for plain text."""
    f1: Numbers
    """Overlap of words with the right answer, shape (answers,)."""

    def numbers(self) -> dict[str, float]:
        """Return the metrics."""
        told = {}
        if self.nats is not None:
            loss = float(self.nats.sum() / self.tokens.sum())
            told = {"loss": loss, "perplexity": float(np.exp(min(loss, _LARGEST_LOSS)))}
        if len(self.exact):
            told |= {"exact_match": float(self.exact.mean()), "token_f1": float(self.f1.mean())}
        return told


def asked(name: str, speaker: Speaker, test: Sequence[Example], answers: int) -> Result:
    """Ask a model: the loss of every row, and the answers to the first ones that have a prompt."""
    nats, tokens = speaker.losses(test)
    posed = [one for one in test if one.prompt][:answers]
    rows = [_row(one, speaker) for one in posed]
    said = [answer["text"] for answer in speaker.answer(rows)] if rows else []
    return Result(name, nats, tokens, *_scored(posed, said))


def most_frequent(train: Sequence[Example], test: Sequence[Example], answers: int) -> Result | None:
    """Give the commonest completion of the rows that teach as the answer to every prompt."""
    counts = Counter(one.answer for one in train if one.prompt)
    posed = [one for one in test if one.prompt][:answers]
    if not counts or not posed:
        return None
    best = min(counts, key=lambda text: (-counts[text], text))
    return Result("most frequent", None, np.ones(0), *_scored(posed, [best] * len(posed)))


def compared(ours: Result, others: Sequence[Result], seed: int) -> dict[str, Any]:
    """Return metrics, and for each metric the strongest of the others as the baseline.

    Returns
    -------
    dict
        Numbers by their names; ``baseline`` and ``others`` with theirs; ``comparisons`` with the
        difference to the baseline and its 95 % interval, from resampled rows.
    """
    baseline: dict[str, Any] = {"name": "untaught base or most frequent completion"}
    differences = {}
    for metric in ours.numbers():
        able = [other for other in others if metric in other.numbers()]
        sign = -1.0 if metric in {"loss", "perplexity"} else 1.0
        best = max(able, key=lambda one: sign * one.numbers()[metric])
        baseline[metric] = best.numbers()[metric]
        differences[metric] = _difference(ours, best, metric, seed)
    return {
        **ours.numbers(),
        "baseline": baseline,
        "others": {other.name: other.numbers() for other in others},
        "comparisons": {"baseline": {"by_metric": differences}},
    }


def _row(one: Example, speaker: Speaker) -> dict[str, Any]:
    key = "messages" if speaker.writer.chat and one.prompt.startswith("[") else "prompt"
    return {key: one.prompt}


def _scored(posed: Sequence[Example], said: Sequence[str]) -> tuple[Numbers, Numbers]:
    pairs = [(one.answer, text) for one, text in zip(posed, said, strict=True)]
    exact = np.array([same_text(right, text) for right, text in pairs], float)
    return exact, np.array([token_overlap(right, text) for right, text in pairs], float)


def _difference(ours: Result, other: Result, metric: str, seed: int) -> dict[str, float]:
    """Return candidate minus opponent, with what the middle 95 % of resamples span."""
    draws = np.random.default_rng(seed)
    rows = len(ours.tokens) if metric in {"loss", "perplexity"} else len(ours.exact)
    picked = draws.integers(rows, size=(_DRAWS, rows))
    spread = _value(ours, metric, picked) - _value(other, metric, picked)
    low, high = np.percentile(spread, [2.5, 97.5])
    gap = ours.numbers()[metric] - other.numbers()[metric]
    return {"difference": gap, "low": float(low), "high": float(high)}


def _value(one: Result, metric: str, picked: npt.NDArray[np.int64]) -> Numbers:
    if metric in {"exact_match", "token_f1"}:
        values: Numbers = (one.exact if metric == "exact_match" else one.f1)[picked].mean(axis=1)
        return values
    nats = one.nats if one.nats is not None else np.zeros(len(one.tokens))
    loss: Numbers = nats[picked].sum(axis=1) / one.tokens[picked].sum(axis=1)
    return loss if metric == "loss" else np.exp(np.minimum(loss, _LARGEST_LOSS))

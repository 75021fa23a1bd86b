"""Marks in generated text, and how to find them again.

Each token is drawn with a preference for a quarter of the vocabulary that follows from the token
before it and a key. A text that was so drawn holds more such tokens than chance allows. Text of low
entropy (one right answer, code) can hardly be marked: of such a text it is said that nothing can be
told. Rewriting removes a mark.

References
----------
Kirchenbauer et al. (2023), A Watermark for Large Language Models, arXiv:2301.10226.
"""

from __future__ import annotations

import hashlib
import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Literal

from skywright.errors import InputError
from skywright.foundry.kinds.llm_load import Speaker, speaker_of

GREEN_SHARE = 0.25
"""Share of the vocabulary that is preferred after each token."""

BIAS = 2.5
"""What is added to the logits of preferred tokens."""

Z_OF_A_MARK = 4.0
"""Standard deviations above chance from which a text counts as marked: 3 in 100,000 by chance."""

_LEAST_TOKENS = 16
# Of a text drawn at random half of the pairs are others once it is written and read again: a mark
# is sure to be seen only where three times the threshold is expected.
_SURE = 3.0 * Z_OF_A_MARK


@dataclass(frozen=True, slots=True)
class Score:
    """How much a text looks marked."""

    tokens: int
    """Different pairs of tokens that were counted."""
    green: float
    """Share of preferred ones [-]; 0.25 by chance."""
    z: float
    """Standard deviations above chance."""
    p: float
    """Probability of so many or more by chance."""
    expected: float
    """The ``z`` that a mark in a text of this length and entropy reaches on average."""

    @property
    def marked(self) -> bool:
        """Whether ``z`` is at least ``Z_OF_A_MARK``."""
        return self.z >= Z_OF_A_MARK

    @property
    def verdict(self) -> Literal["marked", "not marked", "undecidable"]:
        """What can be said; ``undecidable`` where a mark, if there were one, could go unseen."""
        if self.marked:
            return "marked"
        return "not marked" if self.expected >= _SURE else "undecidable"


def key_of(name: str, seed: int) -> int:
    """Return the key of a model: whoever knows it can find its marks, and forge them."""
    told = hashlib.sha256(f"watermark {name} {seed}".encode()).digest()
    return int.from_bytes(told[:4], "big") | 1


def marking(card: dict[str, Any]) -> Any:
    """Return the wish for a mark, as the generation of transformers takes it."""
    from transformers.generation.configuration_utils import WatermarkingConfig

    return WatermarkingConfig(
        greenlist_ratio=GREEN_SHARE, bias=BIAS, hashing_key=int(card["watermark_key"])
    )


def watermark_score(
    folder: Path, text: str, *, prompt: str = "", temperature: float = 1.0
) -> Score:
    """Tell whether a model made a text.

    Parameters
    ----------
    folder : pathlib.Path
        Model folder, whose key and model count.
    text : str
        At least 17 tokens.
    prompt : str
        What was asked, if it is known: an answer may be free by itself and forced by its question.
    temperature : float
        With which the text was drawn; 0 took the likeliest token each time. A guess that is too
        high makes a text look freer than it was.

    Returns
    -------
    Score

    Raises
    ------
    InputError
        If the folder holds no language model, or the text is too short to tell.
    """
    from scipy.stats import norm

    speaker = speaker_of(folder)
    ids = speaker.tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"]
    if len(ids) <= _LEAST_TOKENS:
        message = f"A text of {len(ids)} tokens is too short to tell a mark from chance."
        raise InputError(message, hint=f"Give more than {_LEAST_TOKENS} tokens.")
    found = _detected(speaker, ids)
    tokens, z = int(found.num_tokens_scored[0]), float(found.z_score[0])
    before = speaker.writer.asked({"prompt": prompt}) if prompt else []
    chance = math.sqrt(GREEN_SHARE * (1 - GREEN_SHARE) / tokens)
    return Score(
        tokens=tokens,
        green=float(found.green_fraction[0]),
        z=z,
        p=float(norm.sf(z)),
        expected=(_expected_green(speaker, before, ids, temperature) - GREEN_SHARE) / chance,
    )


def _detected(speaker: Speaker, ids: Sequence[int]) -> Any:
    import torch
    from transformers.generation.watermarking import WatermarkDetector

    config: Any = SimpleNamespace(
        vocab_size=int(speaker.card["vocabulary"]), bos_token_id=-1, is_encoder_decoder=False
    )
    # Another sort of device draws other quarters of the vocabulary, so it must be that of `load`.
    device = speaker.model.device.type
    detector: Any = WatermarkDetector(
        config, device, marking(speaker.card), ignore_repeated_ngrams=True
    )
    return detector(torch.tensor([list(ids)], device=device), return_dict=True)


def _expected_green(
    speaker: Speaker, before: Sequence[int], ids: Sequence[int], temperature: float
) -> float:
    """Return the share of preferred tokens if the text had been marked, over its different pairs.

    Drawn tokens follow theorem 4.2 of Kirchenbauer et al. (2023), a lower bound by the spike
    entropy. The likeliest token is a preferred one if any within ``BIAS`` of the best is.
    """
    import torch

    window = max(2, speaker.positions - len(before))
    shares: list[float] = []
    for start in range(0, len(ids), window):
        whole = torch.tensor([[*before, *ids[start : start + window]]], device=speaker.model.device)
        with torch.no_grad():
            logits = speaker.model(input_ids=whole, use_cache=False).logits[0].float()
        told = _green(logits[-whole.shape[1] :][len(before) : -1], temperature)
        shares += [math.nan] * bool(start) + told.tolist()
    first = {pair: place for place, pair in reversed([*enumerate(itertools.pairwise(ids))])}
    counted = [shares[place] for place in first.values() if not math.isnan(shares[place])]
    return sum(counted) / len(counted)


def _green(logits: Any, temperature: float) -> Any:
    """Return the probability that the token drawn from each row of logits is a preferred one."""
    import torch

    if temperature == 0:
        close = (logits >= logits.amax(dim=-1, keepdim=True) - BIAS).sum(dim=-1)
        return 1.0 - (1.0 - GREEN_SHARE) ** close
    odds = math.exp(BIAS)
    total = 1.0 + (odds - 1.0) * GREEN_SHARE
    modulus = (1.0 - GREEN_SHARE) * (odds - 1.0) / total
    p = torch.softmax(logits / temperature, dim=-1)
    return GREEN_SHARE * odds / total * (p / (1.0 + modulus * p)).sum(dim=-1)

"""Marks in generated text, and how to find them again.

Each token is drawn with a preference for a quarter of the vocabulary that follows from the token
before it and a key. A text that was so drawn holds more such tokens than chance allows. Text of low
entropy (one right answer, code) can hardly be marked, and rewriting removes a mark: finding one
says much, finding none says little.

References
----------
Kirchenbauer et al. (2023), A Watermark for Large Language Models, arXiv:2301.10226.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from skywright.errors import InputError

GREEN_SHARE = 0.25
"""Share of the vocabulary that is preferred after each token."""

BIAS = 2.5
"""What is added to the logits of preferred tokens."""

Z_OF_A_MARK = 4.0
"""Standard deviations above chance from which a text counts as marked: 3 in 100,000 by chance."""

_LEAST_TOKENS = 16


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
    marked: bool
    """Whether ``z`` is at least ``Z_OF_A_MARK``."""


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


def watermark_score(folder: Path, text: str) -> Score:
    """Tell whether a model made a text.

    Parameters
    ----------
    folder : pathlib.Path
        Model folder, whose key and tokenizer count.
    text : str
        At least 17 tokens.

    Returns
    -------
    Score

    Raises
    ------
    InputError
        If the folder holds no language model, or the text is too short to tell.
    """
    import torch
    from scipy.stats import norm
    from transformers import AutoTokenizer
    from transformers.generation.watermarking import WatermarkDetector

    card = _card(folder)
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    ids = tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"]
    if len(ids) <= _LEAST_TOKENS:
        message = f"A text of {len(ids)} tokens is too short to tell a mark from chance."
        raise InputError(message, hint=f"Give more than {_LEAST_TOKENS} tokens.")
    config: Any = SimpleNamespace(
        vocab_size=int(card["vocabulary"]), bos_token_id=-1, is_encoder_decoder=False
    )
    # Another sort of device draws other quarters of the vocabulary, so it must be that of `load`.
    device = "cuda" if torch.cuda.is_available() else "cpu"
    detector: Any = WatermarkDetector(config, device, marking(card), ignore_repeated_ngrams=True)
    found = detector(torch.tensor([ids], device=device), return_dict=True)
    z = float(found.z_score[0])
    return Score(
        tokens=int(found.num_tokens_scored[0]),
        green=float(found.green_fraction[0]),
        z=z,
        p=float(norm.sf(z)),
        marked=z >= Z_OF_A_MARK,
    )


def _card(folder: Path) -> dict[str, Any]:
    path = folder / "llm.json"
    if not path.is_file():
        message = f"The folder {folder} holds no language model, so it marks nothing."
        raise InputError(message)
    card: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return card

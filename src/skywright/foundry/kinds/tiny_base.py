"""A small language model made on the spot, so that teaching one needs neither hub nor download.

It has about 0.4 million parameters and learns the texts it is given by heart rather than a
language: enough to try a recipe, to test, and to see what an adapter does. An adapter cannot say
what its base has never seen, so the texts should cover the vocabulary of what is to be taught.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from skywright.errors import InputError

END, PAD = "<|end|>", "<|pad|>"

_VERSION = 1  # a change of anything below makes other bases
_VOCABULARY, _WIDTH, _LAYERS, _INNER, _HEADS, _POSITIONS = 1024, 96, 3, 256, 4, 512
_STEPS, _BATCH, _WINDOW, _RATE = 200, 16, 64, 3e-3
_MOST_CHARACTERS = 2_000_000
CHAT = (
    "{% for one in messages %}{{ one['role'] }}: {{ one['content'] }}"
    "{% if one['role'] == 'assistant' %}{{ eos_token }}{% endif %}\n{% endfor %}"
    "{% if add_generation_prompt %}assistant: {% endif %}"
)
"""Chat template of a tiny base, and of any base that has none."""


def tiny_base(folder: Path, texts: Sequence[str], seed: int = 1) -> Path:
    """Return the folder of a tiny base, made now if it is not there.

    Parameters
    ----------
    folder : pathlib.Path
        Where bases are kept; the base gets a folder of its own, named by a hash of the texts.
    texts : sequence of str
        What it learns; the first two million characters count.
    seed : int
        Of its first weights and of the order of learning.

    Raises
    ------
    InputError
        If there is no text.
    """
    texts = [text for text in texts if text.strip()]
    if not texts:
        message = "A tiny base needs at least one text that is not empty."
        raise InputError(message)
    base = folder / f"tiny-{_digest(texts, seed)}"
    if not base.is_dir():
        partial = base.with_name(f"partial-{base.name}")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        without_bars()
        _make(partial, "".join(text + END for text in texts)[:_MOST_CHARACTERS], texts, seed)
        partial.replace(base)
    return base


def without_bars() -> None:
    """Keep transformers from drawing bars of progress into the log."""
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]


def _digest(texts: Sequence[str], seed: int) -> str:
    told = json.dumps([_VERSION, _STEPS, seed, *texts])
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def _make(folder: Path, stream: str, texts: Sequence[str], seed: int) -> None:
    tokenizer = _tokenizer(texts)
    with _one_thread(seed):
        model = _model(tokenizer)
        _teach(model, tokenizer(stream, verbose=False)["input_ids"], seed)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def _tokenizer(texts: Sequence[str]) -> Any:
    """Return a byte-level BPE, which can write any text, trained on these."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    raw = Tokenizer(models.BPE())
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=_VOCABULARY,
        special_tokens=[END, PAD],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    raw.train_from_iterator(texts, trainer)
    wrapped: Any = PreTrainedTokenizerFast
    return wrapped(
        tokenizer_object=raw,
        eos_token=END,
        pad_token=PAD,
        model_max_length=_POSITIONS,
        chat_template=CHAT,
        clean_up_tokenization_spaces=False,
    )


def _model(tokenizer: Any) -> Any:
    from transformers import LlamaConfig, LlamaForCausalLM

    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=_WIDTH,
            num_hidden_layers=_LAYERS,
            intermediate_size=_INNER,
            num_attention_heads=_HEADS,
            max_position_embeddings=_POSITIONS,
            tie_word_embeddings=True,
            bos_token_id=None,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
    )


def _teach(model: Any, ids: list[int], seed: int) -> None:
    """Teach the model windows of the stream, drawn at random."""
    import torch

    window = min(_WINDOW, max(2, len(ids) - 1))
    stream = torch.tensor(ids * (1 + window // len(ids)))
    draws = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=_RATE, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, _RATE, _STEPS)
    for _ in range(_STEPS):
        starts = torch.randint(len(stream) - window + 1, (_BATCH, 1), generator=draws)
        batch = stream[starts + torch.arange(window)]
        model(input_ids=batch, labels=batch).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        schedule.step()


@contextmanager
def _one_thread(seed: int) -> Iterator[None]:
    """Compute with one thread: sums in another order would make other weights elsewhere."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            yield
    finally:
        torch.set_num_threads(threads)

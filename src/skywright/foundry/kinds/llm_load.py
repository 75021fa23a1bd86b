"""A taught language model in use: prompts in, texts out."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from skywright.errors import InputError, MissingExtraError
from skywright.foundry.kind import Predict, Rows
from skywright.foundry.kinds.llm_base import (
    Base,
    kept_base,
    read_model,
    read_tokenizer,
    without_foreign_warnings,
)  # fmt: skip
from skywright.foundry.kinds.llm_data import SILENT, Example, Writer
from skywright.foundry.kinds.llm_training import ADAPTER, CARD

MOST_NEW_TOKENS = 1024
"""Most tokens of one answer."""

_BATCH = 16
_MOST_LOGITS = 50_000_000  # numbers of one batch, 0.2 GB


@dataclass(frozen=True, slots=True)
class Ask:
    """How an answer is to be drawn."""

    max_new_tokens: int
    """Most tokens of the answer."""
    temperature: float = 0.0
    """0 takes the likeliest token each time."""
    watermark: bool = False
    """Whether the text is marked."""
    seed: int | None = None
    """Of the draws."""


class Speaker:
    """A language model with its tokenizer.

    Parameters
    ----------
    model : torch.nn.Module
        Causal language model, with its adapter if it has one.
    writer : Writer
        Writes prompts.
    card : dict
        What ``llm.json`` holds.
    """

    def __init__(self, model: Any, writer: Writer, card: dict[str, Any]) -> None:
        self.model = model.eval()
        self.writer = writer
        self.card = card
        # A tuned prompt takes no positions, without which prompts of unlike lengths go wrong.
        self._batch = 1 if card.get("prompt_tokens") else _BATCH
        self._lock = threading.Lock()  # draws share the random numbers of the process

    @property
    def tokenizer(self) -> Any:
        """The tokenizer of the base."""
        return self.writer.tokenizer

    def answer(self, rows: Rows) -> list[dict[str, Any]]:
        """Return ``{"text": ..., "tokens": ...}`` for each row."""
        asks = [self._ask(row, number) for number, row in enumerate(rows)]
        prompts = [self.writer.asked(row) for row in rows]
        told: list[dict[str, Any]] = [{} for _ in rows]
        for places in _together(asks, self._batch):
            said = self.say([prompts[place] for place in places], asks[places[0]])
            for place, (text, tokens) in zip(places, said, strict=True):
                told[place] = {"text": text, "tokens": tokens}
        return told

    def say(self, prompts: Sequence[list[int]], ask: Ask) -> list[tuple[str, int]]:
        """Return the texts that follow prompts, drawn in one go, and the tokens of each."""
        import torch

        pad, device = self.tokenizer.pad_token_id, self.model.device
        room = max(1, self.positions - ask.max_new_tokens)
        cut = [prompt[-room:] or [self.tokenizer.eos_token_id] for prompt in prompts]
        width = max(map(len, cut))
        ids = torch.tensor([[pad] * (width - len(one)) + one for one in cut], device=device)
        seen = torch.tensor([[0] * (width - len(one)) + [1] * len(one) for one in cut])
        with (
            self._lock,
            without_foreign_warnings(),
            torch.no_grad(),
            torch.random.fork_rng(),
        ):
            if ask.seed is not None:
                torch.manual_seed(ask.seed)
            out = self.model.generate(
                input_ids=ids, attention_mask=seen.to(device), **self._drawn(ask)
            )
        said = out[:, width:].tolist()
        texts = self.tokenizer.batch_decode(said, skip_special_tokens=True)
        return [
            (text.strip(), _until(self.tokenizer.eos_token_id, tokens))
            for text, tokens in zip(texts, said, strict=True)
        ]

    def losses(
        self, given: Sequence[Example]
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Return the loss of each example, summed over its tokens [nat], and how many they are."""
        import torch

        sums: list[float] = []
        counts: list[float] = []
        longest = max(len(one.ids) for one in given)
        rows = max(1, _MOST_LOGITS // (longest * int(self.model.config.vocab_size)))
        with torch.no_grad():
            for start in range(0, len(given), rows):
                for lost, count in self._lost(given[start : start + rows]):
                    sums.append(lost)
                    counts.append(count)
        return np.array(sums), np.array(counts)

    def _lost(self, batch: Sequence[Example]) -> list[tuple[float, float]]:
        """Return loss [nat] and tokens of each row, computed at once."""
        import torch

        width = max(len(one.ids) for one in batch)
        gaps = [width - len(one.ids) for one in batch]
        pad, device = self.tokenizer.pad_token_id, self.model.device
        lines = list(zip(batch, gaps, strict=True))
        ids = torch.tensor([[*one.ids, *[pad] * gap] for one, gap in lines], device=device)
        seen = torch.tensor([[1] * (width - gap) + [0] * gap for gap in gaps], device=device)
        labels = torch.tensor([[*one.labels, *[SILENT] * gap] for one, gap in lines], device=device)
        with without_foreign_warnings():
            logits = self.model(input_ids=ids, attention_mask=seen, use_cache=False).logits
        # A tuned prompt adds tokens in front.
        logits = logits[:, -width:][:, :-1].float()
        labels = labels[:, 1:]
        losses = torch.nn.functional.cross_entropy(
            logits.transpose(1, 2), labels, ignore_index=SILENT, reduction="none"
        )
        lost, told = losses.sum(dim=1).tolist(), (labels != SILENT).sum(dim=1).tolist()
        return list(zip(lost, map(float, told), strict=True))

    @property
    def positions(self) -> int:
        """Tokens that the model can read and write in one go."""
        tuned = int(self.card.get("prompt_tokens", 0))
        return int(getattr(self.model.config, "max_position_embeddings", 2048)) - tuned

    def _drawn(self, ask: Ask) -> dict[str, Any]:
        from skywright.foundry.kinds.llm_watermark import marking

        given: dict[str, Any] = {
            "max_new_tokens": ask.max_new_tokens,
            "do_sample": ask.temperature > 0,
            "use_cache": True,
            "pad_token_id": self.tokenizer.pad_token_id,
            "eos_token_id": self.tokenizer.eos_token_id,
        }
        if ask.temperature > 0:
            given |= {"temperature": ask.temperature, "top_k": 0, "top_p": 1.0}
        if ask.watermark:
            given["watermarking_config"] = marking(self.card)
        return given

    def _ask(self, row: Any, number: int) -> Ask:
        if not isinstance(row.get("prompt"), str) and not row.get("messages"):
            message = f"Row {number} has no prompt."
            raise InputError(message, hint="Give prompt as a text.")
        usual = self.card["max_new_tokens"]
        tokens = _in_range(row, "max_new_tokens", number, (1, MOST_NEW_TOKENS), usual)
        heat = _in_range(row, "temperature", number, (0, 5), 0.0)
        seed = _in_range(row, "seed", number, (0, 2**63 - 1), None)
        mark = row.get("watermark")
        return Ask(
            int(tokens),
            float(heat),
            bool(self.card.get("watermarked") if mark is None else mark),
            None if seed is None else int(seed),
        )


def load(folder: Path, *, watermark: bool | None = None) -> Predict:
    """Return the predictor of a model folder.

    Rows hold ``prompt`` (or ``messages``), and may hold ``max_new_tokens``, ``temperature`` (0),
    ``seed`` and ``watermark``. Answers hold ``text``, and ``tokens``: how many it has.

    Parameters
    ----------
    folder : pathlib.Path
        Model folder.
    watermark : bool, optional
        Whether texts are marked where a row does not say; the recipe's wish by default.
    """
    speaker = speaker_of(folder)
    if watermark is not None:
        speaker.card["watermarked"] = watermark

    def predict(rows: Rows) -> list[dict[str, Any]]:
        return speaker.answer(rows) if len(rows) else []

    return predict


def speaker_of(folder: Path) -> Speaker:
    """Open a model folder.

    Raises
    ------
    InputError
        If it holds no language model, or its base has changed.
    NotFoundError
        If its base is gone.
    MissingExtraError
        If transformers is not installed.
    """
    if not (folder / CARD).is_file():
        message = f"The folder {folder} holds no {CARD}, so it is no language model of ours."
        raise InputError(message)
    card = json.loads((folder / CARD).read_text(encoding="utf-8"))
    try:
        import torch
        import transformers  # noqa: F401
    except ImportError as error:
        what = "A language model in this process"
        raise MissingExtraError(what, "train") from error
    given = {"dtype": torch.bfloat16 if torch.cuda.is_available() else torch.float32}
    if card["method"] == "full":
        model = read_model(Base(folder.name, str(folder)), **given)
    else:
        model = _adapted(folder, read_model(kept_base(card["base"], folder), **given))
    tokenizer = read_tokenizer(Base(folder.name, str(folder)))
    return Speaker(_placed(model), Writer(tokenizer, card["separator"], card["chat"]), card)


def weights(folder: Path) -> dict[str, npt.NDArray[Any]]:
    """Return what was taught: the weights of an adapter, or all of them.

    Raises
    ------
    InputError
        If they lie in several files, as those of large models do.
    """
    from safetensors.numpy import load_file

    return dict(load_file(_taught_file(folder)))


def put_weights(folder: Path, weights: dict[str, npt.NDArray[Any]]) -> None:
    """Give a model other weights of the same names and shapes; raises InputError for others."""
    from safetensors.numpy import load_file, save_file

    path = _taught_file(folder)
    shapes = {name: one.shape for name, one in load_file(path).items()}
    if shapes != {name: one.shape for name, one in weights.items()}:
        message = "These weights are not those of the model: their names or shapes are others."
        raise InputError(message)
    whole = {name: np.ascontiguousarray(one, np.float32) for name, one in weights.items()}
    partial = path.with_name(f".{path.name}")
    save_file(whole, partial, metadata={"format": "pt"})
    partial.replace(path)


def _taught_file(folder: Path) -> Path:
    inside = folder / ADAPTER / "adapter_model.safetensors"
    path = inside if inside.is_file() else folder / "model.safetensors"
    if not path.is_file():
        message = f"The weights of {folder.name} do not lie in one file."
        raise InputError(message)
    return path


def base_speaker(base: Base, like: Speaker) -> Speaker:
    """Open a base as it is, to be asked as another is."""
    import torch

    return Speaker(_placed(read_model(base, dtype=torch.float32)), like.writer, like.card)


def _adapted(folder: Path, model: Any) -> Any:
    """Put an adapter on its base; PeftModel reads every sort, AutoModel not prompts."""
    from peft import PeftModel

    with without_foreign_warnings():
        return PeftModel.from_pretrained(model, folder / ADAPTER)


def _placed(model: Any) -> Any:
    import torch

    return model.to("cuda") if torch.cuda.is_available() else model


def _together(asks: Sequence[Ask], most: int) -> list[list[int]]:
    """Part rows into batches of equal wishes; a row with a seed is drawn by itself."""
    groups: dict[Any, list[int]] = {}
    for place, ask in enumerate(asks):
        groups.setdefault(ask if ask.seed is None else place, []).append(place)
    return [
        places[start : start + most]
        for places in groups.values()
        for start in range(0, len(places), most)
    ]


def _until(end: int, tokens: list[int]) -> int:
    """Return how many tokens an answer has, without its end and what fills the batch."""
    return tokens.index(end) if end in tokens else len(tokens)


def _in_range(row: Any, name: str, number: int, allowed: tuple[float, float], usual: Any) -> Any:
    value = row.get(name)
    if value is None:
        return usual
    low, high = allowed
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        message = f"Row {number} has {name}={value!r}; it must be from {low:g} to {high:g}."
        raise InputError(message)
    return value

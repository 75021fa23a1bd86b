"""A recipe is data: what to train, on what, and by which number it is judged.

Recipes are TOML files. Those that ship lie in ``skywright/recipes``; a path names one of one's own.
"""

from __future__ import annotations

import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from skywright.errors import InputError, NotFoundError


class Recipe(BaseModel):
    """One way to train one model."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    name: str = Field(pattern="^[a-z][a-z0-9-]{1,60}$")
    """Name of the model, such as ``neo-triage``."""

    kind: str
    """Name of a kind: an entry point of the group ``skywright.kinds``."""

    title: str
    """What the model answers, in one line."""

    metric: str
    """The metric that decides whether a candidate replaces the model in use."""

    higher_is_better: bool = True
    """Whether more of the metric is better."""

    tolerance: float = Field(default=0.0, ge=0.0)
    """By how much a candidate may be worse and still be promoted."""

    needs: tuple[str, ...] = ()
    """Files under the data folder, which must exist before a run starts."""

    seed: int = Field(default=1, ge=0)
    """Seed of everything random."""

    params: dict[str, Any] = Field(default_factory=dict)
    """What the kind may be told."""


def recipe_names() -> list[str]:
    """Return the names of the recipes that ship."""
    folder = files("skywright.recipes")
    return sorted(
        entry.name.removesuffix(".toml").replace("_", "-")
        for entry in folder.iterdir()
        if entry.name.endswith(".toml")
    )


def load_recipe(name: str) -> Recipe:
    """Read a recipe by name or by path.

    Parameters
    ----------
    name : str
        A name of `recipe_names`, or the path of a TOML file.

    Raises
    ------
    NotFoundError
        If there is no such recipe; lists those that ship.
    InputError
        If the file is not TOML, or a key is missing, unknown or of the wrong kind.
    """
    if name.endswith(".toml"):
        path = Path(name)
        if not path.is_file():
            message = f"The recipe file {name} does not exist."
            raise NotFoundError(message)
        return _parsed(path.read_text(encoding="utf-8"), name)
    if name not in recipe_names():
        message = f"There is no recipe {name!r}; there are {', '.join(recipe_names())}."
        raise NotFoundError(message)
    entry = files("skywright.recipes") / f"{name.replace('-', '_')}.toml"
    return _parsed(entry.read_text(encoding="utf-8"), name)


def _parsed(text: str, name: str) -> Recipe:
    try:
        return Recipe(**tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        message = f"The recipe {name} is not valid TOML: {error}."
        raise InputError(message) from error
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"])) or "the file"
        allowed = ", ".join(Recipe.model_fields)
        message = f"The recipe {name} has a wrong key {key}: {first['msg']}."
        raise InputError(message, hint=f"Keys are {allowed}.") from error

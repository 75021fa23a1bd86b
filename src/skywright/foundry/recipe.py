"""A recipe is data: what to train, on what, and by which number it is judged.

Recipes are TOML files. Those that ship lie in ``skywright/recipes``, a folder a domain;
a path names one of one's own.
"""

from __future__ import annotations

import difflib
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from skywright.errors import InputError, NotFoundError
from skywright.foundry.recipe_sections import Deploy, Evaluate, Needs, Prepare, Tune, Watch


class Recipe(BaseModel):
    """One way to train one model."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    name: str = Field(pattern="^[a-z][a-z0-9-]{1,60}$")
    """Name of the model, such as ``neo-triage``."""

    kind: str
    """Name of a kind: an entry point of the group ``skywright.kinds``."""

    title: str = ""
    """What the model answers, in one line."""

    specialization: str = ""
    """What the model is for, such as ``code`` or ``telemetry``."""

    data: str = ""
    """A dataset, such as ``wheel-telemetry@latest``, or the path of a file."""

    env: str = ""
    """A gymnasium environment, for kinds that learn by doing."""

    target: str = ""
    """Column to predict."""

    features: tuple[str, ...] = ()
    """Columns to predict from; empty means all but the target, the dropped and the split's."""

    drop: tuple[str, ...] = ()
    """Columns to leave out."""

    metric: str | None = None
    """The metric that decides; the first of ``evaluate.metrics`` if it is not named."""

    higher_is_better: bool | None = None
    """Whether more of the metric is better; known for the metrics of the foundry."""

    tolerance: float = Field(default=0.0, ge=0.0)
    """By how much a candidate may be worse than the model in use and still be promoted."""

    needs: tuple[str, ...] = ()
    """Files of a data folder, for kinds that read files of their own."""

    may_use: tuple[str, ...] = ()
    """Files of a data folder that such a kind uses where they are there, and does without."""

    licence: str = ""
    """SPDX expression of the model that comes out; that of the data if it is not named."""

    seed: int = Field(default=1, ge=0)
    """Seed of everything random."""

    params: dict[str, Any] = Field(default_factory=dict)
    """What the kind may be told."""

    prepare: Prepare = Prepare()
    evaluate: Evaluate = Evaluate()
    deploy: Deploy = Deploy()
    watch: Watch = Watch()
    run: Needs = Needs()
    tune: Tune = Tune()

    @model_validator(mode="after")
    def _one_source(self) -> Recipe:
        if self.data and self.env:
            message = "a recipe has data or env, not both"
            raise ValueError(message)
        return self

    @property
    def judge(self) -> str | None:
        """The metric that decides, if the recipe names one."""
        return self.metric or next(iter(self.evaluate.metrics), None)

    @property
    def reads_files(self) -> bool:
        """Whether its data are files of a folder, which its kind reads by itself."""
        return bool(self.needs or self.may_use)

    @property
    def reads_data(self) -> bool:
        """Whether it names files or columns; one that does not makes its data itself."""
        return bool(self.reads_files or self.data or self.target or self.features)

    @property
    def method(self) -> str:
        """How a base model is taught: full, lora or prompt; ``full`` for kinds without one."""
        return str(self.params.get("method", "full"))

    @property
    def base_model(self) -> str | None:
        """The model it starts from, if any."""
        base = self.params.get("base")
        return None if base is None else str(base)


def recipe_names() -> list[str]:
    """Return the names of the recipes that ship."""
    rooms = [entry for entry in files("skywright.recipes").iterdir() if entry.is_dir()]
    return sorted(
        f"{room.name}-{entry.name.removesuffix('.toml')}".replace("_", "-")
        for room in rooms
        for entry in room.iterdir()
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
        If the file is not TOML, or a key is missing, unknown or of the wrong kind; names the key,
        its line, and what is allowed.
    """
    if name.endswith(".toml"):
        path = Path(name)
        if not path.is_file():
            message = f"The recipe file {name} does not exist."
            raise NotFoundError(message)
        return _beside(parse_recipe(path.read_text(encoding="utf-8"), name), path.parent)
    if name not in recipe_names():
        message = f"There is no recipe {name!r}; there are {', '.join(recipe_names())}."
        raise NotFoundError(message)
    room, _, rest = name.partition("-")
    entry = files("skywright.recipes") / room / f"{rest.replace('-', '_')}.toml"
    return parse_recipe(entry.read_text(encoding="utf-8"), name)


def _beside(recipe: Recipe, folder: Path) -> Recipe:
    """Let a recipe name a file that lies beside it, from wherever it is run."""
    beside = folder / recipe.data
    if not recipe.data or Path(recipe.data).expanduser().exists() or not beside.is_file():
        return recipe
    return recipe.model_copy(update={"data": str(beside.absolute())})


def parse_recipe(text: str, name: str) -> Recipe:
    """Read a recipe from TOML text; raises InputError like `load_recipe`."""
    try:
        given = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = f"The recipe {name} is not valid TOML: {error}."
        raise InputError(message) from error
    return recipe_of(given, name, text)


def recipe_of(given: dict[str, Any], name: str, text: str = "") -> Recipe:
    """Check a recipe that is a dictionary already; raises InputError like `load_recipe`."""
    try:
        return Recipe(**given)
    except ValidationError as error:
        first = error.errors()[0]
        path = [str(part) for part in first["loc"]]
        key = ".".join(path) or "the file"
        line = _line_of(text, path)
        where = f" (line {line})" if line else ""
        message = f"The recipe {name} has a wrong key {key}{where}: {first['msg']}."
        raise InputError(message, hint=_allowed(path)) from error


def _allowed(path: list[str]) -> str:
    """Name the keys of the table in which a key is wrong, the nearest first."""
    model: type[BaseModel] = Recipe
    for part in path[:-1]:
        field = model.model_fields.get(part)
        if field is None or not isinstance(field.annotation, type):
            break
        if not issubclass(field.annotation, BaseModel):
            break
        model = field.annotation
    names = sorted(model.model_fields)
    near = difflib.get_close_matches(path[-1] if path else "", names, n=1)
    meant = f"Did you mean {near[0]}? " if near and near[0] != path[-1] else ""
    return f"{meant}Keys here are {', '.join(names)}."


def _line_of(text: str, path: list[str]) -> int | None:
    """Return the line of a key in TOML text, by its table and its name."""
    table: list[str] = []
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if line.startswith("["):
            table = line.strip("[] ").split(".")
            if table == path:
                return number
        elif [*table, line.partition("=")[0].strip().strip('"')] == path[: len(table) + 1]:
            return number
    return None

"""Tables for kinds that learn from columns: which column is what, and what is to be predicted."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from skywright.errors import InputError
from skywright.foundry.kinds.preparation import Preparation, feeds_of, learn
from skywright.foundry.recipe import Recipe
from skywright.foundry.recipe_sections import Prepare
from skywright.foundry.run import Run
from skywright.foundry.signature import F32, Signature

_MOST_NUMBERED_CLASSES = 20  # whole numbers with more values than this are a quantity
_TASKS = ("classification", "regression")


@dataclass(frozen=True, slots=True)
class Table:
    """A run's rows as arrays."""

    signature: Signature
    preparation: Preparation
    x: F32
    """Features of the rows that teach, shape (n, width)."""
    y: npt.NDArray[Any]
    """Index of the class (int64) or number (float64), shape (n,)."""
    x_valid: F32
    y_valid: npt.NDArray[Any]

    @property
    def n_classes(self) -> int:
        """Number of classes; 0 for numbers."""
        return len(self.signature.classes)


def table_of(run: Run, prepare: Prepare) -> Table:
    """Prepare the rows of a run.

    Parameters
    ----------
    run : Run
        What is given to a kind.
    prepare : Prepare
        The recipe's preparation, as the kind amends it (trees need no scaling).

    Raises
    ------
    InputError
        If the target or a feature cannot be learned from; says why and what to do.
    """
    recipe, split = run.recipe, run.rows()
    target_known(recipe, split.train)
    train = split.train.drop_nulls(recipe.target)
    task, classes = target_of(recipe, train[recipe.target])
    preparation = learn(train, feature_types(recipe, train), prepare)
    signature = Signature(task, recipe.target, preparation.inputs, classes)
    x, y = arrays(train, preparation, signature)
    x_valid, y_valid = arrays(split.valid, preparation, signature)
    return Table(signature, preparation, x, y, x_valid, y_valid)


def arrays(
    frame: pl.DataFrame, preparation: Preparation, signature: Signature
) -> tuple[F32, npt.NDArray[Any]]:
    """Return features and targets of rows, without those whose target is unknown or new."""
    frame, y = coded_target(frame, signature)
    return preparation.matrix(feeds_of(frame, preparation.inputs)), y


def coded_target(
    frame: pl.DataFrame, signature: Signature
) -> tuple[pl.DataFrame, npt.NDArray[Any]]:
    """Return the rows with a known target, and the targets as numbers."""
    frame = frame.drop_nulls(signature.target)
    target = frame[signature.target]
    if not signature.classes:
        return frame, target.cast(pl.Float64).to_numpy()
    codes = {name: code for code, name in enumerate(signature.classes)}
    y = np.array([codes.get(class_name(value), -1) for value in target], np.int64)
    return frame.filter(pl.Series(y >= 0)), y[y >= 0]


def target_known(recipe: Recipe, frame: pl.DataFrame) -> None:
    """Refuse a recipe whose target is no column of its rows."""
    if not recipe.target:
        message = f"The recipe {recipe.name} names no target, which its kind needs."
        raise InputError(message, hint=f"Columns are {', '.join(frame.columns)}.")
    if recipe.target not in frame.columns:
        raise _no_column(recipe.target, frame.columns, "target")


def target_of(recipe: Recipe, target: pl.Series) -> tuple[str, tuple[str, ...]]:
    """Return the task and the names of its classes.

    Texts, truth values and whole numbers of at most 20 values are classes, everything else is a
    quantity; ``params.task`` says otherwise.

    Raises
    ------
    InputError
        If there is only one class, or texts are to be predicted as numbers.
    """
    wish = recipe.params.get("task")
    if wish is not None and wish not in _TASKS:
        message = f"params.task is {' or '.join(_TASKS)}, not {wish!r}."
        raise InputError(message)
    if (wish or _guess(target)) == "regression":
        if not target.dtype.is_numeric():
            message = f"The target {target.name} holds {target.dtype}, which is no number."
            raise InputError(message, hint="Leave params.task out, or name another target.")
        return "regression", ()
    classes = class_names(target.unique().to_list())
    if len(classes) < 2:
        message = f"The target {target.name} is always {', '.join(classes) or 'missing'}."
        raise InputError(message, hint="Two classes at least are needed to learn a difference.")
    return ("binary" if len(classes) == 2 else "multiclass"), classes


def class_name(value: Any) -> str:
    """Return the name of a class; 1.0 and 1 are the same."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def class_names(values: Iterable[Any]) -> tuple[str, ...]:
    """Return the names of classes, numbers in their order and texts by the alphabet."""
    known = [value for value in values if value is not None]
    try:
        known.sort()
    except TypeError:
        known.sort(key=str)
    return tuple(dict.fromkeys(class_name(value) for value in known))


def _guess(target: pl.Series) -> str:
    if not target.dtype.is_numeric():
        return "classification"
    values = target.unique()
    whole = target.dtype.is_integer() or bool((values == values.round()).all())
    most = _MOST_NUMBERED_CLASSES if target.dtype.is_integer() else 2
    return "classification" if whole and len(values) <= most else "regression"


def feature_types(recipe: Recipe, frame: pl.DataFrame) -> dict[str, str]:
    """Return the type of each column that the model learns from.

    Raises
    ------
    InputError
        If a feature is unknown, there is none, or its type is none of a table.
    """
    names = feature_names(recipe, frame)
    types = {name: _type(name, frame[name].dtype, recipe.prepare) for name in names}
    for name, kind in types.items():
        if not kind:
            message = f"Column {name} holds {frame[name].dtype}, which this kind cannot learn from."
            hint = f"Leave it out: drop = ['{name}']. Sequences and images need kind = 'torch'."
            raise InputError(message, hint=hint)
    return types


def feature_names(recipe: Recipe, frame: pl.DataFrame) -> list[str]:
    """Return the columns to learn from, in the order of the table.

    Raises
    ------
    InputError
        If a named one is unknown, or none is left.
    """
    for name in recipe.features:
        if name not in frame.columns:
            raise _no_column(name, frame.columns, "features")
    split_by = recipe.evaluate.split.split(":")[1] if ":" in recipe.evaluate.split else ""
    left_out = {recipe.target, *recipe.drop, split_by}
    names = recipe.features or tuple(name for name in frame.columns if name not in left_out)
    if recipe.target in names:
        message = f"The target {recipe.target} is among the features; a model must not see it."
        raise InputError(message)
    if not names:
        message = f"No column is left to learn from besides the target {recipe.target}."
        raise InputError(message)
    return list(names)


def _type(name: str, dtype: pl.DataType, prepare: Prepare) -> str:
    named = prepare.types.get(name)
    if named in {"category", "text", "boolean"}:
        return str(named)
    if named in {"number", "integer"} or dtype.is_numeric():
        return "number"
    if dtype == pl.Boolean:
        return "boolean"
    return "category" if dtype in {pl.String, pl.Categorical, pl.Enum} else ""


def _no_column(name: str, columns: list[str], field: str) -> InputError:
    near = difflib.get_close_matches(name, columns, n=1)
    hint = f"Did you mean {near[0]}? " if near else ""
    message = f"The recipe's {field} names {name!r}, which is no column of the data."
    return InputError(message, hint=f"{hint}Columns are {', '.join(columns)}.")

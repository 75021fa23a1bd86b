"""Cleaning: declared types, duplicates, missing values; what was done is counted and told.

Imputing, scaling and coding are not done here: they belong to the model, so that serving cannot do
them otherwise than training did. Lists, arrays, bytes and structures pass untouched.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import polars as pl

from skywright.errors import InputError
from skywright.foundry.data.row_keys import row_keys
from skywright.foundry.data.times import parsed_times
from skywright.foundry.recipe import Recipe

KEY = " key of the row"
"""Column that carries the keys of rows through cleaning; not a name that data have."""

_TRUE = ("true", "t", "yes", "y", "1")
_FALSE = ("false", "f", "no", "n", "0")


@dataclass(slots=True)
class CleaningReport:
    """What cleaning did."""

    rows_before: int = 0
    """Rows at first."""
    rows_after: int = 0
    """Rows in the end."""
    misfits: dict[str, int] = field(default_factory=dict)
    """Values a column that did not fit its type, or were infinite, and became missing."""
    duplicates: int = 0
    """Rows equal to an earlier one, dropped."""
    without_target: int = 0
    """Rows without an answer, dropped."""
    incomplete: int = 0
    """Rows with missing values in columns whose strategy is ``drop``, dropped."""

    def told(self) -> dict[str, Any]:
        """Return the report as a dictionary."""
        return asdict(self)


def clean(frame: pl.DataFrame, recipe: Recipe) -> tuple[pl.DataFrame, CleaningReport]:
    """Return the rows that a recipe may learn from.

    Raises
    ------
    InputError
        If a column is missing, a type cannot be had, or no row is left.
    """
    report = CleaningReport(rows_before=frame.height)
    frame = frame.select(columns_of(frame, recipe))
    frame, report.misfits = _typed(frame, recipe)
    frame, report.without_target = _counted(frame, _with_target(frame, recipe))
    if recipe.prepare.duplicates == "drop":
        frame, report.duplicates = _counted(frame, _unique(frame))
    frame, report.incomplete = _counted(frame, _complete(frame, recipe))
    report.rows_after = frame.height
    if frame.is_empty():
        message = f"No row of the data of {recipe.name} is left after cleaning: {report.told()}."
        raise InputError(message, hint="See prepare.missing and prepare.types of the recipe.")
    return frame, report


def columns_of(frame: pl.DataFrame, recipe: Recipe) -> list[str]:
    """Return the columns that stay: all but the dropped, unless the split or a slice needs them.

    Columns that are no features stay too, since the model in use may learn from others.

    Raises
    ------
    InputError
        If one of them is missing.
    """
    extra = [*([recipe.target] if recipe.target else []), *split_column(recipe)]
    extra += recipe.evaluate.slices
    wanted = [*recipe.features, *recipe.drop, *recipe.prepare.types, *recipe.prepare.columns]
    missing = [name for name in [*wanted, *extra] if name not in frame.columns]
    if missing:
        message = f"The data of {recipe.name} have no column {missing[0]!r}."
        known = ", ".join(name for name in frame.columns if name != KEY)
        raise InputError(message, hint=f"Their columns are {known}.")
    return [name for name in frame.columns if name not in recipe.drop or name in extra]


def split_column(recipe: Recipe) -> list[str]:
    """Return the column that rows are divided by, if there is one."""
    way, _, rest = recipe.evaluate.split.partition(":")
    return [rest.partition(":")[0]] if way in {"time", "group"} else []


def feature_names(frame: pl.DataFrame, recipe: Recipe) -> list[str]:
    """Return the columns to predict from: those named, or all but target, split's and dropped."""
    if recipe.features:
        return [name for name in recipe.features if name not in recipe.drop]
    aside = {recipe.target, *recipe.drop, *split_column(recipe), KEY}
    return [name for name in frame.columns if name not in aside]


def _typed(frame: pl.DataFrame, recipe: Recipe) -> tuple[pl.DataFrame, dict[str, int]]:
    misfits = {}
    for name in frame.columns:
        values = frame[name]
        kind = recipe.prepare.types.get(name)
        if kind is None and not values.dtype.is_float():
            continue
        made = values if kind is None else _as_type(values, kind)
        if made.dtype.is_float():
            made = made.set(made.is_infinite(), None)
        if lost := made.null_count() - values.null_count():
            misfits[name] = lost
        frame = frame.with_columns(made.alias(name))
    return frame, misfits


def _as_type(values: pl.Series, kind: str) -> pl.Series:
    try:
        return _TYPES[kind](values)
    except pl.exceptions.PolarsError as error:
        message = f"The column {values.name!r} holds {values.dtype}, which is no {kind}."
        raise InputError(message, hint="Take it out of prepare.types.") from error


def _number(values: pl.Series) -> pl.Series:
    plain = values.str.strip_chars() if values.dtype == pl.String else values
    return plain.cast(pl.Float64, strict=False)


def _integer(values: pl.Series) -> pl.Series:
    if values.dtype.is_integer():
        return values
    numbers = _number(values)
    return numbers.set(numbers != numbers.round(), None).cast(pl.Int64, strict=False)


def _boolean(values: pl.Series) -> pl.Series:
    if values.dtype == pl.Boolean:
        return values
    if values.dtype.is_numeric():
        return values.set(~values.is_in([0, 1]), None).cast(pl.Boolean)
    low = values.cast(pl.String).str.to_lowercase().str.strip_chars()
    known = {**dict.fromkeys(_TRUE, True), **dict.fromkeys(_FALSE, False)}
    return low.replace_strict(known, default=None, return_dtype=pl.Boolean)


def _text(values: pl.Series) -> pl.Series:
    return values.cast(pl.String)


def _time(values: pl.Series) -> pl.Series:
    """Read texts; numbers stay (Julian dates, seconds of an epoch), since only order is needed."""
    if values.dtype.is_numeric() or values.dtype.is_temporal():
        return values
    return parsed_times(values.cast(pl.String))


_TYPES: dict[str, Callable[[pl.Series], pl.Series]] = {
    "number": _number,
    "integer": _integer,
    "text": _text,
    "category": _text,
    "boolean": _boolean,
    "time": _time,
}


def _with_target(frame: pl.DataFrame, recipe: Recipe) -> pl.DataFrame:
    if not recipe.target:
        return frame
    present = pl.col(recipe.target).is_not_null()
    if frame.schema[recipe.target].is_float():
        present &= pl.col(recipe.target).is_not_nan()
    return frame.filter(present)


def _unique(frame: pl.DataFrame) -> pl.DataFrame:
    keys = row_keys(frame.drop(KEY, strict=False))
    _, first = np.unique(keys, return_index=True)
    return frame if len(first) == frame.height else frame[np.sort(first)]


def _complete(frame: pl.DataFrame, recipe: Recipe) -> pl.DataFrame:
    ways, usual = recipe.prepare.columns, recipe.prepare.missing
    features = feature_names(frame, recipe)
    dropping = [name for name in features if ways.get(name, usual) == "drop"]
    dropping += [name for name, way in ways.items() if way == "drop" and name not in features]
    for name in dropping:
        present = pl.col(name).is_not_null()
        if frame.schema[name].is_float():
            present &= pl.col(name).is_not_nan()
        frame = frame.filter(present)
    return frame


def _counted(before: pl.DataFrame, after: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    return after, before.height - after.height

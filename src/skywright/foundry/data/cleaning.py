"""Cleaning: declared types, duplicates, missing values; what was done is counted and told.

Imputing, scaling and coding are not done here: they belong to the model, so that serving cannot do
them otherwise than training did.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

import polars as pl

from skywright.errors import InputError
from skywright.foundry.recipe import Recipe

_TYPES: dict[str, pl.DataType | type[pl.DataType]] = {
    "number": pl.Float64,
    "integer": pl.Int64,
    "text": pl.String,
    "category": pl.String,
    "boolean": pl.Boolean,
    "time": pl.Datetime,
}
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
    """Values a column that did not fit its declared type and became missing."""
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
    """Return the rows that a recipe may learn from, in its columns.

    Raises
    ------
    InputError
        If a column is missing, no row is left, or a feature repeats the target.
    """
    report = CleaningReport(rows_before=frame.height)
    frame = frame.select(columns_of(frame, recipe))
    frame, report.misfits = _typed(frame, recipe)
    frame, report.without_target = _counted(frame, _with_target(frame, recipe))
    if recipe.prepare.duplicates == "drop" and not _unhashable(frame):
        frame, report.duplicates = _counted(frame, frame.unique(maintain_order=True))
    frame, report.incomplete = _counted(frame, _complete(frame, recipe))
    report.rows_after = frame.height
    if frame.is_empty():
        message = f"No row of the data of {recipe.name} is left after cleaning: {report.told()}."
        raise InputError(message, hint="See prepare.missing and prepare.types of the recipe.")
    _refuse_leak(frame, recipe)
    return frame, report


def columns_of(frame: pl.DataFrame, recipe: Recipe) -> list[str]:
    """Return the columns that stay: all but the dropped, unless the split or a slice needs them.

    Columns that are no features stay too, since the model in use may learn from others.

    Raises
    ------
    InputError
        If one of them is missing.
    """
    way, _, rest = recipe.evaluate.split.partition(":")
    by = [rest.rpartition(":")[0] or rest] if way in {"time", "group"} else []
    extra = [*([recipe.target] if recipe.target else []), *by, *recipe.evaluate.slices]
    wanted = [*recipe.features, *recipe.drop, *extra]
    missing = [name for name in wanted if name not in frame.columns]
    if missing:
        message = f"The data of {recipe.name} have no column {missing[0]!r}."
        raise InputError(message, hint=f"Their columns are {', '.join(frame.columns)}.")
    return [name for name in frame.columns if name not in recipe.drop or name in extra]


def feature_names(frame: pl.DataFrame, recipe: Recipe) -> list[str]:
    """Return the columns to predict from: those named, or all but target, split's and dropped."""
    if recipe.features:
        return [name for name in recipe.features if name not in recipe.drop]
    way, _, rest = recipe.evaluate.split.partition(":")
    by = rest.rpartition(":")[0] or rest
    aside = {recipe.target, *recipe.drop, *([by] if way in {"time", "group"} else [])}
    return [name for name in frame.columns if name not in aside]


def _typed(frame: pl.DataFrame, recipe: Recipe) -> tuple[pl.DataFrame, dict[str, int]]:
    misfits = {}
    for name, kind in recipe.prepare.types.items():
        if name not in frame.columns:
            continue
        before = frame[name].null_count()
        frame = frame.with_columns(_cast(frame[name], kind).alias(name))
        if lost := frame[name].null_count() - before:
            misfits[name] = lost
    return frame, misfits


def _cast(values: pl.Series, kind: str) -> pl.Series:
    if kind == "boolean" and values.dtype == pl.String:
        low = values.str.to_lowercase().str.strip_chars()
        known = {**dict.fromkeys(_TRUE, True), **dict.fromkeys(_FALSE, False)}
        return low.replace_strict(known, default=None, return_dtype=pl.Boolean)
    if kind == "time" and values.dtype == pl.String:
        return values.str.to_datetime(strict=False)
    if kind in {"number", "integer"} and values.dtype == pl.String:
        values = values.str.strip_chars().cast(pl.Float64, strict=False)
    return values.cast(_TYPES[kind], strict=False)


def _with_target(frame: pl.DataFrame, recipe: Recipe) -> pl.DataFrame:
    if not recipe.target:
        return frame
    present = pl.col(recipe.target).is_not_null()
    if frame.schema[recipe.target].is_float():
        present &= pl.col(recipe.target).is_finite()
    return frame.filter(present)


def _complete(frame: pl.DataFrame, recipe: Recipe) -> pl.DataFrame:
    ways = recipe.prepare.columns
    dropping = [
        name
        for name in feature_names(frame, recipe)
        if ways.get(name, recipe.prepare.missing) == "drop"
    ]
    floats = [name for name in dropping if frame.schema[name].is_float()]
    if not dropping:
        return frame
    return frame.with_columns(pl.col(floats).fill_nan(None)).drop_nulls(dropping)


def _unhashable(frame: pl.DataFrame) -> bool:
    return any(kind == pl.Object for kind in frame.dtypes)


def _counted(before: pl.DataFrame, after: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    return after, before.height - after.height


def _refuse_leak(frame: pl.DataFrame, recipe: Recipe) -> None:
    """Refuse a feature that is the target under another name: every model would look perfect."""
    if not recipe.target or frame[recipe.target].n_unique() < 2:
        return
    truth = frame[recipe.target].cast(pl.String)
    for name in feature_names(frame, recipe):
        if frame[name].dtype.is_nested() or frame[name].dtype in (pl.Object, pl.Binary):
            continue
        if (frame[name].cast(pl.String) == truth).fill_null(value=False).all():
            message = f"The column {name!r} repeats the target {recipe.target!r} in every row."
            raise InputError(message, hint="List it in drop: it would give the answer away.")

"""Splits: which rows teach, which choose, and which judge.

A row's place follows from a hash of its content and the seed, so that it does not depend on the
order of the file, and few rows change their place when others are added. Time is never shuffled
unasked, a group is never divided, and equal rows stay together.

References
----------
Dietterich (1998), Neural Computation 10, 1895: five repetitions of two folds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from skywright.errors import InputError
from skywright.foundry.data import partitions
from skywright.foundry.data.partitions import TEST, TRAIN, VALID, Index, Keys, Parts
from skywright.foundry.data.row_keys import row_keys, seeded
from skywright.foundry.data.times import parsed_times
from skywright.foundry.recipe import Recipe

TEST_SHARE = 0.15
VALID_SHARE = 0.15
_STRATA = 10  # quantile classes of a number that is to be predicted
_MOST_CLASSES = 50
_ROWS_OF_A_CLASS = 10  # with fewer rows a class on average, a target is no class but a text


@dataclass(frozen=True, slots=True)
class Split:
    """Three tables of the same columns."""

    train: pl.DataFrame
    """Rows that teach."""
    valid: pl.DataFrame
    """Rows for early stopping and choices; never those that judge."""
    test: pl.DataFrame
    """Rows that judge."""


@dataclass(frozen=True, slots=True)
class Way:
    """``evaluate.split``, read."""

    name: str
    """holdout, stratified, time, group or kfold."""
    column: str | None
    """Of time and group."""
    test: float
    """Share of the rows that judge [-]."""
    valid: float
    """Share of the rows that choose [-]: of the rest as much as without a number."""


def way_of(text: str) -> Way:
    """Read ``evaluate.split``."""
    name, _, rest = text.partition(":")
    if name == "kfold":
        return Way(name, None, TEST_SHARE, VALID_SHARE)
    column: str | None = None
    if name in {"time", "group"}:
        column, _, rest = rest.partition(":")
    test = float(rest) if rest else TEST_SHARE
    return Way(name, column, test, VALID_SHARE / (1.0 - TEST_SHARE) * (1.0 - test))


def split_table(frame: pl.DataFrame, recipe: Recipe, seed: int, keys: Keys | None = None) -> Split:
    """Divide a table as ``evaluate.split`` of a recipe says; k-fold splits as ``stratified``.

    Parameters
    ----------
    frame : polars.DataFrame
        Clean rows.
    recipe : Recipe
        With ``evaluate.split``, ``target`` and ``prepare.types``.
    seed : int
        Another seed is another division, except in time.
    keys : ndarray, shape (n,), optional
        Keys of the rows, if they shall not follow from the rows as they are here.

    Raises
    ------
    InputError
        If there are too few rows, groups or times, a column is missing, or the data have a time
        column and the split would ignore it.
    """
    way = way_of(recipe.evaluate.split)
    _refuse_shuffled_time(frame, recipe, way)
    if way.column is not None and way.column not in frame.columns:
        message = f"evaluate.split names the column {way.column!r}, which the data lack."
        raise InputError(message, hint=f"Their columns are {', '.join(frame.columns)}.")
    if way.name == "time":
        parts = partitions.in_time(_moments(frame[str(way.column)]), way.test, way.valid)
    elif way.name == "group":
        parts = _whole_groups(frame[str(way.column)], way, seed)
    else:
        target = "" if way.name == "holdout" else recipe.target
        mixed = seeded(row_keys(frame) if keys is None else keys, seed)
        parts = partitions.at_random(mixed, strata_of(frame, target), way.test, way.valid)
    return _parted(frame, parts)


def folds(frame: pl.DataFrame, recipe: Recipe, seed: int, keys: Keys | None = None) -> list[Split]:
    """Return the folds of ``kfold:5``, ``kfold:10`` or ``kfold:5x2``, stratified by the target.

    Each fold's ``test`` are its own rows; the others are divided into ``train`` and ``valid``, of
    which ``valid`` is 15 percent. All rows judge exactly once a repetition.

    Parameters
    ----------
    frame, recipe, seed, keys
        As of `split_table`.

    Raises
    ------
    InputError
        If there are too few rows, or the data have a time column.
    """
    way = recipe.evaluate.split.partition(":")[2]
    repetitions, count = (5, 2) if way == "5x2" else (1, int(way))
    _refuse_shuffled_time(frame, recipe, way_of(recipe.evaluate.split))
    plain = row_keys(frame) if keys is None else keys
    if len(np.unique(plain)) < 2 * count:
        message = f"{frame.height} rows, equal ones counted once, are too few for {count} folds."
        raise InputError(message, hint="Use evaluate.split = 'stratified'.")
    strata = strata_of(frame, recipe.target)
    found = []
    for repetition in range(repetitions):
        mixed = seeded(plain, seed + 1_000_003 * repetition)
        fold = partitions.dealt(mixed, strata, count)
        for k in range(count):
            parts = np.full(frame.height, TEST, np.int8)
            rest = np.flatnonzero(fold != k)
            parts[rest] = partitions.at_random(mixed[rest], strata[rest], 0.0, VALID_SHARE)
            found.append(_parted(frame, parts))
    return found


def strata_of(frame: pl.DataFrame, target: str) -> Index:
    """Return a class a row: that of the target, or the tenth in which a number lies.

    All rows are of one class if there is no target, or if it is a text of its own in each row.
    """
    one = np.zeros(frame.height, np.int64)
    if not target or target not in frame.columns or frame[target].dtype.is_nested():
        return one
    values = frame[target]
    count = values.n_unique()
    if values.dtype.is_numeric() and count > _MOST_CLASSES:
        ranks = values.cast(pl.Float64).rank("average").fill_null(1.0).to_numpy()
        return np.asarray((ranks - 1.0) * _STRATA // max(1, len(ranks)), np.int64)
    if count > max(_MOST_CLASSES, frame.height // _ROWS_OF_A_CLASS):
        return one
    return np.asarray(values.cast(pl.String).rank("dense").fill_null(0).to_numpy(), np.int64)


def _parted(frame: pl.DataFrame, parts: Parts) -> Split:
    rows = [np.flatnonzero(parts == part) for part in (TRAIN, VALID, TEST)]
    names = ("teach", "choose", "judge")
    empty = [name for name, part in zip(names, rows, strict=True) if not len(part)]
    if empty:
        message = f"{frame.height} rows are too few: none would be left to {empty[0]}."
        raise InputError(message, hint="Give more rows, or another share in evaluate.split.")
    return Split(*(frame[part] for part in rows))


def _refuse_shuffled_time(frame: pl.DataFrame, recipe: Recipe, way: Way) -> None:
    """Refuse to shuffle a time: a model that saw tomorrow is not judged by yesterday.

    ``holdout`` is never the default, so whoever writes it has decided to shuffle.
    """
    if way.name in {"time", "group", "holdout"}:
        return
    declared = [name for name, kind in recipe.prepare.types.items() if kind == "time"]
    dated = [name for name, kind in frame.schema.items() if kind.is_temporal()]
    times = [name for name in (*declared, *dated) if name in frame.columns]
    if times:
        message = (
            f"The column {times[0]!r} is a time, and evaluate.split = "
            f"{recipe.evaluate.split!r} would shuffle it."
        )
        hint = (
            f"Use 'time:{times[0]}'. If the rows are no series, say so: split = 'holdout' "
            f"shuffles, or list {times[0]!r} in drop."
        )
        raise InputError(message, hint=hint)


def _moments(values: pl.Series) -> Index:
    """Return the rank of each moment; texts are read as times."""
    times = parsed_times(values) if values.dtype == pl.String else values
    if times.dtype.is_float():
        times = times.fill_nan(None)
    if not (times.dtype.is_numeric() or times.dtype.is_temporal()):
        message = f"The column {values.name!r} holds {values.dtype}, not times."
        raise InputError(message, hint="evaluate.split = 'time:COLUMN' needs times or numbers.")
    if times.null_count():
        wrong = values.filter(times.is_null())[0]
        message = f"{times.null_count()} rows have no time in {values.name!r}, such as {wrong!r}."
        raise InputError(message, hint="Drop them: prepare.columns for it = 'drop', or mend them.")
    return times.rank("dense").to_numpy().astype(np.int64)


def _whole_groups(values: pl.Series, way: Way, seed: int) -> Parts:
    if values.dtype.is_nested() or values.dtype == pl.Object:
        message = f"The column {values.name!r} holds {values.dtype}, which names no group."
        raise InputError(message)
    names = values.cast(pl.String).fill_null("").to_frame("group")
    distinct = names.unique().sort("group")
    number = distinct.with_row_index("number")
    groups = names.join(number, on="group", how="left", maintain_order="left")["number"]
    keys = seeded(row_keys(distinct), seed)
    return partitions.by_group(groups.to_numpy().astype(np.int64), keys, way.test, way.valid)

"""Splits: which rows teach, which choose, and which judge.

A row's place follows from a hash of its content and the seed, so that it does not depend on the
order of the file. Time is never shuffled, and a group is never divided.

References
----------
Dietterich (1998), Neural Computation 10, 1895: five repetitions of two folds.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from skywright.errors import InputError
from skywright.foundry.recipe import Recipe

TEST_SHARE = 0.15
VALID_SHARE = 0.15
_STRATA = 10  # quantile classes of a number that is to be predicted
_MOST_CLASSES = 50
_LEAST_ROWS = 3

Index = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Split:
    """Three tables of the same columns."""

    train: pl.DataFrame
    """Rows that teach."""
    valid: pl.DataFrame
    """Rows for early stopping and choices; never those that judge."""
    test: pl.DataFrame
    """Rows that judge."""


def split_table(frame: pl.DataFrame, recipe: Recipe, seed: int) -> Split:
    """Divide a table as ``evaluate.split`` of a recipe says; k-fold splits as ``stratified``.

    Parameters
    ----------
    frame : polars.DataFrame
        Clean rows.
    recipe : Recipe
        With ``evaluate.split``, ``target`` and ``prepare.types``.
    seed : int
        Another seed is another division, except in time.

    Raises
    ------
    InputError
        If there are too few rows or groups, a column is missing, or the data has a time column and
        the split would ignore it.
    """
    if frame.height < _LEAST_ROWS:
        message = f"{frame.height} rows cannot be divided in three; at least {_LEAST_ROWS} can."
        raise InputError(message)
    way, column, share = _parsed(recipe.evaluate.split)
    _refuse_shuffled_time(frame, recipe, way)
    if column is not None and column not in frame.columns:
        message = f"evaluate.split names the column {column!r}, which the data lack."
        raise InputError(message, hint=f"Their columns are {', '.join(frame.columns)}.")
    valid_share = VALID_SHARE / (1.0 - TEST_SHARE) * (1.0 - share)
    if way == "time":
        parts = _by_time(frame, str(column), share, valid_share)
    elif way == "group":
        parts = _by_group(frame[str(column)], share, valid_share, seed)
    else:
        strata = _strata(frame, recipe.target) if way != "holdout" else None
        parts = _at_random(_order(frame, seed), strata, share, valid_share)
    return Split(*(frame[part] for part in parts))


def folds(frame: pl.DataFrame, recipe: Recipe, seed: int) -> list[Split]:
    """Return the folds of ``kfold:5``, ``kfold:10`` or ``kfold:5x2``, stratified by the target.

    Each fold's ``train`` and ``valid`` are the rows outside it, in the proportion of the usual
    split; its ``test`` are its own. All rows judge exactly once a repetition.
    """
    text = recipe.evaluate.split.partition(":")[2]
    repetitions, count = (5, 2) if text == "5x2" else (1, int(text))
    if frame.height < 2 * count:
        message = f"{frame.height} rows are too few for {count} folds."
        raise InputError(message, hint="Use evaluate.split = 'stratified'.")
    found = []
    for repetition in range(repetitions):
        order = _order(frame, seed + 1000 * repetition)
        dealt = _dealt(order, _strata(frame, recipe.target), count)
        for fold in range(count):
            rest = order[dealt[order] != fold]
            strata = _strata(frame[rest], recipe.target)
            taught, chosen, _ = _at_random(np.arange(len(rest)), strata, 0.0, VALID_SHARE)
            judged = np.sort(np.flatnonzero(dealt == fold))
            found.append(Split(frame[rest[taught]], frame[rest[chosen]], frame[judged]))
    return found


def _parsed(text: str) -> tuple[str, str | None, float]:
    way, _, rest = text.partition(":")
    share = TEST_SHARE
    numbered = re.fullmatch(r"(?:(.*):)?(0\.\d+)", rest)
    if numbered:
        rest, share = numbered.group(1) or "", float(numbered.group(2))
    if way == "kfold":
        return "stratified", None, TEST_SHARE
    return way, rest or None, share


def _refuse_shuffled_time(frame: pl.DataFrame, recipe: Recipe, way: str) -> None:
    """Refuse to shuffle a time: a model that saw tomorrow is not judged by yesterday."""
    declared = [name for name, kind in recipe.prepare.types.items() if kind == "time"]
    dated = [name for name, kind in frame.schema.items() if kind.is_temporal()]
    times = [name for name in dict.fromkeys([*declared, *dated]) if name not in recipe.drop]
    if not times or way in {"time", "group"}:
        return
    message = f"The column {times[0]!r} is a time, and evaluate.split = {way!r} would shuffle it."
    hint = f"Use 'time:{times[0]}', or list the column in drop if the rows are no series."
    raise InputError(message, hint=hint)


def _order(frame: pl.DataFrame, seed: int) -> Index:
    """Return an order of the rows that depends on their content and the seed alone."""
    texts = frame.select(pl.all().exclude(pl.Object))
    hashed = texts.hash_rows(seed=seed % (1 << 63)).to_numpy()
    return np.lexsort((np.arange(frame.height), hashed)).astype(np.int64)


def _strata(frame: pl.DataFrame, target: str) -> Index | None:
    """Return a class a row: that of the target, or the quantile of a number of many values."""
    if not target or target not in frame.columns:
        return None
    values = frame[target]
    if values.dtype.is_numeric() and values.n_unique() > _MOST_CLASSES:
        ranks = values.rank("ordinal").cast(pl.Float64).to_numpy()
        return np.asarray((ranks - 1) * _STRATA // max(1, len(ranks)), np.int64)
    if values.n_unique() > _MOST_CLASSES:
        return None
    return np.asarray(values.cast(pl.String).rank("dense").fill_null(0).to_numpy(), np.int64)


def _at_random(
    order: Index, strata: Index | None, share: float, valid_share: float
) -> tuple[Index, Index, Index]:
    """Divide rows in a given order, each stratum in the same proportion."""
    classes = np.zeros(len(order), np.int64) if strata is None else strata
    test, valid, train = [], [], []
    carried = np.zeros(2)  # what rounding owes to test and valid, handed on between strata
    for one in np.unique(classes):
        rows = order[classes[order] == one]
        wanted = carried + len(rows) * np.array([share, valid_share])
        given = np.minimum(np.round(wanted), len(rows)).astype(np.int64)
        given[1] = min(given[1], len(rows) - given[0])
        carried = wanted - given
        test.append(rows[: given[0]])
        valid.append(rows[given[0] : given[0] + given[1]])
        train.append(rows[given[0] + given[1] :])
    return _sorted(train), _sorted(valid), _sorted(test)


def _dealt(order: Index, strata: Index | None, count: int) -> Index:
    """Deal rows to folds in turn, stratum after stratum."""
    classes = np.zeros(len(order), np.int64) if strata is None else strata
    by_class = order[np.argsort(classes[order], kind="stable")]
    fold = np.empty(len(order), np.int64)
    fold[by_class] = np.arange(len(order)) % count
    return fold


def _by_time(
    frame: pl.DataFrame, column: str, share: float, valid_share: float
) -> tuple[Index, Index, Index]:
    """Cut at two moments; rows of the same moment stay together, on the later side."""
    times = frame[column]
    if times.null_count():
        message = f"{times.null_count()} rows have no {column!r}, by which they are divided."
        raise InputError(message, hint="Drop them, or set prepare.columns for it to 'drop'.")
    moment = times.rank("dense").to_numpy().astype(np.int64)
    order = np.argsort(moment, kind="stable")
    cuts = [round(len(order) * (1.0 - share - valid_share)), round(len(order) * (1.0 - share))]
    edges = [moment[order[min(cut, len(order) - 1)]] for cut in cuts]
    parts = (moment < edges[0], (moment >= edges[0]) & (moment < edges[1]), moment >= edges[1])
    train, valid, test = (np.flatnonzero(part).astype(np.int64) for part in parts)
    if not (len(train) and len(test)):
        message = f"The column {column!r} has too few different times to divide the rows by."
        raise InputError(message)
    return train, valid, test


def _by_group(
    groups: pl.Series, share: float, valid_share: float, seed: int
) -> tuple[Index, Index, Index]:
    """Give whole groups, the largest first, to the part that lacks most of what it should have."""
    names = groups.cast(pl.String).fill_null("").to_frame("group")
    sizes = names.group_by("group").len()
    if sizes.height < _LEAST_ROWS:
        message = f"{sizes.height} groups of {groups.name!r} cannot be divided in three."
        raise InputError(message)
    hashed = sizes["group"].hash(seed=seed % (1 << 63))
    sizes = sizes.with_columns(hashed.alias("hash")).sort(["len", "hash"], descending=[True, False])
    wanted = np.array([1.0 - share - valid_share, valid_share, share]) * len(groups)
    has, part = np.zeros(3), {}
    for group, size, _ in sizes.iter_rows():
        chosen = int(np.argmax((wanted - has) / np.maximum(wanted, 1.0)))
        part[group], has[chosen] = chosen, has[chosen] + size
    place = names["group"].replace_strict(part, return_dtype=pl.Int64).to_numpy()
    train, valid, test = (np.flatnonzero(place == k).astype(np.int64) for k in range(3))
    return train, valid, test


def _sorted(parts: Sequence[Index]) -> Index:
    return np.sort(np.concatenate(parts)) if parts else np.empty(0, np.int64)

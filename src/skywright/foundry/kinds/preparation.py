"""Preparation: what is learned about columns, so that a model can be told raw values.

Missing numbers are imputed, numbers scaled, categories coded. The same few float32 operations are
written twice, as numpy and as an ONNX graph, and tested against each other to the last bit: a
served model cannot see other numbers than the one that was trained.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from skywright.errors import InputError
from skywright.foundry.recipe_sections import Prepare
from skywright.foundry.signature import F32, Feeds, Input, as_float32

FILE = "preparation.json"
"""File of a model folder that holds what was learned about its columns."""

MOST_CATEGORIES = 256
"""Categories of one column that get a code of their own, the most frequent first."""

_IMPUTED = {"median", "mean", "most_frequent", "constant"}


@dataclass(frozen=True, slots=True)
class Number:
    """A column of numbers: (value - offset) * factor, ``fill`` where it is missing."""

    name: str
    type: str
    fill: float
    """NaN where missing values are kept."""
    offset: float = 0.0
    factor: float = 1.0


@dataclass(frozen=True, slots=True)
class Category:
    """A column of texts: each known value has a code, unknown ones have none."""

    name: str
    type: str
    values: tuple[str, ...]
    fill: str = ""
    """What a missing value counts as; "" is a category of its own."""

    def codes(self) -> dict[str, int]:
        """Return the code of each text."""
        codes = {value: code for code, value in enumerate(self.values)}
        if self.fill in codes:
            codes[""] = codes[self.fill]
        return codes


@dataclass(frozen=True, slots=True)
class Preparation:
    """What was learned about the columns of a model."""

    numbers: tuple[Number, ...]
    categories: tuple[Category, ...]
    encode: str
    """``one_hot`` or ``ordinal``."""

    @property
    def inputs(self) -> tuple[Input, ...]:
        """Columns that the model takes."""
        numbers = tuple(Input(column.name, column.type) for column in self.numbers)
        return numbers + tuple(Input(column.name, column.type) for column in self.categories)

    @property
    def width(self) -> int:
        """Number of features that come out."""
        if self.encode == "ordinal":
            return len(self.numbers) + len(self.categories)
        return len(self.numbers) + sum(len(one.values) for one in self.categories)

    def constants(self) -> tuple[F32, F32, F32]:
        """Return fill, offset and factor of the numbers, shape (1, a) each."""
        table = np.array([(c.fill, c.offset, c.factor) for c in self.numbers], np.float32)
        table = table.reshape(-1, 3)
        return table[None, :, 0], table[None, :, 1], table[None, :, 2]

    def matrix(self, feeds: Feeds) -> F32:
        """Return features of shape (n, width) for columns of shape (n, 1)."""
        parts: list[F32] = []
        if self.numbers:
            fill, offset, factor = self.constants()
            raw = np.concatenate([feeds[column.name] for column in self.numbers], axis=1)
            parts.append((np.where(np.isnan(raw), fill, raw) - offset) * factor)
        parts += [self._coded(one, feeds[one.name]) for one in self.categories]
        return np.ascontiguousarray(np.concatenate(parts, axis=1), np.float32)

    def _coded(self, column: Category, texts: npt.NDArray[Any]) -> F32:
        codes = column.codes()
        found = np.array([codes.get(text, -1) for text in texts[:, 0]], np.int64)[:, None]
        if self.encode == "ordinal":
            return found.astype(np.float32)
        hot: F32 = (found == np.arange(len(column.values))).astype(np.float32)
        return hot

    def write(self, folder: Path) -> None:
        """Write ``preparation.json`` into a model folder."""
        text = json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n"
        (folder / FILE).write_text(text, encoding="utf-8")

    @classmethod
    def of(cls, folder: Path) -> Preparation:
        """Read the preparation of a model folder."""
        given = json.loads((folder / FILE).read_text(encoding="utf-8"))
        return cls(
            tuple(Number(**one) for one in given["numbers"]),
            tuple(
                Category(**one | {"values": tuple(one["values"])}) for one in given["categories"]
            ),
            given["encode"],
        )


def learn(frame: pl.DataFrame, types: Mapping[str, str], prepare: Prepare) -> Preparation:
    """Learn the preparation of the columns of a table.

    Parameters
    ----------
    frame : polars.DataFrame
        Rows to learn from.
    types : mapping
        Column to ``number``, ``boolean``, ``category`` or ``text``, in the order of the columns.
    prepare : Prepare
        The recipe's wishes; ``missing = "drop"`` imputes the median in use.

    Raises
    ------
    InputError
        If a column has no values at all, or too many different texts to code.
    """
    numbers = [
        _number(frame[name], kind, prepare)
        for name, kind in types.items()
        if kind in {"number", "boolean"}
    ]
    texts = [name for name, kind in types.items() if kind in {"category", "text"}]
    if texts and prepare.encode == "none":
        message = f"Columns {', '.join(texts)} hold texts, and prepare.encode is none."
        raise InputError(message, hint="Set encode = 'one_hot' or 'ordinal', or drop the columns.")
    categories = [_category(frame[name], types[name], prepare) for name in texts]
    return Preparation(tuple(numbers), tuple(categories), prepare.encode)


def feeds_of(frame: pl.DataFrame, inputs: tuple[Input, ...]) -> Feeds:
    """Return the columns of a table as `Signature.feeds` gives those of rows."""
    feeds: Feeds = {}
    for column in inputs:
        series = frame[column.name]
        if column.type in {"number", "boolean"}:
            feeds[column.name] = as_float32(series.cast(pl.Float64).to_numpy())[:, None]
        else:
            texts = series.cast(pl.String).fill_null("")
            feeds[column.name] = np.array(texts.to_list(), object)[:, None]
    return feeds


def _floats(series: pl.Series) -> npt.NDArray[np.float64]:
    """Return a column as numbers, rounded to what the model will see of them."""
    return as_float32(series.cast(pl.Float64).to_numpy()).astype(np.float64)


def _number(series: pl.Series, kind: str, prepare: Prepare) -> Number:
    values = _floats(series)
    known = values[~np.isnan(values)]
    if not len(known):
        raise _empty(series.name)
    strategy = prepare.columns.get(series.name, prepare.missing)
    fill = _fill(known, strategy, prepare.fill, series.name)
    if strategy == "keep":
        # A column that was never missing teaches nothing about it: its median is the safer guess.
        fill = float("nan") if len(known) < len(values) else float(np.median(known))
    offset, spread = _scaling(known, prepare.scale if kind == "number" else "none")
    return Number(series.name, kind, fill, offset, 1.0 / spread)


def _fill(
    known: npt.NDArray[np.float64], strategy: str, constant: float | str | None, name: str
) -> float:
    if strategy == "mean":
        return float(known.mean())
    if strategy == "most_frequent":
        values, counts = np.unique(known, return_counts=True)
        return float(values[counts.argmax()])
    if strategy == "constant":
        if not isinstance(constant, (int, float)):
            message = f"Column {name} is to be filled with a constant, and fill is {constant!r}."
            raise InputError(message, hint="Set prepare.fill to a number.")
        return float(constant)
    return float(np.median(known))


def _scaling(known: npt.NDArray[np.float64], scale: str) -> tuple[float, float]:
    """Return what to subtract and to divide by; columns that never vary are not divided."""
    if scale == "none":
        return 0.0, 1.0
    if scale == "minmax":
        offset, spread = known.min(), known.max() - known.min()
    elif scale == "robust":
        low, offset, high = np.quantile(known, [0.25, 0.5, 0.75])
        spread = high - low
    else:
        offset, spread = known.mean(), known.std()
    tiny = 10 * np.finfo(np.float32).eps * max(abs(float(offset)), 1e-30)
    return float(offset), float(spread) if spread > tiny else 1.0


def _category(series: pl.Series, kind: str, prepare: Prepare) -> Category:
    texts = series.cast(pl.String).fill_null("")
    counts = texts.value_counts(sort=False).sort(["count", series.name], descending=[True, False])
    if len(counts) > MOST_CATEGORIES and len(counts) > len(texts) / 2:
        message = (
            f"Column {series.name} holds {len(counts)} different texts in {len(texts)} rows, "
            "which is a name or free text rather than a category."
        )
        raise InputError(message, hint=f"Leave it out: drop = ['{series.name}'].")
    kept = tuple(sorted(counts[series.name].head(MOST_CATEGORIES).to_list()))
    strategy = prepare.columns.get(series.name, "keep")
    if strategy not in _IMPUTED:
        return Category(series.name, kind, kept)
    fill = str(prepare.fill) if strategy == "constant" else _commonest(counts, series.name)
    named = tuple(value for value in kept if value)
    if not named:
        raise _empty(series.name)
    return Category(series.name, kind, named, fill)


def _empty(name: str) -> InputError:
    message = f"Column {name} has no value at all in the rows to learn from."
    return InputError(message, hint=f"Leave it out: drop = ['{name}'].")


def _commonest(counts: pl.DataFrame, name: str) -> str:
    named = counts.filter(pl.col(name) != "")
    return str(named[name][0]) if len(named) else ""

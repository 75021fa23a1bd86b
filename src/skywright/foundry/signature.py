"""What a model takes and gives: rows of a request become arrays, arrays become answers.

Every model folder holds a ``signature.json``; whoever serves the model needs nothing else to read
a row, to refuse a wrong one, and to word the answer.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from numbers import Real
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from skywright.errors import InputError
from skywright.foundry.kind import SIGNATURE, Rows
from skywright.foundry.unpacking import stacked

F32 = npt.NDArray[np.float32]
Feeds = dict[str, npt.NDArray[Any]]

_GRAPH_NAMES = {"", "features", "probabilities", "value"}
_GRAPH_PREFIXES = ("column_", "net_", "prepare_")
_NUMBERS = frozenset({float, int, type(None), np.float64, np.float32, np.int64, np.int32})
_ALLOWED = {"number": _NUMBERS, "boolean": _NUMBERS | {bool, np.bool_}}


@dataclass(frozen=True, slots=True)
class Input:
    """One column that a model takes."""

    name: str
    """Name of the column."""
    type: str
    """``number``, ``boolean``, ``category``, ``text``, ``sequence`` or ``image``."""
    shape: tuple[int, ...] = ()
    """(steps, channels) of a sequence, (channels, height, width) of an image."""
    optional: bool = False
    """Whether a row may leave it out."""

    @property
    def graph_name(self) -> str:
        """Name in an ONNX graph: that of the column, unless the graph uses it for its own ends."""
        own = self.name in _GRAPH_NAMES or self.name.startswith(_GRAPH_PREFIXES)
        return f"column_{self.name}" if own else self.name


@dataclass(frozen=True, slots=True)
class Signature:
    """Task, classes and inputs of a model."""

    task: str
    """``binary``, ``multiclass`` or ``regression``, with a prefix such as ``sequence_``."""
    target: str
    """Column that it predicts."""
    inputs: tuple[Input, ...]
    """Columns that it takes."""
    classes: tuple[str, ...] = ()
    """Names of the classes, sorted; the last one of two is the positive one."""
    _pick: Any = field(default=None, init=False, repr=False, compare=False)
    _numbers: frozenset[int] = field(default=frozenset(), init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        names = [column.name for column in self.inputs]
        pick = itemgetter(*names) if len(names) > 1 else lambda row: (row[names[0]],)
        object.__setattr__(self, "_pick", pick)
        numbers = [place for place, one in enumerate(self.inputs) if one.type in _ALLOWED]
        object.__setattr__(self, "_numbers", frozenset(numbers))

    @classmethod
    def of(cls, folder: Path) -> Signature:
        """Read the signature of a model folder.

        Raises
        ------
        InputError
            If the folder has none.
        """
        path = folder / SIGNATURE
        if not path.is_file():
            message = f"The folder {folder} holds no {SIGNATURE}, so it is not a model of tables."
            raise InputError(message)
        given = json.loads(path.read_text(encoding="utf-8"))
        inputs = tuple(
            Input(
                one["name"],
                one["type"],
                tuple(one.get("shape", ())),
                bool(one.get("optional", False)),
            )
            for one in given["inputs"]
        )
        classes = tuple(given.get("classes", ()))
        return cls(given["task"], given.get("target", ""), inputs, classes)

    def write(self, folder: Path) -> None:
        """Write ``signature.json`` into a model folder."""
        told: dict[str, Any] = {"task": self.task, "target": self.target}
        if self.classes:
            told |= {"classes": list(self.classes)}
        if len(self.classes) == 2:
            told |= {"positive": self.classes[-1]}
        told["inputs"] = [
            {key: value for key, value in asdict(column).items() if value} for column in self.inputs
        ]
        text = json.dumps(told, indent=1, ensure_ascii=False) + "\n"
        (folder / SIGNATURE).write_text(text, encoding="utf-8")

    def feeds(self, rows: Rows) -> Feeds:
        """Turn n rows into one array a column.

        Parameters
        ----------
        rows : sequence of mappings
            Column to value; columns that the model does not take are ignored, None is missing.

        Returns
        -------
        dict
            Numbers as float32 (n, 1) with NaN for missing, texts as object (n, 1) with "" for
            missing, sequences and images as float32 of the shape of the input after n.

        Raises
        ------
        InputError
            If a column is missing or a value is of the wrong type; names row, column and value.
        """
        try:
            columns = list(zip(*map(self._pick, rows), strict=True))
        except KeyError as error:
            raise self._missing(rows) from error
        if not columns:
            message = "There are no rows to predict from; give at least one."
            raise InputError(message)
        numbers = iter(self._block(columns))
        return {
            column.name: next(numbers) if place in self._numbers else _array(column, columns[place])
            for place, column in enumerate(self.inputs)
        }

    def answers(self, output: npt.NDArray[Any]) -> list[dict[str, Any]]:
        """Word the output of a model: probabilities (n, k) or values (n, 1)."""
        if not self.classes:
            return [{"value": value} for value in output.reshape(-1).tolist()]
        names = self.classes
        best = output.argmax(axis=1).tolist()
        if len(names) == 2:  # written out, as it is twice as fast for the commonest task
            no, yes = names
            return [
                {"label": names[top], "probabilities": {no: one, yes: other}}
                for top, (one, other) in zip(best, output.tolist(), strict=True)
            ]
        return [
            {"label": names[top], "probabilities": dict(zip(names, chances, strict=True))}
            for top, chances in zip(best, output.tolist(), strict=True)
        ]

    def _block(self, columns: Sequence[Sequence[Any]]) -> F32:
        """Return all numbers as one array (columns, n, 1), which is made and checked at once."""
        chosen = [columns[place] for place in sorted(self._numbers)]
        for place, values in zip(sorted(self._numbers), chosen, strict=True):
            column = self.inputs[place]
            if not _ALLOWED[column.type].issuperset(map(type, values)):
                _refuse_others(column, values)
        return as_float32(_floats(chosen))[..., None]

    def _missing(self, rows: Rows) -> InputError:
        names = [column.name for column in self.inputs]
        for number, row in enumerate(rows):
            if absent := [name for name in names if name not in row]:
                message = f"Row {number} lacks {', '.join(absent)}."
                return InputError(
                    message, hint=f"The model takes {', '.join(names)}; null is missing."
                )
        return InputError("A row is not a mapping from column to value.")


def as_float32(values: npt.NDArray[np.float64]) -> F32:
    """Return numbers as float32; those beyond its range count as missing, here as in training."""
    with np.errstate(over="ignore"):
        small = values.astype(np.float32)
    if not np.isfinite(small).all():
        small[np.isinf(small)] = np.nan
    return small


def _floats(columns: Sequence[Sequence[Any]]) -> npt.NDArray[np.float64]:
    try:
        return np.array(columns, np.float64)
    except OverflowError as error:
        message = "A row holds a whole number of more than 308 digits."
        raise InputError(message, hint="Give a smaller one, or null if it is missing.") from error


def _array(column: Input, values: Sequence[Any]) -> npt.NDArray[Any]:
    if column.type in {"category", "text"}:
        return _texts(column, values)
    return stacked(column, values)


def _texts(column: Input, values: Sequence[Any]) -> npt.NDArray[np.object_]:
    if not all(type(value) is str for value in values):
        values = [_text(column, number, value) for number, value in enumerate(values)]
    for number, value in enumerate(values):
        if not value.isascii():
            _refuse_broken(column, number, value)
    return np.array(values, object)[:, None]


def _refuse_broken(column: Input, number: int, value: str) -> None:
    """Refuse half of a surrogate pair, which JSON can carry and no encoding can."""
    try:
        value.encode()
    except UnicodeEncodeError as error:
        message = f"Row {number} has {column.name}={value!r}, which is broken Unicode."
        raise InputError(message, hint="Give whole characters.") from error


def _text(column: Input, number: int, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return str(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    message = f"Row {number} has {column.name}={value!r}, which is not a {column.type}."
    raise InputError(message, hint="Give a text, or null if it is missing.")


def _refuse_others(column: Input, values: Sequence[Any]) -> None:
    """Refuse values that are no numbers; the rarer types of numbers pass."""
    flags = (bool, np.bool_)
    for number, value in enumerate(values):
        if isinstance(value, flags) and column.type == "boolean":
            continue
        if isinstance(value, (Real, np.number, Decimal)) and not isinstance(value, flags):
            continue
        if value is not None:
            message = f"Row {number} has {column.name}={value!r}, which is not a {column.type}."
            hint = "Give a number" if column.type == "number" else "Give true or false"
            raise InputError(message, hint=f"{hint}, or null if it is missing.")
